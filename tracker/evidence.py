"""Logging evidence of learning, at school or at the workplace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Conflict, Invalid
from tracker.judgements import judge
from tracker.models import (
    Attachment,
    Audience,
    Evidence,
    EvidenceGoal,
    EvidenceShare,
    EvidenceState,
    EvidenceVersion,
    Goal,
    LearningPlan,
    Person,
    Placement,
    ScaleLevel,
)
from tracker.permissions import Action, require

MAX_FILES = 10


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """A file whose bytes are already kept under their SHA-256 (`attachments.keep`)."""

    name: str
    media_type: str
    size: int
    digest: str
    thumbnail_digest: str | None


def log_evidence(
    session: Session,
    *,
    key: UUID,
    by: Person,
    plan: LearningPlan,
    goals: Sequence[Goal],
    text: str,
    happened_on: date,
    captured_at: datetime | None = None,
    has_people: bool,
    placement: Placement | None = None,
    share_with: Sequence[Audience] = (),
    files: Sequence[KeptFile] = (),
    own_level: ScaleLevel | None = None,
    on: date,
    at: datetime,
) -> Evidence:
    """Add evidence to the student's own plan, towards some of its goals, and share it if asked.

    `key` is the id that the caller made: sent again with the same content it returns the first
    piece, with other content it raises Conflict. `own_level` becomes the student's own judgement
    of each goal.
    """
    require(session, by, Action.LOG_EVIDENCE, on=on, plan_id=plan.id)
    _check(plan, goals, placement, share_with, files, happened_on, captured_at, on, at)
    earlier = _logged_before(session, key=key, by=by, plan=plan, text=text, happened_on=happened_on)
    if earlier is not None:
        return earlier

    evidence = Evidence(
        id=key,
        school_id=plan.school_id,
        plan_id=plan.id,
        author_id=by.id,
        placement_id=placement.id if placement else None,
        state=EvidenceState.SHARED if share_with else EvidenceState.PRIVATE,
        happened_on=happened_on,
        captured_at=captured_at,
        received_at=at,
        has_people=has_people,
    )
    session.add(evidence)
    session.flush()
    _add_parts(session, evidence, goals, text, files, at)
    for audience in dict.fromkeys(share_with):
        _share(session, evidence, audience, placement, at)
    audit.record(session, by=by, verb="logged evidence", subject=evidence, plan_id=plan.id, at=at)
    session.flush()
    if own_level is not None:
        for goal in goals:
            judge(
                session,
                by=by,
                plan=plan,
                goal=goal,
                evidence=evidence,
                level=own_level,
                observed_on=happened_on,
                on=on,
                at=at,
            )
    return evidence


def _check(
    plan: LearningPlan,
    goals: Sequence[Goal],
    placement: Placement | None,
    share_with: Sequence[Audience],
    files: Sequence[KeptFile],
    happened_on: date,
    captured_at: datetime | None,
    on: date,
    at: datetime,
) -> None:
    if happened_on > on:
        raise Invalid(happened_on="date.in_future")
    if captured_at is not None and captured_at > at:
        raise Invalid(captured_at="moment.in_future")
    if any(goal.plan_id != plan.id for goal in goals):
        raise Invalid(goal_ids="goal.of_other_plan")
    if placement is not None and placement.plan_id != plan.id:
        raise Invalid(placement_id="placement.of_other_plan")
    if Audience.PLACEMENT in share_with and placement is None:
        raise Invalid(share_with="share.needs_placement")
    if len(files) > MAX_FILES:
        raise Invalid(files="files.too_many")


def _logged_before(
    session: Session,
    *,
    key: UUID,
    by: Person,
    plan: LearningPlan,
    text: str,
    happened_on: date,
) -> Evidence | None:
    evidence = session.get(Evidence, (by.school_id, key))
    if evidence is None:
        return None
    first_text = session.scalar(
        sa.select(EvidenceVersion.text).where(
            EvidenceVersion.school_id == by.school_id,
            EvidenceVersion.evidence_id == key,
            EvidenceVersion.number == 1,
        )
    )
    same = (evidence.author_id, evidence.plan_id, evidence.happened_on, first_text) == (
        by.id,
        plan.id,
        happened_on,
        text,
    )
    if not same:
        raise Conflict("evidence.key_used")
    return evidence


def _add_parts(
    session: Session,
    evidence: Evidence,
    goals: Sequence[Goal],
    text: str,
    files: Sequence[KeptFile],
    at: datetime,
) -> None:
    school_id = evidence.school_id
    session.add(
        EvidenceVersion(
            school_id=school_id, evidence_id=evidence.id, number=1, text=text, written_at=at
        )
    )
    session.add_all(
        EvidenceGoal(school_id=school_id, evidence_id=evidence.id, goal_id=goal.id)
        for goal in goals
    )
    session.add_all(
        Attachment(
            school_id=school_id,
            evidence_id=evidence.id,
            name=file.name,
            media_type=file.media_type,
            size=file.size,
            digest=file.digest,
            thumbnail_digest=file.thumbnail_digest,
            received_at=at,
        )
        for file in files
    )


def _share(
    session: Session,
    evidence: Evidence,
    audience: Audience,
    placement: Placement | None,
    at: datetime,
) -> None:
    session.add(
        EvidenceShare(
            school_id=evidence.school_id,
            evidence_id=evidence.id,
            audience=audience,
            placement_id=placement.id if placement and audience is Audience.PLACEMENT else None,
            shared_at=at,
            ended_at=None,
        )
    )
