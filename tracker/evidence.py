"""Evidence of learning, at school or at the workplace: logging a piece, and changing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracker import audit, scanner
from tracker.db import new_id
from tracker.errors import Conflict, Invalid
from tracker.judgements import judge
from tracker.models import (
    Attachment,
    Audience,
    Evidence,
    EvidenceContext,
    EvidenceGoal,
    EvidenceItem,
    EvidenceKind,
    EvidenceState,
    EvidenceVersion,
    FrameworkItem,
    Goal,
    LearningPlan,
    Person,
    Placement,
    ScaleLevel,
    ScanState,
)
from tracker.permissions import Action, require
from tracker.pieces import pieces_of
from tracker.plans import check_open, plan_of
from tracker.resends import Sent, logged_before
from tracker.shares import of_piece
from tracker.sharing import add_share, hold

MAX_FILES = 10
CLOCKS_DIFFER = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """A file whose bytes are kept under their SHA-256 (`attachments.keep`) once its row stands."""

    name: str
    media_type: str
    size: int
    digest: str
    thumbnail_digest: str | None
    scan: ScanState = ScanState.NONE


def log_evidence(
    session: Session,
    *,
    key: UUID,
    by: Person,
    plan: LearningPlan,
    kind: EvidenceKind = EvidenceKind.WORK,
    goals: Sequence[Goal] = (),
    items: Sequence[FrameworkItem] = (),
    text: str,
    happened_on: date,
    captured_at: datetime | None = None,
    has_people: bool,
    context: EvidenceContext | None = None,
    placement: Placement | None = None,
    share_with: Sequence[Audience] = (),
    files: Sequence[KeptFile] = (),
    own_level: ScaleLevel | None = None,
    on: date,
    at: datetime,
) -> Evidence:
    """Add evidence to the student's own plan, towards some of its goals, and share it if asked.

    `key` is the id that the caller made: sent again by the same person with the same content it
    returns the first piece, with other content it raises Conflict. `placement` is where it
    happened, and whose supervisors a share with the placement is for. `own_level` becomes the
    student's own judgement of each goal, or of the piece when it has none.
    """
    require(session, by, Action.LOG_EVIDENCE, on=on, plan_id=plan.id)
    goals = list({goal.id: goal for goal in goals}.values())
    items = list({item.id: item for item in items}.values())
    share_with = list(dict.fromkeys(share_with))
    evidence = Evidence(
        id=key,
        key=key,
        school_id=plan.school_id,
        plan_id=plan.id,
        author_id=by.id,
        kind=kind,
        context=EvidenceContext.WORKPLACE if placement and context is None else context,
        placement_id=placement.id if placement else None,
        state=EvidenceState.SHARED if share_with else EvidenceState.PRIVATE,
        happened_on=happened_on,
        captured_at=captured_at,
        received_at=at,
        has_people=has_people,
    )
    sent = Sent(
        text=text,
        goal_ids=frozenset(goal.id for goal in goals),
        item_ids=frozenset(item.id for item in items),
        digests=sorted(file.digest for file in files),
        share_with=frozenset(share_with),
        own_level_id=own_level.id if own_level else None,
    )
    earlier = logged_before(session, evidence=evidence, sent=sent)
    if earlier is not None:
        return earlier
    check_open(plan)
    _check_words(text, has_files=bool(files))
    _check_links(plan, goals, items)
    _check(plan, placement, share_with, files, happened_on, captured_at, on, at)
    if session.get(Evidence, (plan.school_id, key)) is not None:
        evidence.id = new_id()  # a key is one person's own: another may have made the same one
    try:
        with session.begin_nested():
            session.add(evidence)
    except IntegrityError:
        # The same key arrived twice at once, and the other one was first; or somebody else's did.
        earlier = logged_before(session, evidence=evidence, sent=sent)
        if earlier is not None:
            return earlier
        evidence.id = new_id()
        session.add(evidence)
        session.flush()
    _add_parts(session, evidence, goals, items, text, files, at)
    for audience in share_with:
        at_placement = audience is Audience.PLACEMENT and placement is not None
        placement_id = placement.id if placement and at_placement else None
        add_share(session, evidence, audience, placement_id=placement_id, at=at)
    audit.record(session, by=by, verb="logged evidence", subject=evidence, plan_id=plan.id, at=at)
    session.flush()
    if own_level is not None:
        about: Sequence[Goal | None] = goals or [None]
        for goal in about:
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


def edit_evidence(
    session: Session,
    *,
    by: Person,
    evidence: Evidence,
    text: str,
    goals: Sequence[Goal],
    items: Sequence[FrameworkItem],
    on: date,
    at: datetime,
) -> EvidenceVersion:
    """Say it in other words, or let it show other goals and work: a new version; returns it.

    What was said before stays. Nothing new is no new version. Raises Conflict once withdrawn.
    """
    require(session, by, Action.EDIT_EVIDENCE, on=on, plan_id=evidence.plan_id)
    hold(session, evidence, on=on, at=at)
    plan = plan_of(session, evidence)
    check_open(plan)
    if evidence.state is EvidenceState.WITHDRAWN:
        raise Conflict("evidence.withdrawn")
    _check_links(plan, goals, items)
    (now,) = pieces_of(session, [evidence], person=by, on=on)
    _check_words(text, has_files=bool(now.attachments))
    goal_ids, item_ids = {goal.id for goal in goals}, {item.id for item in items}
    if (text, goal_ids, item_ids) == (now.text, set(now.goals), set(now.items)):
        return now.version
    version = EvidenceVersion(
        school_id=evidence.school_id,
        evidence_id=evidence.id,
        number=now.version.number + 1,
        text=text,
        written_at=at,
    )
    session.add(version)
    for link in (EvidenceGoal, EvidenceItem):
        session.execute(sa.delete(link).where(*of_piece(link, evidence)))
    _add_links(session, evidence, goal_ids, item_ids)
    audit.record(session, by=by, verb="edited evidence", subject=evidence, plan_id=plan.id, at=at)
    session.flush()
    return version


def _check_words(text: str, *, has_files: bool) -> None:
    if not text and not has_files:
        raise Invalid(text="evidence.empty")


def _check_links(plan: LearningPlan, goals: Sequence[Goal], items: Sequence[FrameworkItem]) -> None:
    if any(goal.plan_id != plan.id for goal in goals):
        raise Invalid(goal_ids="goal.of_other_plan")
    if any(item.framework_id != plan.framework_id for item in items):
        raise Invalid(item_ids="item.of_other_framework")


def _check(
    plan: LearningPlan,
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
    if placement is not None and placement.plan_id != plan.id:
        raise Invalid(placement_id="placement.of_other_plan")
    if Audience.PLACEMENT in share_with and placement is None:
        raise Invalid(share_with="share.needs_placement")
    if Audience.PERSON in share_with:
        raise Invalid(share_with="share.needs_person")
    if len(files) > MAX_FILES:
        raise Invalid(files="files.too_many")


def _add_parts(
    session: Session,
    evidence: Evidence,
    goals: Sequence[Goal],
    items: Sequence[FrameworkItem],
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
    _add_links(session, evidence, {goal.id for goal in goals}, {item.id for item in items})
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
            scan=file.scan,
        )
        for file in files
    )
    if any(file.scan is ScanState.WAITING for file in files):
        scanner.ask(session, school_id=school_id)


def _add_links(
    session: Session, evidence: Evidence, goal_ids: set[UUID], item_ids: set[UUID]
) -> None:
    own = {"school_id": evidence.school_id, "evidence_id": evidence.id}
    session.add_all(EvidenceGoal(**own, goal_id=goal_id) for goal_id in goal_ids)
    session.add_all(EvidenceItem(**own, item_id=item_id) for item_id in item_ids)
