"""Who is who: one exact key of the school's choosing joins what several sources tell.

The key is the school's own number, or for a source that the school says so of, an e-mail address
that one active person has. Nothing is guessed: who is not found, or is contradicted by another
name, is parked until people decide (parking.py). Imports grant nothing, and change nothing about
people whose rights come from elsewhere: those are only linked.
"""

from collections.abc import Callable, Collection, Iterable
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from importers import bulk
from importers.issues import Severity
from importers.models import (
    ExternalRef,
    ImportRow,
    ImportRun,
    ImportSource,
    MatchOn,
    RowStatus,
)
from importers.people.doubts import of_known, of_nameless
from importers.people.links import (
    PARKED,
    UPSERTS,
    Parked,
    Place,
    about,
    is_decided,
    pass_over_strangers,
)
from importers.people.names import speaks_against, words_of
from importers.records import Op, RecordKind
from importers.staged import Conditions, StreamLayout, set_aside
from tracker.db import new_id
from tracker.models import Person, PersonRole, PersonState, School, SchoolRole
from tracker.people import today_at
from tracker.permissions import holds

WRITTEN = (RowStatus.NEW, RowStatus.CHANGED)
# Why somebody is parked: the number's codes, and an address's.
TWICE = {MatchOn.NUMBER: "person.number_twice", MatchOn.EMAIL: "person.email_shared"}
TAKEN = {MatchOn.NUMBER: "person.number_taken", MatchOn.EMAIL: "person.email_taken"}


def decide_people(session: Session, run: ImportRun, stream: StreamLayout, span: Conditions) -> None:
    """Join people to those the school knows by their key; park what is contradictory or unknown."""
    on = session.get_one(ImportSource, (run.school_id, run.source_id)).match_on
    pass_over_strangers(session, run, stream, span)
    _park_shared(session, run, stream, span, lambda row: row.match_key, TWICE[on])
    _part(session, run, span)
    moved, renamed, linked = of_known(session, run, span, on)
    _park(session, run, stream, moved)
    _only_link(session, run, stream, renamed, "person.renamed")
    _only_link(session, run, stream, linked)
    bulk.change(
        session,
        sa.update(ImportRow)
        .where(*span, ImportRow.op == Op.LINK, ImportRow.status == RowStatus.CHANGED)
        .values(status=RowStatus.SAME),
    )
    joined, parked, kept = _by_key(session, run, span, on)
    _update(session, run, joined)
    known, alike = of_nameless(session, run, span)
    _update(session, run, known)
    parked += alike
    if on is MatchOn.EMAIL:
        _park_shared(session, run, stream, span, _number, TWICE[MatchOn.NUMBER])
        parked += _number_taken(session, span, parked)
    _park(session, run, stream, parked)
    _park(session, run, stream, _not_found(session, span))
    _only_link(session, run, stream, kept)
    _only_link(session, run, stream, _guarded(session, run, span))


Key = Callable[[type[ImportRow]], sa.SQLColumnExpression[Any]]


def _by_key(
    session: Session, run: ImportRun, span: Conditions, on: MatchOn
) -> tuple[list[dict[str, Any]], list[Parked], list[Place]]:
    """Return whom the keys lead to: joined, parked, and those that people decided about."""
    has_key = Person.number == ImportRow.match_key
    if on is MatchOn.EMAIL:
        keys = sa.select(ImportRow.match_key).where(*span, ImportRow.match_key.is_not(None))
        address = sa.func.lower(Person.email)
        has_key = sa.and_(
            address == ImportRow.match_key, Person.state == PersonState.ACTIVE, address.in_(keys)
        )
    is_other = sa.and_(ImportRow.status == RowStatus.CHANGED, Person.id != ImportRow.local_id)
    found = session.execute(
        sa.select(ImportRow.seq, ImportRow.row, ImportRow.match_key, ImportRow.status)
        .add_columns(ImportRow.op, ImportRow.data, Person.id, Person.name)
        .add_columns(is_decided(run).label("is_decided"))
        .join(Person, sa.and_(Person.school_id == ImportRow.school_id, has_key))
        .where(*span, sa.or_(ImportRow.status == RowStatus.NEW, is_other))
        .order_by(ImportRow.seq)
    )
    joined: list[dict[str, Any]] = []
    parked: list[Parked] = []
    kept: list[Place] = []
    for seq, several in groupby(found, key=lambda one: one.seq):
        first, *more = several
        place = (seq, first.row, first.match_key)
        if first.status is RowStatus.CHANGED:
            if on is MatchOn.EMAIL:  # known already, and an address may be shared
                continue
            if first.is_decided:
                kept.append(place)
            else:
                parked.append((*place, TAKEN[on]))
        elif more:
            parked.append((*place, "person.email_twice"))
        elif not _fits(first):
            parked.append((*place, TAKEN[on]))
        else:
            # Who is only referred to is not changed.
            status = RowStatus.SAME if first.op is Op.LINK else RowStatus.CHANGED
            joined.append({"seq": seq, "local_id": first.id, "status": status})
    return joined, parked, kept


