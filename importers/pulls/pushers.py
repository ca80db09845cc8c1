"""Programs that send to us: each a person without any role, with a token and a source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from identity.models import Scope
from identity.tokens import add_token
from importers import caliper, xapi
from importers.models import (
    Cadence,
    ImportRow,
    ImportRun,
    ImportSource,
    MatchOn,
    PushedStatement,
    RunState,
)
from importers.pulls.source_checks import checked_name
from importers.pulls.source_list import SourceState
from importers.repair.quarantine import IS_BAD
from tracker import audit
from tracker.models import Person, School
from tracker.people import add_person, today_at
from tracker.permissions import Action, require

# What programs send: how readers know it, and the address to which it is sent.
SENDING = {
    xapi.KIND: (xapi.NAME, "/api/xapi/statements"),
    caliper.KIND: (caliper.NAME, "/api/caliper/events"),
}


def add_pusher(
    session: Session,
    *,
    by: Person | None,
    school: School,
    kind: str,
    name: str,
    match_on: MatchOn,
    options: Mapping[str, Any],
    at: datetime,
) -> tuple[ImportSource, str]:
    """Let a program send; returns its source, and its token, which is shown only once.

    The program can do nothing else: it has no role, and so sees nothing. Raises Invalid for a
    name that is taken, NotAllowed for who is no administrator.
    """
    if by is not None:
        require(session, by, Action.RUN_IMPORT, on=today_at(school, at))
    text = checked_name(session, school, name)
    program = add_person(session, by=by, school=school, name=text, roles=(), at=at)
    source = ImportSource(
        school_id=school.id,
        kind=kind,
        name=text,
        match_on=match_on,
        pusher_id=program.id,
        options=dict(options),
        cadence=Cadence.BY_HAND,
        failures=0,
        created_at=at,
    )
    session.add(source)
    session.flush()
    token = add_token(session, person=program, name=text, scope=Scope.WRITE, at=at)
    audit.record(session, by=by, verb="added source", subject=source, at=at, kind=kind)
    session.flush()
    return source, token


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program that sends to us: when something new last came, and how much of it waits.

    `waiting` was not read yet; `set_aside` could not be read, and is kept to show to its maker.
    """

    state: SourceState
    received_at: datetime | None
    waiting: int
    set_aside: int


def programs_of(session: Session, school: School, states: Sequence[SourceState]) -> list[Program]:
    """Return those of a school's sources that are programs, in their order."""
    states = [state for state in states if state.source.pusher_id is not None]
    last = session.execute(
        sa.select(ImportRun.source_id, sa.func.max(ImportRun.started_at))
        .where(
            ImportRun.school_id == school.id,
            ImportRun.source_id.in_([state.source.id for state in states]),
            ImportRun.is_direct,
        )
        .group_by(ImportRun.source_id)
    )
    received = {row[0]: row[1] for row in last}
    waiting = _counted(session, sa.select(PushedStatement.source_id), school, PushedStatement)
    aside = _counted(
        session,
        sa.select(ImportRun.source_id)
        .join(
            ImportRow,
            sa.and_(ImportRow.school_id == ImportRun.school_id, ImportRow.run_id == ImportRun.id),
        )
        .where(ImportRun.is_direct, ImportRun.state == RunState.APPLIED, IS_BAD),
        school,
        ImportRun,
    )
    return [
        Program(
            state=state,
            received_at=received.get(state.source.id),
            waiting=waiting.get(state.source.id, 0),
            set_aside=aside.get(state.source.id, 0),
        )
        for state in states
    ]


def _counted(
    session: Session,
    select: sa.Select[Any],
    school: School,
    of: type[PushedStatement] | type[ImportRun],
) -> dict[UUID, int]:
    found = session.execute(
        select.add_columns(sa.func.count()).where(of.school_id == school.id).group_by(of.source_id)
    )
    return {row[0]: row[1] for row in found}
