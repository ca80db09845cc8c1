"""What the overview costs in schools of any size: against a running server, on both databases.

.venv/bin/python -m bench.overview --students 300,3000,30000 --keep ~/seeded --json report.json
"""

import argparse
import gzip
import json
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench import seeded
from bench.launches import (
    STOPPING,
    busy_seconds,
    cpu_seconds,
    load_average,
    machine,
    quantile,
    stop,
)
from bench.readers import Case, cases
from bin import gunicorn_config

CONCURRENCY = (1, 8)
ROUNDS = 40  # answers that are timed
# A statement is planned for good from its sixth time on a connection, each process has its own.
WARM_UP = 6 * gunicorn_config.workers


@dataclass(frozen=True)
class Answer:
    """One answer: its seconds, its status and its bytes."""

    seconds: float
    status: int
    body: bytes


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="bench.overview", description=__doc__)
    parser.add_argument("--students", default="300,3000,30000", help="sizes of the schools")
    parser.add_argument("--sqlite", default="300", help="sizes on SQLite; default 300")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="answers of each; default 40")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the databases there")
    parser.add_argument(
        "--json",
        nargs="?",
        const="-",
        metavar="FILE",
        help="write the report there too; without FILE it is all that is written",
    )
    return parser.parse_args()


def ask(address: str, case: Case, turn: int) -> Answer:
    """Send one request on a connection of its own, as a browser that comes."""
    connection = HTTPConnection(urlsplit(address).netloc, timeout=60)
    body, headers = case.body(turn), dict(case.headers[turn % len(case.headers)])
    path = case.paths[turn % len(case.paths)]
    began = time.perf_counter()
    try:
        connection.request("GET" if body is None else "POST", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    return Answer(time.perf_counter() - began, answer.status, content)


def measure(served: seeded.Served, case: Case, turns: Iterator[int], rounds: int) -> dict[str, Any]:
    """Ask the same thing at each concurrency; raises SystemExit when an answer is none."""

    def once(turn: int) -> Answer:
        answer = ask(served.address, case, turn)
        if answer.status != case.status:
            raise SystemExit(f"{case.name}: {answer.status}\n{answer.body[:500]!r}")
        return answer

    found: dict[str, Any] = {"students": case.students, "queries": case.queries}
    for crowd in CONCURRENCY:
        with ThreadPoolExecutor(crowd) as pool:
            # Every reader, and every connection that so many use at once, in every process.
            warming = WARM_UP * max(crowd, case.readers)
            answers = list(pool.map(once, islice(turns, warming)))
            found[f"at_{crowd}"] = _timed(served, pool, once, list(islice(turns, rounds)))
        largest = max((answer.body for answer in answers), key=len)
        found |= {"bytes": len(largest), "bytes_gzip": len(gzip.compress(largest))}
    return found


def _timed(
    served: seeded.Served, pool: ThreadPoolExecutor, once: Callable[[int], Answer], turns: list[int]
) -> dict[str, float]:
    pids = {"web": served.web, "database": served.database}
    before = {name: cpu_seconds(pid) for name, pid in pids.items() if pid is not None}
    busy, began, ours = busy_seconds(), time.monotonic(), time.process_time()
    seconds = [answer.seconds for answer in pool.map(once, turns)]
    took = time.monotonic() - began
    spent = {name: cpu_seconds(pids[name] or 0) - first for name, first in before.items()}
    others = busy_seconds() - busy - sum(spent.values()) - (time.process_time() - ours)
    return {
        "median_ms": round(quantile(seconds, 0.5) * 1000, 1),
        "p95_ms": round(quantile(seconds, 0.95) * 1000, 1),
        "p99_ms": round(quantile(seconds, 0.99) * 1000, 1),
        "cpu_ms": round(sum(spent.values()) * 1000 / len(turns), 1),
        **{f"{name}_cpu_ms": round(cpu * 1000 / len(turns), 1) for name, cpu in spent.items()},
        "cores_busy_with_other_things": round(max(0.0, others) / took, 2),
    }


def school(settings: dict[str, str], database: int | None, rounds: int) -> dict[str, Any]:
    """Measure everything in one school."""
    report: dict[str, Any] = {}
    with seeded.serving(settings, database) as served:
        turns = count()
        for case in cases(served):
            report[case.name] = measure(served, case, turns, rounds)
            print(case.name, report[case.name], file=sys.stderr, flush=True)
    return report


def growth(schools: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Return how much more web and database work the largest school costs than the smallest."""
    names = [name for name in schools if name.startswith("postgresql")]
    if len(names) < 2:  # noqa: PLR2004 - growth is between two
        return {}
    small, large = schools[names[0]], schools[names[-1]]
    return {
        case: round(large[case]["at_1"]["cpu_ms"] / max(small[case]["at_1"]["cpu_ms"], 0.1), 2)
        for case in small
        if case in large
    }


def table(report: dict[str, Any]) -> str:
    """Write the report as a person reads it."""
    on = report["machine"]
    lines = [
        f"{on['cores']} cores of {on['cpu']}, {on['system']}",
        ", ".join(f"{name} {number}" for name, number in on["versions"].items()),
        f"load at start {on['load_at_start']}, at end {report['load_at_end']}",
    ]
    head = (
        *("what", "students", "queries", "kB", "kB gzip", "median", "p95", "p99"),
        *("server CPU", "web CPU", "db CPU", "others"),
    )
    for name, found in report["schools"].items():
        lines += ["", f"## {name}", "| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
        for case, told in found.items():
            for crowd in CONCURRENCY:
                at = told[f"at_{crowd}"]
                cells = (
                    f"{case}, {crowd} at once",
                    told["students"],
                    told["queries"],
                    round(told["bytes"] / 1000, 1),
                    round(told["bytes_gzip"] / 1000, 1),
                    at["median_ms"],
                    at["p95_ms"],
                    at["p99_ms"],
                    at["cpu_ms"],
                    at["web_cpu_ms"],
                    at.get("database_cpu_ms", "-"),
                    at["cores_busy_with_other_things"],
                )
                lines.append("| " + " | ".join(map(str, cells)) + " |")
    if report["growth"]:
        lines += ["", "Times as much server CPU in the largest school as in the smallest:"]
        lines += [f"- {case}: {times}" for case, times in report["growth"].items()]
    lines += ["", "Milliseconds an answer; server CPU is web and database; others: busy cores."]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    given = arguments()
    for number in STOPPING:
        signal.signal(number, stop)
    report: dict[str, Any] = {"machine": machine(), "schools": {}}
    versions = report["machine"]["versions"]
    versions["sqlite"] = sqlite3.sqlite_version
    with ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        sizes = [int(one) for one in given.students.split(",") if one]
        if sizes:
            started = stack.enter_context(seeded.cluster(given.keep))
            versions["postgresql"] = seeded.version_of(started)
            for students in sizes:
                settings = seeded.on_postgresql(started, students)
                report["schools"][f"postgresql {students}"] = school(
                    settings, started.process.pid, given.rounds
                )
        for students in [int(one) for one in given.sqlite.split(",") if one]:
            settings = seeded.on_sqlite(folder, students)
            report["schools"][f"sqlite {students}"] = school(settings, None, given.rounds)
    report["growth"] = growth(report["schools"])
    report["load_at_end"] = load_average()
    text = json.dumps(report, indent=2)
    print(text if given.json == "-" else table(report))
    if given.json not in (None, "-"):
        Path(given.json).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
