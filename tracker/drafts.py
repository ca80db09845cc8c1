"""Judgements that are still being written: their author's own until they are sent."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Invalid, NotFound
from tracker.judgements import VoiceFile, check_level, check_subject, judge
from tracker.models import (
    Aspect,
    Evidence,
    FrameworkItem,
    Goal,
    Judgement,
    JudgementDraft,
    LearningPlan,
    Person,
    ScaleLevel,
)
from tracker.permissions import (
    TODAY,
    Action,
    RecordT,
    find,
    given,
    lock,
    once_for_reader,
    require,
    stand_in,
    visible,
)
from tracker.plans import check_open, plan_of


def save_draft(
    session: Session,
    *,
    by: Person,
    plan: LearningPlan,
    goal: Goal | None = None,
    item: FrameworkItem | None = None,
    evidence: Evidence | None = None,
    level: ScaleLevel | None = None,
    aspect: Aspect | None = None,
    words: str | None = None,
    observed_on: date,
    on: date,
    at: datetime,
) -> JudgementDraft:
    """Keep a judgement that is not ready yet; nobody else sees it, and it answers nothing."""
    require(session, by, Action.JUDGE, on=on, plan_id=plan.id)
    check_open(plan)
    check_subject(session, plan, goal, item, evidence)
    _check(session, plan, level, observed_on, on)
    draft = JudgementDraft(
        school_id=plan.school_id,
        plan_id=plan.id,
        goal_id=goal.id if goal else None,
        item_id=item.id if item else None,
        evidence_id=evidence.id if evidence else None,
        by_id=by.id,
        level_id=level.id if level else None,
        aspect=aspect,
        words=words,
        observed_on=observed_on,
        changed_at=at,
    )
    session.add(draft)
    session.flush()
    audit.record(session, by=by, verb="kept draft", subject=draft, plan_id=plan.id, at=at)
    return draft


def _check(
    session: Session, plan: LearningPlan, level: ScaleLevel | None, observed_on: date, on: date
) -> None:
    if observed_on > on:
        raise Invalid(observed_on="date.in_future")
    if level is not None:
        check_level(session, plan, level)


def hold_draft(session: Session, key: UUID, *, by: Person, on: date) -> JudgementDraft:
    """Return an own draft and hold it until this unit of work ends; raises NotFound."""
    draft = find(session, JudgementDraft, key, person=by, on=on)
    try:
        lock(session, draft)
    except InvalidRequestError:  # it was sent or thrown away while we waited for it
        raise NotFound("JudgementDraft not found") from None
    return draft


def edit_draft(
    session: Session,
    *,
    by: Person,
    draft: JudgementDraft,
    level: ScaleLevel | None,
    aspect: Aspect | None,
    words: str | None,
    observed_on: date,
    on: date,
    at: datetime,
) -> None:
    """Change what an own draft says; what it is about stays."""
    require(session, by, Action.JUDGE, on=on, plan_id=draft.plan_id)
    plan = plan_of(session, draft)
    check_open(plan)
    _check(session, plan, level, observed_on, on)
    draft.level_id = level.id if level else None
    draft.aspect = aspect
    draft.words = words
    draft.observed_on = observed_on
    draft.changed_at = at
    session.flush()


def delete_draft(session: Session, *, by: Person, draft: JudgementDraft, at: datetime) -> None:
    """Throw an own draft away."""
    audit.record(
        session, by=by, verb="threw draft away", subject=draft, plan_id=draft.plan_id, at=at
    )
    session.delete(draft)
    session.flush()


def publish_draft(
    session: Session,
    *,
    by: Person,
    draft: JudgementDraft,
    voice: VoiceFile | None = None,
    on: date,
    at: datetime,
) -> Judgement:
    """Make an own draft a judgement; from then on it is never changed.

    Raises NotFound when what it is about is no longer shown to its author.
    """
    if draft.level_id is None:
        raise Invalid(level_id="draft.without_level")
    judgement = judge(
        session,
        by=by,
        plan=plan_of(session, draft),
        level=find(session, ScaleLevel, draft.level_id, person=by, on=on),
        goal=_found(session, Goal, draft.goal_id, by, on),
        item=_found(session, FrameworkItem, draft.item_id, by, on),
        evidence=_found(session, Evidence, draft.evidence_id, by, on),
        words=draft.words,
        voice=voice,
        aspect=draft.aspect,
        observed_on=draft.observed_on,
        on=on,
        at=at,
    )
    session.delete(draft)
    session.flush()
    return judgement


def _found(
    session: Session, model: type[RecordT], key: UUID | None, by: Person, on: date
) -> RecordT | None:
    return None if key is None else find(session, model, key, person=by, on=on)


def drafts_of(session: Session, *, by: Person, plan_id: UUID, on: date) -> Sequence[JudgementDraft]:
    """Return the person's own drafts in a plan, last changed first."""
    asked = {**given(by, on), "plan": plan_id}
    return session.scalars(_newest_first(stand_in(by), TODAY), asked).all()


@once_for_reader
def _newest_first(person: Person, on: date) -> sa.Select[JudgementDraft]:
    """Select the person's own drafts in a plan, its id given as `plan`."""
    return (
        visible(JudgementDraft, person=person, on=on)
        .where(JudgementDraft.plan_id == sa.bindparam("plan", type_=sa.Uuid()))
        .order_by(JudgementDraft.changed_at.desc(), JudgementDraft.id.desc())
    )
