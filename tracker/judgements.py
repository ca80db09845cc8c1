"""Judging what was seen: dated, by one person in one role, added and never changed."""

from datetime import date, datetime
from typing import Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit, requests, scanner
from tracker.errors import Invalid, NotAllowed, NotFound
from tracker.models import (
    Aspect,
    Audience,
    Comment,
    Evidence,
    EvidenceGoal,
    EvidenceShare,
    EvidenceVersion,
    FeedbackRequest,
    FrameworkItem,
    Goal,
    Judgement,
    LearningPlan,
    Person,
    Placement,
    PlanMember,
    PlanRole,
    Recording,
    RequestState,
    ScaleLevel,
    ScanState,
)
from tracker.permissions import Action, holds, require, visible
from tracker.plans import check_open
from tracker.scales import scales_for


class VoiceFile(Protocol):
    """A voice message whose bytes are already kept (`evidence.KeptFile`)."""

    @property
    def name(self) -> str:
        """Return its name."""

    @property
    def media_type(self) -> str:
        """Return what it is."""

    @property
    def size(self) -> int:
        """Return how many bytes it has."""

    @property
    def digest(self) -> str:
        """Return the SHA-256 under which its bytes are kept."""

    @property
    def scan(self) -> ScanState:
        """Return whether it waits for the virus scanner."""


def judge(
    session: Session,
    *,
    by: Person,
    plan: LearningPlan,
    level: ScaleLevel,
    goal: Goal | None = None,
    item: FrameworkItem | None = None,
    evidence: Evidence | None = None,
    words: str | None = None,
    voice: VoiceFile | None = None,
    aspect: Aspect | None = None,
    observed_on: date,
    on: date,
    at: datetime,
) -> Judgement:
    """Add one person's judgement about a goal, a framework item, evidence, or several at once.

    The person's role in the plan is recorded with it. A supervisor judges what was shared with
    the own running placement, a peer what was shown to them by name. The level is of a scale in
    force for the plan. It answers what this person was asked about the same thing.
    """
    granted = require(session, by, Action.JUDGE, on=on, plan_id=plan.id)
    check_open(plan)
    check_subject(session, plan, goal, item, evidence)
    check_level(session, plan, level)
    if observed_on > on:
        raise Invalid(observed_on="date.in_future")
    if voice is not None and not voice.media_type.startswith("audio/"):
        raise Invalid(recording="file.kind_not_allowed")
    role = next(role for role in PlanRole if role in granted)
    placement_id = evidence.placement_id if evidence else None
    if role is PlanRole.SUPERVISOR:
        placement_id = _supervised_placement(session, by=by, plan=plan, evidence=evidence, on=on)
    if role is PlanRole.PEER:
        _check_shown_by_name(session, by, evidence)
    judgement = Judgement(
        school_id=plan.school_id,
        plan_id=plan.id,
        goal_id=goal.id if goal else None,
        item_id=item.id if item else None,
        evidence_id=evidence.id if evidence else None,
        evidence_version=_hold_version(session, by, evidence, on) if evidence else None,
        by_id=by.id,
        role=role,
        placement_id=placement_id,
        level_id=level.id,
        aspect=aspect,
        words=words,
        observed_on=observed_on,
        recorded_at=at,
    )
    session.add(judgement)
    session.flush()
    if voice is not None:
        _add_voice(session, judgement, voice, at)
    if goal is not None or evidence is not None:
        requests.settle(
            session, by=by, at=at, goal_id=judgement.goal_id, evidence_id=judgement.evidence_id
        )
    audit.record(session, by=by, verb="judged", subject=judgement, plan_id=plan.id, at=at)
    return judgement


def check_subject(
    session: Session,
    plan: LearningPlan,
    goal: Goal | None,
    item: FrameworkItem | None,
    evidence: Evidence | None,
) -> None:
    """Raise Invalid unless a judgement is about something, and all of it of this plan."""
    if goal is None and item is None and evidence is None:
        raise Invalid(goal_id="judgement.about_nothing")
    if goal is not None and goal.plan_id != plan.id:
        raise Invalid(goal_id="goal.of_other_plan")
    if item is not None and item.framework_id != plan.framework_id:
        raise Invalid(item_id="item.of_other_framework")
    if evidence is not None and evidence.plan_id != plan.id:
        raise Invalid(evidence_id="evidence.of_other_plan")
    if goal is not None and evidence is not None:
        towards = (plan.school_id, evidence.id, goal.id)
        if session.get(EvidenceGoal, towards) is None:
            raise Invalid(goal_id="goal.not_of_evidence")


