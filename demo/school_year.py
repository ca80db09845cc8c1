"""The demo school's year: when it began, its holidays and exam weeks, and its school days.

The story is told in days before today. Beyond the last week only school days count, so that a
demo that is loaded in a holiday tells the same story, with the holiday in between.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
SATURDAY = 5
AS_TOLD = 7  # days: workplaces go on in a holiday, so the last week is told as it is
LONGEST = 70  # school days that the story needs of the year that runs


@dataclass(frozen=True, kw_only=True)
class DaysOff:
    """Days without school, until a day (exclusive)."""

    name: str
    from_on: date
    until_on: date


@dataclass(frozen=True, kw_only=True)
class SchoolYear:
    """The days of the school around today.

    `begun` is the first day of the year that runs, or of the one before while it is young;
    `years` has also the two before that, the oldest first.
    """

    today: date
    days_off: Sequence[DaysOff]
    years: Sequence[date]

    @property
    def begun(self) -> date:
        """Return the first day of the year in which the story plays."""
        return self.years[-1]

    def ago(self, days: int) -> date:
        """Return the day so many school days ago, weekends included but no weekend itself."""
        on = self.today
        if days < AS_TOLD:
            return on - days * DAY
        left = days
        while left:
            on -= DAY
            left -= not self.is_off(on)
        return on if on.weekday() < SATURDAY else on - (on.weekday() - SATURDAY + 1) * DAY

    def week(self, begun: date, number: int) -> date:
        """Return the first day of a school week of the year that began then; 1 is the first."""
        on = begun
        while number > 1:
            on += WEEK
            number -= not self.is_off(on)
        return on

    def is_off(self, on: date) -> bool:
        """Tell whether there is no school on this day."""
        return on in self._off

    @cached_property
    def _off(self) -> frozenset[date]:
        return frozenset(
            off.from_on + past * DAY
            for off in self.days_off
            for past in range((off.until_on - off.from_on).days)
        )


def school_year(told: Iterable[dict[str, Any]], *, today: date) -> SchoolYear:
    """Lay the days off that the story tells around today.

    Each has a name, the day and month on or after which its Saturday lies, and how many days it
    has; the last one is the summer holiday, after which a year begins.
    """
    entries = list(told)
    days_off = [
        _days_off(entry, year)
        for year in range(today.year - 4, today.year + 2)
        for entry in entries
    ]
    begins = sorted(off.until_on for off in days_off if off.name == entries[-1]["name"])
    known = SchoolYear(today=today, days_off=days_off, years=begins)
    first = known.ago(LONGEST)
    return SchoolYear(
        today=today, days_off=days_off, years=[on for on in begins if on <= first][-3:]
    )


def _days_off(entry: dict[str, Any], year: int) -> DaysOff:
    on = date(year, entry["month"], entry["day"])
    on += (SATURDAY - on.weekday()) % 7 * DAY
    return DaysOff(name=entry["name"], from_on=on, until_on=on + entry["days"] * DAY)
