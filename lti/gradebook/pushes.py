"""One score on its way: claimed in one unit of work, sent without any, concluded in another.

Each claim takes a timestamp at least a second after the last one, so that an older value that
comes late is refused by the LMS itself; the timestamp names the claim. A worker that is killed
leaves a score that another sends after a while: the same value, or a newer one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti.calling.backoff import EVERYWHERE, LEASE, TRIES, next_try
from lti.calling.services import ServiceError
from lti.gradebook.gradebook import LEFT, NUMBERS, OFF, granted, switched_on, takes_scores
from lti.models import (
    Context,
    Deployment,
    LineItem,
    LineItemState,
    ResourceLink,
    ScorePush,
    ScoreState,
)
from tracker.models import Person, PersonState

STEP = timedelta(seconds=1)  # Moodle compares whole seconds
# What an LMS answers for somebody who is no learner of its course (any more).
NO_LEARNER = frozenset({400, 403, 422})


@dataclass(frozen=True, slots=True)
class Push:
    """What one POST says, and to whom; `stamp` names the claim."""

    school_id: UUID
    score_id: UUID
    item_id: UUID
    registration_id: UUID
    url: str
    granted: frozenset[str]
    user_id: str
    value: Decimal
    maximum: Decimal
    activity_progress: str
    comment: str | None
    wish: int
    stamp: datetime


def claim(session: Session, *, school_id: UUID, at: datetime) -> Push | None:
    """Claim the next score that is due in a school, if there is one that may be sent.

    One that may not be sent any more (the teacher stopped it, the person left) is set aside.
    """
    query = (
        sa.select(ScorePush, LineItem, ResourceLink, Context, Person)
        .join(LineItem, _same(LineItem, ScorePush.line_item_id))
        .join(ResourceLink, _same(ResourceLink, LineItem.resource_link_id))
        .join(Context, _same(Context, LineItem.context_id))
        .join(Person, _same(Person, ScorePush.person_id))
        .where(
            ScorePush.school_id == school_id,
            ScorePush.state == ScoreState.WAITING,
            ScorePush.due_at <= at,
            LineItem.state == LineItemState.ACTIVE,
            LineItem.context_id.in_(switched_on(school_id)),
        )
        .order_by(ScorePush.due_at, ScorePush.id)
        .limit(1)
        .with_for_update(of=ScorePush, skip_locked=True)
    )
    while (row := session.execute(query).first()) is not None:
        score, item, link, context, person = row
        if link.mode in NUMBERS and takes_scores(context) and item.url is not None:
            if person.state is PersonState.ACTIVE:
                return _claimed(session, score, item, context, at)
            score.state, score.error = ScoreState.INACTIVE, LEFT
        else:
            score.state, score.error = ScoreState.SUPERSEDED, OFF
        score.due_at = None
        session.flush()
    return None


def _same(
    model: type[LineItem | ResourceLink | Context | Person], key: object
) -> sa.ColumnElement[bool]:
    return sa.and_(model.school_id == ScorePush.school_id, model.id == key)


def _claimed(
    session: Session, score: ScorePush, item: LineItem, context: Context, at: datetime
) -> Push:
    deployment = session.get_one(Deployment, context.deployment_id)
    score.stamped_at = max(at, score.stamped_at + STEP) if score.stamped_at else at
    score.tried_at, score.due_at = at, at + LEASE
    session.flush()
    return Push(
        school_id=score.school_id,
        score_id=score.id,
        item_id=item.id,
        registration_id=deployment.registration_id,
        url=item.url or "",
        granted=frozenset(granted(context)),
        user_id=score.subject,
        value=score.value,
        maximum=score.maximum,
        activity_progress=score.activity_progress,
        comment=score.comment,
        wish=score.wish,
        stamp=score.stamped_at,
    )


def claim_again(session: Session, push: Push, *, at: datetime) -> Push | None:
    """Claim a score once more under a later timestamp, with what is wished now.

    None when it is not ours to send any more.
    """
    score = _held(session, push)
    if score is None or score.state is not ScoreState.WAITING:
        return None
    item = session.get_one(LineItem, (push.school_id, push.item_id))
    context = session.get_one(Context, (push.school_id, item.context_id))
    return _claimed(session, score, item, context, at)


def sent(session: Session, push: Push, *, at: datetime) -> None:
    """Write that the LMS took a score; a newer wish comes next."""
    score = _held(session, push)
    if score is None:
        return
    score.sent_wish = push.wish
    if score.wish == push.wish:
        score.state, score.due_at = ScoreState.SENT, None
        score.attempts, score.error = 0, None
    elif score.state is ScoreState.WAITING:
        score.due_at, score.attempts, score.error = at, 0, None


def superseded(session: Session, push: Push, *, at: datetime) -> None:
    """Write that the LMS holds something newer, twice said; a newer wish is sent all the same."""
    score = _held(session, push)
    if score is None or score.state is not ScoreState.WAITING:
        return
    if score.wish != push.wish:
        score.due_at = at
    else:
        score.state, score.due_at, score.error = ScoreState.SUPERSEDED, None, "conflict"


def not_sent(session: Session, push: Push, error: ServiceError, *, at: datetime) -> None:
    """Write that the LMS did not take a score: again later, given up, or no learner there.

    What is wrong with the LMS as a whole holds for every score that waits for the same column.
    """
    score = _held(session, push)
    if score is None or score.state is not ScoreState.WAITING:
        return
    if error.status in NO_LEARNER and error.code in {"refused", "forbidden"}:
        score.state, score.due_at, score.error = ScoreState.INACTIVE, None, error.code
        return
    if not error.passes and error.code not in EVERYWHERE:
        score.state, score.due_at, score.error = ScoreState.PARKED, None, error.code
        return
    _later(score, error, at)
    if error.code in EVERYWHERE:
        for other in session.scalars(
            sa.select(ScorePush)
            .where(
                ScorePush.school_id == push.school_id,
                ScorePush.line_item_id == push.item_id,
                ScorePush.state == ScoreState.WAITING,
                ScorePush.due_at <= at,
                ScorePush.id != push.score_id,
            )
            .order_by(ScorePush.id)
            .with_for_update(skip_locked=True)
        ):
            _later(other, error, at)


def _later(score: ScorePush, error: ServiceError, at: datetime) -> None:
    score.attempts, score.error = min(score.attempts + 1, TRIES), error.code
    score.due_at = next_try(error, attempts=score.attempts, at=at)
    if score.due_at is None:
        score.state = ScoreState.PARKED


def _held(session: Session, push: Push) -> ScorePush | None:
    """Hold the score while its claim is still ours."""
    return session.scalars(
        sa.select(ScorePush)
        .where(
            ScorePush.school_id == push.school_id,
            ScorePush.id == push.score_id,
            ScorePush.stamped_at == push.stamp,
        )
        .with_for_update()
    ).first()