def check_level(session: Session, plan: LearningPlan, level: ScaleLevel) -> None:
    """Raise Invalid unless the level is of a scale in force for the plan."""
    in_force = {(scale.school_id, scale.id) for scale in scales_for(session, plan)}
    if (level.school_id, level.scale_id) not in in_force:
        raise Invalid(level_id="level.not_for_plan")


def _supervised_placement(
    session: Session, *, by: Person, plan: LearningPlan, evidence: Evidence | None, on: date
) -> UUID:
    """Return the placement in which this supervisor looks; raises NotAllowed without one."""
    placements = session.scalars(
        sa.select(PlanMember.placement_id)
        .join(
            Placement,
            sa.and_(
                Placement.school_id == PlanMember.school_id,
                Placement.id == PlanMember.placement_id,
            ),
        )
        .where(
            PlanMember.school_id == plan.school_id,
            PlanMember.plan_id == plan.id,
            PlanMember.person_id == by.id,
            PlanMember.role == PlanRole.SUPERVISOR,
            holds(PlanMember, on),
            holds(Placement, on),
        )
    ).all()
    placement_id = evidence.placement_id if evidence else None
    if placement_id is not None and placement_id in placements:
        return placement_id
    # What happened elsewhere may be shown to the placement too.
    shown = None
    if evidence is not None:
        shown = session.scalars(
            sa.select(EvidenceShare.placement_id).where(
                EvidenceShare.school_id == plan.school_id,
                EvidenceShare.evidence_id == evidence.id,
                EvidenceShare.placement_id.in_(placements),
                EvidenceShare.ended_at.is_(None),
            )
        ).first()
    if shown is None:
        raise NotAllowed("not of the own placement")
    return shown


def _check_shown_by_name(session: Session, by: Person, evidence: Evidence | None) -> None:
    """Raise NotAllowed unless the student showed this piece to this very person."""
    shown = evidence is not None and session.scalar(
        sa.select(EvidenceShare.id).where(
            EvidenceShare.school_id == by.school_id,
            EvidenceShare.evidence_id == evidence.id,
            EvidenceShare.audience == Audience.PERSON,
            EvidenceShare.person_id == by.id,
            EvidenceShare.ended_at.is_(None),
        )
    )
    if not shown:
        raise NotAllowed("not shown to this person")


def _hold_version(session: Session, by: Person, evidence: Evidence, on: date) -> int:
    """Hold a piece until this judgement stands, and return the number of its newest words.

    Its student takes it back before or after, never in between: raises NotFound after.
    """
    of_piece = Evidence.id == evidence.id
    held = sa.select(Evidence.id).where(Evidence.school_id == by.school_id, of_piece)
    session.execute(held.with_for_update())
    # Asked again now that nobody else changes it: shares end together with their piece.
    if session.scalar(visible(Evidence, person=by, on=on).where(of_piece)) is None:
        raise NotFound("Evidence not found")
    newest = session.scalar(
        sa.select(sa.func.max(EvidenceVersion.number)).where(
            EvidenceVersion.school_id == evidence.school_id,
            EvidenceVersion.evidence_id == evidence.id,
        )
    )
    if newest is None:  # evidence is never without its first words
        raise LookupError(f"evidence {evidence.id} without words")
    return newest


def _add_voice(session: Session, judgement: Judgement, voice: VoiceFile, at: datetime) -> None:
    session.add(
        Recording(
            school_id=judgement.school_id,
            judgement_id=judgement.id,
            name=voice.name,
            media_type=voice.media_type,
            size=voice.size,
            digest=voice.digest,
            received_at=at,
            scan=voice.scan,
        )
    )
    session.flush()
    if voice.scan is ScanState.WAITING:
        scanner.ask(session, school_id=judgement.school_id)


def waits_for(by: Person) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on evidence that this person did not answer yet.

    To judge, to speak about it and to decline to look at it are answers. Who did not see what a
    piece shows says so in a comment, which is no judgement; one that was taken back is no answer.
    """
    here = Evidence.school_id
    return [
        ~sa.exists().where(
            Judgement.school_id == here,
            Judgement.evidence_id == Evidence.id,
            Judgement.by_id == by.id,
        ),
        ~sa.exists().where(
            Comment.school_id == here,
            Comment.evidence_id == Evidence.id,
            Comment.by_id == by.id,
            Comment.withdrawn_at.is_(None),
        ),
        ~sa.exists().where(
            FeedbackRequest.school_id == here,
            FeedbackRequest.evidence_id == Evidence.id,
            FeedbackRequest.to_id == by.id,
            FeedbackRequest.state == RequestState.DECLINED,
        ),
    ]
