"""Reading courses from the LMS: what is due, one at a time, killed anywhere and done again."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
import structlog
from flask import current_app
from sqlalchemy.exc import InterfaceError, OperationalError

from importers.engine.work import where
from importers.lti.results import read_results
from importers.lti.roster import read_roster
from importers.lti.turns import LostTurn, Turn, take
from lti.calling.services import ServiceError
from lti.courses.pulls import retry_at
from lti.models import ContextPull, ContextPullKind
from settings import Settings
from tracker.db import unit_of_work, utc_now
from tracker.people import school_ids

log = structlog.get_logger("leerspoor.importers")
READERS = {ContextPullKind.ROSTER: read_roster, ContextPullKind.RESULTS: read_results}


def waiting_pulls(engine: sa.Engine, at: datetime) -> list[tuple[UUID, UUID]]:
    """Return the school and id of each reading that is due.

    The schools are visited one by one, each behind its own wall.
    """
    with unit_of_work(engine, writes=False) as session:
        schools = school_ids(session)
    found = []
    for school_id in schools:
        with unit_of_work(engine, school_id=school_id, writes=False) as session:
            due = session.scalars(
                sa.select(ContextPull.id)
                .where(ContextPull.school_id == school_id, ContextPull.due_at <= at)
                .order_by(ContextPull.due_at, ContextPull.id)
            )
            found += [(school_id, pull_id) for pull_id in due]
    return found


def pull_context(school_id: str, pull_id: str) -> None:
    """Do a reading that is due, as the worker's job; the row, not the job, is the truth."""
    pull(
        current_app.extensions["engine"],
        current_app.extensions["settings"],
        school_id=UUID(school_id),
        pull_id=UUID(pull_id),
        at=utc_now(),
    )


def pull(
    engine: sa.Engine, settings: Settings, *, school_id: UUID, pull_id: UUID, at: datetime
) -> None:
    """Read a course if that is due, unless another worker does; what goes wrong is on its row.

    A database that went away is no fault of the LMS: the exception goes on, and the row waits.
    """
    turn = take(engine, settings, school_id=school_id, pull_id=pull_id, at=at)
    if turn is None:
        return
    try:
        _read(turn)
    except LostTurn:
        log.info("reading left to another", pull=str(pull_id))


def _read(turn: Turn) -> None:
    try:
        READERS[turn.kind](turn)
    except (LostTurn, OperationalError, InterfaceError):
        raise
    except ServiceError as error:
        _fail(turn, error)
    except Exception as error:
        # The message may quote people's data; where it happened is enough to find the cause.
        log.error("reading failed", pull=str(turn.pull_id), error=where(error))
        _fail(turn, ServiceError("failed"))


def _fail(turn: Turn, error: ServiceError) -> None:
    with turn.step() as (_, pull):
        pull.error = error.code
        pull.due_at = retry_at(
            error,
            attempts=turn.attempts,
            context_id=turn.context.id,
            school=turn.school,
            at=turn.at,
        )
