"""A group of students as a coach reads it: by name, narrowed by a filter that stays in the address.

Nobody is ever sorted by how well they do, and nothing here is counted over more than one student
but how many there are.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import chain
from operator import attrgetter
from typing import Any
from uuid import UUID

from flask import request, url_for
from flask_babel import gettext, ngettext

from tracker import spoor
from tracker.facts import DEFAULTS, ItemFact
from tracker.overview import Row
from tracker.progress import Momentum
from web.language import ago_days, day_short
from web.trails import Minis, running

KEPT = ("name", "programme", "move", "company", "all", "page")
LONGEST_ASKED = 200
MOST_COLUMNS = 4
NOWHERE = "-"  # as a company: no placement now
# The kerntaken that each goal serves; all by the numbers of their ids, as in progress.trails.
Served = Mapping[int, Mapping[int, ItemFact]]


def kept() -> dict[str, Any]:
    """Return what the address asks of the overview, to go along to another page and back."""
    asked = {key: request.args.getlist(key)[: len(Momentum)] for key in KEPT}
    return {
        key: [value[:LONGEST_ASKED] for value in values if value]
        for key, values in asked.items()
        if any(values)
    }


@dataclass(frozen=True)
class Filter:
    """What the address asks of a group: part of a name, a programme, momenta, a company."""

    name: str
    programme: str
    momenta: frozenset[str]
    company: str

    @property
    def is_empty(self) -> bool:
        """Return whether everybody passes."""
        return not (self.name or self.programme or self.momenta or self.company)

    def passes(self, row: Row, *, whatever_momentum: bool = False) -> bool:
        """Tell whether a student is asked for."""
        return (
            (not self.name or plain(self.name) in plain(row.name))
            and (not self.programme or row.programme == self.programme)
            and (not self.company or self.company in companies(row))
            and (whatever_momentum or not self.momenta or row.momentum in self.momenta)
        )


def asked_filter() -> Filter:
    """Return the filter of this address; what it does not know is no filter."""
    asked = kept()
    one = {key: next(iter(values)).strip() for key, values in asked.items()}
    return Filter(
        name=one.get("name", ""),
        programme=one.get("programme", ""),
        momenta=frozenset(asked.get("move", ())) & frozenset(Momentum),
        company=one.get("company", ""),
    )


def choices(rows: Sequence[Row], asked: Filter) -> dict[str, Any]:
    """Return what one can filter on, and how many of each momentum the rest of it leaves."""
    left = [row for row in rows if asked.passes(row, whatever_momentum=True)]
    counts = Counter(row.momentum for row in left)
    here = {company for row in rows for company in companies(row)}
    return {
        "programmes": sorted({row.programme for row in rows if row.programme}, key=plain),
        "companies": sorted(here - {NOWHERE}, key=plain),
        "has_nowhere": NOWHERE in here,
        "momenta": [
            {"value": momentum, "count": counts[momentum], "is_asked": momentum in asked.momenta}
            for momentum in Momentum
            if counts[momentum] or momentum in asked.momenta
        ],
    }


def companies(row: Row) -> list[str]:
    """Return where a student is today; nowhere is a place to filter on too."""
    return [stay["company"] for stay in running(row, on=row.on)] or [NOWHERE]


def plain(text: str) -> str:
    """Return a text as it is searched and sorted: letters with accents among their own."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()


def by_name(row: Row) -> tuple[str, UUID]:
    """Return the key that sorts by name."""
    return plain(row.name), row.plan_id


@dataclass(frozen=True)
class Column:
    """Drawings under one heading: of a kerntaak, or of the goals that serve none of them."""

    heading: str
    title: str
    head: int | None  # the number of its id


