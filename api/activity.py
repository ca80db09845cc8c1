"""What other systems tell about a student: dated signals with their source, never a judgement."""

from typing import Any
from uuid import UUID

from flask import g
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Choice, Contract, Day, Id, Moment, Text
from api.items import ITEM, MeaningSchema
from api.paging import Answer, PageQuery, by_id, page, page_of
from identity.access import allows
from tracker.meanings import meanings_of
from tracker.models import (
    Activity,
    ActivityItem,
    ActivityKind,
    ActivitySource,
    LearningPlan,
    Precision,
)
from tracker.permissions import Action, find

blp = Blueprint("activity", about="Signals of other systems: never a judgement")


def _number(about: str, example: float) -> fields.Float:
    return fields.Float(metadata={"description": about, "example": example}, allow_none=True)


class ActivitySchema(Contract):
    """One signal, as its source told it."""

    id = Id(about="The signal", example="019aab4e-d000-7aaa-8bbb-000000000003")
    source = Text(longest=200, about="Which system told it", example="Moodle")
    kind = Choice(ActivityKind, about="What kind of signal", example="result")
    occurred_on = Day(about="On which day", example="2026-11-12")
    occurred_at = Moment(about="When; see `precision`", example="2026-11-12T09:41:07Z")
    precision = Choice(Precision, about="How exactly the source says when", example="instant")
    item_id = Id(allow_none=True, about="The item of the LMS, if it is about one", example=ITEM)
    title = Text(longest=2000, allow_none=True, about="The item's name", example="Toets hygiëne")
    value = _number("The source's own number, compared with nothing", 7.5)
    value_min = _number("The lowest that the item knows", 1)
    value_max = _number("The highest that the item knows", 10)
    text = Text(longest=100_000, allow_none=True, about="Words beside it", example="Netjes.")
    meanings = fields.List(fields.Nested(MeaningSchema))


class ActivityPageSchema(Contract):
    """A page of signals."""

    items = fields.List(fields.Nested(ActivitySchema))


@blp.get("/plans/<uuid:plan_id>/activity")
@allows(Action.SEE_PLAN)
@blp.arguments(PageQuery, location="query")
@blp.response(200, ActivityPageSchema)
def list_activity(query: dict[str, Any], plan_id: UUID) -> Answer:
    """List what other systems told about the student of a plan.

    In the order in which it came in, without what a source took back. A signal, never a judgement:
    who may not see it finds an empty list.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    told = (
        Activity.person_id == plan.student_id,
        Activity.ended_at.is_(None),
        Activity.occurred_on <= g.today,
    )
    signals, end = page_of(Activity, *told, **query)
    items = by_id(ActivityItem, [signal.item_id for signal in signals])
    sources = by_id(ActivitySource, [signal.source_id for signal in signals])
    said = meanings_of(g.session, school_id=g.school.id, item_ids=items)
    return page(
        [
            _shown(
                signal,
                sources[signal.source_id],
                items[signal.item_id] if signal.item_id else None,
                said.get(signal.item_id, []) if signal.item_id else [],
            )
            for signal in signals
        ],
        end,
    )


def _shown(
    signal: Activity, source: ActivitySource, item: ActivityItem | None, meanings: Any
) -> dict[str, Any]:
    names = ("id", "kind", "occurred_on", "occurred_at", "precision", "item_id", "value", "text")
    return {
        **{name: getattr(signal, name) for name in names},
        "source": source.name,
        "title": item.title if item else None,
        "value_min": item.value_min if item else None,
        "value_max": item.value_max if item else None,
        "meanings": meanings,
    }
