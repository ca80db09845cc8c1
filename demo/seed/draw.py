"""Chance that is the same for the same seed, and rows as they are about to be copied."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from tracker.columns import Base

# The time in an id (UUIDv7, RFC 9562) counts on from here, so that ids rise and never depend on a
# clock. What a school, its students and their signals make begins at a place of its own.
BEGIN = 0x019A_0000_0000
ID_SPACE = {"school": BEGIN, "student": BEGIN + (1 << 32), "signal": BEGIN + (1 << 34)}
EARLIEST, LATEST = 8 * 60, 16 * 60  # minutes of the day, in UTC


class Draw(Random):
    """A source of chance, and of ids that rise: `first` is where their time begins."""

    def __init__(self, seed: str, first: int) -> None:
        super().__init__(seed)
        self.next = first

    def new_id(self) -> str:
        """Return the next id, in hexadecimal."""
        self.next += 1
        chance = self.getrandbits(74)
        high, low = chance >> 62, chance & ((1 << 62) - 1)
        return f"{self.next << 80 | 7 << 76 | high << 64 | 2 << 62 | low:032x}"

    def chance(self, share: float) -> bool:
        """Return true in this share of the cases."""
        return self.random() < share

    def between(self, first: date, last: date) -> date:
        """Return a day from the first up to the last; the last when that is earlier."""
        days = (last - first).days
        return last if days <= 0 else first + timedelta(days=int(self.random() * (days + 1)))

    def moment(self, on: date) -> datetime:
        """Return a moment in the working hours of a day."""
        minutes = EARLIEST + int(self.random() * (LATEST - EARLIEST))
        return midnight(on) + timedelta(minutes=minutes)


@lru_cache(maxsize=4096)
def midnight(on: date) -> datetime:
    """Return the first moment of a day in UTC."""
    return datetime.combine(on, time(), UTC)


class Rows:
    """Rows to be copied, by table, each with its values in the order of the columns."""

    def __init__(self) -> None:
        self.found: dict[type[Base], list[tuple[Any, ...]]] = defaultdict(list)

    def add(self, model: type[Base], **values: Any) -> None:
        """Add a row; a column that is not named stays empty, a wrong name is a KeyError."""
        columns = columns_of(model)
        row: list[Any] = [None] * len(columns)
        for name, value in values.items():
            row[columns[name]] = value.isoformat() if value.__class__ is date else value
        self.found[model].append(tuple(row))


@lru_cache(maxsize=128)
def columns_of(model: type[Base]) -> dict[str, int]:
    """Return the place of each column but the school's, which is the same in all rows."""
    table: Any = model.__table__
    names: Sequence[str] = [column.name for column in table.columns if column.name != "school_id"]
    return {name: place for place, name in enumerate(names)}
