"""What a placed link tells the LMS's gradebook: off, until a teacher of the course chooses.

A choice is a row; the worker tells the LMS (`lti/jobs.py`). The newest line item of a link is its
column; one that is gone is never made again, unless a teacher asks for it by choosing once more.
"""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti.calling.grades import LINE_ITEM, SCORE
from lti.models import (
    Context,
    Deployment,
    DeploymentState,
    GradeMode,
    LineItem,
    LineItemState,
    ResourceLink,
    ScorePush,
    ScoreState,
)
from tracker import audit
from tracker.db import nudge
from tracker.errors import Conflict, Invalid, NotAllowed
from tracker.gradebook import WHOLE
from tracker.models import GroupRole, Membership, Person, SupportLesson
from tracker.permissions import Action, holds, lock, require

JOB = "lti.jobs.tell_gradebooks"
LABEL = "Voortgang (telt niet mee)"  # what the LMS shows; the weight there is the teacher's
TAG = "leerspoor"  # by which we find a column again that we made: the same whatever it tells
MOST_PIECES = 100
LONGEST_LABEL = 200
# The modes that tell a number. Status tells none: a score without one empties Moodle's column.
NUMBERS = frozenset({GradeMode.PROGRESS, GradeMode.EVIDENCE, GradeMode.LESSON})
# Why a column or a score came to nothing.
OFF, GONE, LEFT = "gradebook.off", "gradebook.gone", "gradebook.left"
UNTOLD = frozenset({LineItemState.WANTED, LineItemState.CHANGED, LineItemState.REMOVING})


def takes_scores(context: Context) -> bool:
    """Whether the LMS lets us send scores in this course."""
    return SCORE in granted(context)


def can_have_column(context: Context, link: ResourceLink) -> bool:
    """Whether a placed link can have a column: the LMS's own, or one that we may make."""
    may_make = LINE_ITEM in granted(context) and context.lineitems_url is not None
    return takes_scores(context) and (link.lineitem_url is not None or may_make)


def granted(context: Context) -> set[str]:
    """Return the scopes that the LMS granted in a course, as its newest launch said."""
    return set((context.scopes or "").split())


def switched_on(school_id: UUID) -> sa.Select[UUID]:
    """Select the courses whose LMS is switched on; what is due for the others waits."""
    return (
        sa.select(Context.id)
        .join(
            Deployment,
            sa.and_(
                Deployment.school_id == Context.school_id, Deployment.id == Context.deployment_id
            ),
        )
        .where(Context.school_id == school_id, Deployment.state == DeploymentState.ACTIVE)
    )


def column_of(session: Session, link: ResourceLink) -> LineItem | None:
    """Return the column of a placed link, also when it is gone."""
    return session.scalars(
        sa.select(LineItem)
        .where(LineItem.school_id == link.school_id, LineItem.resource_link_id == link.id)
        .order_by(LineItem.created_at.desc(), LineItem.id.desc())
        .limit(1)
        .with_for_update()
    ).first()


def choose_mode(
    session: Session,
    *,
    by: Person,
    link: ResourceLink,
    mode: GradeMode,
    pieces: int | None,
    on: date,
    at: datetime,
) -> None:
    """Choose what a placed link tells the gradebook; the worker tells the LMS.

    `pieces` is the agreed number, for evidence only. Raises NotAllowed for who does not teach the
    course today, Conflict when the LMS grants no scores there, Invalid for a number or a lesson
    that is missing.
    """
    context = _taught(session, by, link, on)
    if mode is not GradeMode.OFF and not can_have_column(context, link):
        raise Conflict("gradebook.not_granted")
    if mode is GradeMode.EVIDENCE and not 1 <= (pieces or 0) <= MOST_PIECES:
        raise Invalid(pieces="gradebook.pieces")
    if mode is GradeMode.LESSON and link.lesson_id is None:
        raise Invalid(mode="gradebook.no_lesson")
    link.mode = mode
    link.pieces = pieces if mode is GradeMode.EVIDENCE else None
    link.chosen_by_id, link.chosen_at = by.id, at
    item = column_of(session, link)
    if mode is GradeMode.OFF:
        _let_be(item, at)
    else:
        _want(session, context, link, item, at)
    if mode not in NUMBERS and item is not None:
        call_off(session, item)
    audit.record(session, by=by, verb="set gradebook", subject=link, at=at, mode=mode.value)
    _wake(session, link)


def remove_column(
    session: Session, *, by: Person, link: ResourceLink, on: date, at: datetime
) -> None:
    """Take a column that we made out of the LMS; the link tells nothing from then on.

    Raises NotAllowed for who does not teach the course, Conflict when the column is the LMS's own
    or is not there.
    """
    _taught(session, by, link, on)
    item = column_of(session, link)
    if item is None or item.state is LineItemState.GONE or not item.is_ours:
        raise Conflict("gradebook.not_ours")
    if item.state is not LineItemState.REMOVING:
        _due(item, LineItemState.REMOVING, at)
    link.mode, link.chosen_by_id, link.chosen_at = GradeMode.OFF, by.id, at
    call_off(session, item)
    audit.record(session, by=by, verb="removed gradebook column", subject=link, at=at)
    _wake(session, link)


