"""Who is parked, for pages and programs: with how many rows wait, and whom it may be of ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.models import ImportRow, ImportRun, ImportSource, ParkedPerson, RunState
from importers.records import RecordKind
from importers.repair.waiting import IS_WAITING
from tracker import audit
from tracker.errors import NotFound
from tracker.models import Person
from tracker.permissions import ALLOWED, Action, require, roles_of

MOST_FOUND = 20


@dataclass(frozen=True, kw_only=True)
class Parked:
    """Somebody who is parked, with the source's name, and how many rows wait for who it is.

    `person` is who people said it is; with `decided_at` and without it: nobody of ours.
    """

    row: ParkedPerson
    source: str
    waiting: int
    person: Person | None


def parked_people(
    session: Session,
    *,
    person: Person,
    on: date,
    is_decided: bool = False,
    source_id: UUID | None = None,
    after: UUID | None = None,
    limit: int,
) -> list[Parked]:
    """Return who is parked, or was, in the order of their ids; `after` is the last one before.

    Raises NotAllowed for who is no administrator.
    """
    require(session, person, Action.SEE_IMPORTS, on=on)
    conditions = [ParkedPerson.decided_at.is_not(None) == is_decided]
    if source_id is not None:
        conditions.append(ParkedPerson.source_id == source_id)
    if after is not None:
        conditions.append(ParkedPerson.id > after)
    return _parked(session, person.school_id, *conditions, limit=limit)


def decided_lately(session: Session, *, person: Person, on: date, limit: int) -> list[Parked]:
    """Return who was decided about, the latest first; raises NotAllowed for no administrator."""
    require(session, person, Action.SEE_IMPORTS, on=on)
    is_decided = ParkedPerson.decided_at.is_not(None)
    latest = ParkedPerson.decided_at.desc()
    return _parked(session, person.school_id, is_decided, limit=limit, first=latest)


def find_parked(session: Session, key: UUID, *, person: Person, on: date) -> Parked:
    """Return one who is or was parked, and log the look; raises NotFound."""
    found: list[Parked] = []
    if roles_of(session, person, on=on) & ALLOWED[Action.SEE_IMPORTS]:
        found = _parked(session, person.school_id, ParkedPerson.id == key, limit=1)
    if not found:
        raise NotFound("ParkedPerson not found")
    audit.look(session, by=person, verb="looked", subject=found[0].row)
    return found[0]


def _parked(
    session: Session,
    school_id: UUID,
    *conditions: sa.ColumnElement[bool],
    limit: int,
    first: sa.ColumnElement[Any] | None = None,
) -> list[Parked]:
    found = session.execute(
        sa.select(ParkedPerson, ImportSource.name, Person)
        .join(
            ImportSource,
            sa.and_(
                ImportSource.school_id == ParkedPerson.school_id,
                ImportSource.id == ParkedPerson.source_id,
            ),
        )
        .outerjoin(
            Person,
            sa.and_(
                Person.school_id == ParkedPerson.school_id, Person.id == ParkedPerson.person_id
            ),
        )
        .where(ParkedPerson.school_id == school_id, *conditions)
        .order_by(*([] if first is None else [first]), ParkedPerson.id)
        .limit(limit)
    ).all()
    waiting = _count_waiting(session, school_id, [row for row, *_ in found])
    return [
        Parked(
            row=row,
            source=name,
            waiting=waiting.get((row.source_id, row.ext_id), 0),
            person=person,
        )
        for row, name, person in found
    ]


@dataclass(frozen=True)
class Ready:
    """How many rows of a source wait for nothing any more."""

    source_id: UUID
    name: str
    rows: int


def ready_sources(session: Session, *, person: Person, on: date) -> list[Ready]:
    """Return the sources of which rows can be taken up, by name."""
    rows = count_ready(session, person=person, on=on)
    found = session.execute(
        sa.select(ImportSource.id, ImportSource.name)
        .where(ImportSource.school_id == person.school_id, ImportSource.id.in_(list(rows)))
        .order_by(ImportSource.name, ImportSource.id)
    )
    return [Ready(key, name, rows[key]) for key, name in found]


def count_ready(session: Session, *, person: Person, on: date) -> dict[UUID, int]:
    """Return how many rows wait for nothing any more, for people said who it is: by source."""
    require(session, person, Action.SEE_IMPORTS, on=on)
    is_known = sa.exists().where(
        ParkedPerson.school_id == ImportRow.school_id,
        ParkedPerson.source_id == ImportRun.source_id,
        ParkedPerson.person_id.is_not(None),
        sa.or_(
            ParkedPerson.ext_id == ImportRow.person,
            sa.and_(ImportRow.kind == RecordKind.PERSON, ParkedPerson.ext_id == ImportRow.ext_id),
        ),
    )
    rows = session.execute(
        sa.select(ImportRun.source_id, sa.func.count())
        .join(
            ImportRow,
            sa.and_(ImportRow.school_id == ImportRun.school_id, ImportRow.run_id == ImportRun.id),
        )
        .where(
            ImportRun.school_id == person.school_id,
            ImportRun.state == RunState.APPLIED,
            IS_WAITING,
            is_known,
        )
        .group_by(ImportRun.source_id)
    )
    return {source_id: number for source_id, number in rows if source_id is not None}


def _count_waiting(
    session: Session, school_id: UUID, parked: Sequence[ParkedPerson]
) -> dict[tuple[UUID | None, str | None], int]:
    """Return how many rows of ended runs wait for these people, by source and key."""
    counted: dict[tuple[UUID | None, str | None], int] = {}
    keys = {row.ext_id for row in parked}
    for column in (ImportRow.person, ImportRow.ext_id):
        about = sa.true() if column is ImportRow.person else ImportRow.kind == RecordKind.PERSON
        rows = session.execute(
            sa.select(ImportRun.source_id, column, sa.func.count())
            .join(
                ImportRow,
                sa.and_(
                    ImportRow.school_id == ImportRun.school_id, ImportRow.run_id == ImportRun.id
                ),
            )
            .where(
                ImportRun.school_id == school_id,
                ImportRun.state == RunState.APPLIED,
                IS_WAITING,
                column.in_(keys),
                about,
            )
            .group_by(ImportRun.source_id, column)
        )
        for source_id, key, number in rows:
            counted[source_id, key] = counted.get((source_id, key), 0) + number
    return counted


def search_people(session: Session, *, person: Person, words: str, on: date) -> Sequence[Person]:
    """Return people of the school whose name holds all these words, or whose number has them.

    The first `MOST_FOUND` by name.
    """
    require(session, person, Action.SEE_IMPORTS, on=on)
    wanted = words.split()
    if not wanted:
        return []
    has_name = sa.and_(*(Person.name.icontains(word, autoescape=True) for word in wanted))
    is_number = Person.number.icontains(words.strip(), autoescape=True)
    return session.scalars(
        sa.select(Person)
        .where(Person.school_id == person.school_id, sa.or_(has_name, is_number))
        .order_by(Person.name, Person.id)
        .limit(MOST_FOUND)
    ).all()
