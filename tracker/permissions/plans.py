"""Who sees a plan, what hangs on it, and the people around it."""

from collections.abc import Callable
from datetime import date

import sqlalchemy as sa

from tracker.models import (
    Absence,
    Activity,
    Conversation,
    EvidenceGoal,
    Goal,
    GoalState,
    LearningPlan,
    LearningUnit,
    LessonChoice,
    Opportunity,
    Person,
    PersonRole,
    Placement,
    PlanMember,
    PlanRole,
    Snooze,
    SupportLesson,
)
from tracker.permissions.actions import STAFF
from tracker.permissions.conditions import Condition, holds, is_any, once_for_reader, one_of
from tracker.permissions.evidence import shown_to
from tracker.permissions.places import (
    is_administrator,
    is_in_school,
    placements_as_supervisor,
    plans_as,
    plans_in_school,
    within_session,
)


@once_for_reader
def see_plan(person: Person, on: date) -> Condition:
    """See the plans in which one takes part in the school, and those of whom one supervises."""
    supervised = sa.select(Placement.plan_id).where(
        Placement.school_id == person.school_id,
        Placement.id.in_(placements_as_supervisor(person, on)),
    )
    return LearningPlan.id.in_(sa.union_all(*plans_in_school(person, on).selects, supervised))


@once_for_reader
def see_goal(person: Person, on: date) -> Condition:
    """See it in the school as its plan, else as the evidence for it that was shown."""
    shown = sa.select(EvidenceGoal.goal_id).where(
        EvidenceGoal.school_id == person.school_id,
        EvidenceGoal.evidence_id.in_(shown_to(person, on)),
    )
    # What is not agreed yet stays in the school.
    outside = sa.and_(Goal.state != GoalState.DRAFT, Goal.id.in_(shown))
    return sa.or_(is_in_school(person, on, Goal.plan_id), outside)


def see_in_school(
    model: type[LearningUnit | Conversation | Absence],
) -> Callable[[Person, date], Condition]:
    """Return the condition for a kind of which everything stays in the school."""
    return lambda person, on: is_in_school(person, on, model.plan_id)


@once_for_reader
def see_placement(person: Person, on: date) -> Condition:
    """See it in the school as its plan, and as its supervisor."""
    return sa.or_(
        is_in_school(person, on, Placement.plan_id),
        Placement.id.in_(placements_as_supervisor(person, on)),
    )


@once_for_reader
def see_opportunity(person: Person, on: date) -> Condition:
    """See it as its placement."""
    return is_any(
        Placement,
        Placement.school_id == person.school_id,
        Placement.id == Opportunity.placement_id,
        see_placement(person, on),
    )


@once_for_reader
def see_snooze(person: Person, on: date) -> Condition:
    """See what one put off oneself, as long as one sees the plan."""
    seen = sa.select(LearningPlan.id).where(
        LearningPlan.school_id == person.school_id, see_plan(person, on)
    )
    return sa.and_(Snooze.by_id == person.id, Snooze.plan_id.in_(seen))


@once_for_reader
def see_activity(person: Person, on: date) -> Condition:
    """See the own, and that of the students whose plans one sees in the school."""
    students = sa.select(LearningPlan.student_id).where(
        LearningPlan.school_id == person.school_id, is_in_school(person, on, LearningPlan.id)
    )
    return sa.or_(Activity.person_id == person.id, Activity.person_id.in_(students))


@once_for_reader
def see_person(person: Person, on: date) -> Condition:
    """See oneself, students whose plan one sees or who asked one, and who are around them."""
    seen = sa.select(LearningPlan.student_id).where(
        LearningPlan.school_id == person.school_id, see_plan(person, on)
    )
    asked_by = sa.select(LearningPlan.student_id).where(
        LearningPlan.school_id == person.school_id,
        LearningPlan.id.in_(plans_as(person, on, PlanRole.PEER)),
    )
    around = sa.select(PlanMember.person_id).where(
        PlanMember.school_id == person.school_id,
        is_in_school(person, on, PlanMember.plan_id),
    )
    return sa.or_(
        Person.id == person.id,
        Person.id.in_(seen),
        Person.id.in_(asked_by),
        Person.id.in_(around),
        is_administrator(person, on),
    )


@once_for_reader
def see_lesson_choice(person: Person, on: date) -> Condition:
    """In the school as the plan; the lesson's own teacher sees that choice and nothing else.

    As long as they teach: who is not of the staff any more gives no lesson.
    """
    given = sa.select(SupportLesson.id).where(
        SupportLesson.school_id == person.school_id, SupportLesson.teacher_id == person.id
    )
    teaches = sa.exists().where(
        PersonRole.school_id == person.school_id,
        PersonRole.person_id == person.id,
        one_of(PersonRole.role, STAFF),
        holds(PersonRole, on),
    )
    of_teacher = sa.and_(
        LessonChoice.dropped_at.is_(None),
        teaches,
        LessonChoice.lesson_id.in_(given),
        within_session(person, LessonChoice.plan_id),
    )
    return sa.or_(is_in_school(person, on, LessonChoice.plan_id), of_teacher)
