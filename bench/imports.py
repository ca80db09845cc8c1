"""How many rows a second: from a file to records, on PostgreSQL or SQLite, beside plain tools.

.venv/bin/python -m bench.imports --rows 1000000 --json report.json
"""

import argparse
import csv
import io
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from bench.launches import busy_seconds, cpu_seconds, machine
from bench.site import DURABLE
from importers import runs
from importers.engine.held import HeldRun, take
from importers.engine.work import STEPS, do_work
from importers.models import ImportRun, Phase, RunState
from migrations.run import migrate
from tests import servers
from tracker import attachments
from tracker.db import open_engine, unit_of_work, utc_now
from tracker.models import School
from tracker.people import add_school, today_at

ROOT = Path(__file__).parents[1]
TASKS = 200  # each student has a result for each
MEGABYTE = 1024
HEADERS = {
    "manifest.csv": "propertyName,value",
    "users.csv": "sourcedId,status,dateLastModified,enabledUser,username,givenName,familyName,"
    "identifier,email",
    "roles.csv": "sourcedId,status,dateLastModified,userSourcedId,roleType,role,orgSourcedId,"
    "beginDate,endDate",
    "classes.csv": "sourcedId,status,dateLastModified,title,classCode",
    "enrollments.csv": "sourcedId,status,dateLastModified,classSourcedId,userSourcedId,role,"
    "beginDate,endDate",
    "lineItems.csv": "sourcedId,status,dateLastModified,title,classSourcedId,dueDate,"
    "resultValueMin,resultValueMax",
    "results.csv": "sourcedId,status,dateLastModified,lineItemSourcedId,studentSourcedId,"
    "scoreStatus,score,textScore,scoreDate,comment",
}


def peak_mb() -> int:
    """Return the most memory that this process had; `getrusage` also tells what its parent had."""
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in status if line.startswith("VmHWM"))) // MEGABYTE


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="bench.imports", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="results; default a million")
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there too")
    parser.add_argument("--worker", nargs=5, metavar="X", help=argparse.SUPPRESS)
    return parser.parse_args()


def results(number: int, *, changed: int = 0) -> Iterator[str]:
    """Yield so many rows of results.csv, the first `changed` of them with another score."""
    for n in range(number):
        student, task = n // TASKS, n % TASKS
        score = 10 if n < changed else 1 + (n * 7) % 90 / 10
        yield (
            f"res-{task}-S{900000 + student},,,li-{task},S{900000 + student},fully graded,"
            f"{score},,2026-{1 + n % 12:02}-{1 + n % 28:02},"
        )


