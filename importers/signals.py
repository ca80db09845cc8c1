"""What signals become: dated activity, in the source's own words and numbers; never a judgement."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from importers.records import RecordKind
from importers.told import Columns, Occasion, Target, Told, number
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
