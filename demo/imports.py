"""What the demo's administrator sent, how far that came, and what was said of it.

Everything passes the door, the worker and an approval as any file does; only the moments are
told as if it was done when the story says.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from demo.dates import moved
from demo.scene import NOON
from importers import runs
from importers.models import ImportRun, ImportSource, ParkedPerson, RunState
from tracker.db import unit_of_work
from tracker.meanings import say_items
from tracker.models import (
    ActivityItem,
    ActivitySource,
    Framework,
    FrameworkItem,
    Person,
    School,
    SupportLesson,
)

HERE = Path(__file__).parent
PATIENCE = 60  # seconds that the worker may take for one step
Wake = Callable[[list[tuple[str, dict[str, str]]]], None]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A file and how many days ago it was sent; what is not approved waits as a preview."""

    name: str
    days: int
    source: str | None = None
    is_approved: bool = True


TEACHER = "Praktijktoetsen gastvrijheid"
FILES = (
    Sent(name="kerntaken_werkprocessen.csv", days=5),
    Sent(name="kwalificaties.xml", days=5),
    Sent(name="meetpunt_v1p2_bulk.zip", days=5),
    Sent(name="progress.zorg_op_de_werkplek.csv", days=4),
    Sent(name="praktijktoets_gasten.csv", days=3, source=TEACHER),
    Sent(name="praktijktoets_herkansing.csv", days=1, source=TEACHER, is_approved=False),
)
# What the school said of activities: a code of a kwalificatie, or the title of a lesson.
MEANINGS = {
    "Handhygiëne": ("25655", "B1-K2-W3"),
    "Medicijnen delen": ("25655", "B1-K1-W4"),
    "Veilig tillen": ("", "Veilig tillen met de tillift"),
    "Praktijktoets gasten ontvangen": ("25168", "B1-K1-W3"),
}


class DemoError(Exception):
    """The demo could not be loaded; the text says why."""


def send(app: Flask, school: School, by: Person, sent: Sent, wake: Wake, *, today: date) -> None:
    """Send a file if that was not done, and approve what is previewed. Raises DemoError."""
    engine = app.extensions["engine"]
    at = datetime.combine(today - timedelta(days=sent.days), NOON)
    with unit_of_work(engine, school_id=school.id) as session:
        # The first of that name: people may have gone on with it, or sent it again.
        run = session.scalar(
            sa.select(ImportRun)
            .where(ImportRun.school_id == school.id, ImportRun.file_name == sent.name)
            .order_by(ImportRun.id)
            .limit(1)
        )
        if run is None:
            run = runs.start(
                session,
                by=by,
                school=school,
                store=app.extensions["store"],
                file_name=sent.name,
                body=moved((HERE / sent.name).read_bytes(), until=at.date()),
                options={"source": sent.source} if sent.source else {},
                on=at.date(),
                at=at,
            )
        run_id, nudges = run.id, session.info.pop("nudges", [])
    wake(nudges)
    run = _wait(engine, school, run_id)
    if run.state is RunState.PREVIEWED and sent.is_approved:
        with unit_of_work(engine, school_id=school.id) as session:
            run = session.merge(run)
            digest = run.preview_digest or ""
            later = at + timedelta(minutes=5)
            runs.approve(session, by=by, run=run, digest=digest, on=at.date(), at=later)
            nudges = session.info.pop("nudges", [])
        wake(nudges)
        run = _wait(engine, school, run_id)
        with unit_of_work(engine, school_id=school.id) as session:
            _tell_when(session, session.merge(run), later)
    if sent.is_approved and run.state is not RunState.APPLIED:
        raise DemoError(f"the demo's {sent.name} was {run.state.value}")


def _wait(engine: sa.Engine, school: School, run_id: UUID) -> ImportRun:
    """Wait until the worker is done with the run for now, and return it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with unit_of_work(engine, school_id=school.id, writes=False) as session:
            run = session.get_one(ImportRun, (school.id, run_id))
            if run.phase is None:
                return run
        time.sleep(0.1)
    raise DemoError("the worker did not come round to the demo's files")


def _tell_when(session: Session, run: ImportRun, at: datetime) -> None:
    """Let it be as long ago that the worker applied this as the story says."""
    run.ended_at = at
    source = session.get_one(ImportSource, (run.school_id, run.source_id))
    source.last_applied_at = at
    session.execute(
        sa.update(ActivitySource)
        .where(ActivitySource.school_id == run.school_id, ActivitySource.name == source.name)
        .values(last_import_at=at)
    )
    session.execute(
        sa.update(ParkedPerson)
        .where(ParkedPerson.school_id == run.school_id, ParkedPerson.last_run_id == run.id)
        .values(seen_at=at)
    )


def say_meanings(session: Session, *, by: Person, on: date, at: datetime) -> None:
    """Say what some of the activities are about; what the others are about waits for people."""
    for title, (crebo, about) in MEANINGS.items():
        items = session.scalars(
            sa.select(ActivityItem).where(
                ActivityItem.school_id == by.school_id, ActivityItem.title == title
            )
        ).all()
        part = session.scalar(
            sa.select(FrameworkItem)
            .join(
                Framework,
                sa.and_(
                    Framework.school_id == FrameworkItem.school_id,
                    Framework.id == FrameworkItem.framework_id,
                ),
            )
            .where(
                FrameworkItem.school_id == by.school_id,
                Framework.crebo == crebo,
                FrameworkItem.code == about,
            )
        )
        lesson = session.scalar(
            sa.select(SupportLesson).where(
                SupportLesson.school_id == by.school_id, SupportLesson.title == about
            )
        )
        say_items(session, by=by, items=items, part=part, lesson=lesson, on=on, at=at)
