"""How many launches a second: the whole way from the LMS to the student's page, on PostgreSQL.

.venv/bin/python -m bench.launches --rate 30 --seconds 120 --json report.json
"""

import argparse
import json
import os
import platform
import signal
import sys
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from bench import load, site
from tests.servers import postgresql_binaries

PACKAGES = ("flask", "gunicorn", "sqlalchemy", "psycopg", "pylti1p3", "pyjwt", "cryptography")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="bench.launches", description=__doc__)
    parser.add_argument("--rate", type=float, default=30, help="launches a second; default 30")
    parser.add_argument("--seconds", type=float, default=120, help="how long; default 120")
    parser.add_argument("--schools", type=int, default=40, help="of 30 students; default 40")
    parser.add_argument(
        "--processes", type=int, help="WEB_CONCURRENCY; default: as bin/run, which takes 1"
    )
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
        "load_at_start": [round(one, 2) for one in os.getloadavg()],
        "versions": {
            "python": platform.python_version(),
            "postgresql": server,
            **{name: version(name) for name in PACKAGES},
        },
    }


def family_of(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    family = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            family += family_of(int(child))
    return family


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process, its descendants, and those that ended meanwhile."""
    ticks = 0
    for one in family_of(pid):
        # After the name, which may hold spaces, utime to cstime are fields 11 to 14.
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


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


def measure(running: site.Site, given: argparse.Namespace) -> dict[str, Any]:
    """Let the students come and report what that took."""
    before = {name: cpu_seconds(pid) for name, pid in running.pids.items()}
    ours, began = time.process_time(), time.monotonic()
    visits = load.come(running, rate=given.rate, seconds=given.seconds)
    took = time.monotonic() - began
    spent = {name: cpu_seconds(pid) - before[name] for name, pid in running.pids.items()}
    spent["load generator"] = time.process_time() - ours
    good = [visit for visit in visits if visit.error is None]
    report: dict[str, Any] = {
        "launches": len(visits),
        "errors": dict(Counter(visit.error for visit in visits if visit.error)),
        "seconds": round(took, 1),
        "launches_a_second": round(len(good) / took, 1),
        "cpu_ms_a_launch": {
            name: round(seconds * 1000 / len(visits), 1) for name, seconds in spent.items()
        },
    }
    if good:
        report["milliseconds"] = {
            "from the scheduled moment": times([visit.waited for visit in good]),
            **{part: times([visit.parts[part] for visit in good]) for part in good[0].parts},
        }
    return report


def main() -> None:
    """Measure and print; exits 1 when a launch failed."""
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))  # and what was started with it
    report: dict[str, Any] = {"machine": machine()}
    with site.running(schools=given.schools, processes=given.processes) as running:
        load.come(running, rate=10, seconds=given.warm_up / 10, seed=2)
        report |= {
            "rate": given.rate,
            "schools": given.schools,
            "students": len(running.students),
            "web_processes": given.processes or 1,
            **measure(running, given),
        }
    text = json.dumps(report, indent=2)
    print(text)
    if given.json:
        given.json.write_text(text + "\n", encoding="utf-8")
    if report["errors"]:
        sys.exit("Some launches failed.")


if __name__ == "__main__":
    main()
