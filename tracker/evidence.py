"""Evidence of learning, at school or at the workplace: logging it, and reading it back."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
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
    Judgement,
    LearningPlan,
    Person,
    Placement,
    PlanMember,
    PlanRole,
    ScaleLevel,
)
from tracker.permissions import Action, holds, require, visible
from tracker.plans import check_open

MAX_FILES = 10
CLOCKS_DIFFER = timedelta(minutes=1)


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
    goals = list({goal.id: goal for goal in goals}.values())
    share_with = list(dict.fromkeys(share_with))
    evidence = Evidence(
        id=key,
        key=key,
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
    content = _content(evidence, goals, text, files, share_with, own_level)
    earlier = _logged_before(session, key=key, by=by, content=content)
    if earlier is not None:
        return earlier
    check_open(plan)
    _check(plan, goals, placement, share_with, files, happened_on, captured_at, on, at)
    try:
        with session.begin_nested():
            session.add(evidence)
    except IntegrityError:
        # The same key arrived twice at once, and the other one was first.
        earlier = _logged_before(session, key=key, by=by, content=content)
        if earlier is None:
            raise
        return earlier
    _add_parts(session, evidence, goals, text, files, at)
    for audience in share_with:
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
    if captured_at is not None and captured_at > at + CLOCKS_DIFFER:
        raise Invalid(captured_at="moment.in_future")
    if any(goal.plan_id != plan.id for goal in goals):
        raise Invalid(goal_ids="goal.of_other_plan")
    if placement is not None and placement.plan_id != plan.id:
        raise Invalid(placement_id="placement.of_other_plan")
    if Audience.PLACEMENT in share_with and placement is None:
        raise Invalid(share_with="share.needs_placement")
    if len(files) > MAX_FILES:
        raise Invalid(files="files.too_many")


def _content(
    evidence: Evidence,
    goals: Sequence[Goal],
    text: str,
    files: Sequence[KeptFile],
    share_with: Sequence[Audience],
    own_level: ScaleLevel | None,
) -> dict[str, Any]:
    """Return what was sent, for comparing it with what was logged under the same key."""
    return {
        **_columns(evidence),
        "text": text,
        "goals": {goal.id for goal in goals},
        "files": sorted(file.digest for file in files),
        "shared with": set(share_with),
        "own levels": {own_level.id} if own_level and goals else set(),
    }


def _columns(evidence: Evidence) -> dict[str, Any]:
    names = ("plan_id", "author_id", "placement_id", "happened_on", "captured_at", "has_people")
    return {name: getattr(evidence, name) for name in names}


def _logged_before(
    session: Session, *, key: UUID, by: Person, content: dict[str, Any]
) -> Evidence | None:
    """Return the piece that this was logged as; raises Conflict when the key holds another one."""
    evidence = session.get(Evidence, (by.school_id, key))
    if evidence is None:
        return None

    def found(column: Any, **only: Any) -> Sequence[Any]:
        query = sa.select(column).filter_by(school_id=by.school_id, evidence_id=key, **only)
        return session.scalars(query).all()

    then = evidence.received_at
    first = {
        **_columns(evidence),
        "text": "".join(found(EvidenceVersion.text, number=1)),
        "goals": set(found(EvidenceGoal.goal_id)),
        "files": sorted(found(Attachment.digest)),
        "shared with": set(found(EvidenceShare.audience, shared_at=then)),
        "own levels": set(found(Judgement.level_id, by_id=evidence.author_id, recorded_at=then)),
    }
    if first != content:
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


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of evidence with its latest words, its goals' titles by id, and its files."""

    evidence: Evidence
    text: str
    goals: dict[UUID, str]
    attachments: Sequence[Attachment]


def pieces(
    session: Session,
    *,
    person: Person,
    on: date,
    plan_ids: Sequence[UUID],
    evidence_id: UUID | None = None,
    limit: int | None = None,
) -> Sequence[Piece]:
    """Return what this person may see of some plans' evidence, newest first; in four queries."""
    query = visible(Evidence, person=person, on=on).where(Evidence.plan_id.in_(plan_ids))
    if evidence_id is not None:
        query = query.where(Evidence.id == evidence_id)
    newest_first = (Evidence.happened_on.desc(), Evidence.received_at.desc(), Evidence.id.desc())
    return pieces_of(session, session.scalars(query.order_by(*newest_first).limit(limit)).all())


