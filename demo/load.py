"""Loading the demo school once: real files, the real queue, the real importers, then its story.

Each step looks at what is already there, so a load that was cut off simply goes on.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import Flask

from demo.imports import FILES, DemoError, Wake, say_meanings, send
from demo.story import tell
from identity.demo import people
from tracker.db import unit_of_work
from tracker.models import Goal, Person, School, SchoolRole
from tracker.people import add_person, add_school, person_by_number, school_by_slug, today_at

WEEKS = 3 * 52 + 16  # before today: how long the school is here, longer than any of its students


def load_demo(app: Flask, *, wake: Wake, now: datetime) -> None:
    """Load what is not there yet; the worker must be running. Raises DemoError."""
    engine = app.extensions["engine"]
    school = _school(engine, app.extensions["settings"].timezone, now)
    administrator = _administrator(engine, school)
    today = today_at(school, now)
    for sent in FILES:
        send(app, school, administrator, sent, wake, today=today)
    with unit_of_work(engine, school_id=school.id) as session:
        if not session.scalar(sa.select(sa.exists().where(Goal.school_id == school.id))):
            tell(
                session,
                school=school,
                store=app.extensions["store"],
                coach_groups=people()["coach_groups"],
                today=today,
                now=now,
            )
            say_meanings(session, by=administrator, on=today, at=now)


def _school(engine: sa.Engine, timezone: str, now: datetime) -> School:
    """Return the demo's school; the first time it is added, with the people who are in no file."""
    demo = people()
    begun = now - timedelta(weeks=WEEKS)
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
