"""The number a student's column in a gradebook may hold: what others confirmed, counted purely.

Formative: it counts, and weighs nothing. A goal or a piece is confirmed when a coach or
praktijkopleider said "zelfstandig" or more in their newest word about it. What the student, a
fellow student or the core team says never moves it (docs/decisions/0040). What nobody looked at
yet has no number, for missing is not insufficient.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.facts import INDEPENDENT
from tracker.models import (
    Audience,
    Evidence,
    EvidenceShare,
    EvidenceState,
    Goal,
    GoalState,
    Judgement,
    LearningPlan,
    LessonChoice,
    Outcome,
    PlanRole,
    PlanState,
    ScaleLevel,
)

CONFIRMERS = frozenset({PlanRole.COACH, PlanRole.SUPERVISOR})
WHOLE = 100


@dataclass(frozen=True, slots=True)
class Said:
    """What one person in one role said on a day of a goal, a piece, or a piece as to a goal."""

    id: UUID
    by_id: UUID
    role: PlanRole
    anchor: int
    observed_on: date
    recorded_at: datetime
    goal_id: UUID | None = None
    evidence_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What counts of one student's own plan.

    `goal_ids` are goals that are no draft, not stopped and not moved; `piece_ids` pieces that are
    shared and not withdrawn; `lesson_ids` lessons of which the choice was confirmed.
    """

    plan_id: UUID
    student_id: UUID
    is_closed: bool
    goal_ids: frozenset[UUID] = frozenset()
    piece_ids: frozenset[UUID] = frozenset()
    said: Sequence[Said] = ()
    lesson_ids: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Count:
    """So many confirmed of so many; `is_seen`: a coach or praktijkopleider looked at any of it."""

    confirmed: int
    of: int
    is_seen: bool

    @property
    def percentage(self) -> int:
        """Return the share in whole hundredths, rounded down: 100 means all."""
        return WHOLE * self.confirmed // self.of if self.of else 0


def progress(facts: PlanFacts) -> Count:
    """Count the confirmed goals among the plan's own."""
    looked = _newest((said.goal_id, said) for said in facts.said if said.goal_id in facts.goal_ids)
    return Count(_confirmed(looked), len(facts.goal_ids), bool(looked))


def evidence(facts: PlanFacts, *, pieces: int) -> Count:
    """Count the confirmed pieces, up to the agreed number."""
    looked = _newest(
        (said.evidence_id, said) for said in facts.said if said.evidence_id in facts.piece_ids
    )
    return Count(min(_confirmed(looked), pieces), pieces, bool(looked))


def lesson(facts: PlanFacts, *, lesson_id: UUID) -> Count:
    """Count 1 when it was confirmed that the student followed this lesson."""
    is_followed = lesson_id in facts.lesson_ids
    return Count(int(is_followed), 1, is_followed)


Views = dict[UUID, dict[tuple[UUID, UUID | None], Said]]


def _newest(spoken: Iterable[tuple[UUID | None, Said]]) -> Views:
    """Return each confirmer's newest word about each thing; of a piece, for each goal it shows."""
    found: Views = defaultdict(dict)
    for subject, said in spoken:
        if subject is None or said.role not in CONFIRMERS:
            continue
        rater = (said.by_id, said.goal_id)
        before = found[subject].get(rater)
        if before is None or _moment(before) < _moment(said):
            found[subject][rater] = said
    return found


def _moment(said: Said) -> tuple[date, datetime, UUID]:
    return said.observed_on, said.recorded_at, said.id


def _confirmed(looked: Views) -> int:
    return sum(
        any(said.anchor >= INDEPENDENT for said in words.values()) for words in looked.values()
    )


