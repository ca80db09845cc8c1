"""Reading a OneRoster 1.2 service: it means what a bundle means, page after page, then changes."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from importers.issues import Finding
from importers.kinds import PULL_KINDS
from importers.models import ImportCursor, ImportRun, ImportSource, RunState
from importers.sentences import SENTENCES
from importers.source import Asking
from settings import Settings
from tests import systems
from tests.importers.bundles import bundle
from tests.importers.importing import Importing
from tests.importers.kept_imports import KeptImports
from tests.importers.pulled import Pulling
from tests.oneroster import CLIENT, GRADEBOOK, SECRET, OneRoster, serving_bundle
from tests.systems import Waits
from tracker.db import unit_of_work, utc_now
from tracker.errors import Invalid
from tracker.models import Activity, Membership, Person, PersonRole, PersonState

BUNDLE = bundle()
STUDENTS, PEOPLE = 30, 32


@pytest.fixture
def service() -> Iterator[OneRoster]:
    with serving_bundle(BUNDLE) as found:
        yield found


@pytest.fixture
def pulling(importing: Importing, settings: Settings) -> Pulling:
    return Pulling(importing, settings)


def add(pulling: Pulling, service: OneRoster, **changes: Any) -> ImportSource:
    given = {"kind": "oneroster", "name": "OneRoster", "secret": f"{CLIENT}:{SECRET}", **changes}
    return pulling.add(service, **given)  # type: ignore[arg-type]  # only its url is used


def first_pull(pulling: Pulling, service: OneRoster, kept: KeptImports) -> ImportSource:
    """Return the source after its first pull."""
    return pulling.pull_once(kept, service.url, "oneroster_rest", lambda: add(pulling, service))


def look(service: OneRoster, settings: Settings, **changes: Any) -> list[Finding]:
    given: dict[str, Any] = {
        "url": service.url,
        "secret": f"{CLIENT}:{SECRET}",
        "options": {},
        "zone": ZoneInfo("Europe/Amsterdam"),
        "since": {},
        "allow_loopback": settings.is_demo,
        "at": utc_now(),
        "wait": Waits(),
    }
    return PULL_KINDS["oneroster"].open(Asking(**{**given, **changes})).check()


def nothing_done(run: ImportRun) -> bool:
    return all(
        counts[status] == 0
        for counts in run.counts.values()
        for status in ("new", "changed", "closed", "quarantined")
    )


def long_ago(pulling: Pulling, days: int) -> None:
    """Let the last reading of everything be so many days ago."""
    importing = pulling.importing
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        for cursor in session.scalars(sa.select(ImportCursor)):
            at = (utc_now() - timedelta(days=days)).isoformat()
            cursor.value = {**cursor.value, "all_at": at}


def test_a_service_tells_what_its_bundle_tells(
    importing: Importing, pulling: Pulling, service: OneRoster
) -> None:
    run = pulling.pull(add(pulling, service))
    assert run.state is RunState.APPLIED
    assert importing.codes(run) == []
    told = importing.contents()
    assert (importing.count(Person), importing.count(PersonRole)) == (PEOPLE, PEOPLE)
    file = importing.apply(importing.preview(BUNDLE), confirm_closing=True)
    for kind, counts in file.counts.items():
        if kind != "role":  # a role has no key of its own in a service
            assert (counts["new"], counts["changed"], counts["closed"]) == (0, 0, 0), kind
    after = importing.contents()
    assert {name: rows for name, rows in after.items() if name != "refs"} == {
        name: rows for name, rows in told.items() if name != "refs"
    }


def test_a_second_pull_asks_for_changes_and_changes_nothing(
    pulling: Pulling, service: OneRoster, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, service, kept_imports)
    before = pulling.importing.contents()
    service.calls.clear()
    run = pulling.pull(source)
    assert run.state is RunState.APPLIED
    assert nothing_done(run)
    assert pulling.importing.contents() == before
    lists = [query for _, query in service.calls if "filter" in query]
    assert len(lists) == 6
    assert all(
        not name.startswith("results") or query.get("limit") for name, query in service.calls
    )


def test_each_week_everything_is_read_again_and_again_nothing_changes(
    pulling: Pulling, service: OneRoster, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, service, kept_imports)
    before = pulling.importing.contents()
    long_ago(pulling, 7)
    service.calls.clear()
    assert nothing_done(pulling.pull(source))
    assert pulling.importing.contents() == before
    assert not any("filter" in query for _, query in service.calls)


def test_changes_come_in_and_what_is_to_be_deleted_ends(
    pulling: Pulling, service: OneRoster, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, service, kept_imports)
    place = service.lists["enrollments"][0]["sourcedId"]
    result = next(r for r in service.lists["results"] if "score" in r)
    user = service.lists["users"][-1]["sourcedId"]
    service.change("enrollments", place, status="tobedeleted")
    service.change("results", result["sourcedId"], score=1.0)
    service.change("users", user, preferredFirstName="Zus")
    run = pulling.pull(source)
    assert run.counts["membership"]["closed"] == 1
    assert run.counts["result"]["changed"] == 1
    assert run.counts["person"]["changed"] == 1
    assert pulling.importing.count(Person, Person.given_name == "Zus") == 1
    assert pulling.importing.count(Membership, Membership.until_on.is_not(None)) == 1
    assert pulling.importing.count(Activity, Activity.ended_at.is_not(None)) == 1


def test_who_lost_a_role_in_the_service_loses_it_here(
    pulling: Pulling, service: OneRoster, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, service, kept_imports)
    user = service.lists["users"][0]
    both = [{**user["roles"][0], "role": role} for role in ("student", "teacher")]
    service.change("users", user["sourcedId"], roles=both)
    assert pulling.pull(source).counts["role"]["new"] == 1
    service.change("users", user["sourcedId"], roles=both[:1])
    run = pulling.pull(source)
    assert (run.counts["role"]["closed"], run.counts["person"]["closed"]) == (1, 0)


def test_parents_and_other_users_never_come_in(pulling: Pulling, service: OneRoster) -> None:
    source = add(pulling, service)
    for row, role in zip(service.lists["users"], ("parent", "ext:mentor"), strict=False):
        row["roles"] = [{**row["roles"][0], "role": role}]
    run = pulling.pull(source)
    assert pulling.importing.count(Person) == PEOPLE - 2
    found = pulling.importing.codes(run)
    assert {"person.other_role", "person.role_unclear"} <= set(found)


def test_what_is_missing_from_a_whole_reading_is_closed(
    pulling: Pulling, service: OneRoster, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, service, kept_imports)
    gone = service.lists["users"].pop()["sourcedId"]
    service.lists["enrollments"] = [
        row for row in service.lists["enrollments"] if row["user"]["sourcedId"] != gone
    ]
    assert nothing_done(pulling.pull(source))  # no change tells of it
    long_ago(pulling, 7)
    run = pulling.pull(source)
    assert (run.counts["person"]["closed"], run.counts["membership"]["closed"]) == (1, 1)
    assert pulling.importing.count(Person, Person.state == PersonState.LEFT) == 1


@pytest.mark.parametrize("has_total", [True, False])
def test_small_pages_tell_all(pulling: Pulling, service: OneRoster, *, has_total: bool) -> None:
    service.most, service.has_total = 7, has_total
    run = pulling.pull(add(pulling, service))
    assert pulling.importing.codes(run) == []
    assert pulling.importing.count(Person) == PEOPLE
    assert run.counts["result"]["new"] == len(service.lists["results"])


def test_a_list_that_moves_while_it_is_read_closes_nobody(
    pulling: Pulling, service: OneRoster, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, service, kept_imports)
    long_ago(pulling, 7)
    service.most = 10
    gone = min(row["sourcedId"] for row in service.lists["users"])
    kept = service.row("users", gone)

    def disappear(name: str, offset: int) -> None:
        if name == "users" and offset == 9 and kept in service.lists["users"]:
            service.lists["users"].remove(kept)
            service.lists["users"].append({**kept, "sourcedId": "zzz-new", "identifier": "Z1"})

    service.before = disappear
    run = pulling.pull(source)
    assert "oneroster.moved" in pulling.importing.codes(run)
    assert run.counts["person"]["closed"] == 0
    assert pulling.importing.count(Person, Person.state == PersonState.LEFT) == 0
    service.before = lambda _name, _offset: None
    assert pulling.pull(source).counts["person"]["closed"] == 1  # read whole again, the next time


def test_a_service_that_counts_more_than_it_gives_closes_nobody(
    pulling: Pulling, service: OneRoster, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, service, kept_imports)
    long_ago(pulling, 7)
    rows = service.lists["users"][:-1]
    answer = systems.page({"users": rows}, headers={"X-Total-Count": str(PEOPLE)})
    service.fail("users", 0, answer, times=3)
    run = pulling.pull(source)
    assert run.counts["person"]["closed"] == 0
    assert "closing.held" in pulling.importing.codes(run)


def test_a_service_that_passes_over_the_offset_ends_and_closes_nobody(
    pulling: Pulling, service: OneRoster
) -> None:
    source = add(pulling, service)
    rows = service.lists["classes"]
    service.has_total = False
    first = systems.page({"classes": rows})
    for offset in (0, len(rows) - 1):
        service.fail("classes", offset, first, times=2)
    run = pulling.pull(source)
    assert run.counts["group"]["new"] == len(rows)
    assert "oneroster.moved" in pulling.importing.codes(run)


def test_a_third_page_that_fails_closes_nobody_and_the_rest_is_read(
    pulling: Pulling, service: OneRoster, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, service, kept_imports)
    long_ago(pulling, 7)
    service.most = 5
    service.fail("enrollments", 8, systems.page({}, status=404))
    service.change("results", service.lists["results"][0]["sourcedId"], score=1.0)
    run = pulling.pull(source)
    assert run.state is RunState.APPLIED
    assert run.counts["membership"]["closed"] == 0
    assert run.counts["result"]["changed"] == 1
    assert {"source.not_found", "closing.held"} <= set(pulling.importing.codes(run))
    rows = pulling.importing.read(sa.select(ImportCursor.stream, ImportCursor.value))
    cursors = {row.stream: row.value for row in rows}
    assert cursors["enrollments"]["all_at"] < cursors["users"]["all_at"]


def test_a_pull_that_was_killed_anywhere_ends_as_an_undisturbed_one(
    pulling: Pulling, service: OneRoster
) -> None:
    service.most = 12
    undisturbed = {name: len(rows) for name, rows in service.lists.items()}
    source = add(pulling, service)
    run = pulling.start(source)
    broken = systems.page({}, status=503)
    for name in ("users", "enrollments", "results"):
        service.fail(name, 11, broken, times=4)  # as often as it is tried at once
    for _ in range(3):
        run = pulling.work(run, max(utc_now(), run.due_at or utc_now()))
        assert run.state is RunState.READING  # a new worker goes on from the last page
    run = pulling.work_through(run)
    assert run.state is RunState.APPLIED
    assert run.counts["person"]["new"] == undisturbed["users"]
    assert run.counts["membership"]["new"] == undisturbed["enrollments"]
    assert run.counts["result"]["new"] == undisturbed["results"]
    assert set(pulling.importing.codes(run)) == set()
    asked = [
        q["offset"] for name, q in service.calls if name == "enrollments" and q["limit"] != "1"
    ]
    assert asked.count("0") == 1
    before = pulling.importing.contents()
    assert nothing_done(pulling.pull(source))
    assert pulling.importing.contents() == before


def test_a_token_that_is_refused_half_way_is_asked_for_anew(
    pulling: Pulling, service: OneRoster
) -> None:
    source = add(pulling, service)

    def forget(name: str, _offset: int) -> None:
        if name == "enrollments" and service.given == 1:
            service.tokens.clear()

    service.before = forget
    run = pulling.pull(source)
    assert pulling.importing.codes(run) == []
    assert service.given == 2


def test_a_service_without_grades_is_read_without_them(
    pulling: Pulling, service: OneRoster, settings: Settings
) -> None:
    del service.lists["results"]
    refused = systems.page({}, status=403)
    service.fail("lineItems", 0, refused, times=9)
    service.fail("results", 0, refused, times=9)
    found = look(service, settings)
    assert [(one.code, one.value, one.is_error) for one in found] == [
        ("oneroster.list_refused", "lineItems", False),
        ("oneroster.list_refused", "results", False),
    ]
    service.calls.clear()
    assert look(service, settings, options={"grades": "no"}) == []
    run = pulling.pull(add(pulling, service, options={"grades": "no"}))
    assert run.state is RunState.APPLIED
    assert not any(name in {"lineItems", "results"} for name, _ in service.calls)


def test_a_look_says_what_is_wrong_with_the_key(service: OneRoster, settings: Settings) -> None:
    assert look(service, settings) == []
    assert [f.code for f in look(service, settings, secret="een-kenmerk")] == ["oneroster.secret"]
    assert [f.code for f in look(service, settings, secret="a:b")] == ["source.refused"]
    service.token_url = "https://elsewhere.example/token"
    (found,) = look(service, settings)
    assert (found.code, found.is_error) == ("oneroster.token_unknown", True)
    given = {"token_url": f"{service.url}/oauth/token"}
    assert look(service, settings, options=given) == []
    assert look(service, settings, options=given, url=f"{service.url}{GRADEBOOK}/") == []
    with pytest.raises(Invalid):
        look(service, settings, options={"grades": "perhaps"})


def test_a_service_that_does_not_know_changes_says_what_to_do(
    pulling: Pulling, service: OneRoster, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, service, kept_imports)

    def refuse(name: str, offset: int) -> None:
        if "filter" in service.calls[-1][1]:
            service.fail(name, offset, systems.page({}, status=400))

    service.before = refuse
    run = pulling.pull(source)
    assert set(pulling.importing.codes(run)) == {"oneroster.no_changes"}
    other = add(pulling, service, name="Zonder", options={"changes": "no"})
    assert pulling.pull(other).state is RunState.APPLIED
    assert "oneroster.no_changes" not in pulling.importing.codes(pulling.pull(other))


def test_every_code_has_its_sentence() -> None:
    codes = {"secret", "token_unknown", "odd_answer", "list_refused", "moved", "no_changes"}
    assert {f"oneroster.{code}" for code in codes} <= SENTENCES.keys()


def test_published_examples_can_be_read(
    pulling: Pulling, service: OneRoster, field_data: Path
) -> None:
    examples = json.loads((field_data / "oneroster/rest_v1p2_gradebook_entities.json").read_text())
    item, result = examples["lineItem"], examples["result"]
    service.lists["lineItems"].append(item)
    service.lists["results"].append(result)
    item["class"]["sourcedId"] = service.lists["classes"][0]["sourcedId"]
    result["student"]["sourcedId"] = service.lists["users"][0]["sourcedId"]
    run = pulling.pull(add(pulling, service))
    assert pulling.importing.codes(run) == []
    assert run.counts["result"]["new"] == len(service.lists["results"])
