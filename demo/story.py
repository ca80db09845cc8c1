"""Telling what the demo's students did, through the same operations that pages call."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from obstore.store import ObjectStore
from sqlalchemy.orm import Session

from demo.arranged import arrange
from demo.events import happen
from demo.lessons import offer_lessons
from demo.pictures import keep_pictures
from demo.scene import NOON, Scene
from tracker.db import new_id
from tracker.evidence import KeptFile, log_evidence
from tracker.goals import add_goal, agree_goal
from tracker.judgements import judge
from tracker.models import (
    Audience,
    Company,
    Evidence,
    Framework,
    FrameworkItem,
    Goal,
    LearningPlan,
    Person,
    PlanMember,
    PlanRole,
    PlanState,
    School,
)
from tracker.people import person_by_number
from tracker.placements import add_company, add_placement
from tracker.plans import add_member, start_plan
from tracker.scales import default_levels

STORY = Path(__file__).parent / "story.yaml"
WEEKS = 10  # how long ago the story begins; the roster's first day lies just before it


def tell(session: Session, *, school: School, store: ObjectStore, today: date) -> None:
    """Tell the whole story once: companies, placements, lessons, goals, evidence and views."""
    story = yaml.safe_load(STORY.read_text("utf-8"))
    administrator = _person(session, school, "demo-beheer")
    begun = datetime.combine(today - timedelta(weeks=WEEKS), NOON)
    companies = {
        key: add_company(session, by=administrator, name=c["name"], city=c["city"], at=begun)
        for key, c in story["companies"].items()
    }
    lessons = offer_lessons(session, story["lessons"], by=administrator, on=begun.date(), at=begun)
    arrange(session, story, school=school, by=administrator, today=today)
    pictures = keep_pictures(store, school.id)
    _begin_class(session, story["class"], school=school, by=administrator, at=begun)
    for number, (programme_name, *patterns) in story["students"].items():
        programme = story["programmes"][programme_name]
        company = companies[programme["company"]]
        supervisor = _person(
            session, school, story["companies"][programme["company"]]["supervisor"]
        )
        scene = _place(
            session,
            today,
            administrator,
            _person(session, school, number),
            company,
            supervisor,
            pictures,
            programme,
        )
        scene.things.update(lessons)
        for told, pattern in zip(programme["goals"], patterns, strict=False):
            scene.things[told["name"]] = _tell_goal(scene, told, story["patterns"][pattern])
        for event in story["events"].get(number, []):
            happen(scene, event)


def _person(session: Session, school: School, number: str) -> Person:
    found = person_by_number(session, school_id=school.id, number=number)
    if found is None:
        raise LookupError(f"the demo's files have no {number}")
    return found


def _begin_class(
    session: Session, told: dict[str, Any], *, school: School, by: Person, at: datetime
) -> None:
    """Begin plans for students who are in no coach group."""
    coach = _person(session, school, told["coach"])
    for number in told["students"]:
        plan = start_plan(
            session,
            by=by,
            student=_person(session, school, number),
            state=PlanState.DRAFT,
            starts_on=at.date(),
            at=at,
        )
        add_member(
            session, by=by, plan=plan, person=coach, role=PlanRole.COACH, from_on=at.date(), at=at
        )


def _place(
    session: Session,
    today: date,
    administrator: Person,
    student: Person,
    company: Company,
    supervisor: Person,
    pictures: dict[str, KeptFile],
    programme: dict[str, Any],
) -> Scene:
    """Put a student to work at a company, with a supervisor, when the story begins."""
    plan, coach = session.execute(
        sa.select(LearningPlan, Person)
        .join(PlanMember, PlanMember.plan_id == LearningPlan.id)
        .join(Person, Person.id == PlanMember.person_id)
        .where(LearningPlan.student_id == student.id, PlanMember.role == PlanRole.COACH)
    ).one()
    begun = today - timedelta(weeks=WEEKS)
    at = datetime.combine(begun, NOON)
    number = int(student.number[-2:]) if student.number else 0
    placement = add_placement(
        session,
        by=administrator,
        plan=plan,
        company=company,
        from_on=begun,
        until_on=today + timedelta(weeks=3 + number % 9),
        planned_hours=320,
        at=at,
    )
    add_member(
        session,
        by=administrator,
        plan=plan,
        person=supervisor,
        role=PlanRole.SUPERVISOR,
        placement=placement,
        from_on=begun,
        at=at,
    )
    people = {"s": student, "c": coach, "p": supervisor}
    return Scene(
        session=session,
        today=today,
        student=student,
        plan=plan,
        placement=placement,
        people=people,
        pictures=pictures,
        items=_programme(session, plan, programme),
        levels={v.anchor: v for v in default_levels(session, school_id=plan.school_id)},
    )


def _programme(
    session: Session, plan: LearningPlan, programme: dict[str, Any]
) -> dict[str, FrameworkItem]:
    """Let the plan follow an imported framework, if it does; returns its items by code."""
    plan.title, plan.state = programme["title"], PlanState.ACTIVE
    session.flush()
    if "crebo" not in programme:
        return {}
    framework = session.scalars(
        sa.select(Framework).where(
            Framework.school_id == plan.school_id, Framework.crebo == programme["crebo"]
        )
    ).one()
    plan.framework_id = framework.id
    framework.title = framework.title or programme["title"]  # the file has codes only
    session.flush()
    items = session.scalars(
        sa.select(FrameworkItem).where(
            FrameworkItem.school_id == plan.school_id, FrameworkItem.framework_id == framework.id
        )
    )
    return {item.code: item for item in items}


def _tell_goal(scene: Scene, told: dict[str, Any], pattern: dict[str, Any]) -> Goal:
    since = scene.on(pattern.get("since", WEEKS))
    goal = add_goal(
        scene.session,
        by=scene.student,
        plan=scene.plan,
        question=told["question"],
        title=told["title"],
        success=told["success"],
        target_anchor=pattern.get("aim", 2),
        target_on=scene.today + timedelta(weeks=5),
        items=[scene.items[told["item"]]] if "item" in told else [],
        on=since,
        at=scene.at(since),
    )
    if pattern.get("agreed", True):
        agreed = since + timedelta(days=1)
        agree_goal(
            scene.session,
            by=scene.people["c"],
            goal=goal,
            version=1,
            on=agreed,
            at=scene.at(agreed),
        )
    shown_at_work = [weeks for weeks, who, *_ in pattern["views"] if who == "p"]
    moments = sorted({*pattern["evidence"], *shown_at_work}, reverse=True)
    texts = {weeks: told["evidence"][n % len(told["evidence"])] for n, weeks in enumerate(moments)}
    for weeks in pattern["evidence"]:
        _log(scene, goal, told, weeks, texts[weeks], to=[Audience.COACHES])
    for weeks, who, anchor, *words in pattern["views"]:
        on = scene.on(weeks)
        # A praktijkopleider looks at a piece that was shown; others look at the goal itself.
        piece = _log(scene, goal, told, weeks, texts[weeks]) if who == "p" else None
        judge(
            scene.session,
            by=scene.people[who],
            plan=scene.plan,
            goal=goal,
            evidence=piece,
            level=scene.levels[anchor],
            words=words[0] if words else None,
            observed_on=on,
            on=on,
            at=scene.at(on) + timedelta(hours=2),
        )
    return goal


def _log(
    scene: Scene,
    goal: Goal,
    told: dict[str, Any],
    weeks: int,
    text: str,
    to: Sequence[Audience] = (Audience.COACHES, Audience.PLACEMENT),
) -> Evidence:
    on = scene.on(weeks)
    return log_evidence(
        scene.session,
        key=new_id(),
        by=scene.student,
        plan=scene.plan,
        goals=[goal],
        text=text,
        happened_on=on,
        has_people=False,
        placement=scene.placement,
        share_with=to,
        files=[scene.pictures[told["photo"]]] if "photo" in told and weeks % 2 == 0 else [],
        on=on,
        at=scene.at(on),
    )
