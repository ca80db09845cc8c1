"""Whose plan began when, what it follows, who guides it, and where its student learns."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from demo.scene import NOON, Scene, known
from demo.school_year import SchoolYear
from tracker.evidence import KeptFile
from tracker.models import (
    Company,
    Framework,
    FrameworkItem,
    LearningPlan,
    Person,
    PlanMember,
    PlanRole,
    PlanState,
)
from tracker.permissions import holds
from tracker.placements import add_placement
from tracker.plans import add_member, start_plan
from tracker.scales import default_levels

HOURS = 320  # of a placement
WEEKS_BEFORE = 12  # how long a placement of the year before took

Workplace = tuple[Company, Person]  # with who guides there


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where every student's story plays: the school's year, its administrator, the pictures."""

    session: Session
    year: SchoolYear
    now: datetime
    administrator: Person
    pictures: dict[str, KeptFile]


def begin_plans(
    stage: Stage, story: dict[str, Any], students: Mapping[str, dict[str, Any]]
) -> None:
    """Begin the plans of the class, and of who was here before this year.

    The others begin when the school confirms who guides their group; until then another coach
    guided who was here before.
    """
    school_id, year = stage.administrator.school_id, stage.year
    for number, told in students.items():
        is_of_class = told["programme"] == story["class"]["programme"]
        if not is_of_class and told["year"] == 1:
            continue
        begun = year.years[-told["year"]]
        at = datetime.combine(begun, NOON)
        plan = start_plan(
            stage.session,
            by=stage.administrator,
            student=known(stage.session, school_id, number),
            state=PlanState.DRAFT,
            starts_on=begun,
            at=at,
        )
        coach = add_member(
            stage.session,
            by=stage.administrator,
            plan=plan,
            person=known(stage.session, school_id, story["class"]["coach"]),
            role=PlanRole.COACH,
            from_on=begun,
            at=at,
        )
        if not is_of_class:
            coach.until_on = year.begun
    stage.session.flush()


def follow_programme(stage: Stage, student: Person, told: dict[str, Any]) -> LearningPlan:
    """Let the student's plan follow an imported framework, if it does; it runs from now on."""
    session = stage.session
    plan = session.scalars(
        sa.select(LearningPlan).where(
            LearningPlan.school_id == student.school_id, LearningPlan.student_id == student.id
        )
    ).one()
    plan.title, plan.state = told["title"], PlanState.ACTIVE
    if "came" in told:
        plan.starts_on = stage.year.ago(told["came"] * 7)
    if "crebo" in told:
        framework = session.scalars(
            sa.select(Framework).where(
                Framework.school_id == plan.school_id, Framework.crebo == told["crebo"]
            )
        ).one()
        plan.framework_id = framework.id
        framework.title = framework.title or told["title"]  # the file has codes only
    session.flush()
    return plan


def join_team(stage: Stage, plan: LearningPlan, teacher: Person) -> None:
    """Let a teacher be of the plan's core team since the year began."""
    begun = max(stage.year.begun, plan.starts_on)
    add_member(
        stage.session,
        by=stage.administrator,
        plan=plan,
        person=teacher,
        role=PlanRole.TEAM,
        from_on=begun,
        at=datetime.combine(begun, NOON),
    )


def place(stage: Stage, plan: LearningPlan, workplace: Workplace) -> Scene:
    """Put the student to work since the year began, or since they came."""
    student = stage.session.get_one(Person, (plan.school_id, plan.student_id))
    weeks = 3 + int(student.number or "0", 36) % 9
    return _place(
        stage,
        plan,
        student,
        workplace,
        from_on=max(stage.year.begun, plan.starts_on),
        until_on=stage.year.today + timedelta(weeks=weeks),
        seen_on=stage.year.today,
    )


def place_before(
    stage: Stage, plan: LearningPlan, told: dict[str, Any], workplace: Workplace
) -> Scene:
    """Put the student to work in the year before, from the school week that is told."""
    on = stage.year.week(stage.year.years[-2], told["week"])
    student = stage.session.get_one(Person, (plan.school_id, plan.student_id))
    until = on + timedelta(weeks=WEEKS_BEFORE)
    return _place(stage, plan, student, workplace, from_on=on, until_on=until, seen_on=on)


def _place(
    stage: Stage,
    plan: LearningPlan,
    student: Person,
    workplace: Workplace,
    *,
    from_on: date,
    until_on: date,
    seen_on: date,
) -> Scene:
    session, (company, supervisor) = stage.session, workplace
    at = datetime.combine(from_on, NOON)
    placement = add_placement(
        session,
        by=stage.administrator,
        plan=plan,
        company=company,
        from_on=from_on,
        until_on=until_on,
        planned_hours=HOURS,
        at=at,
    )
    add_member(
        session,
        by=stage.administrator,
        plan=plan,
        person=supervisor,
        role=PlanRole.SUPERVISOR,
        placement=placement,
        from_on=from_on,
        at=at,
    )
    coach = session.scalars(
        sa.select(Person)
        .join(PlanMember, PlanMember.person_id == Person.id)
        .where(
            PlanMember.plan_id == plan.id,
            PlanMember.role == PlanRole.COACH,
            holds(PlanMember, seen_on),
        )
    ).one()
    return Scene(
        session=session,
        year=stage.year,
        now=stage.now,
        student=student,
        plan=plan,
        placement=placement,
        people={"s": student, "c": coach, "p": supervisor},
        pictures=stage.pictures,
        items=_items(session, plan),
        levels={v.anchor: v for v in default_levels(session, school_id=plan.school_id)},
    )


def _items(session: Session, plan: LearningPlan) -> dict[str, FrameworkItem]:
    items = session.scalars(
        sa.select(FrameworkItem).where(
            FrameworkItem.school_id == plan.school_id,
            FrameworkItem.framework_id == plan.framework_id,
        )
    )
    return {item.code: item for item in items}
