"""Conditions on rows for whoever reads: made once for a reader and a day, and kept."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import sqlalchemy as sa

from tracker.columns import Record
from tracker.models import CoachGroup, Membership, Person, PersonRole, Placement, PlanMember

Condition = sa.ColumnElement[bool]
Built = TypeVar("Built")
Parameters = ParamSpec("Parameters")


@dataclass(frozen=True)
class _Reader:
    """All that conditions say about who reads."""

    school_id: UUID
    id: UUID
    only_students: frozenset[UUID] | None
    is_from_lms: bool


# Who reads and on which day, in statements that are made once and kept for everybody.
SCHOOL: Any = sa.bindparam("reader_school", type_=sa.Uuid())
READER: Any = sa.bindparam("reader", type_=sa.Uuid())
TODAY: Any = sa.bindparam("today", type_=sa.Date())


def stand_in(person: Person) -> Any:
    """Return who stands for this person in statements that are kept: parameters, as `given` gives.

    A session that is narrowed to some students is told apart by more, and stands for itself.
    """
    if person.only_students is not None:
        return _Reader(person.school_id, person.id, person.only_students, person.is_from_lms)
    return _Reader(SCHOOL, READER, None, person.is_from_lms)


def given(person: Person, on: date) -> dict[str, Any]:
    """Return the values of the parameters that stand for a reader and a day."""
    return {"reader_school": person.school_id, "reader": person.id, "today": on}


def once_for_reader(
    build: Callable[Concatenate[Person, Parameters], Built],
) -> Callable[Concatenate[Person, Parameters], Built]:
    """Keep what was built for a reader and a day: one page needs the same condition many times.

    Building them was half the time of a page. What is kept says who and when, and nothing else.
    """
    kept: Any = lru_cache(maxsize=64)(build)

    @wraps(build)
    def give(person: Person, /, *rest: Parameters.args, **named: Parameters.kwargs) -> Built:
        reader = _Reader(person.school_id, person.id, person.only_students, person.is_from_lms)
        built: Built = kept(reader, *rest, **named)
        return built

    return give


def holds(
    row: type[PlanMember | PersonRole | Placement | Membership | CoachGroup], on: date
) -> Condition:
    """Whether a dated row holds on this day."""
    return sa.and_(row.from_on <= on, sa.or_(row.until_on.is_(None), row.until_on > on))


def one_of(column: Any, values: Iterable[Any]) -> Condition:
    """Whether a column holds one of a few constants, in a text that need not be made each time.

    An IN of constants is written anew by SQLAlchemy whenever the statement runs.
    """
    return sa.or_(*(column == value for value in sorted(values)))


def is_any(model: type[Record], *where: Condition) -> Condition:
    """Whether there is such a row: looked up by its index for each row that asks.

    EXISTS says the same, but to answer it PostgreSQL may read a whole school once for a few rows.
    """
    found = sa.select(sa.true()).select_from(model).where(*where).limit(1).correlate_except(model)
    return sa.func.coalesce(found.scalar_subquery(), sa.false())
