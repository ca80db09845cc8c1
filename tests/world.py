"""One school, populated: who is who in the stories that tests tell. All invented."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.activity import source_named, take_in
from tracker.db import new_id, unit_of_work, utc_now
from tracker.evidence import log_evidence
from tracker.goals import add_goal
from tracker.judgements import judge
from tracker.models import (
    ActivityKind,
    Audience,
    Company,
    Evidence,
    Framework,
    FrameworkItem,
    FrameworkItemKind,
    Goal,
    Group,
    GroupRole,
    Judgement,
    LearningPlan,
    Membership,
    Person,
    Placement,
    PlanRole,
    PlanState,
    Precision,
    ScaleLevel,
    School,
    SchoolRole,
)
from tracker.people import add_person, add_school, today_at
from tracker.placements import add_company, add_placement
from tracker.plans import add_member, start_plan
from tracker.scales import default_levels


@dataclass(frozen=True)
class World:
    """A school with a student, coach, praktijkopleider, administrator and their records.

    `private` is the student's own, `shared` was shown to the coach and the placement. `other_*`
    are a second student of the same `group`, with a coach of their own; `elsewhere` is a person
    of another school.
    """

    school: School
    on: date
    at: datetime
    student: Person
    coach: Person
    supervisor: Person
    administrator: Person
    teacher: Person
    other_student: Person
    other_coach: Person
    elsewhere: Person
    framework: Framework
    items: list[FrameworkItem]
    plan: LearningPlan
    other_plan: LearningPlan
    group: Group
    goal: Goal
    other_goal: Goal
    company: Company
    placement: Placement
    private: Evidence
    shared: Evidence
    judgement: Judgement
    levels: list[ScaleLevel]


def make_world(engine: sa.Engine) -> World:
    """Fill two schools and commit."""
    at = utc_now()
    with unit_of_work(engine) as session:
        elsewhere_school = add_school(
            session, slug="elders", name="Elders College", timezone="Europe/Amsterdam", at=at
        )
        elsewhere = _person(session, elsewhere_school, "Esra Elders", "coach", at)
    with unit_of_work(engine) as session:
        school = add_school(
            session, slug="proef", name="Proefschool", timezone="Europe/Amsterdam", at=at
        )
        return _populate(session, school, elsewhere, at)


def _person(session: Session, school: School, name: str, role: str, at: datetime) -> Person:
    slug = name.lower().replace(" ", ".")
    return add_person(
        session,
        by=None,
        school=school,
        name=name,
        email=f"{slug}@{school.slug}.example",
        number=slug,
        roles=[SchoolRole(role)],
        at=at,
    )


def _populate(session: Session, school: School, elsewhere: Person, at: datetime) -> World:
    on = today_at(school, at)
    earlier = on - timedelta(days=60)
    student = _person(session, school, "Sanne Student", "student", at)
    coach = _person(session, school, "Cor Coach", "coach", at)
    supervisor = _person(session, school, "Piet Praktijk", "supervisor", at)
    administrator = _person(session, school, "Ans Beheer", "administrator", at)
    teacher = _person(session, school, "Tess Docent", "teacher", at)
    other_student = _person(session, school, "Olaf Ander", "student", at)
    other_coach = _person(session, school, "Oda Anders", "coach", at)

    group = _group(session, school, [student, other_student], earlier, at)
    framework, items = _framework(session, school, at)
    plan = _plan(session, student, coach, framework, earlier, at)
    other_plan = _plan(session, other_student, other_coach, None, earlier, at)
    company = add_company(session, by=administrator, name="Zorghuis De Es", city="Assen", at=at)
    placement = add_placement(
        session,
        by=administrator,
        plan=plan,
        company=company,
        from_on=earlier,
        until_on=on + timedelta(days=90),
        at=at,
    )
    add_member(
        session,
        by=administrator,
        plan=plan,
        person=supervisor,
        role=PlanRole.SUPERVISOR,
        placement=placement,
        from_on=earlier,
        at=at,
    )
    levels = list(default_levels(session, school_id=school.id))
    goal = _goal(session, student, plan, "Ik help een bewoner met opstaan", items[1:2], on, at)
    other_goal = _goal(session, other_student, other_plan, "Ik durf te bellen", [], on, at)
    private = log_evidence(
        session,
        key=new_id(),
        by=student,
        plan=plan,
        goals=[goal],
        text="Alleen voor mij.",
        happened_on=on,
        has_people=False,
        on=on,
        at=at,
    )
    shared = log_evidence(
        session,
        key=new_id(),
        by=student,
        plan=plan,
        goals=[goal],
        text="Ik hielp mevrouw met opstaan.",
        happened_on=on - timedelta(days=1),
        has_people=False,
        placement=placement,
        share_with=[Audience.COACHES, Audience.PLACEMENT],
        own_level=levels[3],
        on=on,
        at=at,
    )
    judgement = judge(
        session,
        by=supervisor,
        plan=plan,
        goal=goal,
        evidence=shared,
        level=levels[1],
        words="Vraag nog om hulp bij de tillift.",
        observed_on=on,
        on=on,
        at=at,
    )
    _activity(session, student, on, at)
    return World(
        school=school,
        on=on,
        at=at,
        student=student,
        coach=coach,
        supervisor=supervisor,
        administrator=administrator,
        teacher=teacher,
        other_student=other_student,
        other_coach=other_coach,
        elsewhere=elsewhere,
        framework=framework,
        items=items,
        plan=plan,
        other_plan=other_plan,
        group=group,
        goal=goal,
        other_goal=other_goal,
        company=company,
        placement=placement,
        private=private,
        shared=shared,
        judgement=judgement,
        levels=levels,
    )


def _group(
    session: Session, school: School, students: list[Person], from_on: date, at: datetime
) -> Group:
    group = Group(school_id=school.id, code="vz3a", title="VZ3A", created_at=at)
    session.add(group)
    session.flush()
    session.add_all(
        Membership(
            school_id=school.id,
            group_id=group.id,
            person_id=student.id,
            role=GroupRole.STUDENT,
            from_on=from_on,
        )
        for student in students
    )
    return group


def _framework(
    session: Session, school: School, at: datetime
) -> tuple[Framework, list[FrameworkItem]]:
    framework = Framework(
        school_id=school.id,
        source="proef",
        code="25491",
        edition="2026",
        title="Verzorgende IG",
        level=3,
        crebo="25491",
        created_at=at,
    )
    session.add(framework)
    session.flush()
    kerntaak = FrameworkItem(
        school_id=school.id,
        framework_id=framework.id,
        kind=FrameworkItemKind.KERNTAAK,
        code="B1-K1",
        title="Bieden van zorg",
        position=0,
    )
    session.add(kerntaak)
    session.flush()
    werkproces = FrameworkItem(
        school_id=school.id,
        framework_id=framework.id,
        parent_id=kerntaak.id,
        kind=FrameworkItemKind.WERKPROCES,
        code="B1-K1-W1",
        title="Ondersteunt bij persoonlijke verzorging",
        position=1,
    )
    session.add(werkproces)
    session.flush()
    return framework, [kerntaak, werkproces]


def _plan(
    session: Session,
    student: Person,
    coach: Person,
    framework: Framework | None,
    starts_on: date,
    at: datetime,
) -> LearningPlan:
    plan = start_plan(
        session,
        by=None,
        student=student,
        state=PlanState.ACTIVE,
        starts_on=starts_on,
        framework=framework,
        at=at,
    )
    add_member(
        session, by=None, plan=plan, person=coach, role=PlanRole.COACH, from_on=starts_on, at=at
    )
    return plan


def _goal(
    session: Session,
    student: Person,
    plan: LearningPlan,
    title: str,
    items: list[FrameworkItem],
    on: date,
    at: datetime,
) -> Goal:
    return add_goal(
        session,
        by=student,
        plan=plan,
        question="Hoe doe ik dat rustig?",
        title=title,
        success="De bewoner voelt zich veilig.",
        target_anchor=2,
        target_on=on + timedelta(days=30),
        items=items,
        on=on,
        at=at,
    )


def _activity(session: Session, student: Person, on: date, at: datetime) -> None:
    source = source_named(session, school_id=student.school_id, name="Leeromgeving")
    take_in(
        session,
        [
            {
                "school_id": student.school_id,
                "id": new_id(),
                "person_id": student.id,
                "source_id": source.id,
                "item_id": None,
                "kind": ActivityKind.LAUNCH,
                "occurred_at": at,
                "occurred_on": on,
                "precision": Precision.INSTANT,
                "value": None,
                "text": None,
                "ended_at": None,
            }
        ],
    )
