"""What is read of a sheet: which column tells what, and what its cells may hold."""

from collections.abc import Mapping
from dataclasses import dataclass

from importers.sheet.columns import Means


@dataclass(frozen=True, kw_only=True)
class Score:
    """A column of results: about `title`, or about what the row's item column says."""

    header: str
    title: str | None
    scale: str | None
    is_any: bool = False
    decimal: str | None = None
    is_hours: bool = False


@dataclass(frozen=True, kw_only=True)
class Presence:
    """A column that says who was there, on `day` if that is what its header says."""

    header: str
    title: str | None
    day: str | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is read of a sheet; `at` gives the header of each meaning that is there once.

    `told_once` are warnings that hold for a whole column, and were given there.
    """

    at: Mapping[Means, str]
    person: str | None
    pattern: str | None = None
    makes_people: bool = False
    scores: tuple[Score, ...] = ()
    presences: tuple[Presence, ...] = ()
    day: str | None = None
    is_snapshot: bool = False
    repeats: bool = False
    thousands: str | None = None
    told_once: frozenset[str] = frozenset()

    def has(self, *means: Means) -> bool:
        """Whether one of these columns is there."""
        return any(one in self.at for one in means)

    @property
    def tells_participation(self) -> bool:
        """Whether rows say that somebody takes part in something, and no more than that."""
        if self.person is None or self.scores or self.presences:
            return False
        return self.has(Means.ITEM, Means.PARTICIPATION)

    @property
    def is_keyed_by_email(self) -> bool:
        """Whether people are named by their e-mail address, for want of a number."""
        return self.person is not None and self.at.get(Means.NUMBER) != self.person
