"""A teacher's tick for a column when placing a lesson: followed once the link is there.

The LMS makes the column and, with the link, names it in a launch. Whose tick it was, our own row of
the placing says: a parameter of the link could be written by anybody.
"""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti.gradebook.gradebook import choose_mode
from lti.models import Context, DeepLinkRequest, GradeMode, ResourceLink
from tracker.errors import Conflict, NotAllowed
from tracker.models import Person, PersonState
from tracker.permissions import lock

TICKED = "column_for"  # in the settings of a request that was answered: which lesson


def keep_tick(session: Session, found: DeepLinkRequest, *, lesson_id: UUID | None) -> None:
    """Keep of an answered request only for which lesson its teacher asked a column, if any."""
    found.settings = {TICKED: str(lesson_id)} if lesson_id is not None else {}
    session.flush()


def follow_tick(
    session: Session, *, link: ResourceLink, context: Context, on: date, at: datetime
) -> None:
    """Let a lesson's link tell its column what the teacher ticked, in that teacher's name.

    Once, as long as nobody chose anything, and while that teacher teaches the course.
    """
    if link.lesson_id is None or link.lineitem_url is None or link.chosen_at is not None:
        return
    tick = _tick(session, link, context)
    if tick is None:
        return
    lock(session, link)  # of two launches one follows it
    lock(session, tick)
    is_followed = link.chosen_at is not None or tick.settings.get(TICKED) != str(link.lesson_id)
    teacher = session.get_one(Person, (link.school_id, tick.person_id))
    if is_followed or teacher.state is not PersonState.ACTIVE:
        return
    try:
        choose_mode(
            session, by=teacher, link=link, mode=GradeMode.LESSON, pieces=None, on=on, at=at
        )
    except (Conflict, NotAllowed):
        return  # off, as any link: a teacher of the course may choose
    tick.settings = {}
    session.flush()


def _tick(session: Session, link: ResourceLink, context: Context) -> DeepLinkRequest | None:
    """Return the newest tick for the link's lesson in this course, that no link followed yet."""
    answered = session.scalars(
        sa.select(DeepLinkRequest)
        .where(
            DeepLinkRequest.school_id == link.school_id,
            DeepLinkRequest.deployment_id == link.deployment_id,
            DeepLinkRequest.context_id == context.id,
            DeepLinkRequest.answered_at.is_not(None),
        )
        .order_by(DeepLinkRequest.answered_at.desc(), DeepLinkRequest.id)
    )
    return next((one for one in answered if one.settings.get(TICKED) == str(link.lesson_id)), None)