def facts_of(
    session: Session, *, school_id: UUID, student_ids: Iterable[UUID]
) -> dict[UUID, PlanFacts]:
    """Return the facts of each student's own plan, by student; in five queries for any number.

    The plan is the newest one that runs, else the newest that was closed; who has neither is left
    out. The caller decides who may know the numbers.
    """
    plans = _plans(session, school_id, set(student_ids))
    ids = [plan.id for plan in plans.values()]
    goals = _ids(
        session,
        sa.select(Goal.plan_id, Goal.id).where(
            Goal.school_id == school_id,
            Goal.plan_id.in_(ids),
            Goal.state != GoalState.DRAFT,
            sa.or_(Goal.state == GoalState.ACTIVE, Goal.outcome == Outcome.REACHED),
        ),
    )
    pieces = _ids(
        session,
        sa.select(Evidence.plan_id, Evidence.id).where(
            Evidence.school_id == school_id,
            Evidence.plan_id.in_(ids),
            Evidence.state == EvidenceState.SHARED,
            _shown_in_school(school_id, Evidence.id),
        ),
    )
    lessons = _ids(
        session,
        sa.select(LessonChoice.plan_id, LessonChoice.lesson_id).where(
            LessonChoice.school_id == school_id,
            LessonChoice.plan_id.in_(ids),
            LessonChoice.confirmed_at.is_not(None),
            LessonChoice.dropped_at.is_(None),
        ),
    )
    said = _said(session, school_id, ids)
    return {
        student_id: PlanFacts(
            plan_id=plan.id,
            student_id=student_id,
            is_closed=plan.state is PlanState.CLOSED,
            goal_ids=frozenset(goals[plan.id]),
            piece_ids=frozenset(pieces[plan.id]),
            said=said[plan.id],
            lesson_ids=frozenset(lessons[plan.id]),
        )
        for student_id, plan in plans.items()
    }


def _plans(session: Session, school_id: UUID, student_ids: set[UUID]) -> Mapping[UUID, Any]:
    rows = session.execute(
        sa.select(
            LearningPlan.id, LearningPlan.student_id, LearningPlan.state, LearningPlan.starts_on
        ).where(
            LearningPlan.school_id == school_id,
            LearningPlan.student_id.in_(student_ids),
            LearningPlan.state != PlanState.DRAFT,
        )
    ).all()
    best: dict[UUID, Any] = {}
    for row in sorted(rows, key=lambda row: (row.state is PlanState.ACTIVE, row.starts_on, row.id)):
        best[row.student_id] = row
    return best


def _ids(session: Session, query: sa.Select[UUID, UUID]) -> dict[UUID, set[UUID]]:
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for plan_id, key in session.execute(query):
        found[plan_id].add(key)
    return found


def _shown_in_school(
    school_id: UUID, piece_id: Any, *, since: Any = None
) -> sa.ColumnElement[bool]:
    """Whether the student shows a piece to the coaches, or did at some time since that moment.

    What is only between a student and the workplace moves no number that teachers read.
    """
    ended_at = EvidenceShare.ended_at
    is_open = ended_at.is_(None) if since is None else sa.or_(ended_at.is_(None), ended_at >= since)
    return sa.exists().where(
        EvidenceShare.school_id == school_id,
        EvidenceShare.evidence_id == piece_id,
        EvidenceShare.audience == Audience.COACHES,
        is_open,
    )


def _said(session: Session, school_id: UUID, plan_ids: list[UUID]) -> dict[UUID, list[Said]]:
    rows = session.execute(
        sa.select(
            Judgement.plan_id,
            Judgement.id,
            Judgement.by_id,
            Judgement.role,
            ScaleLevel.anchor,
            Judgement.observed_on,
            Judgement.recorded_at,
            Judgement.goal_id,
            Judgement.evidence_id,
        )
        .join(
            ScaleLevel,
            sa.and_(
                ScaleLevel.school_id == Judgement.school_id, ScaleLevel.id == Judgement.level_id
            ),
        )
        .where(
            Judgement.school_id == school_id,
            Judgement.plan_id.in_(plan_ids),
            Judgement.role.in_(CONFIRMERS),
            sa.or_(
                Judgement.evidence_id.is_(None),
                _shown_in_school(school_id, Judgement.evidence_id, since=Judgement.recorded_at),
            ),
        )
    )
    found: dict[UUID, list[Said]] = defaultdict(list)
    for row in rows:
        said = row._asdict()
        found[said.pop("plan_id")].append(Said(**said))
    return found
