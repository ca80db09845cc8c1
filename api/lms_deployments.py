"""Deployments: the places where a connected LMS offers us, each switched on or off."""

from typing import Any
from uuid import UUID

from flask import g

from api.blueprint import Blueprint
from api.etags import ETAG, IF_MATCH, check_match, with_tag
from api.fields import Contract, Flag
from api.lms import DeploymentSchema
from identity.access import allows
from lti.connecting import connections
from lti.models import Deployment
from tracker.errors import NotFound
from tracker.permissions import Action, require

blp = Blueprint("lms-deployments", about="Where a connected LMS offers us, on or off")


class SwitchSchema(Contract):
    """Whether launches are let in."""

    is_on = Flag(required=True, about="Let launches in, or no longer", example=True)


@blp.get("/lms/registrations/<uuid:registration_id>/deployments/<uuid:deployment_id>")
@allows(Action.SEE_LMS)
@blp.response(200, DeploymentSchema, headers=ETAG)
def get_deployment(registration_id: UUID, deployment_id: UUID) -> tuple[Deployment, dict[str, str]]:
    """Show one deployment.

    Whether launches from it are let in.
    """
    return with_tag(DeploymentSchema(), _deployment(registration_id, deployment_id))


@blp.put("/lms/registrations/<uuid:registration_id>/deployments/<uuid:deployment_id>")
@allows(Action.CONNECT_LMS)
@blp.arguments(SwitchSchema)
@blp.response(200, DeploymentSchema)
@blp.doc(parameters=[IF_MATCH])
def switch_deployment(
    body: dict[str, Any], registration_id: UUID, deployment_id: UUID
) -> tuple[Deployment, dict[str, str]]:
    """Switch a deployment on or off.

    Off, nobody gets in from it, and whoever came in from its LMS is signed out.
    """
    deployment = _deployment(registration_id, deployment_id)
    require(g.session, g.person, Action.CONNECT_LMS, on=g.today)
    g.session.refresh(deployment, with_for_update=True)
    check_match(DeploymentSchema(), deployment, body)
    connections.switch(
        g.session,
        by=g.person,
        deployment=deployment,
        is_on=body["is_on"],
        on=g.today,
        at=g.now,
    )
    return with_tag(DeploymentSchema(), deployment)


def _deployment(registration_id: UUID, deployment_id: UUID) -> Deployment:
    found = connections.find_own_deployment(g.session, deployment_id, by=g.person, on=g.today)
    if found.registration_id != registration_id:
        raise NotFound("deployment not found")
    return found
