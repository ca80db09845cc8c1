"""What waits for an administrator: first steps, previews to approve, rows to repair, people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.models import ImportRow, ImportRun, ParkedPerson, RowStatus, RunState
from importers.people.parked import count_ready
from importers.repair.quarantine import count_bad_of
from tracker.models import CoachGroup, Framework, Person, PersonRole, SchoolRole
from tracker.permissions import Action, require

# Rows to repair are looked for in so many of the newest runs that set any aside.
LOOKED_AT = 100


@dataclass(frozen=True, kw_only=True)
class Repair:
    """An applied run and how many rows of its file wait to be repaired."""

    run_id: UUID
    file_name: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What waits: newest previews and repairs first, up to a limit; `ready` counts records."""

    previews: Sequence[ImportRun]
    repairs: Sequence[Repair]
    parked: int
    ready: int


@dataclass(frozen=True, kw_only=True)
class Begun:
    """Which of the first steps a school took: students, who guides a group, qualifications."""

    people: bool
    guides: bool
    frameworks: bool


def first_steps(session: Session, *, person: Person, on: date) -> Begun:
    """Return what this person's school began with; raises NotAllowed for no administrator."""
    require(session, person, Action.SEE_IMPORTS, on=on)
    school_id = person.school_id

    def has(*conditions: sa.ColumnElement[bool]) -> bool:
        return bool(session.scalar(sa.select(sa.exists().where(*conditions))))

    return Begun(
        people=has(PersonRole.school_id == school_id, PersonRole.role == SchoolRole.STUDENT),
        guides=has(CoachGroup.school_id == school_id),
        frameworks=has(Framework.school_id == school_id),
    )


def what_waits(session: Session, *, person: Person, on: date, limit: int) -> Waiting:
    """Return what waits at this person's school; raises NotAllowed for who is no administrator."""
    require(session, person, Action.SEE_IMPORTS, on=on)
    of_school = ImportRun.school_id == person.school_id
    newest = ImportRun.id.desc()
    previews = session.scalars(
        sa.select(ImportRun)
        .where(of_school, ImportRun.state == RunState.PREVIEWED)
        .order_by(newest)
        .limit(limit)
    ).all()
    sets_aside = sa.exists().where(
        ImportRow.school_id == ImportRun.school_id,
        ImportRow.run_id == ImportRun.id,
        ImportRow.status == RowStatus.QUARANTINED,
    )
    applied = session.scalars(
        sa.select(ImportRun)
        .where(of_school, ImportRun.state == RunState.APPLIED, sets_aside)
        .order_by(newest)
        .limit(LOOKED_AT)
    ).all()
    bad = count_bad_of(session, applied)
    repairs = [
        Repair(run_id=run.id, file_name=run.file_name, rows=bad[run.id])
        for run in applied
        if run.id in bad
    ]
    parked = sa.select(sa.func.count()).where(
        ParkedPerson.school_id == person.school_id, ParkedPerson.decided_at.is_(None)
    )
    return Waiting(
        previews=previews,
        repairs=repairs[:limit],
        parked=session.scalar(parked) or 0,
        ready=sum(count_ready(session, person=person, on=on).values()),
    )
