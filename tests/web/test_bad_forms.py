"""Every writing form of the pages refuses what is wrong, keeps what was sent, and writes nothing.

The forms and their fields come from the pages themselves, so a new one is tried too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.records import add_records, all_rows
from tests.visits import Visit
from tests.world import World
from tracker.db import new_id

PAGES = {
    "student": [
        "/student/goals/new",
        "/student/goals/{goal_id}",
        "/student/goals/{goal_id}/edit",
        "/student/plans",
        "/student/plans/{plan_id}",
        "/student/evidence/new",
        "/student/evidence/{evidence_id}",
        "/student/evidence/{evidence_id}/edit",
        "/student/questions",
        "/student/lessons",
        "/student/lessons/{lesson_id}",
        "/feedback/goals/{goal_id}",
        "/feedback/evidence/{evidence_id}",
        "/feedback/questions/{question_id}",
    ],
    "coach": [
        "/coach/plans/{plan_id}",
        "/feedback/goals/{goal_id}",
        "/judge/goals/{goal_id}",
        "/judge/evidence/{evidence_id}",
        "/judge/drafts/{draft_id}",
        "/judge/judgements/{judgement_id}",
        "/judge/plans/{plan_id}/items/{item_id}",
        "/lessons/new",
        "/lessons/{lesson_id}/edit",
    ],
    "supervisor": ["/supervisor/evidence/{evidence_id}"],
    "other_student": ["/feedback/evidence/{evidence_id}"],
    "administrator": [
        "/school/scales/new",
        "/school/scales/{scale_id}/change",
        "/school/scales",
        "/school",
        "/lessons/new",
        "/lessons/{lesson_id}/edit",
    ],
}
# Pages of every reader, and forms that say nothing but which button was pressed.
TOLD_ON_THE_NEXT_PAGE = {
    "talk.agree",
    "opportunities.say_by_coach",
    "scales.blind_rating",
}
EVERYWHERE = {"identity.sign_out", "identity.set_language", "identity.demo_sign_in"}
KEPT = "Bewaar mij."


@dataclass
class Sent:
    """A form of a page: where it goes, and its fields as a browser would send them."""

    action: str
    values: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    @property
    def texts(self) -> list[str]:
        return [name for name, kind in self.kinds.items() if kind in {"text", "textarea"}]

    def with_(self, name: str, value: str) -> dict[str, list[str]]:
        return {**self.values, name: [value, *self.values.get(name, [])[1:]]}


class Forms(HTMLParser):
    """The forms of a page that change something."""

    def __init__(self, page: str, path: str) -> None:
        super().__init__()
        self.found: list[Sent] = []
        self.path = path
        self.form: Sent | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form" and said.get("method") == "post":
            self.form = Sent(said.get("action") or self.path)
            self.found.append(self.form)
        name = said.get("name", "")
        if self.form is None or not name or name == "csrf_token" or tag == "button":
            return
        kind = said.get("type", "text") if tag == "input" else tag
        if kind in {"radio", "checkbox"}:
            if "checked" in said or (kind == "radio" and name not in self.form.values):
                self.form.values[name] = [said["value"]]
            kind = "choice"
        elif kind == "select":
            self.form.values[name] = [""]
            kind = "choice"
        elif kind != "file":
            filled = said.get("value") or {"text": KEPT, "textarea": KEPT, "number": "3"}.get(kind)
            self.form.values.setdefault(name, []).append(filled or "")
        self.form.kinds[name] = kind

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None


def wrong_values(name: str, kind: str) -> list[tuple[str, str]]:
    """Return what a field must refuse: in words, and as it is sent."""
    wrong = [("NUL", "a\0b")]
    if kind in {"text", "textarea"}:
        return [*wrong, ("too long", "a" * 20_001)]
    wrong.append(("unknown", "anders"))
    if kind == "choice":
        wrong.append(("a record that never was", str(new_id())))
    if kind == "date":
        wrong += [("far away", "9999-12-31"), ("long ago", "0001-01-01")]
    return wrong


def spoiled(form: Sent, turns: dict[str, int] | None) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Yield what is wrong with a form, and the form with just that wrong.

    With `turns` each field is wrong in one way, and the fields of a kind take turns.
    """
    for name, kind in form.kinds.items():
        if kind == "file":
            continue
        wrong = wrong_values(name, kind)
        if turns is not None:
            turns[kind] = turns.get(kind, -1) + 1
            wrong = [wrong[turns[kind] % len(wrong)]]
        for what, value in wrong:
            yield f"{name}: {what}", form.with_(name, value)


def forms_of(visit: Visit, path: str) -> list[Sent]:
    return Forms(visit.get(path), path).found


@pytest.fixture
def ids(engine: sa.Engine, world: World) -> dict[str, UUID]:
    return {**add_records(engine, world), "item_id": world.items[1].id}


@pytest.mark.parametrize(
    "in_every_way",
    [
        pytest.param(False, id="in turns"),
        pytest.param(True, id="every way", marks=pytest.mark.drill),
    ],
)
@pytest.mark.parametrize("name", PAGES)
def test_every_form_refuses_what_is_wrong_keeps_the_rest_and_writes_nothing(
    app: Flask,
    ids: dict[str, UUID],
    world: World,
    superuser_engine: sa.Engine,
    name: str,
    in_every_way: bool,
) -> None:
    turns: dict[str, int] | None = None if in_every_way else {}
    adapter = app.url_map.bind("localhost")
    visit, before, odd = Visit(app, getattr(world, name)), all_rows(superuser_engine), []
    for page in (path.format_map(ids) for path in PAGES[name]):
        for form in forms_of(visit, page):
            endpoint, _ = adapter.match(urlsplit(form.action).path, "POST")
            if endpoint in EVERYWHERE:
                continue
            token = visit.token(page)
            for what, fields in spoiled(form, turns):
                answer = visit.send(form.action, {"csrf_token": token, **fields})
                told = unescape(answer.get_data(as_text=True))
                is_told_later = endpoint in TOLD_ON_THE_NEXT_PAGE and answer.status_code == 303
                is_refused = answer.status_code in {404, 409, 422} or is_told_later
                # A record that is not there has no page to keep words on.
                may_lose = answer.status_code == 404 or is_told_later
                texts = [fields[key] for key in form.texts]
                kept = may_lose or [KEPT] not in texts or KEPT in told
                if not is_refused or not kept:
                    odd.append((endpoint, what, answer.status_code, kept))
    assert odd == []
    assert all_rows(superuser_engine) == before
