"""Reading a Canvas: posted grades of people we know, whatever its pages are called."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from importers.canvas.client import Client, NotAnswered
from importers.issues import Finding
from importers.kinds import PULL_KINDS
from importers.models import (
    Cadence,
    ImportCursor,
    ImportRun,
    ImportSource,
    MatchOn,
    ParkedPerson,
    RunState,
)
from importers.sentences import SENTENCES
from importers.source import Asking, Unavailable
from settings import Settings
from tests import systems
from tests.canvas import RATE_LIMIT, TOKEN, Canvas, filled, playing
from tests.importers.importing import Importing
from tests.importers.kept_imports import KeptImports
from tests.importers.pulled import Pulling
from tests.systems import Answer, Asked, Waits, serving
from tracker.db import unit_of_work, utc_now
from tracker.errors import Invalid
from tracker.models import Activity, ActivityItem, Group, Membership, Person, PersonState

SUBMISSIONS = "courses/2/students/submissions"


@pytest.fixture
def canvas() -> Iterator[Canvas]:
    with playing(filled()) as found:
        yield found


@pytest.fixture
def pulling(importing: Importing, settings: Settings, canvas: Canvas) -> Pulling:
    """Pull into a school that knows everybody in this Canvas by number."""
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        for user in canvas.users.values():
            session.add(
                Person(
                    school_id=importing.school.id,
                    name=user["name"],
                    given_name="Persoon",
                    number=user["sis_user_id"],
                    email=user["email"],
                    state=PersonState.ACTIVE,
                    created_at=utc_now(),
                )
            )
    return Pulling(importing, settings)


def add(pulling: Pulling, canvas: Canvas, **changes: Any) -> ImportSource:
    given = {"kind": "canvas", "name": "Canvas", "secret": TOKEN, "cadence": Cadence.HOURLY}
    return pulling.add(canvas, **{**given, **changes})  # type: ignore[arg-type]  # only its url is used


def asking(url: str, settings: Settings, **changes: Any) -> Asking:
    given: dict[str, Any] = {
        "url": url,
        "secret": TOKEN,
        "options": {},
        "zone": ZoneInfo("Europe/Amsterdam"),
        "since": {},
        "allow_loopback": settings.is_demo,
        "at": utc_now(),
        "wait": Waits(),
    }
    return Asking(**{**given, **changes})


def first_pull(pulling: Pulling, canvas: Canvas, kept: KeptImports) -> ImportSource:
    """Return the source after its first pull."""
    return pulling.pull_once(kept, canvas.url, "canvas", lambda: add(pulling, canvas))


def look(canvas: Canvas, settings: Settings, **changes: Any) -> list[Finding]:
    return PULL_KINDS["canvas"].open(asking(canvas.url, settings, **changes)).check()


def is_done_nothing(run: ImportRun) -> bool:
    return all(
        counts[status] == 0
        for counts in run.counts.values()
        for status in ("new", "changed", "closed", "quarantined")
    )


def graded(pulling: Pulling) -> list[tuple[str, str, float | None, str | None]]:
    """Return the signals that stand: (number, assignment, value, word)."""
    found = pulling.importing.read(
        sa.select(Person.number, ActivityItem.title, Activity.value, Activity.text)
        .join(Activity, Activity.person_id == Person.id)
        .join(ActivityItem, ActivityItem.id == Activity.item_id)
        .where(Activity.ended_at.is_(None))
    )
    return sorted((n, t, None if v is None else float(v), w) for n, t, v, w in found)


def a_day_later(pulling: Pulling) -> None:
    importing = pulling.importing
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        for cursor in session.scalars(sa.select(ImportCursor)):
            at = utc_now() - timedelta(days=1)
            cursor.value = {**cursor.value, "all_at": at.isoformat()}


def test_all_that_canvas_shows_comes_in_once(pulling: Pulling, canvas: Canvas) -> None:
    run = pulling.pull(add(pulling, canvas))
    assert run.state is RunState.APPLIED
    assert pulling.importing.codes(run) == []
    assert run.counts["person"]["same"] == len(canvas.users)
    assert run.counts["membership"]["new"] == len(canvas.enrollments)
    assert run.counts["lesson_task"]["new"] == 4  # those that give a grade
    assert run.counts["result"]["new"] == 12
    assert graded(pulling)[:2] == [
        ("S000", "Opdracht 1 & meer", 7.5, None),
        ("S000", "Opdracht 2 & meer", None, "complete"),
    ]
    titles = pulling.importing.read(sa.select(Group.title).order_by(Group.title))
    assert [title for (title,) in titles] == ["Kok, leerjaar 2", "Praktijk & meer"]
    (day,) = pulling.importing.read(sa.select(Membership.from_on).distinct())[0]
    assert day.isoformat() == "2026-09-01"  # 22:30 in London


def test_a_second_pull_asks_what_was_graded_since_and_changes_nothing(
    pulling: Pulling, canvas: Canvas, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, canvas, kept_imports)
    before = pulling.importing.contents()
    canvas.calls.clear()
    run = pulling.pull(source)
    assert run.state is RunState.APPLIED
    assert is_done_nothing(run)
    assert pulling.importing.contents() == before
    asked = [query for path, query in canvas.calls if path.endswith("submissions")]
    assert all("graded_since" in query for query in asked)
    a_day_later(pulling)
    canvas.calls.clear()
    assert is_done_nothing(pulling.pull(source))
    asked = [query for path, query in canvas.calls if path.endswith("submissions")]
    assert not any("graded_since" in query for query in asked)


def test_a_grade_is_only_taken_when_its_student_sees_it(pulling: Pulling, canvas: Canvas) -> None:
    canvas.grade(101, 21, 9.0, posted_at=None)
    canvas.grade(103, 21, 9.0, excused=True)
    source = add(pulling, canvas)
    pulling.pull(source)
    assert not {"S001", "S003"} & {number for number, *_ in graded(pulling)}
    canvas.submission(101, 21)["posted_at"] = "2026-10-03T08:00:00Z"  # graded_at stays
    canvas.submission(100, 21)["posted_at"] = None
    a_day_later(pulling)
    run = pulling.pull(source)
    assert (run.counts["result"]["new"], run.counts["result"]["closed"]) == (1, 1)
    assert ("S001", "Opdracht 1 & meer", 9.0, None) in graded(pulling)
    assert ("S000", "Opdracht 1 & meer", 7.5, None) not in graded(pulling)


def test_each_attempt_has_its_own_grade(
    pulling: Pulling, canvas: Canvas, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, canvas, kept_imports)
    again = {"attempt": 2, "grade_matches_current_submission": False}
    canvas.submission(100, 21).update(again, workflow_state="submitted")
    a_day_later(pulling)
    assert is_done_nothing(pulling.pull(source))
    canvas.grade(100, 21, 9.0, graded_at="2099-01-01T00:00:00Z")
    run = pulling.pull(source)
    assert run.counts["result"]["new"] == 1
    own = [value for number, title, value, _ in graded(pulling) if number == "S000" and value]
    assert own == [7.5, 9.0]
    canvas.submission(100, 21)["posted_at"] = None  # hides both
    assert pulling.pull(source).counts["result"]["closed"] == 2


def test_a_regrade_replaces_the_grade_of_its_attempt(
    pulling: Pulling, canvas: Canvas, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, canvas, kept_imports)
    canvas.grade(100, 21, 8.25, graded_at="2099-01-01T00:00:00Z")
    run = pulling.pull(source)
    assert (run.counts["result"]["changed"], run.counts["result"]["new"]) == (1, 0)
    assert ("S000", "Opdracht 1 & meer", 8.25, None) in graded(pulling)
    canvas.submission(100, 21).update(score=None, grade=None, workflow_state="submitted")
    assert pulling.pull(source).counts["result"]["closed"] == 1


def test_pages_with_names_that_nobody_can_count_are_all_read(
    pulling: Pulling, canvas: Canvas
) -> None:
    canvas.most = 5
    run = pulling.pull(add(pulling, canvas))
    assert pulling.importing.codes(run) == []
    assert run.counts["membership"]["new"] == len(canvas.enrollments)
    assert run.counts["result"]["new"] == 12
    assert any(query.get("page") == ["bookmark:3"] for _, query in canvas.calls)


def test_a_page_that_fails_closes_nobody_in_its_course(
    pulling: Pulling, canvas: Canvas, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, canvas, kept_imports)
    canvas.most = 5
    canvas.fail("courses/2/enrollments", 3, systems.page({}, status=404))
    canvas.enrollments = [one for one in canvas.enrollments if one["user_id"] != 100]
    run = pulling.pull(source)
    assert run.state is RunState.APPLIED
    assert run.counts["membership"]["closed"] == 1  # in the other course, which was told whole
    assert {"canvas.course_refused", "closing.held_in"} <= set(pulling.importing.codes(run))
    run = pulling.pull(source)
    assert run.counts["membership"]["closed"] == 1  # now told whole


def test_a_course_that_is_closed_to_us_closes_nobody(
    pulling: Pulling, canvas: Canvas, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, canvas, kept_imports)
    for what in ("users", "enrollments", "assignments", "students/submissions"):
        canvas.fail(f"courses/5/{what}", 1, systems.page({"status": "unauthorized"}, status=401))
    run = pulling.pull(source)
    assert run.state is RunState.APPLIED
    assert run.counts["membership"]["closed"] == 0
    told = [i for i in pulling.importing.issues(run) if i.code == "canvas.course_refused"]
    assert {(one.value, one.detail) for one in told} == {("PR", "401")}


def test_rate_limits_are_waited_for_whatever_their_status(pulling: Pulling, canvas: Canvas) -> None:
    canvas.fail(SUBMISSIONS, 1, RATE_LIMIT, times=2)
    canvas.fail("courses/5/users", 1, systems.page({}, status=429), times=2)
    run = pulling.pull(add(pulling, canvas))
    assert pulling.importing.codes(run) == []
    assert run.counts["result"]["new"] == 12
    assert len(pulling.waits.waited) == 4


def test_a_pull_that_was_broken_off_goes_on_at_its_page(pulling: Pulling, canvas: Canvas) -> None:
    canvas.most = 5
    source = add(pulling, canvas)
    run = pulling.start(source)
    canvas.fail(SUBMISSIONS, 3, systems.page({}, status=503), times=4)  # as often as it is tried
    run = pulling.work(run)
    assert run.state is RunState.READING
    canvas.calls.clear()
    run = pulling.work_through(run)  # by a new worker
    assert run.state is RunState.APPLIED
    assert pulling.importing.codes(run) == []
    assert run.counts["result"]["new"] == 12
    first = next(query for path, query in canvas.calls if path == SUBMISSIONS)
    assert first["page"] == ["bookmark:3"]
    before = pulling.importing.contents()
    assert is_done_nothing(pulling.pull(source))
    assert pulling.importing.contents() == before


def test_full_pages_without_links_close_nobody(pulling: Pulling, canvas: Canvas) -> None:
    with_many = filled(students=120)
    canvas.users, canvas.enrollments = with_many.users, with_many.enrollments
    canvas.assignments, canvas.submissions, canvas.has_links = [], [], False
    source = add(pulling, canvas)
    run = pulling.pull(source)
    assert "canvas.cut_off" in pulling.importing.codes(run)
    assert run.counts["membership"]["closed"] == 0
    assert {"closing.held", "closing.held_in"} & set(pulling.importing.codes(run))


def test_who_left_a_course_leaves_its_group(
    pulling: Pulling, canvas: Canvas, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, canvas, kept_imports)
    canvas.enrollments = [one for one in canvas.enrollments if one["id"] != 2100]
    run = pulling.pull(source)
    assert run.counts["membership"]["closed"] == 1
    assert run.counts["person"]["closed"] == 0


def test_who_we_do_not_know_waits_and_is_not_made(pulling: Pulling, canvas: Canvas) -> None:
    canvas.users[100]["sis_user_id"] = "S999"
    canvas.users[101]["sis_user_id"] = None
    canvas.users[102]["sis_user_id"] = "111222333"  # could be a BSN
    before = pulling.importing.count(Person)
    run = pulling.pull(add(pulling, canvas))
    assert pulling.importing.count(Person) == before
    parked = pulling.importing.read(sa.select(ParkedPerson.ext_id, ParkedPerson.number))
    assert {tuple(one) for one in parked} == {("100", "S999"), ("101", None), ("102", None)}
    assert run.counts["result"]["quarantined"] == 4
    assert "bsn.dropped" in pulling.importing.codes(run)


@pytest.mark.parametrize("number", ["login_id", "email"])
def test_people_are_known_by_what_the_school_chose(
    pulling: Pulling, canvas: Canvas, number: str
) -> None:
    for user in canvas.users.values():
        user["sis_user_id"], user["login_id"] = None, user["sis_user_id"]
    options = {"number": number} if number == "login_id" else {}
    match_on = MatchOn.EMAIL if number == "email" else MatchOn.NUMBER
    run = pulling.pull(add(pulling, canvas, options=options, match_on=match_on))
    assert run.counts["person"]["quarantined"] == 0
    assert run.counts["result"]["new"] == 12


def test_a_look_says_what_stands_in_the_way(canvas: Canvas, settings: Settings) -> None:
    assert look(canvas, settings) == []
    assert look(canvas, settings, options={"courses": "2,5"}) == []
    assert look(canvas, settings, options={"courses": "account:1"}) == []
    (found,) = look(canvas, settings, secret="wrong")
    assert (found.code, found.is_error) == ("source.refused", True)
    (found,) = look(canvas, settings, options={"courses": "77"})
    assert (found.code, found.value, found.detail) == ("canvas.course_refused", "77", "404")
    for user in canvas.users.values():
        user["sis_user_id"] = None
    (found,) = look(canvas, settings)
    assert (found.code, found.value, found.is_error) == (
        "canvas.numbers_unseen",
        "sis_user_id",
        False,
    )
    canvas.courses = []
    assert [one.code for one in look(canvas, settings)] == ["canvas.no_courses"]
    for options in ({"courses": "all"}, {"number": "name"}, {"courses": "account:x"}):
        with pytest.raises(Invalid):
            look(canvas, settings, options=options)


def test_an_answer_that_is_no_list_is_said(canvas: Canvas, settings: Settings) -> None:
    canvas.fail("courses", 1, systems.page([{"name": "zonder nummer"}]))
    (found,) = look(canvas, settings)
    assert (found.code, found.detail) == ("canvas.odd_answer", "courses")


def test_every_code_has_its_sentence() -> None:
    codes = {"odd_answer", "no_courses", "course_refused", "numbers_unseen", "cut_off", "undated"}
    assert {f"canvas.{code}" for code in codes} <= SENTENCES.keys()


def test_recorded_answers_of_another_client_are_understood(
    field_data: Path, settings: Settings
) -> None:
    told = {
        one["endpoint"]: one
        for name in ("course", "paginated_list", "requests")
        for one in json.loads((field_data / "canvas" / f"{name}.json").read_text()).values()
        if isinstance(one, dict) and "endpoint" in one
    }

    def replay(asked: Asked) -> Answer:
        endpoint = asked.path.removeprefix("/api/v1/")
        if "page" in asked.query:
            endpoint += f"?page={asked.query['page'][0]}&per_page={asked.query['per_page'][0]}"
        one = told[endpoint]
        headers = {
            name: value.replace("https://example.com", system.url)
            for name, value in one.get("headers", {}).items()
        }
        data = one["data"]
        body = data if isinstance(data, str) else json.dumps(data)
        return systems.raw(one["status_code"], body.encode(), headers)

    with serving(replay) as system:
        client = Client(asking(system.url, settings))
        rows, is_sure = client.all("courses/1/enrollments", {})
        assert ([row["user_id"] for row in rows], is_sure) == ([1, 2, 10, 8], True)
        pages = list(client.pages("six_objects_three_pages", {}))
        assert [row["id"] for page in pages for row in page.rows] == list("123456")
        for status in ("401_unauthorized", "403", "404"):
            with pytest.raises(NotAnswered) as refusal:
                client.one(status)
            assert refusal.value.status == status[:3]
        with pytest.raises(Unavailable) as busy:
            client.one("403_rate_limit")
        assert (busy.value.code, busy.value.is_final) == ("source.throttled", False)
