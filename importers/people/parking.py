"""Parking: whom a source tells of and nobody may guess about; people say who it is, or is not.

What they say is an ExternalRef, or the row itself when it is nobody of ours; the rows that waited
are then taken up by a new run. Undone, nothing is left of it.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers import bulk, runs
from importers.models import (
    ExternalRef,
    ImportIssue,
    ImportRow,
    ImportRun,
    ImportSource,
    ParkedPerson,
    RowStatus,
    RunState,
)
from importers.people.links import PARKED
from importers.records import RecordKind
from importers.repair.waiting import IS_WAITING
from importers.staged import rows_of, told_of
from importers.targets.by_kind import TARGETS
from importers.targets.told import Occasion
from tracker import audit
from tracker.errors import Conflict
from tracker.models import Person, School
from tracker.permissions import Action, require


def decide(
    session: Session,
    *,
    by: Person,
    parked: ParkedPerson,
    person: Person | None,
    on: date,
    at: datetime,
) -> None:
    """Say who somebody is, or with None that it is nobody of ours.

    Raises Conflict when that was said already; NotAllowed for who is no administrator.
    """
    require(session, by, Action.RUN_IMPORT, on=on)
    session.refresh(parked, with_for_update=True)
    if parked.decided_at is not None:
        raise Conflict("parked.decided")
    parked.person_id = person.id if person else None
    parked.decided_by_id, parked.decided_at = by.id, at
    ref = _ref_of(session, parked)
    if ref is not None and (person is None or ref.local_id != person.id):
        _part_from(session, ref, at=at)
    if person is not None:
        if ref is None:
            ref = ExternalRef(
                school_id=parked.school_id,
                source_id=parked.source_id,
                kind=RecordKind.PERSON,
                ext_id=parked.ext_id,
                is_link=True,
                first_run_id=parked.last_run_id,
                last_run_id=parked.last_run_id,
                revised_at=None,
            )
            session.add(ref)
        # What the source told was not taken over, so it is told anew.
        ref.local_id, ref.person_id, ref.digest, ref.gone_at = person.id, person.id, "", None
    _tell_runs(session, parked)
    chosen: dict[str, Any] = {"person_id": str(person.id)} if person else {}
    audit.record(session, by=by, verb="decided who is parked", subject=parked, at=at, **chosen)
    session.flush()


def undo(session: Session, *, by: Person, parked: ParkedPerson, on: date, at: datetime) -> None:
    """Take back what was said: they are parked again, and what came in by it ends.

    Raises Conflict when nothing was said; NotAllowed for who is no administrator.
    """
    require(session, by, Action.RUN_IMPORT, on=on)
    session.refresh(parked, with_for_update=True)
    if parked.decided_at is None:
        raise Conflict("parked.not_decided")
    if parked.person_id is not None:
        ref = _ref_of(session, parked)
        if ref is not None:
            session.delete(ref)
        _end_what_came(session, parked, on=on, at=at)
    parked.person_id = parked.decided_by_id = parked.decided_at = None
    _tell_runs(session, parked)
    audit.record(session, by=by, verb="undid who is parked", subject=parked, at=at)
    session.flush()


def _tell_runs(session: Session, parked: ParkedPerson) -> None:
    """Have runs of this source that are being read look again at what is known."""
    source = session.get_one(
        ImportSource, (parked.school_id, parked.source_id), with_for_update={"key_share": True}
    )
    source.writes += 1


def _ref_of(session: Session, parked: ParkedPerson) -> ExternalRef | None:
    key = (parked.school_id, parked.source_id, RecordKind.PERSON, parked.ext_id)
    return session.get(ExternalRef, key)


def _part_from(session: Session, ref: ExternalRef, *, at: datetime) -> None:
    """Have what a source tells of its somebody told anew: it is not about this person of ours."""
    bulk.change(
        session,
        sa.update(ExternalRef)
        .where(
            ExternalRef.school_id == ref.school_id,
            ExternalRef.source_id == ref.source_id,
            ExternalRef.person_id == ref.local_id,
            ExternalRef.kind != RecordKind.PERSON,
        )
        .values(digest="", raw_digest=None),
    )
    ref.gone_at = at


def _end_what_came(session: Session, parked: ParkedPerson, *, on: date, at: datetime) -> None:
    """End what the source told of the person since people said who they are."""
    school = session.get_one(School, parked.school_id)
    occasion = Occasion(
        school_id=school.id,
        zone=ZoneInfo(school.timezone),
        on=on,
        at=at,
        activity_source_id=None,
    )
    refs = session.scalars(
        sa.select(ExternalRef)
        .join(
            ImportRun,
            sa.and_(
                ImportRun.school_id == ExternalRef.school_id,
                ImportRun.id == ExternalRef.first_run_id,
            ),
        )
        .where(
            ExternalRef.school_id == parked.school_id,
            ExternalRef.source_id == parked.source_id,
            ExternalRef.person_id == parked.person_id,
            ExternalRef.kind != RecordKind.PERSON,
            ExternalRef.gone_at.is_(None),
            sa.or_(ImportRun.ended_at.is_(None), ImportRun.ended_at >= parked.decided_at),
        )
    ).all()
    for ref in refs:
        ref.gone_at = at
    session.flush()
    for kind in dict.fromkeys(ref.kind for ref in refs):
        target = TARGETS[kind]
        if target.end is None:
            continue
        is_told_elsewhere = sa.exists().where(
            ExternalRef.school_id == school.id,
            ExternalRef.kind == kind,
            ExternalRef.local_id == target.model.id,
            ExternalRef.gone_at.is_(None),
        )
        ended = [ref.local_id for ref in refs if ref.kind is kind]
        bulk.change(
            session,
            sa.update(target.model)
            .where(
                target.model.school_id == school.id,
                target.model.id.in_(ended),
                ~is_told_elsewhere,
            )
            .values(target.end(occasion)),
        )


def take_up(
    session: Session, *, by: Person, source_id: UUID, on: date, at: datetime
) -> list[ImportRun]:
    """Have the rows of a source that waited taken up, oldest first; returns the new runs."""
    require(session, by, Action.RUN_IMPORT, on=on)
    ended = session.scalars(
        sa.select(ImportRun)
        .where(
            ImportRun.school_id == by.school_id,
            ImportRun.source_id == source_id,
            ImportRun.id.in_(
                sa.select(ImportRow.run_id).where(ImportRow.school_id == by.school_id, IS_WAITING)
            ),
            ImportRun.state == RunState.APPLIED,
            ImportRun.phase.is_(None),
        )
        .order_by(ImportRun.id)
    ).all()
    return [runs.retry(session, by=by, run=run, on=on, at=at) for run in ended]


def park(session: Session, run: ImportRun, *, at: datetime) -> None:
    """Keep, when a run is applied, who is parked by it; who was found meanwhile is so no more."""
    found = session.execute(
        sa.select(ImportRow.ext_id, ImportRow.data, ImportIssue.detail)
        .join(
            ImportIssue,
            sa.and_(
                ImportIssue.school_id == ImportRow.school_id,
                ImportIssue.run_id == ImportRow.run_id,
                ImportIssue.seq == ImportRow.seq,
                ImportIssue.code == PARKED,
            ),
        )
        .where(*rows_of(run), ImportRow.status == RowStatus.QUARANTINED)
    )
    # Of several rows with one key the last counts.
    told = {
        key: {
            "name": data.get("name"),
            "number": data.get("number"),
            "email": data.get("email"),
            "why": why,
            "last_run_id": run.id,
            "seen_at": at,
        }
        for key, data, why in found
    }
    of_source = [
        ParkedPerson.school_id == run.school_id,
        ParkedPerson.source_id == run.source_id,
    ]
    rows = session.execute(sa.select(ParkedPerson.ext_id, ParkedPerson.id).where(*of_source))
    known = {key: parked_id for key, parked_id in rows}  # noqa: C416 - a Result is no iterable of pairs to mypy
    owner = {"school_id": run.school_id}
    bulk.update_rows(
        session,
        ParkedPerson,
        [{**owner, "id": known[key], **row} for key, row in told.items() if key in known],
    )
    session.add_all(
        ParkedPerson(**owner, source_id=run.source_id, ext_id=key, **row)
        for key, row in told.items()
        if key not in known
    )
    session.flush()
    is_found = sa.exists().where(
        *told_of(run, RecordKind.PERSON),
        ExternalRef.ext_id == ParkedPerson.ext_id,
        ExternalRef.last_run_id == run.id,
    )
    bulk.change(
        session,
        sa.delete(ParkedPerson).where(*of_source, ParkedPerson.decided_at.is_(None), is_found),
    )


def forget_old(session: Session, school_id: UUID, *, before: datetime) -> None:
    """Forget who was parked before a moment; of whom people said something, the raw names only."""
    old = [ParkedPerson.school_id == school_id, ParkedPerson.seen_at <= before]
    bulk.change(session, sa.delete(ParkedPerson).where(*old, ParkedPerson.decided_at.is_(None)))
    bulk.change(
        session, sa.update(ParkedPerson).where(*old).values(name=None, number=None, email=None)
    )


def are_old(school_id: UUID, *, before: datetime) -> sa.Select[tuple[bool]]:
    """Select whether somebody was parked so long ago that it must be forgotten."""
    holds_names = sa.or_(
        ParkedPerson.decided_at.is_(None),
        ParkedPerson.name.is_not(None),
        ParkedPerson.number.is_not(None),
        ParkedPerson.email.is_not(None),
    )
    return sa.select(
        sa.exists().where(
            ParkedPerson.school_id == school_id, ParkedPerson.seen_at <= before, holds_names
        )
    )
