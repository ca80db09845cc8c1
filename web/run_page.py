"""The page of one import, and the part of it that goes on by itself while the import does."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import current_app, g, render_template
from marshmallow import fields

from importers import runs
from importers.door.rereading import is_correctable
from importers.engine.changes import Change, changes_of
from importers.issue_list import count_issues, issues_of
from importers.models import GOING_ON, ImportIssue, ImportRun, ImportSource, Phase, RunState
from importers.people.links import PARKED
from importers.repair.cells import count_waits
from importers.repair.quarantine import count_bad, count_elsewhere
from importers.repair.waiting import count_waiting
from importers.report import report_of, told, totals_of
from importers.sheet.deciding import NAMES
from tracker.models import Person
from web.forms import CODES, Filled, Form
from web.language import day as day_word
from web.read_as import taken as taken_for
from web.read_as import understood

SHOWN_ISSUES = 100
SHOWN_CHANGES = 20
STOPPED = {RunState.REFUSED, RunState.FAILED}
# What becomes of a row because of whom or what it is about.
FOLLOWING = {"ref.parked", "ref.set_aside"}
# A rate says something once this much time lies between two looks.
FAIR = timedelta(seconds=1)
STAGES = {
    Phase.READ: "reading",
    Phase.RESTAGE: "reading",
    Phase.MATCH: "comparing",
    Phase.WRITE: "writing",
}


class LookForm(Form):
    """What somebody saw when they first looked at the present stage."""

    stage = fields.String(load_default=None, error_messages=CODES)
    done = fields.Integer(load_default=None, error_messages=CODES)
    at = fields.AwareDateTime(load_default=None, error_messages=CODES)


def names_of(ids: Sequence[UUID | None]) -> dict[UUID, str]:
    """Return the names of these people of the school."""
    rows = g.session.execute(
        sa.select(Person.id, Person.name).where(
            Person.school_id == g.school.id, Person.id.in_([key for key in ids if key])
        )
    )
    return {key: name for key, name in rows}  # noqa: C416 - rows are no tuples to mypy


def told_run(run: ImportRun, names: dict[UUID, str]) -> dict[str, Any]:
    """Return what pages tell of a run."""
    return {
        "id": run.id,
        "name": run.file_name,
        "state": run.state,
        "started_at": run.started_at,
        "by": names.get(run.started_by_id) if run.started_by_id else None,
        "counts": totals_of(run),
        "by_kind": run.counts,
        "digest": run.preview_digest,
        "done": run.done,
        "total": run.total,
    }


def run_page(run: ImportRun, filled: Filled | None = None, *, taken: Filled | None = None) -> str:
    """Show a run: what it would change, how far it is, or what it did.

    `filled` is the form about its columns, `taken` that about its kind, when it comes back.
    """
    found = issues_of(g.session, run, limit=SHOWN_ISSUES)
    issues = told(_once_a_cell(found))
    if is_correctable(run):
        # The form about the columns says it, and asks it.
        issues = [issue for issue in issues if issue["code"] != "column.unused"]
    stopped = run.state in STOPPED
    report = report_of(g.session, run, limit=0)
    source = None
    if run.source_id is not None:
        source = g.session.get(ImportSource, (g.school.id, run.source_id))
    is_looked_at = run.state in {RunState.PREVIEWED, RunState.REFUSED}
    read_as = understood(run, filled) if is_looked_at else None
    return render_template(
        "school/import_run.html",
        run=told_run(run, names_of([run.started_by_id])),
        source=None
        if source is None
        else {"id": source.id, "name": source.name, "is_system": source.url is not None},
        progress=progress_of(run, {}) if run.state in GOING_ON else None,
        read_as=read_as,
        asks_newcomers=read_as is not None and _asks_newcomers(read_as, found),
        taken=taken_for(run, current_app.extensions["store"], taken) if is_looked_at else None,
        repair_of=run.retry_of_id,
        was_stopped=not run.is_direct and run.layout.get("is_held", False),
        issues=issues[1:] if stopped else issues,
        more_issues=max(0, count_issues(g.session, run) - len(found)),
        changes=[_told_change(one) for one in changes_of(g.session, run, limit=SHOWN_CHANGES)],
        closing={kind: counts["closed"] for kind, counts in report["by_kind"].items()},
        must_confirm=runs.needs_confirmation(g.session, run),
        quarantine={
            "bad": count_bad(g.session, run),
            "elsewhere": count_elsewhere(g.session, run),
            "waiting": count_waiting(g.session, run),
            "waits": count_waits(g.session, run),
            "is_applied": run.state is RunState.APPLIED and run.phase is None,
        },
        problem=issues[0] if stopped and issues else None,
    )


def _once_a_cell(issues: Sequence[ImportIssue]) -> list[ImportIssue]:
    """Say once what is wrong with a cell, and not also what follows from it in its own row."""
    said: dict[tuple[Any, ...], set[tuple[str, str | None]]] = {}
    kept = []
    for issue in issues:
        of_cell = said.setdefault((issue.file, issue.row, issue.column, issue.value), set())
        told_before = (issue.code, issue.detail) in of_cell
        if not told_before and not (of_cell and issue.code in FOLLOWING):
            kept.append(issue)
        of_cell.add((issue.code, issue.detail))
    return kept


def _asks_newcomers(read_as: dict[str, Any], issues: Sequence[ImportIssue]) -> bool:
    """Whether people in a sheet may be new, and nobody said yet whether it brings new people."""
    return (
        read_as["is_correctable"]
        and not read_as["values"]["people"]
        and any(column["means"] in NAMES for column in read_as["columns"])
        and any(issue.code == PARKED and issue.detail == "person.unknown" for issue in issues)
    )


def _told_change(change: Change) -> dict[str, Any]:
    """Return a change as people read it: days in words."""
    told_change = asdict(change)
    if change.field.endswith("_on"):
        for name in ("was", "becomes"):
            with suppress(TypeError, ValueError):
                told_change[name] = day_word(date.fromisoformat(told_change[name]))
    return told_change


def progress_of(run: ImportRun, seen: dict[str, Any]) -> dict[str, Any]:
    """Return how far a run is, by what was seen when its present stage was first looked at.

    {"stage", "done", "total", "rate" (rows a second), "left" (seconds), "seen"}; the rate, and
    so what is left, is None until it can be known.
    """
    stage = STAGES.get(run.phase, "tidying") if run.phase else "tidying"
    if run.state is RunState.WAITING:
        stage = "waiting"
    first: datetime | None = seen.get("at")
    before: int | None = seen.get("done")
    if first is None or before is None or seen.get("stage") != stage or before > run.done:
        first, before = g.now, run.done
    rate = None
    if g.now - first >= FAIR and run.done > before:
        rate = (run.done - before) / (g.now - first).total_seconds()
    left = None
    if rate and run.total is not None and run.total > run.done:
        left = round((run.total - run.done) / rate)
    return {
        "stage": stage,
        "done": run.done,
        "total": run.total if stage in {"comparing", "writing"} else None,
        "rate": None if rate is None else round(rate),
        "left": left,
        "seen": {"stage": stage, "done": before, "at": first.isoformat()},
    }
