"""The real worker on a real Valkey: killed, doubled, cut off from its queue, and no row lost."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from importers.engine.held import STALE
from importers.models import (
    Cadence,
    ImportIssue,
    ImportRow,
    ImportRun,
    ImportSource,
    MatchOn,
    Phase,
    RunState,
)
from importers.pulls.source_list import add_source
from tests.clamd import EICAR, Clamd, serving
from tests.conftest import Database
from tests.importers.bundles import bundle, setting
from tests.importers.importing import Importing, importing_in
from tests.importers.moodle import know_people
from tests.moodle import TOKEN, playing
from tests.workers import QUICK, Queue, Workers, running_queue, running_workers
from tracker import attachments
from tracker.db import new_id, unit_of_work, utc_now
from tracker.evidence import KeptFile, log_evidence
from tracker.models import (
    Attachment,
    AuditEvent,
    Person,
    PlanState,
    ScanState,
    School,
    SchoolRole,
)
from tracker.people import add_person, add_school
from tracker.plans import start_plan

pytestmark = pytest.mark.worker
SMALL = 5  # rows in a batch, so that there is time between two of them


@pytest.fixture
def queue() -> Iterator[Queue]:
    with running_queue() as made:
        yield made


@dataclass
class Watched(Importing):
    """A school whose runs are looked at every few milliseconds: a look is one statement."""

    sight: sa.Connection

    def state_of(self, run: ImportRun) -> tuple[RunState, Phase | None, int]:
        columns = sa.select(ImportRun.state, ImportRun.phase, ImportRun.done)
        state, phase, done = self.sight.execute(columns.where(ImportRun.id == run.id)).one()
        return state, phase, done


@pytest.fixture
def importing(
    engine: sa.Engine, superuser_engine: sa.Engine, school: School, tmp_path: Path
) -> Iterator[Watched]:
    made = importing_in(engine, school, tmp_path)
    with superuser_engine.connect() as connection:
        sight = connection.execution_options(isolation_level="AUTOCOMMIT")
        yield Watched(made.engine, made.store, made.school, made.folder, sight)


@pytest.fixture
def workers(
    database: Database, importing: Watched, queue: Queue, tmp_path: Path
) -> Iterator[Workers]:
    environ = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "DATABASE_URL": database.url,
        "EVIDENCE_URL": importing.folder.as_uri(),
        "SECRET_KEY": "s" * 40,
        "ENCRYPTION_KEYS": "bDKmZ3yQ0v8R5nXh2LwTsJ7cFgUa9PeI1kOqVtYx4Mz6",
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "REDIS_URL": queue.url,
        "PYTHONUNBUFFERED": "1",
    }
    with running_workers(environ, tmp_path / "worker.log") as made:
        yield made


def look_dead(importing: Importing) -> None:
    """Let so much time pass for the held runs that their worker is taken for dead."""
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        for run in session.scalars(sa.select(ImportRun).where(ImportRun.claim.is_not(None))):
            assert run.heartbeat_at is not None
            run.heartbeat_at -= STALE + timedelta(seconds=1)


def stands(importing: Watched, run: ImportRun, state: RunState) -> Callable[[], bool]:
    return lambda: importing.state_of(run)[:2] == (state, None)


def in_phase(importing: Watched, run: ImportRun, phase: Phase, done: int) -> Callable[[], bool]:
    """Return a check for the run having come so far, or further."""
    order = list(Phase)

    def check() -> bool:
        _, now, count = importing.state_of(run)
        if now is None:
            return True
        place = order.index(now) - order.index(phase)
        return place > 0 or (place == 0 and count >= done)

    return check


def other_school(importing: Importing) -> Importing:
    with unit_of_work(importing.engine) as session:
        school: School = add_school(
            session, slug="ander", name="Ander", timezone="Europe/Amsterdam", at=utc_now()
        )
    return Importing(importing.engine, importing.store, school, importing.folder)


def awkward() -> bytes:
    return bundle(
        {
            "results.csv": setting("res-2-S900003", score="acht"),
            "users.csv": setting("S900005", email="geen-adres"),
        }
    )


def test_a_worker_killed_at_five_points_leaves_the_same_school_as_one_left_alone(
    importing: Watched, workers: Workers
):
    alone = other_school(importing)
    whole = alone.bring(awkward(), batch_size=SMALL)

    killed = 0

    def kill_when(check: Callable[[], bool]) -> None:
        nonlocal killed
        worker = workers.start()
        workers.wait_until(check, "the point to kill at", poll=QUICK)
        jobs = workers.kill(worker)
        killed += bool(jobs and importing.again(run).phase)
        look_dead(importing)

    run = importing.start(awkward(), batch_size=2)  # so that no phase is over in a moment
    kill_when(in_phase(importing, run, Phase.READ, 15))
    kill_when(in_phase(importing, run, Phase.MATCH, 0))
    last = workers.start()
    workers.wait_until(stands(importing, run, RunState.PREVIEWED), "a preview")
    workers.kill(last)
    importing.approve(importing.again(run))
    kill_when(in_phase(importing, run, Phase.WRITE, 15))
    kill_when(in_phase(importing, run, Phase.WRITE, 100))
    kill_when(in_phase(importing, run, Phase.TOUCH, 0))
    workers.start()
    workers.wait_until(stands(importing, run, RunState.APPLIED), "an applied import")

    again = importing.again(run)
    assert killed >= 3  # a busy machine may have looked away at a point
    assert again.counts == whole.counts
    assert importing.contents() == alone.contents()
    assert importing.codes(again) == alone.codes(whole) == ["number.form", "email.unusable"]
    assert importing.count(ImportRow) == alone.count(ImportRow) == 1
    applied = importing.count(
        AuditEvent, AuditEvent.subject_id == run.id, AuditEvent.verb == "applied import"
    )
    assert applied == 1
    assert importing.kept_files() == []
    assert "Traceback" not in workers.said()


def test_what_is_left_of_a_dead_workers_job_does_not_trip_the_next(
    importing: Watched, workers: Workers, queue: Queue
):
    run = importing.start(bundle(), batch_size=SMALL)
    worker = workers.start()
    workers.wait_until(
        in_phase(importing, run, Phase.READ, 15), "the middle of reading", poll=QUICK
    )
    assert workers.kill(worker) == 1
    look_dead(importing)
    queue.forget_executions()
    workers.start()
    workers.wait_until(stands(importing, run, RunState.PREVIEWED), "a preview")
    workers.wait_until(lambda: has_ended(run, workers), "the job's end")
    assert "Traceback" not in workers.said()


def has_ended(run: ImportRun, workers: Workers) -> bool:
    """Whether the queue knows that the run's job ended well, or stumbled over it."""
    said = workers.said()
    return bool(re.search(rf"Job OK.*import-{run.id}", said)) or "Traceback" in said


