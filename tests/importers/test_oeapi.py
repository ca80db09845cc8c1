"""Reading an OEAPI 5 system: courses, tests, results and attendance of people we know."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from importers.issues import Finding
from importers.kinds import PULL_KINDS
from importers.models import ImportRow, ImportRun, ImportSource, MatchOn, ParkedPerson, RunState
from importers.sentences import SENTENCES
from importers.source import Asking, Unavailable
from settings import Settings
from tests import systems
from tests.importers.importing import Importing
from tests.importers.kept_imports import KeptImports
from tests.importers.pulled import Pulling
from tests.oeapi import TOKEN, Oeapi, filled, playing, problem
from tests.systems import Waits
from tracker.db import unit_of_work, utc_now
from tracker.errors import Invalid
from tracker.models import Activity, ActivityItem, ActivityKind, Group, Person, PersonState

NUMBERS = {"number": "studentNumber, employeeNumber"}
COURSE, TEST = "offerings/course-1/associations", "offerings/test-1/associations"


@pytest.fixture
def system() -> Iterator[Oeapi]:
    with playing(filled()) as found:
        yield found


@pytest.fixture
def pulling(importing: Importing, settings: Settings, system: Oeapi) -> Pulling:
    """Pull into a school that knows everybody in this system by number."""
    people = {one["person"]["personId"]: one["person"] for one in system.associations}
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        for person in people.values():
            session.add(
                Person(
                    school_id=importing.school.id,
                    name=person["displayName"],
                    given_name=person["givenName"],
                    number=person["primaryCode"]["code"],
                    email=person["mail"],
                    state=PersonState.ACTIVE,
                    created_at=utc_now(),
                )
            )
    return Pulling(importing, settings)


def add(pulling: Pulling, system: Oeapi, **changes: Any) -> ImportSource:
    given = {"kind": "oeapi", "name": "OEAPI", "secret": TOKEN, "options": NUMBERS}
    return pulling.add(system, **{**given, **changes})  # type: ignore[arg-type]  # only its url is used


def first_pull(pulling: Pulling, system: Oeapi, kept: KeptImports) -> ImportSource:
    """Return the source after its first pull."""
    return pulling.pull_once(kept, system.url, "oeapi", lambda: add(pulling, system))


def look(system: Oeapi, settings: Settings, **changes: Any) -> list[Finding]:
    given: dict[str, Any] = {
        "url": system.url,
        "secret": TOKEN,
        "options": NUMBERS,
        "zone": ZoneInfo("Europe/Amsterdam"),
        "since": {},
        "allow_loopback": settings.is_demo,
        "at": utc_now(),
        "wait": Waits(),
    }
    return PULL_KINDS["oeapi"].open(Asking(**{**given, **changes})).check()


def is_done_nothing(run: ImportRun) -> bool:
    return all(
        counts[status] == 0
        for counts in run.counts.values()
        for status in ("new", "changed", "closed", "quarantined")
    )


def test_all_that_is_told_comes_in_once(pulling: Pulling, system: Oeapi) -> None:
    source = add(pulling, system)
    run = pulling.pull(source)
    assert run.state is RunState.APPLIED
    assert pulling.importing.codes(run) == []
    new = {kind: counts["new"] for kind, counts in run.counts.items() if counts["new"]}
    assert new == {"group": 1, "membership": 7, "lesson_task": 1, "result": 3, "attendance": 6}
    (item,) = pulling.importing.read(
        sa.select(
            ActivityItem.title, ActivityItem.value_max, Group.title, ActivityItem.due_on
        ).join(Group, Group.id == ActivityItem.group_id)
    )
    assert (item[0], float(item[1]), item[2]) == ("Toets rekenen", 10.0, "Rekenen 3F")
    found = pulling.importing.read(
        sa.select(Activity.kind, Activity.value, Activity.occurred_on, Activity.precision)
        .join(Person, Person.id == Activity.person_id)
        .where(Person.number == "S000")
        .order_by(Activity.kind)
    )
    told = {
        kind: (float(value), day.isoformat(), precision) for kind, value, day, precision in found
    }
    assert told == {
        ActivityKind.ATTENDANCE: (1.0, "2026-10-05", "instant"),
        ActivityKind.RESULT: (7.5, "2026-10-08", "day"),
    }
    before = pulling.importing.contents()
    assert is_done_nothing(pulling.pull(source))
    assert pulling.importing.contents() == before


def test_what_a_person_needs_is_never_stored(pulling: Pulling, system: Oeapi) -> None:
    system.association("test-1-000")["person"]["primaryCode"]["code"] = "S999"  # waits, so is kept
    run = pulling.pull(add(pulling, system))
    rows = pulling.importing.read(sa.select(ImportRow.data).where(ImportRow.run_id == run.id))
    assert rows
    assert not any(word in str(rows) for word in ("extraTime", "eckid", "over deze student"))


def test_a_result_that_is_taken_back_ends(
    pulling: Pulling, system: Oeapi, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, system, kept_imports)
    system.association("test-1-000")["result"]["state"] = "in progress"
    system.association("test-1-002")["result"]["score"] = "8.0"
    system.association("test-1-001")["consumers"][0]["attendance"] = "notKnown"
    run = pulling.pull(source)
    assert (run.counts["result"]["closed"], run.counts["result"]["changed"]) == (1, 1)
    assert run.counts["attendance"]["closed"] == 1


def test_a_word_is_kept_as_a_word(pulling: Pulling, system: Oeapi) -> None:
    system.association("test-1-000")["result"] = {
        "state": "completed",
        "pass": "passed",
        "resultDateTime": "2026-10-08T08:30:00+02:00",
    }
    system.association("test-1-002")["result"]["score"] = "2F"
    pulling.pull(add(pulling, system))
    found = pulling.importing.read(
        sa.select(Activity.text).where(Activity.value.is_(None)).order_by(Activity.text)
    )
    assert [text for (text,) in found] == ["2F", "passed"]


def test_who_left_a_course_leaves_its_group(
    pulling: Pulling, system: Oeapi, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, system, kept_imports)
    system.association("course-1-000")["state"] = "canceled"
    run = pulling.pull(source)
    assert (run.counts["membership"]["closed"], run.counts["person"]["closed"]) == (1, 0)


def test_a_third_page_that_fails_closes_nobody(
    pulling: Pulling, system: Oeapi, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, system, kept_imports)
    system.most = 2
    system.associations = [a for a in system.associations if a["associationId"] != "course-1-000"]
    system.fail(COURSE, 3, problem(403))
    run = pulling.pull(source)
    assert run.state is RunState.APPLIED
    assert run.counts["membership"]["closed"] == 0
    assert {"oeapi.refused", "closing.held_in"} <= set(pulling.importing.codes(run))
    assert "Aylin" not in str([vars(one) for one in pulling.importing.issues(run)])
    assert pulling.pull(source).counts["membership"]["closed"] == 1


def test_a_list_that_moves_while_it_is_read_closes_nobody(
    pulling: Pulling, system: Oeapi, kept_imports: KeptImports
) -> None:
    source = first_pull(pulling, system, kept_imports)
    gone = system.association("course-1-000")
    rows = [one for one in system.associations if one["offering"] == "course-1"]
    life = {"pageSize": 4, "hasPreviousPage": False}
    first = {**life, "pageNumber": 1, "hasNextPage": True, "totalPages": 2, "items": rows[1:5]}
    last = {**life, "pageNumber": 2, "hasNextPage": False, "totalPages": 3, "items": rows[5:]}
    system.fail(COURSE, 1, systems.page(first))
    system.fail(COURSE, 2, systems.page(last))
    run = pulling.pull(source)
    assert gone["state"] == "associated"
    assert run.counts["membership"]["closed"] == 0
    assert "oeapi.moved" in pulling.importing.codes(run)


def test_a_pull_that_was_broken_off_goes_on(pulling: Pulling, system: Oeapi) -> None:
    source = add(pulling, system)
    run = pulling.start(source)
    system.fail(TEST, 1, systems.page({}, status=503), times=4)  # as often as it is tried at once
    run = pulling.work(run)
    assert run.state is RunState.READING
    run = pulling.work_through(run)
    assert run.state is RunState.APPLIED
    assert run.counts["result"]["new"] == 3
    assert is_done_nothing(pulling.pull(source))


@pytest.mark.parametrize("match_on", list(MatchOn))
def test_who_we_do_not_know_waits_and_is_not_made(
    pulling: Pulling, system: Oeapi, match_on: MatchOn
) -> None:
    for one in system.associations:
        if one["person"]["personId"] == "person-0":
            one["person"]["primaryCode"]["code"] = "111222333"  # could be a BSN
            one["person"]["mail"] = "anders@school.example"
    before = pulling.importing.count(Person)
    run = pulling.pull(add(pulling, system, match_on=match_on))
    assert pulling.importing.count(Person) == before
    parked = pulling.importing.read(sa.select(ParkedPerson.ext_id, ParkedPerson.number))
    assert [tuple(one) for one in parked] == [("person-0", None)]
    assert run.counts["result"]["quarantined"] == 1
    assert "bsn.dropped" in pulling.importing.codes(run)


def test_a_look_says_what_stands_in_the_way(system: Oeapi, settings: Settings) -> None:
    assert look(system, settings) == []
    assert look(system, settings, options={"organization": "org-1"}) == []
    granted = {"token_url": f"{system.url}/token"}
    assert look(system, settings, options=granted, secret="client:secret") == []
    assert [one.code for one in look(system, settings, options=granted)] == ["oeapi.secret"]
    (found,) = look(system, settings, secret="wrong")
    assert (found.code, found.detail, found.is_error) == ("source.refused", "401", True)
    (found,) = look(system, settings, options={"number": "x"})
    assert (found.code, found.value, found.is_error) == ("oeapi.numbers_unseen", "x", False)
    system.fail("offerings", 1, systems.page({"items": [{"name": "zonder id"}]}))
    (found,) = look(system, settings)
    assert (found.code, found.detail) == ("oeapi.odd_answer", "offerings")
    system.offerings = []
    assert [one.code for one in look(system, settings)] == ["oeapi.nothing"]
    with pytest.raises(Invalid):
        look(system, settings, options={"organization": "../persons"})


def test_published_examples_that_are_no_json_are_no_answer(
    system: Oeapi, settings: Settings, field_data: Path
) -> None:
    text = (field_data / "oeapi" / "oke_flow2_examples.txt").read_text()
    example = text.split("GET /ooapi/offerings/{offeringId}/associations")[1].split("-----")[0]
    system.fail("offerings", 1, systems.raw(200, example.encode()), times=9)
    with pytest.raises(Unavailable) as told:
        look(system, settings)
    assert (told.value.code, told.value.is_final) == ("source.cut_short", False)


def test_every_code_has_its_sentence() -> None:
    codes = {"secret", "odd_answer", "nothing", "refused", "moved", "numbers_unseen", "undated"}
    assert {f"oeapi.{code}" for code in codes} <= SENTENCES.keys()
