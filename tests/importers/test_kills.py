"""A worker killed anywhere, and another that goes on: the same records as if nothing happened."""

import multiprocessing
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from importers.engine.held import STALE, take
from importers.engine.work import do_work
from importers.models import ImportRun, ImportSeen, RunState
from tests.conftest import Database
from tests.importers import killed
from tests.importers.bundles import Rows, bundle, only, setting
from tests.importers.importing import Importing, importing_in
from tracker.db import unit_of_work, utc_now
from tracker.models import School
from tracker.people import add_school

# Modules are loaded once, in a process that all workers come from.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.importers.killed"])
LONGEST = 60  # seconds


def few(column: str) -> Callable[[Rows], Rows]:
    """Keep the rows of twelve students, and of everybody else."""
    return only(lambda row: not row[column].startswith("S9") or row[column] <= "S900012")


def then(first: Callable[[Rows], Rows], second: Callable[[Rows], Rows]) -> Callable[[Rows], Rows]:
    """Do one after the other."""
    return lambda rows: second(first(rows))


FEW = {
    "users.csv": few("sourcedId"),
    "roles.csv": few("userSourcedId"),
    "enrollments.csv": few("userSourcedId"),
    "results.csv": few("studentSourcedId"),
}
OTHERWISE = {
    "users.csv": setting("S900001", familyName="Anders"),
    "results.csv": setting("res-2-S900002", score="7.25"),
    "enrollments.csv": only(lambda row: row["userSourcedId"] != "S900003"),
}
CHANGED = FEW | {name: then(FEW[name], change) for name, change in OTHERWISE.items()}
BODIES = {"first": bundle(FEW), "changed": bundle(CHANGED)}
BATCH = 15
STEPS = ("first preview", "first apply", "changed preview", "changed apply")


@dataclass
class Counted:
    """How many statements each step took when nothing happened, and what became of it."""

    statements: dict[str, int]
    contents: dict[str, dict[str, Any]]


@contextmanager
def counting(engine: sa.Engine) -> Iterator[list[int]]:
    """Count the statements that are sent."""
    found = [0]

    def count(*_: object) -> None:
        found[0] += 1

    sa.event.listen(engine, "before_cursor_execute", count)
    yield found
    sa.event.remove(engine, "before_cursor_execute", count)


def undisturbed(importing: Importing) -> Counted:
    """Import, and import again with changes."""
    statements: dict[str, int] = {}
    contents: dict[str, dict[str, Any]] = {}
    for name, body in BODIES.items():
        run = importing.start(body, batch_size=BATCH)
        with counting(importing.engine) as preview:
            run = importing.work(run)
        importing.approve(run)
        with counting(importing.engine) as apply:
            importing.work(run)
        statements |= {f"{name} preview": preview[0], f"{name} apply": apply[0]}
        contents[name] = importing.contents()
    return Counted(statements, contents)


def work_and_die(importing: Importing, database: Database, run: ImportRun, point: int) -> int:
    """Have a process of its own work on a run and be killed; returns how it ended."""
    facts = (database.url, importing.folder.as_uri(), run.school_id, run.id, point)
    process = FORKS.Process(target=killed.main, args=facts)
    process.start()
    process.join(LONGEST)
    if process.exitcode is None:
        process.kill()
    return process.exitcode or 0


def go_on(importing: Importing, run: ImportRun) -> ImportRun:
    """Take the run up when its worker looks dead."""
    later = utc_now() + STALE + timedelta(seconds=1)
    held = take(importing.engine, importing.store, school_id=run.school_id, run_id=run.id, at=later)
    assert held is not None
    do_work(held)
    return importing.again(run)


def killed_once(
    importing: Importing, database: Database, counted: Counted, *, step: str, share: float
) -> None:
    """Do all as undisturbed, with one worker killed at this share of the statements of a step."""
    point = 1 + int(share * (counted.statements[step] - 2))
    for name, body in BODIES.items():
        run = importing.start(body, batch_size=BATCH)
        for phase in ("preview", "apply"):
            if step == f"{name} {phase}":
                assert work_and_die(importing, database, run, point) == -signal.SIGKILL
                run = go_on(importing, run) if is_asking(importing, run) else importing.again(run)
            else:
                run = importing.work(run)
            if phase == "preview":
                assert run.state is RunState.PREVIEWED
                importing.approve(run)
        assert run.state is RunState.APPLIED
        if name == step.split(maxsplit=1)[0]:
            assert importing.contents() == counted.contents[name]
            break
    assert importing.count(ImportSeen) == 0
    assert importing.kept_files() == []


def is_asking(importing: Importing, run: ImportRun) -> bool:
    """Whether the run still asks for work."""
    return importing.again(run).phase is not None


def second_school(engine: sa.Engine, folder: Path, name: str) -> Importing:
    """Import into another school."""
    with unit_of_work(engine) as session:
        school = add_school(
            session, slug=name, name=name, timezone="Europe/Amsterdam", at=utc_now()
        )
    return importing_in(engine, school, folder / name)


def kill_points(
    engine: sa.Engine, school: School, folder: Path, database: Database, *, number: int
) -> None:
    """Kill a worker at so many points, spread over all steps, each in a school of its own."""
    counted = undisturbed(importing_in(engine, school, folder))
    chance = random.Random(number)  # noqa: S311 - the same points each time
    for turn in range(number):
        other = second_school(engine, folder, f"proef-{turn}")
        step, share = STEPS[turn % len(STEPS)], chance.random()
        killed_once(other, database, counted, step=step, share=share)


def test_a_killed_worker_leaves_what_another_finishes_to_the_same_records(
    engine: sa.Engine, school: School, tmp_path: Path, database: Database
):
    kill_points(engine, school, tmp_path, database, number=5)


@pytest.mark.drill
def test_a_worker_may_be_killed_at_fifty_points(
    engine: sa.Engine, school: School, tmp_path: Path, database: Database
):
    kill_points(engine, school, tmp_path, database, number=50)
