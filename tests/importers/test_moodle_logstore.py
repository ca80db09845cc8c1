"""Rows of Moodle's log table: visits by day, completions, and whose they are."""

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from importers.issues import Severity
from importers.models import ExternalRef, ImportRun, ParkedPerson, RunState
from importers.moodle_exports import logstore
from importers.records import RecordKind
from tests.importers.importing import Importing
from tests.importers.moodle import NAME, Pulling
from tests.moodle import recorded
from tracker.models import Activity, ActivityItem, ActivityKind, Person, Precision

HEADER = [
    "id", "eventname", "component", "action", "target", "crud", "edulevel", "contextlevel",
    "contextinstanceid", "userid", "courseid", "relateduserid", "anonymous", "other",
    "timecreated", "origin",
]  # fmt: skip
NOON = int(datetime(2026, 11, 2, 11, tzinfo=UTC).timestamp())
DAY = 86_400


def row(**facts: Any) -> list[Any]:
    """Write a row: somebody looked at an activity, unless said otherwise."""
    told = {
        "id": 1, "eventname": r"\mod_assign\event\course_module_viewed", "component": "mod_assign",
        "action": "viewed", "target": "course_module", "crud": "r", "edulevel": 2,
        "contextlevel": 70, "contextinstanceid": 31, "userid": 7, "courseid": 2, "anonymous": 0,
        "timecreated": NOON, "origin": "web", **facts,
    }  # fmt: skip
    return [told.get(name, "") for name in HEADER]


def completed(state: int, **facts: Any) -> list[Any]:
    told = {
        "eventname": r"\core\event\course_module_completion_updated",
        "action": "updated", "crud": "u", "relateduserid": 7,
        "other": f'{{"relateduserid":7,"overrideby":null,"completionstate":{state}}}',
    }  # fmt: skip
    return row(**{**told, **facts})