def test_a_system_that_is_due_is_read_without_anybody_asking(importing: Watched, workers: Workers):
    with playing() as moodle:
        know_people(importing, moodle)
        workers.environ["LEERSPOOR_DEMO"] = "1"  # that Moodle is on this computer
        at = utc_now()
        with unit_of_work(importing.engine, school_id=importing.school.id) as session:
            source = add_source(
                session,
                by=None,
                school=importing.school,
                kind="moodle",
                name="Onze Moodle",
                url=moodle.url,
                secret=TOKEN,
                cadence=Cadence.HOURLY,
                match_on=MatchOn.NUMBER,
                options={"courses": "5"},
                encryption_keys=[workers.environ["ENCRYPTION_KEYS"]],
                at=at,
            )
            source.due_at = at
        workers.start()
        ended = sa.select(ImportRun).where(ImportRun.phase.is_(None))
        workers.wait_until(lambda: bool(importing.read(ended)), "a pull")
        ((run,),) = importing.read(ended)
    assert (run.state, run.is_direct, run.started_by_id) == (RunState.APPLIED, True, None)
    assert run.counts["membership"]["new"] == len(moodle.enrolled[5])
    ((due_at,),) = importing.read(sa.select(ImportSource.due_at))
    assert at < due_at <= utc_now() + timedelta(hours=1)


def test_two_workers_apply_a_run_once(importing: Watched, workers: Workers):
    run = importing.preview(awkward(), batch_size=SMALL)
    importing.approve(run)
    workers.start()
    workers.start()
    workers.wait_until(stands(importing, run, RunState.APPLIED), "an applied import")
    verbs = importing.read(sa.select(AuditEvent.verb).where(AuditEvent.subject_id == run.id))
    assert sorted(row.verb for row in verbs) == [
        "applied import",
        "approved import",
        "started import",
    ]
    assert importing.count(Person) == 32
    assert importing.count(ImportIssue) == 2


def test_an_emptied_queue_loses_nothing(importing: Watched, workers: Workers, queue: Queue):
    run = importing.start(bundle(), batch_size=SMALL)
    workers.start()
    workers.wait_until(
        in_phase(importing, run, Phase.READ, 15), "the middle of reading", poll=QUICK
    )
    queue.empty()
    workers.wait_until(stands(importing, run, RunState.PREVIEWED), "a preview")
    importing.approve(importing.again(run))
    queue.empty()
    workers.wait_until(stands(importing, run, RunState.APPLIED), "an applied import")
    assert importing.count(Person) == 32


