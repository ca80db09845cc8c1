"""Reply clocks, both ways: who waits for whom, about what, and since when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from tracker import audit
from tracker.models import (
    EvidenceVersion,
    FeedbackRequest,
    Goal,
    LearningPlan,
    LearningQuestion,
    Person,
    PlanMember,
    PlanState,
    RequestState,
    School,
)
from tracker.people import today_at
from tracker.permissions import (
    TODAY,
    VISIBLE,
    Condition,
    given,
    holds,
    once_for_reader,
    stand_in,
)

Key = InstrumentedAttribute[UUID]
Statement = sa.Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request with what a reader needs beside it.

    `title` is what it is about: a goal's title, a piece's newest words, a question's words.
    `days` counts from the day it was asked until today, or until it was closed. `is_there` is
    False when the asked person takes no part in the plan any more, so that nobody can answer.
    """

    id: UUID
    plan_id: UUID
    goal_id: UUID | None
    evidence_id: UUID | None
    question_id: UUID | None
    title: str
    student_id: UUID
    student: str
    by_id: UUID
    by_name: str
    by_given_name: str
    to_id: UUID
    to_name: str
    to_given_name: str
    words: str | None
    state: RequestState
    asked_at: datetime
    asked_on: date
    days: int
    reminded_at: datetime | None
    closed_at: datetime | None
    reply: str | None
    is_there: bool

    @property
    def at(self) -> datetime:
        """Return when it was asked, its place in a thread."""
        return self.asked_at


COLUMNS = (
    "id",
    "plan_id",
    "goal_id",
    "evidence_id",
    "question_id",
    "by_id",
    "to_id",
    "words",
    "state",
    "asked_at",
    "reminded_at",
    "closed_at",
    "reply",
)


def waiting_both_ways(
    session: Session, *, person: Person, on: date
) -> tuple[list[SeenRequest], list[SeenRequest]]:
    """Return the open requests that this person owes an answer, and is owed one; oldest first."""
    seen = _read(session, _waiting(stand_in(person), TODAY), person=person, on=on)
    return (
        [request for request in seen if request.to_id == person.id],
        [request for request in seen if request.by_id == person.id],
    )


@once_for_reader
def _waiting(person: Person, on: date) -> Statement:
    asked = sa.or_(FeedbackRequest.to_id == person.id, FeedbackRequest.by_id == person.id)
    return _requests(person, on).where(asked, *_open())


def look_at_requests(session: Session, *, person: Person, seen: Sequence[SeenRequest]) -> None:
    """Remember that somebody looks at a list of requests, which quotes what students wrote."""
    others = {str(request.plan_id) for request in seen if request.student_id != person.id}
    if others:
        audit.look(
            session, by=person, verb="listed requests", subject=person, plan_ids=sorted(others)
        )


def count_waiting(session: Session, *, person: Person, on: date) -> int:
    """Return how many requests this person owes an answer, of those they can see."""
    return session.scalar(_owed(stand_in(person), TODAY), given(person, on)) or 0


@once_for_reader
def _owed(person: Person, on: date) -> sa.Select[int]:
    return sa.select(sa.func.count(FeedbackRequest.id)).where(
        FeedbackRequest.school_id == person.school_id,
        FeedbackRequest.to_id == person.id,
        *_open(),
        VISIBLE[FeedbackRequest](person, on),
    )


def _open() -> list[Condition]:
    """Return the conditions of open requests; in a closed plan nobody can answer, so none waits."""
    plan = aliased(LearningPlan)
    goes_on = sa.exists().where(
        plan.school_id == FeedbackRequest.school_id,
        plan.id == FeedbackRequest.plan_id,
        plan.state != PlanState.CLOSED,
    )
    return [FeedbackRequest.state == RequestState.OPEN, goes_on]


def requests_seen(
    session: Session, *, person: Person, on: date, where: Sequence[Condition]
) -> Sequence[SeenRequest]:
    """Return the requests that this person may see, oldest first; in one query."""
    seen = _requests(stand_in(person), TODAY).where(*where)
    return _read(session, seen, person=person, on=on)


def _read(
    session: Session, statement: Statement, *, person: Person, on: date
) -> Sequence[SeenRequest]:
    school = session.get_one(School, person.school_id)
    rows = session.connection().execute(statement, given(person, on))
    return [_seen(school, on, **row._asdict()) for row in rows]


@once_for_reader
def _requests(person: Person, on: date) -> Statement:
    """Select the requests that this person may see with what a reader needs, oldest first."""
    by, to, student = aliased(Person), aliased(Person), aliased(Person)
    asked = FeedbackRequest
    text = (
        sa.select(EvidenceVersion.text)
        .where(
            EvidenceVersion.school_id == asked.school_id,
            EvidenceVersion.evidence_id == asked.evidence_id,
        )
        .order_by(EvidenceVersion.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    is_there = sa.exists().where(
        PlanMember.school_id == asked.school_id,
        PlanMember.plan_id == asked.plan_id,
        PlanMember.person_id == asked.to_id,
        holds(PlanMember, on),
    )

    def named(row: type[Person], key: Key) -> Condition:
        return sa.and_(row.school_id == asked.school_id, row.id == key)

    columns: list[Any] = [
        *(getattr(asked, name) for name in COLUMNS),
        sa.func.coalesce(Goal.title, LearningQuestion.words, text).label("title"),
        LearningPlan.student_id.label("student_id"),
        student.given_name.label("student"),
        by.name.label("by_name"),
        by.given_name.label("by_given_name"),
        to.name.label("to_name"),
        to.given_name.label("to_given_name"),
        is_there.label("is_there"),
    ]
    return (
        sa.select(*columns)
        .join(
            LearningPlan,
            sa.and_(LearningPlan.school_id == asked.school_id, LearningPlan.id == asked.plan_id),
        )
        .join(student, named(student, LearningPlan.student_id))
        .join(by, named(by, asked.by_id))
        .join(to, named(to, asked.to_id))
        .outerjoin(Goal, sa.and_(Goal.school_id == asked.school_id, Goal.id == asked.goal_id))
        .outerjoin(
            LearningQuestion,
            sa.and_(
                LearningQuestion.school_id == asked.school_id,
                LearningQuestion.id == asked.question_id,
            ),
        )
        .where(asked.school_id == person.school_id, VISIBLE[asked](person, on))
        .order_by(asked.asked_at, asked.id)
    )


def _seen(school: School, on: date, **row: Any) -> SeenRequest:
    asked_on = today_at(school, row["asked_at"])
    end = today_at(school, row["closed_at"]) if row["closed_at"] else on
    return SeenRequest(**row, asked_on=asked_on, days=max((end - asked_on).days, 0))
