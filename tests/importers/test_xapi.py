"""Statements in files: what each line comes to, told once however often it is told."""

import json
from typing import Any

import sqlalchemy as sa

from importers.models import ImportRun, RunState
from tests.importers.importing import Importing
from tracker.db import unit_of_work, utc_now
from tracker.models import Activity, ActivityItem, Person
from tracker.people import add_person

ADL = "http://adlnet.gov/expapi/verbs/"
LMS = "https://lms.example"


def statement(
    number: int, verb: str = "completed", who: Any = "S1", **parts: Any
) -> dict[str, Any]:
    """Return a statement of somebody with this number, on 2 November 2026."""
    actor = {"account": {"homePage": LMS, "name": who}} if isinstance(who, str) else who
    made = {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "actor": actor,
        "verb": {"id": verb if ":" in verb else ADL + verb},
        "object": {"id": f"{LMS}/cm/17", "definition": {"name": {"en": "Quiz", "nl": "Toets"}}},
        "timestamp": "2026-11-02T10:00:00Z",
    }
    return {name: part for name, part in {**made, **parts}.items() if part is not None}


def lines(*statements: Any) -> bytes:
    """Return a file of statements."""
    return b"".join(
        (one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in statements
    )


def people(importing: Importing, *numbers: str) -> None:
    """Add people of the school by their numbers."""
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        for number in numbers:
            add_person(
                session,
                by=None,
                school=importing.school,
                name=f"Iemand {number}",
                number=number,
                roles=[],
                at=utc_now(),
            )


def signals(importing: Importing) -> list[tuple[Any, ...]]:
    """Return what is known: number, kind, item, day, value, text, whether it still holds."""
    rows = importing.read(
        sa.select(
            Person.number,
            Activity.kind,
            ActivityItem.title,
            Activity.occurred_on,
            Activity.value,
            Activity.text,
            Activity.ended_at.is_(None),
        )
        .join(Person, Person.id == Activity.person_id)
        .join(ActivityItem, ActivityItem.id == Activity.item_id)
        .where(Activity.school_id == importing.school.id)
    )
    return sorted(
        (n, k.value, t, d.isoformat(), None if v is None else float(v), x, h)
        for n, k, t, d, v, x, h in rows
    )


def bring(importing: Importing, *statements: Any) -> ImportRun:
    run = importing.bring(lines(*statements), name="klik.jsonl")
    assert run.state is RunState.APPLIED, importing.codes(run)
    return run


def doing(run: ImportRun) -> int:
    """Return how much a run made, changed or closed."""
    return sum(
        by_status[one] for by_status in run.counts.values() for one in ("new", "changed", "closed")
    )


def test_a_completed_activity_becomes_a_signal_of_the_student(importing: Importing) -> None:
    people(importing, "S1")
    run = bring(importing, statement(1))
    assert signals(importing) == [("S1", "completion", "Toets", "2026-11-02", None, None, True)]
    assert run.kind == "xapi"


def test_what_was_told_before_does_nothing_however_it_is_told_again(importing: Importing) -> None:
    people(importing, "S1", "S2")
    told = [
        statement(1),
        statement(2, "experienced"),
        statement(3, "experienced"),
        statement(4, "passed", "S2", result={"score": {"raw": 7, "min": 0, "max": 10}}),
        statement(5, "attended", "S2"),
        statement(6, "registered", "S2"),
    ]
    bring(importing, *told)
    before = importing.contents()
    assert signals(importing) == [
        ("S1", "completion", "Toets", "2026-11-02", None, None, True),
        ("S1", "visit", "Toets", "2026-11-02", 2.0, None, True),
        ("S2", "attendance", "Toets", "2026-11-02", 1.0, None, True),
        ("S2", "participation", "Toets", "2026-11-02", None, None, True),
        ("S2", "result", "Toets", "2026-11-02", 7.0, "passed", True),
    ]
    for again in (told, told[::-1], told[2:], [told[1], told[4]]):
        assert doing(bring(importing, *again)) == 0
        assert importing.contents() == before


def test_clicks_of_a_day_are_counted_once_each_over_files_that_overlap(
    importing: Importing,
) -> None:
    people(importing, "S1")
    clicks = [statement(number, "experienced") for number in range(1, 8)]
    bring(importing, *clicks[:4])
    bring(importing, *clicks[2:6], *clicks[2:6])
    bring(importing, clicks[6], clicks[0])
    ((_, kind, _, _, number, _, _),) = signals(importing)
    assert (kind, number) == ("visit", 7.0)


def test_a_day_begins_at_midnight_in_the_school(importing: Importing) -> None:
    people(importing, "S1")
    bring(
        importing,
        statement(1, "experienced", timestamp="2026-11-02T22:59:59Z"),
        statement(2, "experienced", timestamp="2026-11-02T23:00:00Z"),
    )
    assert [(day, number) for _, _, _, day, number, _, _ in signals(importing)] == [
        ("2026-11-02", 1.0),
        ("2026-11-03", 1.0),
    ]


def voiding(number: int, target: int | str) -> dict[str, Any]:
    withdrawn = target if isinstance(target, str) else statement(target)["id"]
    about = {"objectType": "StatementRef", "id": withdrawn}
    return statement(number, "voided", "T1", object=about)


def test_a_withdrawn_statement_takes_back_what_it_told_before_or_after(
    importing: Importing,
) -> None:
    people(importing, "S1")
    bring(importing, statement(1), statement(2, "experienced"), statement(3, "experienced"))
    assert doing(bring(importing, voiding(9, 1), voiding(8, 2))) == 2
    found = {kind: (number, holds) for _, kind, _, _, number, _, holds in signals(importing)}
    assert found == {"completion": (None, False), "visit": (1.0, True)}
    bring(importing, voiding(7, 3), voiding(6, 4))
    found = {kind: (number, holds) for _, kind, _, _, number, _, holds in signals(importing)}
    assert found["visit"][1] is False
    again = bring(importing, statement(1), statement(2, "experienced"), statement(4), voiding(9, 1))
    assert doing(again) == 0
    assert "xapi.voided" in importing.codes(again)
    bring(importing, statement(5, "experienced"))
    found = {kind: (number, holds) for _, kind, _, _, number, _, holds in signals(importing)}
    assert found == {"completion": (None, False), "visit": (1.0, True)}


def test_a_statement_that_is_withdrawn_in_the_same_file_tells_nothing(
    importing: Importing,
) -> None:
    people(importing, "S1")
    bring(importing, voiding(9, 1), statement(1), statement(2, "experienced"), voiding(8, 2))
    assert signals(importing) == []
    bring(importing, statement(1))
    assert signals(importing) == []


def test_the_same_id_with_another_content_is_set_aside(importing: Importing) -> None:
    people(importing, "S1", "S2")
    bring(importing, statement(1), statement(2, "experienced"))
    before = importing.contents()
    run = bring(importing, statement(1, who="S2"), statement(2, "passed"))
    assert importing.codes(run).count("xapi.conflict") == 2
    assert importing.contents()["activity"] == before["activity"]
    twice = bring(importing, statement(3), statement(3, "passed"), statement(3))
    assert sorted(importing.codes(twice)) == ["xapi.conflict", "xapi.twice"]


def test_a_store_that_adds_its_own_parts_tells_the_same(importing: Importing) -> None:
    people(importing, "S1")
    bring(importing, statement(1, timestamp=None, stored="2026-11-02T10:00:00Z"))
    again = statement(
        1,
        timestamp="2026-11-02T10:00:00Z",
        stored="2026-11-02T10:00:00Z",
        authority={"mbox": "mailto:lrs@school.example"},
        version="1.0.3",
    )
    assert doing(bring(importing, again)) == 0


def test_a_group_is_its_members_and_each_is_told_of(importing: Importing) -> None:
    people(importing, "S1", "S2")
    members = [{"account": {"homePage": LMS, "name": name}} for name in ("S1", "S2", "S1")]
    group = {"objectType": "Group", "member": members}
    bring(importing, statement(1, "attended", group), statement(2, "experienced", group))
    assert [(who, kind) for who, kind, *_ in signals(importing)] == [
        ("S1", "attendance"),
        ("S1", "visit"),
        ("S2", "attendance"),
        ("S2", "visit"),
    ]
    bring(importing, voiding(9, 1))
    assert [holds for *_, holds in signals(importing)] == [False, True, False, True]


def test_nobody_of_ours_is_parked_and_what_waits_is_taken_up_exactly_once(
    importing: Importing,
) -> None:
    run = bring(importing, statement(1), statement(2, "experienced"), statement(3, "experienced"))
    assert run.counts["person"]["quarantined"] == 1
    assert run.counts["activity"]["quarantined"] == 2
    people(importing, "S1")
    bring(importing, statement(3, "experienced"), statement(4, "experienced"))
    assert [number for _, _, _, _, number, _, _ in signals(importing)] == [2.0]
    bring(importing, statement(1), statement(2, "experienced"), statement(3, "experienced"))
    assert [number for _, _, _, _, number, _, _ in signals(importing)] == [None, 3.0]


def test_a_preview_that_waited_while_others_wrote_counts_nothing_twice(
    importing: Importing,
) -> None:
    people(importing, "S1")
    clicks = [statement(number, "experienced") for number in range(1, 5)]
    waiting = importing.preview(lines(*clicks[:3]), name="klik.jsonl")
    bring(importing, *clicks[1:])
    run = importing.apply(waiting)
    if run.state is RunState.PREVIEWED:  # what was seen is no longer so: it is shown again
        run = importing.apply(run)
    assert run.state is RunState.APPLIED
    assert [number for _, _, _, _, number, _, _ in signals(importing)] == [4.0]


def test_what_we_do_not_use_is_said_once_for_the_whole_file(importing: Importing) -> None:
    people(importing, "S1")
    other = "https://school.example/verbs/danced"
    file = {
        "usageType": "https://school.example/foto",
        "display": {"nl": "Foto"},
        "contentType": "image/png",
        "length": 3,
        "sha2": "0" * 64,
    }
    run = bring(
        importing,
        *(statement(number, other) for number in range(1, 6)),
        statement(6, object={"objectType": "StatementRef", "id": statement(1)["id"]}),
        statement(7, attachments=[file]),
        statement(8, who={"objectType": "Group", "mbox": "mailto:klas@school.example"}),
    )
    told = {issue.code: (issue.value, issue.detail) for issue in importing.issues(run)}
    assert told == {
        "xapi.verb_unused": (other, "5"),
        "xapi.object_unused": ("StatementRef", "1"),
        "xapi.attachments": (None, "1"),
        "xapi.group_unnamed": (ADL + "completed", "1"),
    }


def test_a_name_or_scale_that_is_not_told_each_time_stays(importing: Importing) -> None:
    people(importing, "S1")
    score = {"score": {"raw": 12, "min": 0, "max": 20}}
    bring(importing, statement(1, object={"id": f"{LMS}/cm/17"}))
    assert importing.contents()["items"][0][0] == f"{LMS}/cm/17"
    bring(importing, statement(2, "scored", result=score))
    run = bring(importing, statement(3, object={"id": f"{LMS}/cm/17"}))
    ((title, _, low, high, _),) = importing.contents()["items"]
    assert (title, low, high) == ("Toets", 0, 20)
    assert run.counts["lesson_task"] == {**run.counts["lesson_task"], "same": 1, "changed": 0}


class Killed(BaseException):
    """The worker is gone, in the middle of a statement to the database."""


def work_and_die(importing: Importing, run: ImportRun, point: int) -> bool:
    """Work on a run until the statement with this number; returns whether it came so far."""
    sent = 0

    def count(*_: object) -> None:
        nonlocal sent
        sent += 1
        if sent == point:
            raise Killed

    sa.event.listen(importing.engine, "before_cursor_execute", count)
    try:
        importing.work(run)
    except Killed:
        return True
    finally:
        sa.event.remove(importing.engine, "before_cursor_execute", count)
    return False


def test_a_worker_that_dies_anywhere_counts_nothing_twice_and_loses_nothing(
    importing: Importing,
) -> None:
    people(importing, "S1", "S2")
    days = [f"2026-11-{day:02}T10:00:00Z" for day in range(1, 6)]
    clicks = [
        statement(10 * number + person, "experienced", f"S{person}", timestamp=day)
        for number, day in enumerate(days * 2, 1)
        for person in (1, 2)
    ]
    ends = [statement(900, "passed"), statement(901), voiding(902, clicks[0]["id"])]
    bring(importing, *clicks[:8], ends[0])
    expected = {("visit", 1.0): 1, ("visit", 2.0): 9, ("result", None): 1, ("completion", None): 1}
    point, died = 1, True
    run = importing.preview(lines(*clicks, *ends), name="klik.jsonl")
    importing.approve(run)
    while died:  # each worker dies a little later than the one before
        died = work_and_die(importing, run, point)
        with unit_of_work(importing.engine, school_id=importing.school.id) as session:
            session.execute(sa.update(ImportRun).values(heartbeat_at=None))
        point += 7
    assert importing.again(run).state is RunState.APPLIED
    found: dict[tuple[str, float | None], int] = {}
    for _, kind, _, _, number, _, _ in signals(importing):
        found[kind, number] = found.get((kind, number), 0) + 1
    assert found == expected
    assert doing(bring(importing, *clicks, *ends)) == 0
