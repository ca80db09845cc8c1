"""Loading the demo school once: real files, the real queue, the real importers, then its story.

Each step looks at what is already there, so a load that was cut off simply goes on.
"""

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from demo.dates import moved
from demo.story import WEEKS, tell
from identity.demo import people
from importers import runs
from importers.models import ImportRun, RunState
from tracker.db import unit_of_work, utc_now
from tracker.groups import confirm_coach_group
from tracker.models import CoachGroup, Goal, Group, School, SchoolRole
from tracker.people import add_person, add_school, person_by_number, school_by_slug, today_at

HERE = Path(__file__).parent
FILES = ("kerntaken_werkprocessen.csv", "meetpunt_v1p2_bulk.zip")
PATIENCE = 60  # seconds that the worker may take for one step
Wake = Callable[[list[tuple[str, dict[str, str]]]], None]


class DemoError(Exception):
    """The demo could not be loaded; the text says why."""


def load_demo(app: Flask, *, wake: Wake) -> None:
    """Load what is not there yet; the worker must be running. Raises DemoError."""
    engine = app.extensions["engine"]
    school = _school(engine, app.extensions["settings"].timezone)
    for file_name in FILES:
        _import(app, school, file_name, wake)
    with unit_of_work(engine, school_id=school.id) as session:
        now = utc_now()
        today = today_at(school, now)
        _confirm_coach_groups(session, school, today - timedelta(weeks=WEEKS), now)
        if not session.scalar(sa.select(sa.exists().where(Goal.school_id == school.id))):
            tell(session, school=school, store=app.extensions["store"], today=today)


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


def _import(app: Flask, school: School, file_name: str, wake: Wake) -> None:
    """Preview a file and approve what was previewed, as the administrator would."""
    engine = app.extensions["engine"]
    with unit_of_work(engine, school_id=school.id) as session:
        run = session.scalar(
            sa.select(ImportRun)
            .where(ImportRun.school_id == school.id, ImportRun.file_name == file_name)
            .order_by(ImportRun.id.desc())
            .limit(1)
        )
        if run is None:
            run = _start(session, app, school, file_name)
        run_id, nudges = run.id, session.info.pop("nudges", [])
    wake(nudges)
    run = _wait(engine, school, run_id)
    if run.state is RunState.PREVIEWED:
        with unit_of_work(engine, school_id=school.id) as session:
            now = utc_now()
            run = session.merge(run)
            administrator = person_by_number(
                session, school_id=school.id, number=people()["people"]["administrator"]["number"]
            )
            runs.approve(
                session,
                by=administrator,
                run=run,
                digest=run.preview_digest or "",
                on=today_at(school, now),
                at=now,
            )
            nudges = session.info.pop("nudges", [])
        wake(nudges)
        run = _wait(engine, school, run_id)
    if run.state is not RunState.APPLIED:
        raise DemoError(f"the demo's {file_name} was {run.state.value}")


def _start(session: Session, app: Flask, school: School, file_name: str) -> ImportRun:
    body = (HERE / file_name).read_bytes()
    now = utc_now()
    today = today_at(school, now)
    administrator = person_by_number(
        session, school_id=school.id, number=people()["people"]["administrator"]["number"]
    )
    return runs.start(
        session,
        by=administrator,
        school=school,
        store=app.extensions["store"],
        file_name=file_name,
        body=moved(body, until=today) if file_name.endswith(".zip") else body,
        on=today,
        at=now,
    )


def _wait(engine: sa.Engine, school: School, run_id: UUID) -> Any:
    """Wait until the worker is done with the run for now, and return it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with unit_of_work(engine, school_id=school.id, writes=False) as session:
            run = session.get_one(ImportRun, (school.id, run_id))
            if run.phase is None:
                return run
        time.sleep(0.1)
    raise DemoError("the worker did not come round to the demo's files")


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
