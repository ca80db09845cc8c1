"""A program that may send what happened, and what the worker makes of it."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from importers.engine.held import take
from importers.engine.work import do_work
from importers.models import ImportRun, ImportSource, MatchOn
from importers.pulls.pushers import add_pusher
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.models import Person

Pusher = tuple[ImportSource, str]  # and its secret


def add_program(engine: sa.Engine, world: World, *, kind: str, name: str) -> Pusher:
    """Let a program send about the world's student, by the number S1."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        student = session.get_one(Person, (world.school.id, world.student.id))
        student.number = "S1"
        return add_pusher(
            session,
            by=None,
            school=world.school,
            kind=kind,
            name=name,
            match_on=MatchOn.NUMBER,
            options={},
            at=utc_now(),
        )


def runs_of(engine: sa.Engine, world: World) -> list[ImportRun]:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        return list(session.scalars(sa.select(ImportRun).order_by(ImportRun.id)))


def work(app: Flask, world: World) -> list[ImportRun]:
    """Do what the worker will do, once the runs are due."""
    engine = app.extensions["engine"]
    for run in runs_of(engine, world):
        at = utc_now() + timedelta(minutes=1)
        store, settings = app.extensions["store"], app.extensions["settings"]
        held = take(
            engine, store, school_id=world.school.id, run_id=run.id, at=at, settings=settings
        )
        if held is not None:
            do_work(held)
    return runs_of(engine, world)


def signals(app: Flask, world: World, source: ImportSource) -> list[tuple[Any, Any]]:
    with unit_of_work(app.extensions["engine"], school_id=world.school.id) as session:
        rows = session.execute(
            sa.text(
                "SELECT a.kind, a.value FROM activity a"
                " JOIN activity_source s ON s.id = a.source_id"
                " WHERE s.name = :name ORDER BY a.kind"
            ),
            {"name": source.name},
        )
        return [(kind, None if value is None else float(value)) for kind, value in rows]
