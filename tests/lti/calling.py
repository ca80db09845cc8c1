"""A caller for the LMS that signs, as the worker makes one."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lti.calling.names_roles import members
from lti.calling.services import Caller
from lti.models import Registration
from tests.lms import Lms
from tests.lms_services import memberships_url
from tracker.db import unit_of_work, utc_now

ENCRYPTION_KEYS = ("bDKmZ3yQ0v8R5nXh2LwTsJ7cFgUa9PeI1kOqVtYx4Mz6",)  # the settings' of tests


def caller(engine: sa.Engine, lms: Lms, *, redis_url: str | None = None) -> Caller:
    """Return what asks the services of this LMS for its one registration."""
    with unit_of_work(engine, writes=False) as session:
        registration = session.scalars(
            sa.select(Registration).where(
                Registration.issuer == lms.issuer, Registration.client_id == lms.client_id
            )
        ).one()
    return Caller(engine, registration, ENCRYPTION_KEYS, redis_url, allow_loopback=True)


def ask(caller: Caller, lms: Lms, at: datetime | None = None) -> int:
    """Ask for the course's roster; returns how many there are."""
    return len(members(caller, memberships_url(lms), at=at or utc_now()))


def afresh(caller: Caller, **changes: Any) -> Caller:
    """Give the caller of the next job, which knows no tokens."""
    return replace(caller, tokens={}, **changes)
