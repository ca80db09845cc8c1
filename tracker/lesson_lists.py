"""Support lessons and choices as one reader sees them, with the names around them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from tracker import audit
from tracker.lessons import is_offered
from tracker.models import (
    Goal,
    LearningPlan,
    LessonChoice,
    Person,
    PersonRole,
    PlanState,
    SupportLesson,
)
from tracker.permissions import (
    RATING_IN_SCHOOL,
    STAFF,
    TODAY,
    VISIBLE,
    Action,
    Condition,
    given,
    holds,
    once_for_reader,
    plans_as,
    require,
    roles_of,
    stand_in,
    visible,
)


@dataclass(frozen=True, slots=True)
class SeenLesson:
    """A lesson with the name of who gives it, and whether it is on offer."""

    lesson: SupportLesson
    teacher: str | None
    is_offered: bool


def lessons_seen(
    session: Session, *, person: Person, on: date, where: Sequence[Condition]
) -> Sequence[SeenLesson]:
    """Return lessons of the reader's school with their teachers' names, by title; in one query."""
    lesson = visible(SupportLesson, person=person, on=on).where(*where)
    rows = session.execute(
        lesson.add_columns(Person.name)
        .outerjoin(
            Person,
            sa.and_(
                Person.school_id == SupportLesson.school_id, Person.id == SupportLesson.teacher_id
            ),
        )
        .order_by(SupportLesson.title, SupportLesson.id)
    )
    return [SeenLesson(found, name, is_offered(found, on)) for found, name in rows]


@dataclass(frozen=True, slots=True)
class SeenChoice:
    """A choice with what its reader may know around it.

    The goal is told to who sees it only; so the teacher of a lesson sees none.
    """

    choice: LessonChoice
    lesson: SupportLesson
    student: str
    student_id: UUID
    goal_title: str | None
    teacher: str | None
    confirmed_by: str | None
    may_confirm: bool


def choices_seen(
    session: Session,
    *,
    person: Person,
    on: date,
    where: Sequence[Condition],
    plan_id: UUID | None = None,
) -> Sequence[SeenChoice]:
    """Return the choices that this person may see, newest first; in two queries.

    Of one plan that the caller holds, or of all; then whose they are is remembered as looked at.
    """
    if plan_id is not None:
        where = [LessonChoice.plan_id == plan_id, *where]
    gives = bool(roles_of(session, person, on=on) & STAFF)
    asked = {**given(person, on), "gives": gives}
    rows = session.execute(_choices(stand_in(person), TODAY).where(*where), asked)
    found = [SeenChoice(*row) for row in rows]
    others = {str(seen.choice.plan_id) for seen in found if seen.student_id != person.id}
    if plan_id is None and others:
        audit.look(
            session, by=person, verb="listed lessons", subject=person, plan_ids=sorted(others)
        )
    return found


@once_for_reader
def _choices(person: Person, on: date) -> sa.Select[Any]:
    """Select the choices that this person may see, newest first; `gives`: whether they teach."""
    student, teacher, confirmer = aliased(Person), aliased(Person), aliased(Person)
    title = (
        sa.select(Goal.title)
        .where(
            Goal.school_id == LessonChoice.school_id,
            Goal.id == LessonChoice.goal_id,
            VISIBLE[Goal](person, on),
        )
        .scalar_subquery()
    )
    school_id = LessonChoice.school_id
    may_confirm = sa.and_(
        LessonChoice.dropped_at.is_(None),
        LessonChoice.confirmed_at.is_(None),
        LearningPlan.state != PlanState.CLOSED,
        LearningPlan.student_id != person.id,
        sa.or_(
            LessonChoice.plan_id.in_(plans_as(person, on, *RATING_IN_SCHOOL)),
            sa.and_(
                sa.bindparam("gives", type_=sa.Boolean()), SupportLesson.teacher_id == person.id
            ),
        ),
    )
    return (
        sa.select(
            LessonChoice,
            SupportLesson,
            student.name,
            student.id,
            title,
            teacher.name,
            confirmer.name,
            may_confirm,
        )
        .join(
            SupportLesson,
            sa.and_(
                SupportLesson.school_id == school_id, SupportLesson.id == LessonChoice.lesson_id
            ),
        )
        .join(
            LearningPlan,
            sa.and_(LearningPlan.school_id == school_id, LearningPlan.id == LessonChoice.plan_id),
        )
        .join(
            student,
            sa.and_(student.school_id == school_id, student.id == LearningPlan.student_id),
        )
        .outerjoin(
            teacher,
            sa.and_(teacher.school_id == school_id, teacher.id == SupportLesson.teacher_id),
        )
        .outerjoin(
            confirmer,
            sa.and_(confirmer.school_id == school_id, confirmer.id == LessonChoice.confirmed_by_id),
        )
        .where(school_id == person.school_id, VISIBLE[LessonChoice](person, on))
        .order_by(LessonChoice.chosen_at.desc(), LessonChoice.id.desc())
    )


def staff(session: Session, *, by: Person, on: date) -> Sequence[Person]:
    """Return who may give lessons on this day, by name, for who keeps the list."""
    require(session, by, Action.KEEP_LESSONS, on=on)
    teaching = sa.select(PersonRole.person_id).where(
        PersonRole.school_id == by.school_id, PersonRole.role.in_(STAFF), holds(PersonRole, on)
    )
    return session.scalars(
        sa.select(Person)
        .where(Person.school_id == by.school_id, Person.id.in_(teaching))
        .order_by(Person.name, Person.id)
    ).all()
