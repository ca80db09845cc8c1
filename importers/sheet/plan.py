"""What is read of a sheet: which column tells what, and what its cells may hold."""

from collections.abc import Mapping
from dataclasses import dataclass

from importers.records import RecordKind
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

    `told_once` are warnings that hold for a whole column, and were given there; `unneeded` are
    headers of what a tracker has no need of.
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
    unneeded: frozenset[str] = frozenset()

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


def kinds_of(plan: Plan) -> set[RecordKind]:
    """Return the kinds of records that a sheet tells of."""
    is_of_people = plan.person is not None
    has_company = plan.has(Means.COMPANY, Means.COMPANY_NUMBER)
    has_group = plan.has(Means.GROUP, Means.GROUP_CODE)
    has_items = bool(plan.scores or plan.presences or plan.tells_participation)
    told = {
        RecordKind.PERSON: is_of_people,
        RecordKind.ROLE: plan.makes_people,
        RecordKind.GROUP: has_group,
        RecordKind.MEMBERSHIP: is_of_people and has_group,
        RecordKind.COMPANY: has_company,
        RecordKind.PLACEMENT: is_of_people and has_company,
        RecordKind.LESSON: not is_of_people and plan.has(Means.LESSON),
        RecordKind.LESSON_TASK: has_items or (not is_of_people and plan.has(Means.ITEM)),
        RecordKind.PARTICIPATION: plan.tells_participation,
        RecordKind.RESULT: bool(plan.scores),
        RecordKind.ATTENDANCE: bool(plan.presences),
    }
    return {kind for kind, is_told in told.items() if is_told}
