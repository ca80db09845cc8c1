"""Pieces of evidence as readers see them: with their words, goals, work and files."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.db import among
from tracker.models import (
    Attachment,
    Evidence,
    EvidenceGoal,
    EvidenceItem,
    EvidenceKind,
    EvidenceShare,
    EvidenceState,
    EvidenceVersion,
    FrameworkItem,
    Goal,
    Person,
    ScanState,
)
from tracker.permissions import TODAY, VISIBLE, given, once_for_reader, stand_in, visible
from tracker.shares import of_piece, state_on


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of evidence with its newest words, its work and files, as one reader sees it.

    `state` is who may see it on that day; `goals` are those that the reader sees, by id.
    """

    evidence: Evidence
    state: EvidenceState
    version: EvidenceVersion
    goals: dict[UUID, str]
    items: dict[UUID, str]
    attachments: Sequence[Attachment]

    @property
    def text(self) -> str:
        """Return the newest words."""
        return self.version.text

    def files_for(self, reader: Person) -> list[Attachment]:
        """Return the files that a reader sees: what a scanner did not pass is its student's."""
        if reader.id == self.evidence.author_id:
            return list(self.attachments)
        passed = {ScanState.NONE, ScanState.CLEAN}
        return [file for file in self.attachments if file.scan in passed]


def only(
    *,
    kind: EvidenceKind | None = None,
    goal_id: UUID | None = None,
    item_id: UUID | None = None,
    from_on: date | None = None,
    until_on: date | None = None,
) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of a filter on evidence; `until_on` is exclusive."""
    conditions: list[sa.ColumnElement[bool]] = []
    if kind is not None:
        conditions.append(Evidence.kind == kind)
    if goal_id is not None:
        conditions.append(
            sa.exists().where(
                EvidenceGoal.school_id == Evidence.school_id,
                EvidenceGoal.evidence_id == Evidence.id,
                EvidenceGoal.goal_id == goal_id,
            )
        )
    if item_id is not None:
        conditions.append(
            sa.exists().where(
                EvidenceItem.school_id == Evidence.school_id,
                EvidenceItem.evidence_id == Evidence.id,
                EvidenceItem.item_id == item_id,
            )
        )
    if from_on is not None:
        conditions.append(Evidence.happened_on >= from_on)
    if until_on is not None:
        conditions.append(Evidence.happened_on < until_on)
    return conditions


def pieces(
    session: Session,
    *,
    person: Person,
    on: date,
    plan_ids: Sequence[UUID],
    evidence_id: UUID | None = None,
    conditions: Sequence[sa.ColumnElement[bool]] = (),
    skip: int = 0,
    limit: int | None = None,
) -> Sequence[Piece]:
    """Return what this person may see of some plans' evidence, newest first; in five queries."""
    query = _newest_first(stand_in(person), TODAY, session.get_bind().dialect.name)
    if conditions:
        query = query.where(*conditions)
    if evidence_id is not None:
        query = query.where(Evidence.id == evidence_id)
    if skip:
        query = query.offset(skip)
    if limit is not None:
        query = query.limit(limit)
    asked = {**given(person, on), "plans": list(plan_ids)}
    return pieces_of(session, session.scalars(query, asked).all(), person=person, on=on)


@once_for_reader
def _newest_first(person: Person, on: date, dialect: str) -> sa.Select[*tuple[Evidence]]:
    """Select what a reader sees of the evidence of plans, whose ids are given as `plans`."""
    newest_first = (Evidence.happened_on.desc(), Evidence.received_at.desc(), Evidence.id.desc())
    return (
        visible(Evidence, person=person, on=on)
        .where(among(Evidence.plan_id, "plans", dialect))
        .order_by(*newest_first)
    )


