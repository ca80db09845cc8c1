"""What a seeded school's other systems told about its students: the many rows."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import timedelta
from operator import itemgetter
from typing import Any

from demo.seed.draw import Draw, midnight
from demo.seed.scenery import Scenery
from demo.seed.student import Life
from tracker.models import ActivityKind, Precision

SIGNALS_A_DAY = 2.85  # on a school day
SLOTS = 8  # moments of a day, in hours
NAMES = (
    "id",
    "occurred_at",
    "occurred_on",
    "person_id",
    "source_id",
    "item_id",
    "kind",
    "precision",
    "value",
)


class Calendar:
    """The school days of a school, with their moments as the database reads them."""

    def __init__(self, scenery: Scenery, *, as_text: bool) -> None:
        self.days = scenery.school_days
        self.written = [day.isoformat() for day in self.days]
        self.moments: list[list[Any]] = []
        for day in self.days:
            hours = [midnight(day) + timedelta(hours=8 + slot) for slot in range(SLOTS)]
            self.moments.append([str(one) for one in hours] if as_text else list(hours))


def signals(draw: Draw, calendar: Calendar, lives: Sequence[Life]) -> list[tuple[Any, ...]]:
    """Return the rows (NAMES) of some students, in the order in which they came in.

    By day, not by student: that is how systems tell them, and so how far apart they are kept.
    """
    found: list[tuple[Any, ...]] = []
    for life in lives:
        first = bisect_left(calendar.days, life.starts_on)
        last = bisect_right(calendar.days, life.on)
        count = int((last - first) * SIGNALS_A_DAY * draw.uniform(0.7, 1.3))
        found.extend(_of_student(life, calendar, first, last, count))
    found.sort(key=itemgetter(0))
    return [(draw.new_id(), *row[1:]) for row in found]


def _of_student(
    life: Life, calendar: Calendar, first: int, last: int, count: int
) -> list[tuple[Any, ...]]:
    chance, written, moments = life.draw.random, calendar.written, calendar.moments
    sources, items, student_id = life.scenery.sources, life.guided.item_ids, life.student_id
    span, hours = last - first, len(items)
    rows: list[tuple[Any, ...]] = []
    for _ in range(count):
        turn, kind = chance(), chance()
        place = first + int(turn * span)
        slot = int(kind * 1000) % SLOTS
        what: tuple[Any, ...]
        if kind < 0.4:  # noqa: PLR2004 - shares of all signals
            what = (sources[1], None, ATTENDANCE, DAY_EXACT, 0 if kind < 0.03 else 1)  # noqa: PLR2004 - shares of all signals
        elif kind < 0.7:  # noqa: PLR2004 - shares of all signals
            what = (sources[0], None, VISIT, DAY_EXACT, 1 + int(chance() * 40))
        elif kind < 0.88:  # noqa: PLR2004 - shares of all signals
            what = (sources[0], items[int(chance() * hours)], COMPLETION, INSTANT, None)
        elif kind < 0.97:  # noqa: PLR2004 - shares of all signals
            what = (sources[2], items[int(chance() * hours)], RESULT, INSTANT, int(chance() * 11))
        else:
            what = (sources[0], items[int(chance() * hours)], LAUNCH, INSTANT, None)
        rows.append((place * SLOTS + slot, moments[place][slot], written[place], student_id, *what))
    return rows


ATTENDANCE, VISIT = ActivityKind.ATTENDANCE.value, ActivityKind.VISIT.value
COMPLETION, RESULT = ActivityKind.COMPLETION.value, ActivityKind.RESULT.value
LAUNCH = ActivityKind.LAUNCH.value
DAY_EXACT, INSTANT = Precision.DAY.value, Precision.INSTANT.value
