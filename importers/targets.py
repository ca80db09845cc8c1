"""What each kind of record becomes: its table, its columns, and how it ends.

Imports never touch what people wrote: goals, evidence, reflections, judgements. Nothing is
deleted: people leave, places get an end date, signals are taken back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from importers.models import RowStatus
from importers.records import RecordKind
from tracker.db import Record
from tracker.models import (
    Activity,
    ActivityItem,
    ActivityKind,
    Framework,
    FrameworkItem,
    Group,
    Membership,
    Person,
    PersonRole,
    PersonState,
)

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
    """A staged row that does something, and the ids of our records that it refers to."""

    seq: int
    kind: RecordKind
    status: RowStatus
    local_id: UUID
    data: Mapping[str, Any]
    person_id: UUID | None
    target_id: UUID | None
    parent_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class Target:
    """How records of one kind are kept.

    `columns` are what the source decides; `first` what only a new record gets. Two new rows, or a
    new row and a record, that agree in `natural` are the same record. A change in `identity` ends
    the record and begins another, so that what was stays known. `end` are the columns that close
    a record on a day; None where only the source's key is gone.
    """

    model: type[Record]
    columns: Callable[[Told, Occasion], Columns]
    first: Callable[[Occasion], Columns]
    natural: Sequence[str] = ()
    identity: Sequence[str] = ()
    end: Callable[[Occasion], Columns] | None = None


def _person(told: Told, _occasion: Occasion) -> Columns:
    data = told.data
    return {
        "name": data["name"],
        "given_name": data["given_name"],
        "email": data["email"],
        "number": data["number"],
        "state": PersonState.ACTIVE if data["is_enabled"] else PersonState.SUSPENDED,
    }


def _role(told: Told, _occasion: Occasion) -> Columns:
    return {"person_id": told.person_id, "role": told.data["role"], **_days(told)}


def _group(told: Told, _occasion: Occasion) -> Columns:
    return {"title": told.data["title"], "code": told.data["code"]}


def _membership(told: Told, _occasion: Occasion) -> Columns:
    return {
        "person_id": told.person_id,
        "group_id": told.target_id,
        "role": told.data["role"],
        **_days(told),
    }


def _days(told: Told) -> Columns:
    """Return from and until when; not since when if the source does not say it."""
    from_on, until_on = _day(told.data["from_on"]), _day(told.data["until_on"])
    return {"from_on": from_on, "until_on": until_on} if from_on else {"until_on": until_on}


def _lesson_task(told: Told, _occasion: Occasion) -> Columns:
    return {
        "group_id": told.target_id,
        "title": told.data["title"],
        "value_min": _number(told.data["value_min"]),
        "value_max": _number(told.data["value_max"]),
        "due_on": _day(told.data["due_on"]),
    }


def _result(told: Told, occasion: Occasion) -> Columns:
    occurred_at = datetime.fromisoformat(told.data["occurred_at"])
    return {
        "person_id": told.person_id,
        "source_id": occasion.activity_source_id,
        "item_id": told.target_id,
        "kind": ActivityKind.RESULT,
        "occurred_at": occurred_at,
        "occurred_on": occurred_at.astimezone(occasion.zone).date(),
        "precision": told.data["precision"],
        "value": _number(told.data["value"]),
        "text": told.data["text"],
        "ended_at": None,
    }


def _framework(told: Told, _occasion: Occasion) -> Columns:
    columns = {name: told.data[name] for name in ("code", "crebo", "edition", "title", "level")}
    # What the uploader leaves empty this time is not taken away.
    known = {name: value for name, value in columns.items() if value is not None}
    return {"source": "kwalificaties", **known}


def _framework_item(told: Told, _occasion: Occasion) -> Columns:
    return {
        "framework_id": told.target_id,
        "parent_id": told.parent_id,
        **{name: told.data[name] for name in ("kind", "code", "title", "position")},
    }


def _created(occasion: Occasion) -> Columns:
    return {"created_at": occasion.at}


def _since_today(occasion: Occasion) -> Columns:
    return {"from_on": occasion.on}


def _nothing(_occasion: Occasion) -> Columns:
    return {}


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _number(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None


def _until(model: type[Membership | PersonRole]) -> Callable[[Occasion], Columns]:
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


TARGETS: dict[RecordKind, Target] = {
    RecordKind.PERSON: Target(
        model=Person,
        columns=_person,
        first=lambda occasion: {"locale": None, **_created(occasion)},
        end=lambda _: {"state": PersonState.LEFT},
    ),
    RecordKind.ROLE: Target(
        model=PersonRole,
        columns=_role,
        first=_since_today,
        natural=("person_id", "role", "from_on"),
        identity=("person_id", "role"),
        end=_until(PersonRole),
    ),
    RecordKind.GROUP: Target(model=Group, columns=_group, first=_created),
    RecordKind.MEMBERSHIP: Target(
        model=Membership,
        columns=_membership,
        first=_since_today,
        identity=("person_id", "group_id", "role"),
        end=_until(Membership),
    ),
    RecordKind.LESSON_TASK: Target(model=ActivityItem, columns=_lesson_task, first=_created),
    RecordKind.RESULT: Target(
        model=Activity,
        columns=_result,
        first=_nothing,
        identity=("person_id", "item_id", "occurred_on", "value", "text"),
        end=lambda occasion: {"ended_at": occasion.at},
    ),
    RecordKind.FRAMEWORK: Target(
        model=Framework,
        columns=_framework,
        first=lambda occasion: {"title": None, "level": None, **_created(occasion)},
    ),
    RecordKind.FRAMEWORK_ITEM: Target(model=FrameworkItem, columns=_framework_item, first=_nothing),
}
