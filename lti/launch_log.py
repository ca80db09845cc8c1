"""How launches ended, a row each for a month: what an administrator looks at when one fails."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti.models import LaunchLog
from lti.roles import LaunchRole
from tracker.db import new_id

LAUNCHED = "launched"
KEPT = timedelta(days=30)
PRUNED_AT_ONCE = 20  # with every new row, so that no launch waits for many old ones
LONGEST_DETAIL = 200


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
    """Add a row, and take away some that are older than a month."""
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
    old = (
        sa.select(LaunchLog.id)
        .where(
            LaunchLog.school_id == school_id,
            LaunchLog.registration_id == registration_id,
            LaunchLog.happened_at < at - KEPT,
        )
        .limit(PRUNED_AT_ONCE)
        # Two launches never wait for each other's old rows.
        .with_for_update(skip_locked=True)
        .cte("old")  # read once: PostgreSQL may read a subquery again and again
    )
    session.execute(
        sa.delete(LaunchLog).where(
            LaunchLog.school_id == school_id, LaunchLog.id.in_(sa.select(old.c.id))
        )
    )
