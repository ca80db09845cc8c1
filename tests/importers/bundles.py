"""Bundles for tests: the one in data/, made small, with what a test changes in it."""

import csv
import io
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

BUNDLE = Path(__file__).parent / "data" / "meetpunt_v1p2_bulk.zip"
QUALIFICATIONS = Path(__file__).parents[2] / "demo" / "kerntaken_werkprocessen.csv"
TASKS = {"li-2", "li-3", "li-4"}
Rows = list[dict[str, str]]


def bundle(
    changes: Mapping[str, Callable[[Rows], Rows]] | None = None,
    *,
    without: tuple[str, ...] = (),
    extra: Mapping[str, bytes] | None = None,
) -> bytes:
    """Return the coach group of the demo's bundle, with tables changed, left out, or added.

    32 people (30 students), 32 roles, 3 groups, 32 memberships, 3 lesson tasks, 47 results.
    """
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as made:
        for name, content in _small().items():
            if name in without:
                continue
            changed = content
            if changes and name in changes:
                changed = changed_table(content, changes[name])
            made.writestr(name, changed)
        for name, content in (extra or {}).items():
            made.writestr(name, content)
    return body.getvalue()


@cache
def _small() -> dict[str, bytes]:
    with zipfile.ZipFile(BUNDLE) as original:
        files = {name: original.read(name) for name in original.namelist()}
    members = {row["userSourcedId"] for row in table("enrollments.csv") if _is_of_group(row)}
    kept = {
        "users.csv": only(lambda row: row["sourcedId"] in members),
        "roles.csv": only(lambda row: row["userSourcedId"] in members),
        "enrollments.csv": only(_is_of_group),
        "lineItems.csv": only(lambda row: row["sourcedId"] in TASKS),
        "results.csv": only(lambda row: row["lineItemSourcedId"] in TASKS),
    }
    return {
        name: changed_table(content, kept[name]) if name in kept else content
        for name, content in files.items()
    }


def _is_of_group(row: dict[str, str]) -> bool:
    return row["classSourcedId"] == "cls-2"


def changed_table(content: bytes, change: Callable[[Rows], Rows]) -> bytes:
    """Return a table with its rows changed."""
    reader = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))
    rows = change(list(reader))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, reader.fieldnames or [])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def table(name: str) -> Rows:
    """Return the rows of a file of the demo's bundle."""
    with zipfile.ZipFile(BUNDLE) as original:
        content = original.read(name).decode("utf-8")
    return list(csv.DictReader(io.StringIO(content, newline="")))


def only(test: Callable[[dict[str, str]], bool]) -> Callable[[Rows], Rows]:
    """Keep the rows that pass."""
    return lambda rows: [row for row in rows if test(row)]


def setting(key: str, **values: str) -> Callable[[Rows], Rows]:
    """Change cells of the row with this sourcedId."""
    return lambda rows: [row | values if row["sourcedId"] == key else row for row in rows]
