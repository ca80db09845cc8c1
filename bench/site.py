"""Everything that a launch passes, each in processes of its own, as `bin/run` starts them."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import sqlalchemy as sa

from bench.load import Student
from bench.schools import copy_school
from bin.environment import ROOT, die_with_parent, web_command
from lti.connecting.registrations import activate, add_deployment, add_registration
from lti.models import Registration
from tests import servers
from tracker.db import open_engine, unit_of_work, utc_now
from tracker.models import Person, PersonRole, School, SchoolRole

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on"}
DATABASE = "leerspoor"
ENDS_WITHIN = 5  # seconds
Program = subprocess.Popen[str] | subprocess.Popen[bytes]


@dataclass(frozen=True)
class Site:
    """A site that serves: its students, and the first processes of web, database and LMS."""

    address: str
    students: list[Student]
    programs: dict[str, Program]
    web_log: Path

    def check(self) -> None:
        """Raise SystemExit when a part of it ended."""
        for name, program in self.programs.items():
            if program.poll() is not None:
                said = self.web_log.read_text(errors="replace")[-2000:]
                raise SystemExit(f"The {name} ended with {program.returncode}.\n{said}")


@contextmanager
def running(*, schools: int, processes: int | None) -> Iterator[Site]:
    """Run a site with so many schools; `processes` of the web server, None: as many as bin/run."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        cluster_folder = Path(tempfile.mkdtemp(prefix="bench-pg-"))
        stack.callback(shutil.rmtree, cluster_folder, ignore_errors=True)
        cluster = servers.start_postgresql(cluster_folder, **DURABLE)
        stack.callback(cluster.stop)
        with psycopg.connect(cluster.url("postgres", "postgres").replace("+psycopg", "")) as admin:
            admin.autocommit = True
            admin.execute(f"CREATE DATABASE {DATABASE} OWNER {servers.OWNER}")
        queue_url, valkey = servers.start_valkey(folder)
        stack.callback(_end, valkey)
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=2048))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        environ = {
            **os.environ,
            "DATABASE_URL": cluster.url(servers.APPLICATION, DATABASE),
            "DATABASE_OWNER_URL": cluster.url(servers.OWNER, DATABASE),
            "REDIS_URL": queue_url,
            "EVIDENCE_URL": (folder / "evidence").as_uri(),
            "SECRET_KEY": secrets.token_urlsafe(48),
            "ENCRYPTION_KEYS": secrets.token_urlsafe(32),
            "PUBLIC_URL": address,
            "LEERSPOOR_DEMO": "1",
            **({} if processes is None else {"WEB_CONCURRENCY": str(processes)}),
        }
        _load_demo(environ)
        lms = stack.enter_context(program(["-m", "bench.lms"], environ))
        students = _fill(cluster, lms, address, schools)
        bind = f"fd://{listening.fileno()}"
        web = stack.enter_context(
            program(web_command(bind), environ, log=folder / "web.log", fd=listening.fileno())
        )
        servers.wait_for(
            lambda: httpx.get(f"{address}/health/ready").raise_for_status(), httpx.HTTPError, folder
        )
        programs: dict[str, Program] = {"web": web, "database": cluster.process, "LMS": lms}
        yield Site(address, students, programs, folder / "web.log")


@contextmanager
def program(
    arguments: list[str], environ: dict[str, str], *, log: Path | None = None, fd: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run one of our own programs for as long as the block lasts."""
    with ExitStack() as stack:
        said = subprocess.PIPE if log is None else stack.enter_context(log.open("w"))
        parent = os.getpid()
        started = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=None if log is None else subprocess.STDOUT,
            text=True,
            process_group=0,  # Ctrl-C is for us, who end them
            pass_fds=[] if fd is None else [fd],
            preexec_fn=lambda: die_with_parent(parent, signal.SIGTERM),  # noqa: PLW1509 - no threads
        )
        stack.callback(_end, started)
        yield started


def _end(program: Program) -> None:
    program.terminate()
    try:
        program.wait(ENDS_WITHIN)
    except subprocess.TimeoutExpired:  # it waits for requests that nobody needs any more
        program.kill()
        program.wait()


def _load_demo(environ: dict[str, str]) -> None:
    """Migrate, and load the demo school through the real worker, which ends again."""
    for command in ("migrate", "demo"):
        with ExitStack() as stack:
            if command == "demo":
                log = Path(environ["EVIDENCE_URL"].removeprefix("file://")).parent / "worker.log"
                stack.enter_context(program(["worker.py"], environ, log=log))
            subprocess.run(  # noqa: S603 - our own program
                [sys.executable, "commands.py", command], cwd=ROOT, env=environ, check=True
            )


def _fill(
    cluster: servers.PostgreSQL, lms: subprocess.Popen[str], address: str, schools: int
) -> list[Student]:
    """Copy the school, register each copy with the LMS, and tell the LMS who its students are."""
    if lms.stdin is None or lms.stdout is None:
        raise RuntimeError("the LMS was started without its pipes")
    lms_url = lms.stdout.readline().strip()
    superuser = sa.create_engine(cluster.url("postgres", DATABASE))
    with superuser.connect() as connection:
        row = connection.execute(sa.select(School.__table__)).mappings().one()
    copies = copy_school(superuser, School(**row), schools)
    engine = open_engine(cluster.url(servers.APPLICATION, DATABASE))
    clients, students = [], []
    for number, school_id in enumerate(copies):
        with unit_of_work(engine, school_id=school_id) as session:
            school = session.get_one(School, school_id)
            registration = add_registration(
                session,
                school=school,
                issuer=lms_url,
                client_id=f"school-{number}",
                auth_url=f"{lms_url}/cloud/auth",
                token_url=f"{lms_url}/token",
                jwks_url=f"{lms_url}/jwks",
                audience=None,
                allow_loopback=True,
                at=utc_now(),
            )
            _activate(session, registration)
            numbers = list(
                session.scalars(
                    sa.select(Person.number)
                    .join(PersonRole, PersonRole.person_id == Person.id)
                    .where(PersonRole.role == SchoolRole.STUDENT, Person.number.is_not(None))
                )
            )
        clients.append({"client_id": f"school-{number}", "deployment_id": "1", "numbers": numbers})
        students += [Student(lms_url, f"school-{number}", "1", str(one)) for one in numbers]
    engine.dispose()
    with superuser.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    superuser.dispose()
    lms.stdin.write(json.dumps({"tool": address, "clients": clients}) + "\n")
    lms.stdin.flush()
    lms.stdout.readline()
    return students


def _activate(session: sa.orm.Session, registration: Registration) -> None:
    deployment = add_deployment(session, registration=registration, lti_id="1", at=utc_now())
    activate(session, deployment_id=deployment.id, at=utc_now())
