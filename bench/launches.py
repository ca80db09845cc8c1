"""How many launches a second: from the click in the LMS to the student's session, on PostgreSQL.

.venv/bin/python -m bench.launches --rate 30 --seconds 120 --json report.json
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from bench import load, site
from bin import gunicorn_config
from tests.servers import postgresql_binaries

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PACKAGES = ("flask", "gunicorn", "sqlalchemy", "psycopg", "pylti1p3", "pyjwt", "cryptography")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="bench.launches", description=__doc__)
    parser.add_argument("--rate", type=float, default=30, help="launches a second; default 30")
    parser.add_argument("--seconds", type=float, default=120, help="how long; default 120")
    parser.add_argument("--follow", action="store_true", help="open the page too, told apart")
    parser.add_argument("--schools", type=int, default=5, help="copies of the demo's; default 5")
    parser.add_argument("--processes", type=int, help="WEB_CONCURRENCY; default: as bin/run")
    parser.add_argument("--warm-up", type=int, default=40, help="launches before it; default 40")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there too")
    return parser.parse_args()


def machine() -> dict[str, Any]:
    """Say on what it was measured, and how busy that was with other things at the start."""
    cpus = Path("/proc/cpuinfo").read_text().splitlines()
    models = {line.partition(":")[2].strip() for line in cpus if line.startswith("model name")}
    server = postgresql_binaries().parent.name
    return {
        "cpu": ", ".join(sorted(models)),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "load_at_start": load_average(),
        "versions": {
            "python": platform.python_version(),
            "postgresql": server,
            **{name: version(name) for name in PACKAGES},
        },
    }


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process, its descendants, and those that ended meanwhile."""
    try:
        # After the name, which may hold spaces, utime to cstime are fields 11 to 14.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        tasks = Path(f"/proc/{pid}/task").iterdir()
        children = [(task / "children").read_text().split() for task in tasks]
    except (FileNotFoundError, ProcessLookupError):  # it ended just now: its parent counts it
        return 0.0
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return own + sum(cpu_seconds(int(child)) for some in children for child in some)


def busy_seconds() -> float:
    """Return the processor time that this whole machine spent since its start."""
    user, nice, system, _idle, _waiting, *interrupts = map(
        int, Path("/proc/stat").read_text().partition("\n")[0].split()[1:9]
    )
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def load_average() -> list[float]:
    """Return how many programs wanted a processor, over 1, 5 and 15 minutes."""
    return [round(one, 2) for one in os.getloadavg()]


def quantile(values: list[float], share: float) -> float:
    """Return the value that this share of the values does not pass."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def times(values: list[float]) -> dict[str, float]:
    """Sum seconds up, as milliseconds."""
    found = {
        "median": median(values),
        "p95": quantile(values, 0.95),
        "p99": quantile(values, 0.99),
        "longest": max(values),
    }
    return {name: round(value * 1000, 1) for name, value in found.items()}


def come(running: site.Site, plan: load.Plan) -> tuple[list[load.Visit], float]:
    """Have a process of its own let students come; returns the visits and its processor time.

    Raises SystemExit when a part of the site ends meanwhile.
    """
    told: str | None = json.dumps(asdict(plan)) + "\n"
    before = os.times()
    with site.program(["-m", "bench.load"], dict(os.environ)) as generator:
        while True:
            try:
                said, _ = generator.communicate(told, timeout=1)
                break
            except subprocess.TimeoutExpired:
                told = None  # it was sent
                running.check()
    if generator.returncode:
        sys.exit("The load generator failed.")
    after = os.times()
    spent = after.children_user + after.children_system
    spent -= before.children_user + before.children_system
    return [load.Visit(**visit) for visit in json.loads(said)], spent


def measure(running: site.Site, plan: load.Plan) -> dict[str, Any]:
    """Let the students come and report what that took."""
    before = {name: cpu_seconds(program.pid) for name, program in running.programs.items()}
    busy, ours, began = busy_seconds(), time.process_time(), time.monotonic()
    visits, generator_spent = come(running, plan)
    took = time.monotonic() - began
    spent = {
        name: cpu_seconds(program.pid) - before[name] for name, program in running.programs.items()
    }
    spent["load generator"] = generator_spent + time.process_time() - ours
    others = busy_seconds() - busy - sum(spent.values())
    good = [visit for visit in visits if visit.error is None]
    report: dict[str, Any] = {
        "load_at_end": load_average(),
        "cores_busy_with_other_things": round(others / took, 2),
        "launches": len(visits),
        "of_students_not_here_before": sum(visit.is_first for visit in visits),
        "errors": dict(Counter(visit.error for visit in visits if visit.error)),
        "seconds": round(took, 1),
        "launches_a_second": round(len(good) / took, 1),
        "cpu_ms_a_launch": {
            name: round(seconds * 1000 / len(visits), 1) for name, seconds in spent.items()
        },
    }
    if good:
        report["milliseconds"] = {
            "from the scheduled moment to the session": times([visit.waited for visit in good]),
            **{part: times([visit.parts[part] for visit in good]) for part in good[0].parts},
        }
    return report


def stop(*_signal: object) -> None:
    """End, and what was started with it: once, for ending takes a moment."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    sys.exit("Stopped.")


def main() -> None:
    """Measure and print; exits 1 when a launch failed."""
    given = arguments()
    for number in STOPPING:
        signal.signal(number, stop)
    report: dict[str, Any] = {"machine": machine()}
    with site.running(schools=given.schools, processes=given.processes) as running:
        plan = load.Plan(
            address=running.address,
            students=running.students,
            rate=given.rate,
            seconds=given.seconds,
            follow=given.follow,
            earlier=given.warm_up,
        )
        come(running, replace(plan, rate=10, seconds=given.warm_up / 10, earlier=0))
        report |= {
            "rate": given.rate,
            "schools": given.schools,
            "students": len(running.students),
            "web": {
                "processes": given.processes or gunicorn_config.workers,
                "threads": gunicorn_config.threads,
            },
            "pages_opened": given.follow,
            **measure(running, plan),
        }
    text = json.dumps(report, indent=2)
    print(text)
    if given.json:
        given.json.write_text(text + "\n", encoding="utf-8")
    if report["errors"]:
        sys.exit("Some launches failed.")


if __name__ == "__main__":
    main()
