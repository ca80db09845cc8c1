"""What signals become: dated activity, in the source's own words and numbers; never a judgement.

Of new ones there may be a million: those go from staging to their place within the database.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers import bulk
from importers.models import ImportRow, RowStatus
from importers.records import RecordKind
from importers.staged import Conditions
from importers.targets.told import Columns, Occasion, Target, Told, number
from tracker.models import Activity, ActivityKind

# What an ACTIVITY record's `what` says.
KINDS = {"completion": ActivityKind.COMPLETION, "visit": ActivityKind.VISIT}


def _result(told: Told, occasion: Occasion) -> Columns:
    return _signal(told, occasion, ActivityKind.RESULT, number(told.data["value"]))


def _activity(told: Told, occasion: Occasion) -> Columns:
    return _signal(told, occasion, KINDS[told.data["what"]], number(told.data["value"]))


def _attendance(told: Told, occasion: Occasion) -> Columns:
    return _signal(told, occasion, ActivityKind.ATTENDANCE, Decimal(told.data["is_present"]))


def _participation(told: Told, occasion: Occasion) -> Columns:
    return _signal(told, occasion, ActivityKind.PARTICIPATION, None)


def _signal(told: Told, occasion: Occasion, kind: ActivityKind, value: Decimal | None) -> Columns:
    occurred_at = datetime.fromisoformat(told.data["occurred_at"])
    return {
        "person_id": told.person_id,
        "source_id": occasion.activity_source_id,
        "item_id": told.target_id,
        "kind": kind,
        "occurred_at": occurred_at,
        "occurred_on": occurred_at.astimezone(occasion.zone).date(),
        "precision": told.data["precision"],
        "value": value,
        "text": told.data["text"],
        "ended_at": None,
    }


def _target(
    columns: Callable[[Told, Occasion], Columns], *, identity: Sequence[str] = ()
) -> Target:
    return Target(
        model=Activity,
        columns=columns,
        first=lambda _: {},
        identity=("person_id", "item_id", "kind", "occurred_on", "text", *identity),
        end=lambda occasion: {"ended_at": occasion.at},
    )


SIGNALS: dict[RecordKind, Target] = {
    RecordKind.RESULT: _target(_result, identity=("value",)),
    # The clicks of a day only grow: the same visit, and no correction.
    RecordKind.ACTIVITY: _target(_activity),
    RecordKind.ATTENDANCE: _target(_attendance, identity=("value",)),
    RecordKind.PARTICIPATION: _target(_participation),
}


def insert_new(session: Session, occasion: Occasion, kind: RecordKind, rows: Conditions) -> None:
    """Insert the new ones among these staged rows of a kind: the same columns as above."""

    def told(name: str) -> sa.ColumnElement[str]:
        return ImportRow.data[name].as_string()

    number_type = Activity.__table__.c.value.type
    values: dict[RecordKind, tuple[Any, Any]] = {
        RecordKind.RESULT: (ActivityKind.RESULT.value, sa.cast(told("value"), number_type)),
        RecordKind.ACTIVITY: (None, sa.cast(told("value"), number_type)),
        RecordKind.ATTENDANCE: (
            ActivityKind.ATTENDANCE.value,
            sa.case((ImportRow.data["is_present"].as_boolean(), 1), else_=0),
        ),
        RecordKind.PARTICIPATION: (ActivityKind.PARTICIPATION.value, sa.null()),
    }
    fixed, value = values[kind]
    columns: dict[str, Any] = {
        "school_id": ImportRow.school_id,
        "id": ImportRow.local_id,
        "person_id": ImportRow.person_id,
        "source_id": sa.literal(occasion.activity_source_id, sa.Uuid()),
        "item_id": ImportRow.target_id,
        "kind": told("what") if fixed is None else sa.literal(fixed, sa.String()),
        "occurred_at": bulk.as_moment(session, told("occurred_at")),
        "occurred_on": bulk.as_day(session, told("occurred_on")),
        "precision": told("precision"),
        "value": value,
        "text": told("text"),
        "ended_at": sa.null(),
    }
    select = sa.select(*(column.label(name) for name, column in columns.items()))
    new = [*rows, ImportRow.kind == kind, ImportRow.status == RowStatus.NEW]
    bulk.insert_from(session, Activity, select.where(*new))