def try_again(session: Session, *, by: Person, link: ResourceLink, on: date, at: datetime) -> None:
    """Try again what was given up: the column itself, and the scores that the LMS did not take."""
    _taught(session, by, link, on)
    item = column_of(session, link)
    if item is None or item.state is LineItemState.GONE or link.mode is GradeMode.OFF:
        raise Conflict("gradebook.nothing_parked")
    if item.state is LineItemState.PARKED:
        _due(item, LineItemState.CHANGED if item.url else LineItemState.WANTED, at)
    session.execute(
        sa.update(ScorePush)
        .where(
            ScorePush.school_id == item.school_id,
            ScorePush.line_item_id == item.id,
            ScorePush.state.in_((ScoreState.PARKED, ScoreState.INACTIVE)),
        )
        .values(state=ScoreState.WAITING, due_at=at, attempts=0, error=None)
    )
    audit.record(session, by=by, verb="retried gradebook", subject=link, at=at)
    _wake(session, link)


def teaches(session: Session, person: Person, context: Context, on: date) -> bool:
    """Whether this person is an instructor of the course today, by its roster or a launch."""
    return context.group_id is not None and (
        session.scalar(
            sa.select(Membership.id)
            .where(
                Membership.school_id == person.school_id,
                Membership.group_id == context.group_id,
                Membership.person_id == person.id,
                Membership.role == GroupRole.TEACHER,
                holds(Membership, on),
            )
            .limit(1)
        )
        is not None
    )


def _taught(session: Session, by: Person, link: ResourceLink, on: date) -> Context:
    """Return the course of a link, and hold the link; raises NotAllowed."""
    require(session, by, Action.SET_GRADEBOOK, on=on)
    lock(session, link)
    context = session.get(Context, (link.school_id, link.context_id)) if link.context_id else None
    if context is None or not teaches(session, by, context, on):
        raise NotAllowed("does not teach this course")
    return context


def _want(
    session: Session, context: Context, link: ResourceLink, item: LineItem | None, at: datetime
) -> None:
    """See to a column as the link wants it: the LMS's own, the one there is, or a new one."""
    label, maximum = _label(session, link), _maximum(link)
    if item is None or item.state in {LineItemState.GONE, LineItemState.REMOVING}:
        own = link.lineitem_url
        if own is not None and item is not None and item.url == own:
            own = None  # that one is gone
        session.add(
            LineItem(
                school_id=link.school_id,
                context_id=context.id,
                resource_link_id=link.id,
                url=own,
                label=label,
                tag=TAG,
                maximum=maximum,
                state=LineItemState.WANTED if own is None else LineItemState.ACTIVE,
                is_ours=own is None,
                due_at=at,
                attempts=0,
                created_at=at,
            )
        )
        session.flush()
        return
    is_other = (item.label, item.maximum) != (label, maximum)
    item.label, item.maximum = label, maximum
    if item.state is LineItemState.PARKED:
        _due(item, LineItemState.CHANGED if item.url else LineItemState.WANTED, at)
    elif item.state is LineItemState.ACTIVE:
        # Its own column the LMS keeps as it is: scores say of how much they are.
        must_tell = is_other and item.is_ours
        _due(item, LineItemState.CHANGED if must_tell else LineItemState.ACTIVE, at)


def _due(item: LineItem, state: LineItemState, at: datetime) -> None:
    """Give a column its next step; one that a worker may be telling right now waits for that."""
    if item.state not in UNTOLD or item.due_at is None:
        item.due_at = at
    item.state, item.attempts, item.error = state, 0, None


def _let_be(item: LineItem | None, at: datetime) -> None:
    """Leave a column as it is in the LMS, and look at its values no longer.

    One that the LMS did not tell us of yet is not made, or taken out if it was.
    """
    if item is None:
        return
    if item.url is None and item.state in {LineItemState.WANTED, LineItemState.PARKED}:
        _due(item, LineItemState.REMOVING, at)
    if item.state is LineItemState.ACTIVE:
        item.due_at = None


def call_off(session: Session, item: LineItem, *, error: str = OFF) -> None:
    """Send none of the scores that still wait; `error` says why."""
    session.execute(
        sa.update(ScorePush)
        .where(
            ScorePush.school_id == item.school_id,
            ScorePush.line_item_id == item.id,
            ScorePush.state.in_((ScoreState.WAITING, ScoreState.PARKED)),
        )
        .values(state=ScoreState.SUPERSEDED, due_at=None, error=error)
    )


def _label(session: Session, link: ResourceLink) -> str:
    if link.mode is GradeMode.LESSON:
        lesson = session.get_one(SupportLesson, (link.school_id, link.lesson_id))
        return f"{LABEL}: {lesson.title}"[:LONGEST_LABEL]
    return LABEL


def _maximum(link: ResourceLink) -> Decimal:
    if link.mode is GradeMode.EVIDENCE:
        return Decimal(link.pieces or 1)
    return Decimal(1) if link.mode is GradeMode.LESSON else Decimal(WHOLE)


def _wake(session: Session, link: ResourceLink) -> None:
    session.flush()
    nudge(session, JOB, school_id=str(link.school_id))