def _number(row: type[ImportRow]) -> sa.ColumnElement[Any]:
    return row.data["number"].as_string()


def _number_taken(session: Session, span: Conditions, parked: Iterable[Parked]) -> list[Parked]:
    """Return who would be given a number that somebody else has, though matched by address."""
    already, number = {seq for seq, *_ in parked}, _number(ImportRow)
    found = session.execute(
        sa.select(ImportRow.seq, ImportRow.row, number)
        .join(Person, sa.and_(Person.school_id == ImportRow.school_id, Person.number == number))
        .where(
            *span,
            ImportRow.op != Op.LINK,
            ImportRow.status.in_(WRITTEN),
            Person.id != ImportRow.local_id,
        )
    )
    return [(seq, row, key, TAKEN[MatchOn.NUMBER]) for seq, row, key in found if seq not in already]


def _not_found(session: Session, span: Conditions) -> list[Parked]:
    """Return who is only referred to, and is nobody we know."""
    found = session.execute(
        sa.select(ImportRow.seq, ImportRow.row, ImportRow.match_key).where(
            *span, ImportRow.op == Op.LINK, ImportRow.status == RowStatus.NEW
        )
    )
    return [
        (seq, row, key, "person.unknown" if key else "person.no_key") for seq, row, key in found
    ]


def _guarded(session: Session, run: ImportRun, span: Conditions) -> list[Place]:
    """Return rows about somebody of the staff whom the source did not bring itself.

    That it tells of the very role they have says nothing: anybody may tell that.
    """
    school = session.get_one(School, run.school_id)
    own = aliased(ExternalRef)
    found = session.execute(
        sa.select(ImportRow.seq, ImportRow.row, ImportRow.match_key)
        .join(
            PersonRole,
            sa.and_(
                PersonRole.school_id == ImportRow.school_id,
                PersonRole.person_id == ImportRow.local_id,
                PersonRole.role != SchoolRole.STUDENT,
                holds(PersonRole, today_at(school, run.approved_at or run.started_at)),
            ),
        )
        .where(
            *span,
            ImportRow.status == RowStatus.CHANGED,
            ~sa.exists().where(
                own.school_id == run.school_id,
                own.source_id == run.source_id,
                own.kind == RecordKind.PERSON,
                own.local_id == PersonRole.person_id,
                own.is_link.is_(False),
            ),
        )
        .distinct()
    )
    return [(seq, row, key) for seq, row, key in found]


def _part(session: Session, run: ImportRun, span: Conditions) -> None:
    """Undo what an earlier match joined: a new row is somebody of its own until joined again."""
    joined = session.scalars(
        sa.select(ImportRow.seq)
        .join(
            Person,
            sa.and_(Person.school_id == ImportRow.school_id, Person.id == ImportRow.local_id),
        )
        .where(*span, ImportRow.status == RowStatus.NEW)
    )
    _update(session, run, [{"seq": seq, "local_id": new_id()} for seq in joined])


def _update(session: Session, run: ImportRun, rows: list[dict[str, Any]]) -> None:
    key = {"school_id": run.school_id, "run_id": run.id}
    bulk.update_rows(session, ImportRow, [key | row for row in rows])


def _park_shared(
    session: Session,
    run: ImportRun,
    stream: StreamLayout,
    span: Conditions,
    key: Key,
    why: str,
) -> None:
    """Park all rows of one run that give several people one key, but those decided about."""
    other = aliased(ImportRow)
    found = session.execute(
        sa.select(ImportRow.seq, ImportRow.row, key(ImportRow)).where(
            *span,
            ImportRow.status.in_(UPSERTS),
            sa.exists().where(
                other.school_id == ImportRow.school_id,
                other.run_id == ImportRow.run_id,
                key(other) == key(ImportRow),
                other.kind == RecordKind.PERSON,
                other.ext_id != ImportRow.ext_id,
                other.is_good,
            ),
            ~is_decided(run),
        )
    )
    _park(session, run, stream, [(seq, row, value, why) for seq, row, value in found])


def _park(
    session: Session, run: ImportRun, stream: StreamLayout, parked: Collection[Parked]
) -> None:
    findings = [(seq, about(PARKED, stream, row, key, detail=why)) for seq, row, key, why in parked]
    set_aside(session, run, findings)


def _only_link(
    session: Session,
    run: ImportRun,
    stream: StreamLayout,
    rows: Collection[Place],
    code: str = "person.only_linked",
) -> None:
    """Know whom these rows are about, and change nothing of them."""
    findings = [
        (seq, about(code, stream, row, key, severity=Severity.WARNING)) for seq, row, key in rows
    ]
    set_aside(session, run, findings, status=RowStatus.SAME)


def _fits(found: Any) -> bool:
    """Whether the name that is told does not speak against who has the key.

    Who would be changed must be named alike; of whom is only referred to names are shortened.
    """
    told, known = found.data.get("name") or "", found.name
    if found.op is Op.LINK:
        return not speaks_against(told, known)
    return words_of(told) == words_of(known)