def pieces_of(
    session: Session, found: Sequence[Evidence], *, person: Person, on: date
) -> Sequence[Piece]:
    """Return evidence that the caller holds with what this reader sees of it; in four queries."""
    if not found:
        return []
    statements = _parts(stand_in(person), TODAY, session.get_bind().dialect.name)
    asked = {**given(person, on), "pieces": [evidence.id for evidence in found]}
    versions, titles, work, attached = (session.execute(each, asked) for each in statements)
    newest: dict[UUID, tuple[EvidenceState, EvidenceVersion]] = {}
    for state, version in versions:
        newest[version.evidence_id] = state, version  # in order, so the newest one stays
    goals: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    for piece_id, goal_id, title in titles:
        if title is not None:  # None: a goal that this reader does not see
            goals[piece_id][goal_id] = title
    items: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    for piece_id, item_id, code, title in work:
        items[piece_id][item_id] = f"{code} {title}"
    files: dict[UUID, list[Attachment]] = defaultdict(list)
    for (attachment,) in attached:
        files[attachment.evidence_id].append(attachment)
    return [
        Piece(
            evidence,
            *newest[evidence.id],
            goals[evidence.id],
            items[evidence.id],
            files[evidence.id],
        )
        for evidence in found
    ]


@once_for_reader
def _parts(person: Person, on: date, dialect: str) -> tuple[sa.Executable, ...]:
    """Select the words, goals, work and files of pieces, whose ids are given as `pieces`."""

    def of_pieces(table: Any) -> tuple[sa.ColumnElement[bool], ...]:
        return table.school_id == person.school_id, among(table.evidence_id, "pieces", dialect)

    words = (
        sa.select(state_on(on), EvidenceVersion)
        .join(
            Evidence,
            sa.and_(
                Evidence.school_id == EvidenceVersion.school_id,
                Evidence.id == EvidenceVersion.evidence_id,
            ),
        )
        .where(*of_pieces(EvidenceVersion))
        .order_by(EvidenceVersion.number)
    )
    # Each goal is looked up: in a join PostgreSQL reads the school's goals to see which are shown.
    title = (
        sa.select(Goal.title)
        .where(
            Goal.school_id == EvidenceGoal.school_id,
            Goal.id == EvidenceGoal.goal_id,
            VISIBLE[Goal](person, on),
        )
        .correlate(EvidenceGoal)
        .scalar_subquery()
    )
    goals = (
        sa.select(EvidenceGoal.evidence_id, EvidenceGoal.goal_id, title)
        .where(*of_pieces(EvidenceGoal))
        .order_by(EvidenceGoal.goal_id)
    )
    items = (
        sa.select(
            EvidenceItem.evidence_id, FrameworkItem.id, FrameworkItem.code, FrameworkItem.title
        )
        .join(
            FrameworkItem,
            sa.and_(
                FrameworkItem.school_id == EvidenceItem.school_id,
                FrameworkItem.id == EvidenceItem.item_id,
            ),
        )
        .where(*of_pieces(EvidenceItem))
        .order_by(FrameworkItem.position)
    )
    files = sa.select(Attachment).where(*of_pieces(Attachment)).order_by(Attachment.id)
    return words, goals, items, files


def evidence_of(session: Session, *, goal_id: UUID, person: Person, on: date) -> set[UUID]:
    """Return the ids of the pieces that show a goal, as far as this person sees them."""
    shown = visible(Evidence, person=person, on=on).where(*only(goal_id=goal_id))
    return set(session.scalars(shown.with_only_columns(Evidence.id)))


def versions_of(
    session: Session, evidence: Evidence, *, person: Person
) -> Sequence[EvidenceVersion]:
    """Return the words of a piece as they were, newest first.

    Its student sees every version; others those that held while it was shared, so that what was
    written for oneself and changed before sharing stays one's own.
    """
    versions = session.scalars(
        sa.select(EvidenceVersion)
        .where(*of_piece(EvidenceVersion, evidence))
        .order_by(EvidenceVersion.number)
    ).all()
    if person.id == evidence.author_id:
        return versions[::-1]
    shares = session.execute(
        sa.select(EvidenceShare.shared_at, EvidenceShare.ended_at).where(
            *of_piece(EvidenceShare, evidence)
        )
    ).all()
    held = pairwise([*(version.written_at for version in versions), None])
    shown = [
        version
        for version, (_, until) in zip(versions, held, strict=True)
        if any(_overlap(version.written_at, until, *share) for share in shares)
    ]
    return shown[::-1]


def _overlap(
    from_at: datetime, until: datetime | None, shared_at: datetime, ended_at: datetime | None
) -> bool:
    """Whether two stretches of time, each perhaps without an end, have a moment in common."""
    return (ended_at is None or from_at < ended_at) and (until is None or shared_at < until)
