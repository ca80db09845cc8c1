"""Loading the demo school once: real files, the real queue, the real importers, then its story.

Each step looks at what is already there, so a load that was cut off simply goes on.
"""

from datetime import date, datetime, timedelta

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from demo.imports import FILES, DemoError, Wake, say_meanings, send
from demo.story import WEEKS, tell
from identity.demo import people
from tracker.db import unit_of_work, utc_now
from tracker.groups import confirm_coach_group
from tracker.models import CoachGroup, Goal, Group, Person, School, SchoolRole
from tracker.people import add_person, add_school, person_by_number, school_by_slug, today_at


def load_demo(app: Flask, *, wake: Wake) -> None:
    """Load what is not there yet; the worker must be running. Raises DemoError."""
    engine = app.extensions["engine"]
    school = _school(engine, app.extensions["settings"].timezone)
    administrator = _administrator(engine, school)
    for sent in FILES:
        send(app, school, administrator, sent, wake)
    with unit_of_work(engine, school_id=school.id) as session:
        now = utc_now()
        today = today_at(school, now)
        _confirm_coach_groups(session, school, today - timedelta(weeks=WEEKS), now)
        if not session.scalar(sa.select(sa.exists().where(Goal.school_id == school.id))):
            tell(session, school=school, store=app.extensions["store"], today=today)
            say_meanings(session, by=administrator, on=today, at=now)


def _school(engine: sa.Engine, timezone: str) -> School:
    """Return the demo's school; the first time it is added, with the people who are in no file."""
    demo = people()
    begun = utc_now() - timedelta(weeks=WEEKS + 1)
    with unit_of_work(engine) as session:
        found = school_by_slug(session, demo["school"])
        if found is not None:
            return found
        school = add_school(
            session, slug=demo["school"], name=demo["name"], timezone=timezone, at=begun
        )
        for person in demo["added"]:
            add_person(
                session,
                by=None,
                school=school,
                name=person["name"],
                number=person["number"],
                roles=[SchoolRole(person["role"])],
                at=begun,
            )
        return school


def _administrator(engine: sa.Engine, school: School) -> Person:
    number = people()["people"]["administrator"]["number"]
    with unit_of_work(engine, school_id=school.id, writes=False) as session:
        found = person_by_number(session, school_id=school.id, number=number)
    if found is None:
        raise DemoError("the demo's administrator is gone")
    return found


def _confirm_coach_groups(session: Session, school: School, on: date, at: datetime) -> None:
    """Confirm whom the school lets coach which group, as of the story's first day."""
    for entry in people()["coach_groups"]:
        group = session.scalars(
            sa.select(Group).where(Group.school_id == school.id, Group.code == entry["group"])
        ).one()
        already = sa.exists().where(
            CoachGroup.school_id == school.id, CoachGroup.group_id == group.id
        )
        coach = person_by_number(session, school_id=school.id, number=entry["coach"])
        if coach is None or session.scalar(sa.select(already)):
            continue
        confirm_coach_group(session, by=None, group=group, coach=coach, on=on, at=at)