def columns_of(served: Served) -> list[Column]:
    """Return a column for each kerntaak that goals serve, when all are of one framework.

    Goals of several frameworks, and of too many kerntaken, stand in one column. `served` are the
    kerntaken of each goal.
    """
    heads = {key: item for of_goal in served.values() for key, item in of_goal.items()}
    items = sorted(heads.values(), key=attrgetter("position", "id"))
    if not 0 < len(items) <= MOST_COLUMNS or len({item.framework_id for item in items}) > 1:
        return [Column(gettext("Goals"), "", None)]
    columns = [Column(item.code, item.title, item.id.int) for item in items]
    if not all(served.values()):
        columns.append(Column(gettext("Other goals"), "", None))
    return columns


def _served(rows: Sequence[Row]) -> Served:
    """Return the kerntaken that each goal serves, by itself or by their werkprocessen."""
    found = {}
    for row in rows:
        items = {item.id.int: item for item in row.facts.items}
        heads = {
            key: items[item.parent_id.int] if item.parent_id else item
            for key, item in items.items()
        }
        for trail in row.trails:
            of_goal = [heads[item.int] for item in trail.goal.item_ids if item.int in heads]
            found[trail.goal.id.int] = {head.id.int: head for head in of_goal}
    return found


def minis_of(rows: Sequence[Row], *, on: date) -> Minis:
    """Return what draws the trails of a group, in one window; goals that are over widen none."""
    limits = rows[0].thresholds if rows else DEFAULTS
    judgements = chain.from_iterable(trail.judgements for row in rows for trail in row.trails)
    days = map(attrgetter("observed_on"), judgements)
    return Minis(on=on, window=spoor.window_since(days, on=on, limits=limits))


def student_urls() -> Callable[[UUID], str]:
    """Return what gives the address of a student by the plan: built once, and then filled in."""
    anybody = UUID(int=0)
    address = url_for("talk.student", plan_id=anybody, **kept())
    before, _, after = address.partition(str(anybody))
    return lambda plan_id: f"{before}{plan_id}{after}"


def table(rows: Sequence[Row], *, minis: Minis, shown: Sequence[Row] | None = None) -> Any:
    """Return what coach/_group.html asks; `shown` are those of this page, else everybody."""
    served = _served(rows)
    columns = columns_of(served)
    student_url = student_urls()
    # Many students share a day or a number: each is put into words once.
    ago, short = cache(ago_days), cache(day_short)
    last = cache(lambda day: gettext("last %(day)s", day=day_short(day)))
    until = cache(lambda day: gettext("until %(day)s", day=day_short(day)))
    signals = cache(lambda count: ngettext("%(num)s signal", "%(num)s signals", count))
    goals = cache(lambda count: ngettext("%(num)s goal", "%(num)s goals", count))

    def told(row: Row) -> dict[str, Any]:
        newest = row.activity[-1] if row.activity else None
        shared_on, talked_on = row.last_shared_on, row.last_talk_on
        return {
            "plan_id": row.plan_id,
            "url": student_url(row.plan_id),
            "name": row.name,
            "programme": row.programme,
            "goals": goals(len(row.trails)) if len(row.trails) > 1 else None,
            "cells": _cells(row, columns, served, minis),
            "momentum": row.momentum.value,
            "last_shared": ago(shared_on) if shared_on else None,
            "last_talk": short(talked_on) if talked_on else None,
            "placements": [
                {"company": stay["company"], "until": until(stay["until_on"])}
                for stay in running(row, on=row.on)
            ],
            "activity": {
                "told": signals(sum(source.count for source in row.activity)),
                "last": last(newest.last_on),
                "source": newest.source,
            }
            if newest
            else None,
        }

    return {
        "columns": columns,
        "since": minis.window.from_on,
        "rows": [told(row) for row in (rows if shown is None else shown)],
    }


def _cells(row: Row, columns: Sequence[Column], served: Served, minis: Minis) -> list[list[Any]]:
    """Return the drawings of each column; a goal that serves two kerntaken stands in both."""
    if len(columns) == 1:
        return [[minis.of(row, trail) for trail in row.trails]]
    drawn = [(served[trail.goal.id.int], minis.of(row, trail)) for trail in row.trails]
    return [
        [mini for heads, mini in drawn if column.head in heads or not (heads or column.head)]
        for column in columns
    ]
