"""The courses that launches come from: known under their newest title, each with a roster."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti.launching.claims import LaunchClaims
from lti.models import Context, Deployment
from tracker.db import insert_missing, new_id
from tracker.models import Group, School

NAMELESS = "Cursus zonder naam"
HEARD_EVERY = timedelta(minutes=15)  # so that a whole class does not queue for one row


def keep_context(
    session: Session, *, school: School, deployment: Deployment, claims: LaunchClaims, at: datetime
) -> Context | None:
    """Return the course of the launch with what it says newly; None when it names none.

    Titles, addresses of services and granted scopes; the group of its roster the first time.
    """
    if claims.context is None:
        return None
    same = sa.select(Context).where(
        Context.school_id == school.id,
        Context.deployment_id == deployment.id,
        Context.lti_id == claims.context.lti_id,
    )
    context = session.scalar(same)
    if context is None:
        row = {
            "school_id": school.id,
            "id": new_id(),
            "deployment_id": deployment.id,
            "lti_id": claims.context.lti_id,
            "created_at": at,
        }
        insert_missing(session, Context, [row])
        context = session.scalars(same).one()
    if context.group_id is None:
        # Of two first launches one makes the group.
        session.refresh(context, with_for_update=True)
    title = claims.context.title or claims.context.label or NAMELESS
    if context.group_id is None:
        group = Group(school_id=school.id, id=new_id(), code=None, title=title, created_at=at)
        session.add(group)
        session.flush()
        context.group_id = group.id
    elif (context.title, context.label) != (claims.context.title, claims.context.label):
        session.get_one(Group, (school.id, context.group_id)).title = title
    _take_over(context, claims, at)
    session.flush()
    return context


def _take_over(context: Context, claims: LaunchClaims, at: datetime) -> None:
    """Write what is new only: most launches say the same as the last."""
    said = claims.context
    if said is None:
        return
    # A platform that leaves out a service now, still had it when it said so: the next answer
    # of the service itself tells.
    newest = {
        "title": said.title,
        "label": said.label,
        "memberships_url": claims.memberships_url or context.memberships_url,
    }
    if claims.endpoint is not None:
        newest["lineitems_url"] = claims.endpoint.lineitems or context.lineitems_url
        newest["scopes"] = " ".join(sorted(set(claims.endpoint.scopes))) or None
    for name, value in newest.items():
        if getattr(context, name) != value:
            setattr(context, name, value)
    if context.launched_at is None or at - context.launched_at > HEARD_EVERY:
        context.launched_at = at