def pieces_of(session: Session, found: Sequence[Evidence]) -> Sequence[Piece]:
    """Return evidence that the caller holds with its words, goals and files; in three queries."""
    if not found:
        return []
    school_id = found[0].school_id
    ids = [evidence.id for evidence in found]
    texts = _latest_texts(session, school_id, ids)
    goals: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    for piece_id, goal_id, title in session.execute(
        sa.select(EvidenceGoal.evidence_id, Goal.id, Goal.title)
        .join(
            Goal, sa.and_(Goal.school_id == EvidenceGoal.school_id, Goal.id == EvidenceGoal.goal_id)
        )
        .where(EvidenceGoal.school_id == school_id, EvidenceGoal.evidence_id.in_(ids))
        .order_by(Goal.id)
    ):
        goals[piece_id][goal_id] = title
    files: dict[UUID, list[Attachment]] = defaultdict(list)
    for attachment in session.scalars(
        sa.select(Attachment)
        .where(Attachment.school_id == school_id, Attachment.evidence_id.in_(ids))
        .order_by(Attachment.id)
    ):
        files[attachment.evidence_id].append(attachment)
    return [
        Piece(evidence, texts[evidence.id], goals[evidence.id], files[evidence.id])
        for evidence in found
    ]


def _latest_texts(session: Session, school_id: UUID, ids: Sequence[UUID]) -> dict[UUID, str]:
    rows = session.execute(
        sa.select(EvidenceVersion.evidence_id, EvidenceVersion.text)
        .where(EvidenceVersion.school_id == school_id, EvidenceVersion.evidence_id.in_(ids))
        .order_by(EvidenceVersion.number)
    )
    return {evidence_id: text for evidence_id, text in rows}  # noqa: C416 - the last version wins


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who can see a piece now, besides the student; `until_on` is exclusive."""

    name: str
    given_name: str
    role: PlanRole
    until_on: date | None


def viewers(
    session: Session, *, school_id: UUID, evidence_ids: Sequence[UUID], on: date
) -> dict[UUID, list[Viewer]]:
    """Return who can see each piece on this day: the plan's people it is shared with."""
    school_people = (PlanRole.COACH, PlanRole.TEAM)
    rows = session.execute(
        sa.select(
            EvidenceShare.evidence_id,
            Person.name,
            Person.given_name,
            PlanMember.role,
            PlanMember.until_on,
        )
        .join(
            Evidence,
            sa.and_(
                Evidence.school_id == EvidenceShare.school_id,
                Evidence.id == EvidenceShare.evidence_id,
            ),
        )
        .join(
            PlanMember,
            sa.and_(
                PlanMember.school_id == Evidence.school_id,
                PlanMember.plan_id == Evidence.plan_id,
                sa.or_(
                    sa.and_(
                        EvidenceShare.audience == Audience.COACHES,
                        PlanMember.role.in_(school_people),
                    ),
                    sa.and_(
                        EvidenceShare.audience == Audience.PLACEMENT,
                        PlanMember.role == PlanRole.SUPERVISOR,
                        PlanMember.placement_id == EvidenceShare.placement_id,
                    ),
                ),
                holds(PlanMember, on),
            ),
        )
        .join(
            Person,
            sa.and_(Person.school_id == PlanMember.school_id, Person.id == PlanMember.person_id),
        )
        .where(
            EvidenceShare.school_id == school_id,
            EvidenceShare.evidence_id.in_(evidence_ids),
            EvidenceShare.ended_at.is_(None),
        )
        .order_by(PlanMember.role, Person.name)
    )
    found: dict[UUID, list[Viewer]] = defaultdict(list)
    for evidence_id, name, given_name, role, until_on in rows:
        found[evidence_id].append(Viewer(name, given_name, role, until_on))
    return found