def test_a_queue_that_is_down_at_the_start_and_in_the_middle_only_delays(
    importing: Watched, workers: Workers, queue: Queue
):
    queue.stop()
    run = importing.start(bundle(), batch_size=SMALL)
    worker = workers.start()
    workers.wait_until(
        lambda: "the queue is down" in workers.said(), "a line that the queue is down"
    )
    queue.start()
    workers.wait_until(
        in_phase(importing, run, Phase.READ, 15), "the middle of reading", poll=QUICK
    )
    queue.stop()
    workers.wait_until(stands(importing, run, RunState.PREVIEWED), "a preview, without the queue")
    importing.approve(importing.again(run))
    queue.start()
    workers.wait_until(stands(importing, run, RunState.APPLIED), "an applied import")
    assert importing.count(Person) == 32
    assert worker.exitcode is None


def test_a_worker_whose_queue_went_away_still_stops_when_asked(workers: Workers, queue: Queue):
    worker = workers.start()
    workers.wait_until(lambda: "Listening on leerspoor" in workers.said(), "a worker at work")
    queue.stop()
    # The second time no worker of rq's is there any more to hear it.
    workers.wait_until(
        lambda: workers.said().count("the queue is down") > 1, "two tries without the queue"
    )
    worker.terminate()
    assert workers.end_of(worker) == 0, workers.said()


def test_a_worker_that_is_asked_to_stop_leaves_the_run_to_the_next_at_once(
    importing: Watched, workers: Workers
):
    run = importing.start(bundle(), batch_size=2)
    worker = workers.start()
    workers.wait_until(
        in_phase(importing, run, Phase.READ, 15), "the middle of reading", poll=QUICK
    )
    worker.terminate()
    assert workers.end_of(worker) == 0
    left = importing.again(run)
    assert (left.state, left.claim) == (RunState.READING, None)
    workers.start()
    workers.wait_until(stands(importing, run, RunState.PREVIEWED), "a preview")
    assert importing.again(run).counts["person"]["new"] == 32


def test_a_worker_without_the_address_of_a_queue_says_so_in_one_sentence(workers: Workers):
    del workers.environ["REDIS_URL"]
    assert workers.end_of(workers.start()) == 1
    assert workers.said().strip() == (
        "REDIS_URL is not set: the worker needs the queue that wakes it."
    )


def evidence_with(importing: Importing, bodies: list[bytes]) -> list[Attachment]:
    """Log evidence with files as an installation with a scanner does."""
    school, at, on = importing.school, utc_now(), importing.today()
    files = [
        KeptFile(
            name=f"{number}.pdf",
            media_type="application/pdf",
            size=len(body),
            digest=attachments.keep(importing.store, school.id, body),
            thumbnail_digest=None,
            scan=ScanState.WAITING,
        )
        for number, body in enumerate(bodies)
    ]
    with unit_of_work(importing.engine, school_id=school.id) as session:
        student = add_person(
            session,
            by=None,
            school=school,
            name="Sanne Student",
            email="sanne@proef.example",
            number="S1",
            roles=[SchoolRole.STUDENT],
            at=at,
        )
        plan = start_plan(
            session, by=None, student=student, state=PlanState.ACTIVE, starts_on=on, at=at
        )
        evidence = log_evidence(
            session,
            key=new_id(),
            by=student,
            plan=plan,
            goals=[],
            text="Twee verslagen.",
            happened_on=on,
            has_people=False,
            files=files,
            on=on,
            at=at,
        )
        query = sa.select(Attachment).where(Attachment.evidence_id == evidence.id)
        return list(session.scalars(query.order_by(Attachment.name)))


def test_files_that_wait_are_scanned_and_bytes_that_nobody_names_go(
    importing: Watched, workers: Workers, queue: Queue
):
    def state(file: Attachment) -> tuple[ScanState, bool]:
        with unit_of_work(importing.engine, school_id=file.school_id, writes=False) as session:
            found = session.get_one(Attachment, (file.school_id, file.id))
            return found.scan, found.scanned_at is not None

    orphan = attachments.keep(importing.store, importing.school.id, b"nobody's")
    (path,) = importing.folder.rglob(orphan)
    a_day_ago = path.stat().st_mtime - 25 * 3600
    os.utime(path, (a_day_ago, a_day_ago))
    clean, infected = evidence_with(importing, [b"%PDF-1.7", b"%PDF-1.7" + EICAR])

    workers.environ["CLAMD_URL"] = "unix:///not/there/yet"
    worker = workers.start()
    workers.wait_until(lambda: "the scanner is gone" in workers.said(), "an attempt to scan")
    workers.wait_until(lambda: not path.exists(), "the orphan gone")
    workers.kill(worker)
    assert state(clean) == state(infected) == (ScanState.WAITING, False)

    queue.empty()  # so that only the rows tell what to do
    with serving(Clamd()) as url:
        workers.environ["CLAMD_URL"] = url
        workers.start()
        workers.wait_until(lambda: state(clean) == (ScanState.CLEAN, True), "a clean file")
        workers.wait_until(
            lambda: state(infected) == (ScanState.INFECTED, True), "an infected file"
        )
    assert len(importing.kept_files()) == 2
    assert "Traceback" not in workers.said()
