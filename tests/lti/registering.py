"""Registering a platform with a school, as `lti add` does."""

from typing import Any

import sqlalchemy as sa

from lti.connecting.registrations import activate, add_deployment, add_registration
from lti.models import Deployment, Registration
from tests.lms import Lms
from tracker.db import unit_of_work, utc_now
from tracker.models import School


def register(
    engine: sa.Engine, lms: Lms, school: School, *, is_active: bool = True, **options: Any
) -> tuple[Registration, Deployment]:
    """Add the registration and its deployment; returns both."""
    at = utc_now()
    with unit_of_work(engine) as session:
        registration = add_registration(
            session,
            school=school,
            issuer=lms.issuer,
            client_id=lms.client_id,
            auth_url=lms.auth_url,
            token_url=f"{lms.url}/token",
            jwks_url=lms.jwks_url,
            audience=None,
            allow_loopback=True,
            at=at,
            **options,
        )
        deployment = add_deployment(
            session, registration=registration, lti_id=lms.deployment_id, at=at
        )
        if is_active:
            activate(session, deployment_id=deployment.id, at=at)
    return registration, deployment
