"""Columns in the LMS's gradebook: what became of each, and the next thing to tell the LMS of it.

A step is claimed in one unit of work, told without any, and concluded in another: `tried_at` names
the claim. A worker that is killed in between leaves a step that another finds after a while.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti.calling.backoff import LEASE, is_worth_a_try, next_try
from lti.calling.services import ServiceError
from lti.gradebook.gradebook import GONE, UNTOLD, call_off, granted, switched_on
from lti.models import (
    Context,
    Deployment,
    LineItem,
    LineItemState,
    ResourceLink,
    ScorePush,
    ScoreState,
)
from tracker.errors import NotFound
from tracker.models import SupportLesson


@dataclass(frozen=True, slots=True)
class Column:
    """A placed link with its column, if there is one.

    `counts` says how many scores are in which state, `errors` why scores were given up.
    """

    link: ResourceLink
    item: LineItem | None
    lesson: str | None
    counts: dict[ScoreState, int]
    errors: frozenset[str]


def columns(session: Session, context: Context) -> list[Column]:
    """Return the placed links of a course, by title, with what became of their columns."""
    links = session.execute(
        sa.select(ResourceLink, SupportLesson.title)
        .outerjoin(
            SupportLesson,
            sa.and_(
                SupportLesson.school_id == ResourceLink.school_id,
                SupportLesson.id == ResourceLink.lesson_id,
            ),
        )
        .where(ResourceLink.school_id == context.school_id, ResourceLink.context_id == context.id)
        .order_by(ResourceLink.title, ResourceLink.id)
    ).all()
    items = {
        item.resource_link_id: item
        for item in session.scalars(
            sa.select(LineItem)
            .where(LineItem.school_id == context.school_id, LineItem.context_id == context.id)
            .order_by(LineItem.created_at, LineItem.id)
        )
    }
    counts, errors = _scores(session, context.school_id, [item.id for item in items.values()])
    found = []
    for link, lesson in links:
        item = items.get(link.id)
        key = item.id if item else link.id
        reasons = frozenset(errors.get(key, ()))
        found.append(Column(link, item, lesson, counts.get(key, {}), reasons))
    return found


def _scores(
    session: Session, school_id: UUID, item_ids: list[UUID]
) -> tuple[dict[UUID, dict[ScoreState, int]], dict[UUID, set[str]]]:
    counts: dict[UUID, dict[ScoreState, int]] = {}
    errors: dict[UUID, set[str]] = {}
    rows = session.execute(
        sa.select(ScorePush.line_item_id, ScorePush.state, ScorePush.error, sa.func.count())
        .where(ScorePush.school_id == school_id, ScorePush.line_item_id.in_(item_ids))
        .group_by(ScorePush.line_item_id, ScorePush.state, ScorePush.error)
    )
    for item_id, state, error, number in rows:
        of_item = counts.setdefault(item_id, {})
        of_item[state] = of_item.get(state, 0) + number
        if state is ScoreState.PARKED and error:
            errors.setdefault(item_id, set()).add(error)
    return counts, errors


def find_link(session: Session, context: Context, link_id: UUID) -> ResourceLink:
    """Return a link that was placed in this course; raises NotFound."""
    link = session.get(ResourceLink, (context.school_id, link_id))
    if link is None or link.context_id != context.id:
        raise NotFound("ResourceLink not found")
    return link


@dataclass(frozen=True, slots=True)
class Step:
    """The next thing to tell the LMS of a column, claimed at a moment.

    `others` are the addresses of our other columns in the course.
    """

    school_id: UUID
    item_id: UUID
    registration_id: UUID
    state: LineItemState
    claimed_at: datetime
    granted: frozenset[str]
    url: str | None
    items_url: str | None
    label: str
    tag: str
    maximum: Decimal
    link_lti_id: str
    others: frozenset[str]


def claim_step(session: Session, *, school_id: UUID, at: datetime) -> Step | None:
    """Claim the next step that is due in a school, if there is one."""
    item = session.scalars(
        sa.select(LineItem)
        .where(
            LineItem.school_id == school_id,
            LineItem.state.in_(UNTOLD),
            LineItem.due_at <= at,
            LineItem.context_id.in_(switched_on(school_id)),
        )
        .order_by(LineItem.due_at, LineItem.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if item is None:
        return None
    context = session.get_one(Context, (school_id, item.context_id))
    link = session.get_one(ResourceLink, (school_id, item.resource_link_id))
    deployment = session.get_one(Deployment, context.deployment_id)
    others = session.scalars(
        sa.select(LineItem.url).where(
            LineItem.school_id == school_id,
            LineItem.context_id == context.id,
            LineItem.id != item.id,
            LineItem.state != LineItemState.GONE,
            LineItem.url.is_not(None),
        )
    )
    if item.tried_at is not None:
        at = max(at, item.tried_at + timedelta(microseconds=1))
    item.tried_at, item.due_at = at, at + LEASE
    session.flush()
    return Step(
        school_id=school_id,
        item_id=item.id,
        registration_id=deployment.registration_id,
        state=item.state,
        claimed_at=at,
        granted=frozenset(granted(context)),
        url=item.url,
        items_url=context.lineitems_url,
        label=item.label,
        tag=item.tag,
        maximum=item.maximum,
        link_lti_id=link.lti_id,
        others=frozenset(url for url in others if url is not None),
    )


def told(session: Session, step: Step, *, url: str | None, at: datetime) -> None:
    """Write that the LMS took a step; what was wished meanwhile comes next."""
    item = _claimed(session, step)
    if item is None:
        return
    item.attempts, item.error = 0, None
    if step.state is LineItemState.REMOVING:
        _end(session, item, None)
        return
    item.url = url
    if item.state is not LineItemState.REMOVING:
        is_told = (item.label, item.maximum) == (step.label, step.maximum)
        item.state = LineItemState.ACTIVE if is_told else LineItemState.CHANGED
    item.due_at = at


def not_told(session: Session, step: Step, error: ServiceError, *, at: datetime) -> None:
    """Write that the LMS did not take a step: again later, given up, or the column is gone."""
    item = _claimed(session, step)
    if item is None:
        return
    if error.code == "not_found" and step.url is not None:
        _end(session, item, GONE)
        return
    if item.state is not step.state:  # something else is asked by now
        item.due_at = at
        return
    item.attempts, item.error = item.attempts + 1, error.code
    item.due_at = None
    if is_worth_a_try(error):
        item.due_at = next_try(error, attempts=item.attempts, at=at)
    if item.due_at is None:
        item.state = LineItemState.PARKED


def gone(session: Session, *, school_id: UUID, item_id: UUID) -> None:
    """Write that the LMS knows a column no longer; it is not made again unasked."""
    item = session.get_one(LineItem, (school_id, item_id), with_for_update=True)
    _end(session, item, GONE)


def _claimed(session: Session, step: Step) -> LineItem | None:
    """Hold the column while its claim is still ours."""
    return session.scalars(
        sa.select(LineItem)
        .where(
            LineItem.school_id == step.school_id,
            LineItem.id == step.item_id,
            LineItem.tried_at == step.claimed_at,
            LineItem.state != LineItemState.GONE,
        )
        .with_for_update()
    ).first()


def _end(session: Session, item: LineItem, error: str | None) -> None:
    item.state, item.due_at, item.error = LineItemState.GONE, None, error
    call_off(session, item, error=GONE)
