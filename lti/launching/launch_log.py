"""How launches ended, a row each for a month: what an administrator looks at when one fails."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti.models import LaunchLog
from lti.people.roles import LaunchRole
from tracker.db import new_id

LAUNCHED = "launched"
KEPT = timedelta(days=30)
LONGEST_DETAIL = 200
# Anybody can be refused, as often as they like; what comes above this is in the log only.
MOST_REFUSALS = 100
REFUSALS_WITHIN = timedelta(minutes=10)


def log_launch(
    session: Session,
    *,
    school_id: UUID,
    registration_id: UUID,
    code: str,
    role: LaunchRole | None = None,
    detail: str | None = None,
    help_code: str | None = None,
    at: datetime,
) -> None:
    """Add a row, unless it is one refusal of very many."""
    if code != LAUNCHED and _is_flooded(session, school_id, registration_id, at):
        return
    session.add(
        LaunchLog(
            school_id=school_id,
            id=new_id(),
            registration_id=registration_id,
            code=code,
            detail=detail[:LONGEST_DETAIL] if detail is not None else None,
            role=role.value if role is not None else None,
            help_code=help_code,
            happened_at=at,
        )
    )


def _is_flooded(session: Session, school_id: UUID, registration_id: UUID, at: datetime) -> bool:
    newest = (
        sa.select(LaunchLog.id)
        .where(
            LaunchLog.school_id == school_id,
            LaunchLog.registration_id == registration_id,
            LaunchLog.happened_at > at - REFUSALS_WITHIN,
            LaunchLog.code != LAUNCHED,
        )
        .limit(MOST_REFUSALS)
        .subquery()
    )
    return session.scalar(sa.select(sa.func.count()).select_from(newest)) == MOST_REFUSALS


def drop_old(session: Session, *, school_id: UUID, at: datetime) -> None:
    """Delete a school's rows that are older than a month."""
    session.execute(
        sa.delete(LaunchLog).where(
            LaunchLog.school_id == school_id, LaunchLog.happened_at < at - KEPT
        )
    )
