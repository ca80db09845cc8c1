"""Programs that send us statements: each a person without any role, with a token and a source."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from identity.models import Scope
from identity.tokens import add_token
from importers.models import Cadence, ImportSource, MatchOn
from importers.pulls.source_checks import checked_name
from importers.xapi.source import KIND
from tracker import audit
from tracker.models import Person, School
from tracker.people import add_person, today_at
from tracker.permissions import Action, require


def add_pusher(
    session: Session,
    *,
    by: Person | None,
    school: School,
    name: str,
    match_on: MatchOn,
    options: Mapping[str, Any],
    at: datetime,
) -> tuple[ImportSource, str]:
    """Let a program send statements; returns its source, and its token, which is shown only once.

    The program can do nothing else: it has no role, and so sees nothing. Raises Invalid for a
    name that is taken, NotAllowed for who is no administrator.
    """
    if by is not None:
        require(session, by, Action.RUN_IMPORT, on=today_at(school, at))
    text = checked_name(session, school, name)
    program = add_person(session, by=by, school=school, name=text, roles=(), at=at)
    source = ImportSource(
        school_id=school.id,
        kind=KIND,
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
    audit.record(session, by=by, verb="added source", subject=source, at=at, kind=KIND)
    session.flush()
    return source, token
