"""What a staged row tells, on which occasion it is written, and how a kind of record is kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.models import RowStatus
from importers.records import RecordKind
from tracker.columns import Record
from tracker.models import Membership, PersonRole, Placement, SupportLesson

Columns = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """When and where rows are written: `on` is the school's day, `at` the moment of approval."""

    school_id: UUID
    zone: ZoneInfo
    on: date
    at: datetime
    activity_source_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A staged row that does something, and the ids of our records that it refers to.

    `plan_id` is not staged: of a placement it is found when it is written.
    """

    seq: int
    kind: RecordKind
    status: RowStatus
    local_id: UUID
    data: Mapping[str, Any]
    person_id: UUID | None
    target_id: UUID | None
    parent_id: UUID | None
    plan_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Target:
    """How records of one kind are kept.

    `columns` are what the source decides; `first` what only a new record gets. Two new rows, or a
    new row and a record, that agree in `natural` are the same record. A change in `identity` ends
    the record and begins another, so that what was stays known. `end` are the columns that close
    a record on a day; None where only the source's key is gone. `prepare` fills in, right before
    rows are written, what they need and their source does not say.
    """

    model: type[Record]
    columns: Callable[[Told, Occasion], Columns]
    first: Callable[[Occasion], Columns]
    natural: Sequence[str] = ()
    identity: Sequence[str] = ()
    end: Callable[[Occasion], Columns] | None = None
    prepare: Callable[[Session, Occasion, Sequence[Told]], Sequence[Told]] | None = None


def days(told: Told) -> Columns:
    """Return from and until when; not since when if the source does not say it."""
    from_on, until_on = day(told.data["from_on"]), day(told.data["until_on"])
    return {"from_on": from_on, "until_on": until_on} if from_on else {"until_on": until_on}


def created(occasion: Occasion) -> Columns:
    """Return when a new record was made."""
    return {"created_at": occasion.at}


def day(text: str | None) -> date | None:
    """Return a day that was staged as ISO text."""
    return date.fromisoformat(text) if text else None


def number(text: str | None) -> Decimal | None:
    """Return a number that was staged as text."""
    return Decimal(text) if text else None


def until(
    model: type[Membership | PersonRole | Placement | SupportLesson],
) -> Callable[[Occasion], Columns]:
    """End a dated row today: not later than it ends anyway, and not before it begins."""

    def ending(occasion: Occasion) -> Columns:
        return {
            "until_on": sa.case(
                (model.until_on < occasion.on, model.until_on),
                (model.from_on > occasion.on, model.from_on),
                else_=occasion.on,
            )
        }

    return ending