def log(*rows: list[Any]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([HEADER, *rows])
    return out.getvalue().encode()


def a_module() -> dict[str, Any]:
    """Return an activity of the recorded course."""
    sections: list[dict[str, Any]] = recorded("c2_core_course_get_contents")
    found: dict[str, Any] = next(one for section in sections for one in section["modules"])
    return found


def bring(importing: Importing, *rows: list[Any]) -> ImportRun:
    return importing.bring(log(*rows), "log.csv", options={"source": NAME})


def changed(run: ImportRun) -> dict[str, int]:
    doing = ("new", "changed", "closed")
    totals = {kind: sum(by[name] for name in doing) for kind, by in run.counts.items()}
    return {kind: total for kind, total in totals.items() if total}


def test_a_log_tells_of_the_people_and_items_of_the_moodle_that_was_read(pulled: Pulling):
    importing = pulled.importing
    student = recorded("c2_core_enrol_get_enrolled_users")[0]
    module = a_module()
    about = {"userid": student["id"], "contextinstanceid": module["id"]}
    people, items = importing.count(Person), importing.count(ActivityItem)
    run = bring(
        importing, row(**about), row(**about, timecreated=NOON + 60),
        row(**about, timecreated=NOON + DAY),
    )  # fmt: skip
    assert importing.codes(run, Severity.ERROR) == []
    assert changed(run) == {"activity": 2}
    visits = importing.read(
        sa.select(Person.number, ActivityItem.title, Activity.value, Activity.occurred_on)
        .add_columns(Activity.precision)
        .join(Person, Person.id == Activity.person_id)
        .join(ActivityItem, ActivityItem.id == Activity.item_id)
        .where(Activity.kind == ActivityKind.VISIT)
    )
    number, title = student["idnumber"], module["name"]
    assert {tuple(one) for one in visits} == {
        (number, title, 2, date(2026, 11, 2), Precision.DAY),
        (number, title, 1, date(2026, 11, 3), Precision.DAY),
    }
    assert (people, items) == (importing.count(Person), importing.count(ActivityItem))
    again = pulled.pull()
    assert changed(again) == {}


def test_a_completion_that_moodle_told_is_not_told_twice(pulled: Pulling):
    importing = pulled.importing
    select = sa.select(ExternalRef.ext_id).where(ExternalRef.kind == RecordKind.ACTIVITY)
    module, person = min(key for (key,) in importing.read(select)).split(":")
    before = importing.count(Activity, Activity.ended_at.is_(None))
    ((told,),) = importing.read(
        sa.select(Activity.occurred_at)
        .join(ExternalRef, ExternalRef.local_id == Activity.id)
        .where(ExternalRef.ext_id == f"{module}:{person}", Activity.ended_at.is_(None))
        .where(ExternalRef.kind == RecordKind.ACTIVITY)
    )
    at = int(told.timestamp())
    facts = {"contextinstanceid": module, "relateduserid": person, "timecreated": at}
    assert changed(bring(importing, completed(1, **facts))) == {}
    assert importing.count(Activity, Activity.ended_at.is_(None)) == before
    undone = completed(0, **{**facts, "timecreated": at + DAY})
    assert changed(bring(importing, completed(1, **facts), undone)) == {"activity": 1}
    assert importing.count(Activity, Activity.ended_at.is_(None)) == before - 1


def test_alone_a_log_makes_nobody(importing: Importing):
    run = importing.bring(log(row(), row(userid=8), completed(2)), "log.csv")
    assert importing.count(Person) == importing.count(Activity) == 0
    assert "logstore.own_source" in importing.codes(run)
    parked = importing.read(sa.select(ParkedPerson.ext_id))
    assert {one for (one,) in parked} == {"7", "8"}
    assert run.counts["activity"]["quarantined"] == 3


def test_who_teaches_and_what_machines_do_is_not_kept(pulled: Pulling):
    rows = [
        row(userid=2, edulevel=1, action="graded"), row(userid=2),
        row(origin="cli"), row(contextlevel=50), row(action="submitted"), row(userid=0),
    ]  # fmt: skip
    run = bring(pulled.importing, *rows)
    assert changed(run) == {}
    details = {issue.code: issue.detail for issue in pulled.importing.issues(run)}
    assert details == {"logstore.teaching": "1", "logstore.unused": "5"}


def test_an_older_log_does_not_make_a_day_smaller(pulled: Pulling):
    importing = pulled.importing
    module = a_module()["id"]
    person = recorded("c2_core_enrol_get_enrolled_users")[0]["id"]
    clicks = [
        row(userid=person, contextinstanceid=module, timecreated=NOON + minute * 60)
        for minute in range(3)
    ]
    bring(importing, *clicks)
    older = bring(importing, clicks[0])
    assert "change.older" in importing.codes(older)
    ((value,),) = importing.read(
        sa.select(Activity.value).where(
            Activity.kind == ActivityKind.VISIT, Activity.ended_at.is_(None)
        )
    )
    assert value == 3


def test_rows_that_are_not_whole_are_counted(importing: Importing):
    body = log(row(timecreated="gisteren"), row()) + b"1,afgebroken\n"
    run = importing.preview(body, "log.csv")
    details = {issue.code: issue.detail for issue in importing.issues(run)}
    assert details["logstore.unread"] == "2"


def test_a_large_log_is_counted_in_parts_with_the_same_outcome(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
):
    rows = [
        row(userid=person, contextinstanceid=module, timecreated=NOON + person * 7200)
        for person in range(3, 20)
        for module in (31, 32)
    ]
    created = row(
        eventname=r"\core\event\course_module_created", action="created", edulevel=1, userid=2,
        other='{"name":"Plan &amp; zo"}',
    )  # fmt: skip
    whole = importing.preview(log(created, *rows), "log.csv")
    monkeypatch.setattr(logstore, "BYTES_AT_ONCE", 500)
    parts = importing.preview(log(created, *rows), "log.csv", batch_size=3)
    assert whole.counts == parts.counts
    assert parts.counts["activity"]["quarantined"] == 34
    assert parts.counts["lesson_task"]["new"] == 2


def test_the_recorded_log_holds_nothing_of_students(importing: Importing, field_data: Path):
    body = (field_data / "moodle-logstore" / "logstore_standard.csv").read_bytes()
    run = importing.preview(body, "logstore_standard.csv")
    assert (run.kind, run.state) == ("moodle_logstore", RunState.PREVIEWED)
    assert importing.codes(run) == ["logstore.unused"]
