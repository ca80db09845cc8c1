"""What the demo's administrator arranged: days off, words for the next cohort, and an LMS."""

from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from demo.scene import NOON
from lti.connecting.registrations import activate, add_deployment, add_registration
from tracker.holidays import add_holiday
from tracker.models import Person, Scale, School
from tracker.scales import Level, change_scale

SATURDAY = 5
DEPLOYMENTS = ("1", "2")  # the first is on, the second waits for the administrator


def arrange(
    session: Session, story: dict[str, Any], *, school: School, by: Person, today: date
) -> None:
    """Arrange all of it, some weeks ago."""
    on = today - timedelta(weeks=6)
    at = datetime.combine(on, NOON)
    for told in story["holidays"]:
        first = today + timedelta(days=told["from"])
        first -= timedelta(days=(first.weekday() - SATURDAY) % 7)
        add_holiday(
            session,
            by=by,
            school=school,
            name=told["name"],
            from_on=first,
            until_on=first + timedelta(days=told["days"]),
            on=on,
            at=at,
        )
    _change_words(session, story["scale"], by=by, on=on, at=at)
    _connect(session, story["lms"], school=school, at=at)


def _change_words(
    session: Session, told: dict[str, Any], *, by: Person, on: date, at: datetime
) -> None:
    scale = session.scalars(
        sa.select(Scale).where(Scale.school_id == by.school_id, Scale.code == told["of"])
    ).one()
    change_scale(
        session,
        by=by,
        scale=scale,
        name=told["name"],
        levels=[Level(*level) for level in told["levels"]],
        is_default=False,
        for_plans_from=on + timedelta(weeks=told["in_weeks"]),
        on=on,
        at=at,
    )


def _connect(session: Session, told: dict[str, Any], *, school: School, at: datetime) -> None:
    issuer = told["issuer"]
    registration = add_registration(
        session,
        school=school,
        issuer=issuer,
        client_id=told["client"],
        auth_url=f"{issuer}/auth",
        token_url=f"{issuer}/token",
        jwks_url=f"{issuer}/jwks",
        audience=None,
        product=told["product"],
        home_url=told["home"],
        allow_loopback=False,
        at=at,
    )
    first, _ = (
        add_deployment(session, registration=registration, lti_id=lti_id, at=at)
        for lti_id in DEPLOYMENTS
    )
    activate(session, deployment_id=first.id, at=at)
