"""The links that teachers placed in their courses: what each opens, and its column if any."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti.courses.contexts import HEARD_EVERY
from lti.launching.claims import LaunchClaims
from lti.launching.landing import Page, page_of
from lti.models import Context, Deployment, GradeMode, ResourceLink
from tracker.db import insert_missing, new_id
from tracker.models import School, SupportLesson


def keep_link(
    session: Session,
    *,
    school: School,
    deployment: Deployment,
    context: Context | None,
    claims: LaunchClaims,
    at: datetime,
) -> ResourceLink | None:
    """Return the link of the launch with what it says newly; None when it names none."""
    if claims.resource_link_id is None:
        return None
    same = sa.select(ResourceLink).where(
        ResourceLink.school_id == school.id,
        ResourceLink.deployment_id == deployment.id,
        ResourceLink.lti_id == claims.resource_link_id,
    )
    link = session.scalar(same)
    if link is None:
        row = {
            "school_id": school.id,
            "id": new_id(),
            "deployment_id": deployment.id,
            "lti_id": claims.resource_link_id,
            "mode": GradeMode.OFF,
            "created_at": at,
        }
        insert_missing(session, ResourceLink, [row])
        link = session.scalars(same).one()
    page, ref = page_of(claims.custom)
    newest = {
        "title": claims.resource_link_title,
        "context_id": context.id if context is not None else link.context_id,
        "page": page.value if page is not None else None,
        "lesson_id": _lesson_id(session, school, ref) if page is Page.LESSON else None,
    }
    if claims.endpoint is not None:
        newest["lineitem_url"] = claims.endpoint.lineitem
    for name, value in newest.items():
        if getattr(link, name) != value:
            setattr(link, name, value)
    if link.launched_at is None or at - link.launched_at > HEARD_EVERY:
        link.launched_at = at
    session.flush()
    return link


def _lesson_id(session: Session, school: School, ref: UUID | None) -> UUID | None:
    """Return the lesson's id if this school has it: anybody can write a parameter in a link."""
    return session.scalar(
        sa.select(SupportLesson.id).where(
            SupportLesson.school_id == school.id, SupportLesson.id == ref
        )
    )
