"""Turns: one worker reads one course from the LMS, in steps that each know whether it still may.

No transaction is open while the LMS is asked. Whoever took a reading later, because this worker
looked dead, has it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti.calling.services import Caller, caller_for
from lti.courses.pulls import MOST_ATTEMPTS, is_awake, next_night, offered
from lti.models import (
    Context,
    ContextPull,
    ContextPullKind,
    Deployment,
    DeploymentState,
    Registration,
)
from settings import Settings
from tracker.db import unit_of_work, utc_now
from tracker.models import School

# A worker that has not ended by then is taken for dead.
LEASE = timedelta(minutes=15)


class LostTurn(Exception):
    """Another worker reads this course now."""


@dataclass(frozen=True)
class Turn:
    """One reading of one course, by this worker; `at` names it."""

    engine: sa.Engine
    pull_id: UUID
    kind: ContextPullKind
    at: datetime
    attempts: int
    school: School
    context: Context
    registration: Registration
    caller: Caller

    def now(self) -> datetime:
        """Return the present moment: what the LMS is asked may take long after `at`."""
        return utc_now()

    @contextmanager
    def step(self) -> Iterator[tuple[Session, ContextPull]]:
        """Open one unit of work on the reading; raises LostTurn."""
        with unit_of_work(self.engine, school_id=self.school.id) as session:
            pull = session.scalar(
                sa.select(ContextPull)
                .where(
                    ContextPull.school_id == self.school.id,
                    ContextPull.id == self.pull_id,
                    ContextPull.tried_at == self.at,
                )
                .with_for_update()
            )
            if pull is None:
                raise LostTurn
            yield session, pull

    def finish(self, pull: ContextPull) -> None:
        """Note in the last step that all was read; the next time is at night."""
        pull.done_at, pull.attempts, pull.error = self.at, 0, None
        pull.due_at = next_night(self.context.id, school=self.school, after=self.at)


def take(
    engine: sa.Engine, settings: Settings, *, school_id: UUID, pull_id: UUID, at: datetime
) -> Turn | None:
    """Take a reading that is due; None when it is not, or not any more, or asleep.

    Until it ends it is due again in a quarter of an hour: so whoever dies with it loses nothing.
    """
    with unit_of_work(engine, school_id=school_id) as session:
        row = session.get(ContextPull, (school_id, pull_id), with_for_update=True)
        if row is None or row.due_at is None or row.due_at > at:
            return None
        school = session.get_one(School, school_id)
        context = session.get_one(Context, (school_id, row.context_id))
        deployment = session.get_one(Deployment, context.deployment_id)
        registration = session.get_one(Registration, deployment.registration_id)
        is_on = deployment.state is DeploymentState.ACTIVE and is_awake(context, at=at)
        if not is_on or row.kind not in offered(context):
            row.due_at = None  # until the next launch
            return None
        row.tried_at, row.due_at = at, at + LEASE
        row.attempts += 1
        if row.attempts > MOST_ATTEMPTS:  # lest it kills worker after worker
            row.due_at = next_night(context.id, school=school, after=at)
        return Turn(
            engine=engine,
            pull_id=pull_id,
            kind=row.kind,
            at=at,
            attempts=row.attempts,
            school=school,
            context=context,
            registration=registration,
            caller=caller_for(settings, engine, registration),
        )
