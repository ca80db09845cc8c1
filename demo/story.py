"""Telling what the demo's students did, through the same operations that pages call."""

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from obstore.store import ObjectStore
from sqlalchemy.orm import Session

from demo.arranged import arrange
from demo.events import happen
from demo.goals import tell_before, tell_goal
from demo.lessons import offer_lessons
from demo.pictures import keep_pictures
from demo.plans import Stage, begin_plans, follow_programme, join_team, place, place_before
from demo.scene import NOON, known
from demo.school_year import school_year
from tracker.groups import confirm_coach_group
from tracker.models import Group, School
from tracker.placements import add_company

HERE = Path(__file__).parent


def told_in(name: str) -> dict[str, Any]:
    """Return what a file of the story tells."""
    told: dict[str, Any] = yaml.safe_load((HERE / name).read_text("utf-8"))
    return told


def tell(
    session: Session,
    *,
    school: School,
    store: ObjectStore,
    coach_groups: Iterable[dict[str, str]],
    today: date,
    now: datetime,
) -> None:
    """Tell the whole story once: plans, companies, placements, lessons, goals, evidence, views."""
    story, students = told_in("story.yaml"), told_in("students.yaml")
    year = school_year(story["holidays"], today=today)
    administrator = known(session, school.id, "demo-beheer")
    begun = datetime.combine(year.begun, NOON)
    workplaces = {
        key: (
            add_company(session, by=administrator, name=c["name"], city=c["city"], at=begun),
            known(session, school.id, c["supervisor"]),
        )
        for key, c in story["companies"].items()
    }
    lessons = offer_lessons(session, story["lessons"], by=administrator, on=year.begun, at=begun)
    arrange(session, story, school=school, by=administrator, year=year)
    stage = Stage(
        session=session,
        year=year,
        now=now,
        administrator=administrator,
        pictures=keep_pictures(store, school.id),
    )
    begin_plans(stage, story, students)
    for entry in coach_groups:
        group = session.scalars(
            sa.select(Group).where(Group.school_id == school.id, Group.code == entry["group"])
        ).one()
        coach = known(session, school.id, entry["coach"])
        confirm_coach_group(session, by=None, group=group, coach=coach, on=year.begun, at=begun)
    for number, own in students.items():
        told = {**story["programmes"][own["programme"]], **own}
        plan = follow_programme(stage, known(session, school.id, number), told)
        for before in told.get("before", []):
            workplace = workplaces[before.get("company", told["company"])]
            tell_before(place_before(stage, plan, before, workplace), before)
        scene = place(stage, plan, workplaces[told["company"]])
        if number in story["team"]["students"]:
            join_team(stage, plan, known(session, school.id, story["team"]["teacher"]))
        scene.things.update(lessons)
        for goal in told["goals"]:
            pattern = story["patterns"][goal["goes"]]
            scene.things[goal["name"]] = tell_goal(scene, goal, pattern, lag=told.get("lag", 0))
        for event in story["events"].get(number, []):
            happen(scene, event)
