"""What waits for an administrator: previews to approve, rows to repair, people nobody knows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.models import ImportRow, ImportRun, ParkedPerson, RunState
from importers.people.parked import count_ready
from importers.repair.quarantine import IS_BAD
from tracker.models import Person
from tracker.permissions import Action, require


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
    # A row of a file may be several records: it is repaired once.
    places = (
        sa.select(ImportRow.run_id, ImportRow.file, ImportRow.row)
        .join(
            ImportRun,
            sa.and_(ImportRun.school_id == ImportRow.school_id, ImportRun.id == ImportRow.run_id),
        )
        .where(of_school, ImportRun.state == RunState.APPLIED, IS_BAD)
        .distinct()
        .subquery()
    )
    repairs = session.execute(
        sa.select(ImportRun.id, ImportRun.file_name, sa.func.count())
        .join(places, places.c.run_id == ImportRun.id)
        .where(of_school)
        .group_by(ImportRun.id, ImportRun.file_name)
        .order_by(newest)
        .limit(limit)
    )
    parked = sa.select(sa.func.count()).where(
        ParkedPerson.school_id == person.school_id, ParkedPerson.decided_at.is_(None)
    )
    return Waiting(
        previews=previews,
        repairs=[Repair(run_id=key, file_name=name, rows=number) for key, name, number in repairs],
        parked=session.scalar(parked) or 0,
        ready=sum(count_ready(session, person=person, on=on).values()),
    )