def bundle(number: int, *, changed: int = 0) -> bytes:
    """Return a OneRoster 1.2 bundle with so many results."""
    students = range(900000, 900000 + (number + TASKS - 1) // TASKS)
    said = {name[:-4]: "bulk" for name in HEADERS if name != "manifest.csv"}
    manifest = {"manifest.version": "1.0", "oneroster.version": "1.2"}
    manifest |= {f"file.{name}": mode for name, mode in said.items()}
    content: dict[str, Iterator[str]] = {
        "manifest.csv": (f"{name},{value}" for name, value in manifest.items()),
        "users.csv": (f"S{s},,,true,S{s},Jip,de Vries {s},S{s},s{s}@proef.nl" for s in students),
        "roles.csv": (f"ro-S{s},,,S{s},primary,student,org,2026-02-01," for s in students),
        "classes.csv": iter(["cls-1,,,Klas 1,K1"]),
        "enrollments.csv": (f"en-S{s},,,cls-1,S{s},student,2026-02-01," for s in students),
        "lineItems.csv": (f"li-{t},,,Taak {t},cls-1,2026-12-01,1,10" for t in range(TASKS)),
        "results.csv": results(number, changed=changed),
    }
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as made:
        for name, rows in content.items():
            with made.open(name, "w") as out:
                out.write(HEADERS[name].encode() + b"\r\n")
                for row in rows:
                    out.write(row.encode() + b"\r\n")
    return body.getvalue()


@contextmanager
def database(name: str, folder: Path) -> Iterator[tuple[str, int]]:
    """Give a migrated database, durable as in service, and the first process of its server."""
    if name == "sqlite":
        url = f"sqlite:///{folder}/bench.db"
        migrate(owner_url=url, application_url=url)
        yield url, 0
        return
    cluster_folder = Path(tempfile.mkdtemp(prefix="bench-pg-"))
    cluster = servers.start_postgresql(cluster_folder, **DURABLE)
    try:
        admin_url = cluster.url("postgres", "postgres").replace("+psycopg", "")
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE bench OWNER {servers.OWNER}")
        url = cluster.url(servers.APPLICATION, "bench")
        migrate(owner_url=cluster.url(servers.OWNER, "bench"), application_url=url)
        yield url, cluster.process.pid
    finally:
        cluster.stop()
        shutil.rmtree(cluster_folder, ignore_errors=True)


def timed(report: dict[str, Any], name: str, rows: int, work: Callable[[], Any]) -> None:
    """Do it, and note rows a second and how busy the machine was with anything."""
    busy, began = busy_seconds(), time.monotonic()
    work()
    took = time.monotonic() - began
    report[name] = {
        "seconds": round(took, 2),
        "rows_a_second": round(rows / took),
        "cores_busy": round((busy_seconds() - busy) / took, 2),
    }
    print(name, report[name], file=sys.stderr, flush=True)


def plain_tools(report: dict[str, Any], url: str, number: int, folder: Path) -> None:
    """Measure what the same rows cost without us: csv.reader, COPY, a plain upsert."""
    path = folder / "results.csv"
    path.write_text("\n".join(results(number)))
    columns = [name.lower() for name in HEADERS["results.csv"].split(",")]

    def read() -> None:
        with path.open(newline="") as text:
            for _ in csv.reader(text):
                pass

    timed(report, "plain csv.reader", number, read)
    if not url.startswith("postgresql"):
        return
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        texts = ", ".join(f"{name} text" for name in columns)
        connection.execute(f"CREATE TEMP TABLE came ({texts})")
        connection.execute(f"CREATE TEMP TABLE kept ({texts}, PRIMARY KEY (sourcedid))")

        def copy() -> None:
            cursor = connection.cursor()
            with path.open() as text, cursor.copy("COPY came FROM STDIN CSV") as into:
                while piece := text.read(1_000_000):
                    into.write(piece)
            connection.commit()

        def upsert() -> None:
            connection.execute(
                "INSERT INTO kept SELECT * FROM came ON CONFLICT (sourcedid)"
                " DO UPDATE SET score = excluded.score"
            )
            connection.commit()

        timed(report, "plain COPY", number, copy)
        timed(report, "plain upsert, new", number, upsert)
        timed(report, "plain upsert, again", number, upsert)


class Importing:
    """A school whose files come in; the work is done in a process of its own, which is measured."""

    def __init__(self, url: str, folder: Path, database_pid: int) -> None:
        self.url, self.folder, self.database_pid = url, folder, database_pid
        self.engine = open_engine(url)
        self.store = attachments.open_store((folder / "files").as_uri())
        with unit_of_work(self.engine) as session:
            zone = "Europe/Amsterdam"
            self.school: School = add_school(
                session, slug="proef", name="Proef", timezone=zone, at=utc_now()
            )
        self.run_id: UUID | None = None

    def start(self, body: bytes) -> None:
        """Take a file in at the door."""
        at = utc_now()
        with unit_of_work(self.engine, school_id=self.school.id) as session:
            run = runs.start(
                session,
                by=None,
                school=self.school,
                store=self.store,
                file_name="bundel.zip",
                body=body,
                on=today_at(self.school, at),
                at=at,
            )
            self.run_id = run.id

    def worker(self) -> subprocess.Popen[str]:
        """Start a process that does what the run asks for."""
        ids = [str(self.school.id), str(self.run_id)]
        facts = [self.url, (self.folder / "files").as_uri(), *ids, str(self.database_pid)]
        command = [sys.executable, "-m", "bench.imports", "--worker", *facts]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own

    def work(self) -> dict[str, Any]:
        """Have the run worked on until it asks for nothing; returns what the worker tells."""
        worker = self.worker()
        said, _ = worker.communicate()
        if worker.returncode:
            sys.exit("The worker failed.")
        told: dict[str, Any] = json.loads(said)
        return told

    def approve(self) -> None:
        """Approve the preview."""
        at = utc_now()
        with unit_of_work(self.engine, school_id=self.school.id) as session:
            run = session.get_one(ImportRun, (self.school.id, self.run_id))
            if run.state is not RunState.PREVIEWED:
                sys.exit(f"The run is {run.state}.")
            on = today_at(self.school, at)
            digest = run.preview_digest or ""
            runs.approve(session, by=None, run=run, digest=digest, on=on, at=at)

    def cancel(self) -> None:
        """Ask the worker to stop."""
        at = utc_now()
        with unit_of_work(self.engine, school_id=self.school.id) as session:
            run = session.get_one(ImportRun, (self.school.id, self.run_id))
            runs.cancel(session, by=None, run=run, on=today_at(self.school, at), at=at)

    def counts(self) -> dict[str, Any]:
        """Return how many rows would do, or did, what."""
        with unit_of_work(self.engine, school_id=self.school.id, writes=False) as session:
            run = session.get_one(ImportRun, (self.school.id, self.run_id))
            found: dict[str, int] = {}
            for by_status in run.counts.values():
                for status, number in by_status.items():
                    found[status] = found.get(status, 0) + number
            return {"state": run.state.value, **{k: v for k, v in found.items() if v}}

    def is_under_way(self, done: int) -> bool:
        """Whether the worker got so far."""
        with unit_of_work(self.engine, school_id=self.school.id, writes=False) as session:
            return session.get_one(ImportRun, (self.school.id, self.run_id)).done >= done


def measure(report: dict[str, Any], importing: Importing, number: int) -> None:
    """Bring a file in, again unchanged, and again with a hundredth changed; then cancel one."""
    rows = number + 3 * ((number + TASKS - 1) // TASKS) + TASKS + 1
    files = {"first": 0, "unchanged": None, "changed": number // 100}
    body = bundle(number)
    for name, changed in files.items():
        if changed:
            body = bundle(number, changed=changed)
        timed(report, f"{name}: door", rows, lambda body=body: importing.start(body))  # type: ignore[misc]  # a default, so that it is this body
        busy, began = busy_seconds(), time.monotonic()
        preview = importing.work()
        importing.approve()
        apply = importing.work()
        took = time.monotonic() - began
        worked = preview["seconds"] + apply["seconds"]
        report[name] = {
            "preview": each_row(preview, rows),
            "apply": each_row(apply, rows),
            "file_to_applied_rows_a_second": round(rows / worked),
            "with_starting_two_processes": round(rows / took),
            "cores_busy": round((busy_seconds() - busy) / took, 2),
            "worker_peak_mb": max(preview["peak_mb"], apply["peak_mb"]),
            "counts": importing.counts(),
        }
        print(name, json.dumps(report[name], indent=1), file=sys.stderr, flush=True)
    importing.start(bundle(number, changed=number // 2))
    worker = importing.worker()
    while not importing.is_under_way(number // 10):
        time.sleep(0.01)
    began = time.monotonic()
    importing.cancel()
    while importing.counts()["state"] != RunState.DISCARDED:
        time.sleep(0.01)
    report["cancelled_in_seconds"] = round(time.monotonic() - began, 2)
    worker.communicate()


def each_row(told: dict[str, Any], rows: int) -> dict[str, Any]:
    """Return what a worker told of its phases: rows a second, microseconds of processor a row."""
    found: dict[str, Any] = {"rows_a_second": round(rows / told["seconds"])}
    for phase, (seconds, ours, theirs) in told["phases"].items():
        found[phase] = {
            "seconds": round(seconds, 2),
            "python_us": round(1e6 * ours / rows, 1),
            "database_us": round(1e6 * theirs / rows, 1),
        }
    return found


def work(url: str, files: str, school_id: str, run_id: str, database_pid: str) -> None:
    """Be the worker; prints what each phase took, and the most memory that it ever held, in MB."""
    engine, store, pid = open_engine(url), attachments.open_store(files), int(database_pid)
    phases: dict[str, list[float]] = {}

    def spent() -> list[float]:
        return [time.monotonic(), time.process_time(), cpu_seconds(pid) if pid else 0.0]

    def measured(phase: Phase, step: Callable[[HeldRun], None]) -> Callable[[HeldRun], None]:
        def wrapped(held: HeldRun) -> None:
            before = spent()
            step(held)
            took = [now - then for now, then in zip(spent(), before, strict=True)]
            sums = phases.setdefault(phase.value, [0.0, 0.0, 0.0])
            phases[phase.value] = [one + other for one, other in zip(sums, took, strict=True)]

        return wrapped

    STEPS.update({phase: measured(phase, step) for phase, step in STEPS.items()})
    began = time.monotonic()
    held = take(engine, store, school_id=UUID(school_id), run_id=UUID(run_id), at=utc_now())
    if held is not None:
        do_work(held)
    seconds = time.monotonic() - began
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb(), "phases": phases}))


def main() -> None:
    """Measure and report."""
    chosen = arguments()
    if chosen.worker:
        work(*chosen.worker)
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    report: dict[str, Any] = {"machine": machine(), "rows": chosen.rows}
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        folder = Path(made)
        with database(chosen.database, folder) as (url, pid):
            plain_tools(report, url, chosen.rows, folder)
            measure(report, Importing(url, folder, pid), chosen.rows)
    text = json.dumps(report, indent=1)
    print(text)
    if chosen.json:
        chosen.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
