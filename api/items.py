"""What the items of the LMS are about, said once by the school for every import."""

from typing import Any
from uuid import UUID

from flask import g
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Contract, Day, Id, Many, Moment, Text, Whole
from api.paging import Answer, PageQuery, find_all, page, part_of
from identity.access import allows
from tracker.meanings import courses, end_meaning, items_in, meanings_of, say_items
from tracker.models import ActivityItem, FrameworkItem, Group, ItemMeaning, SupportLesson
from tracker.permissions import Action, find, require

blp = Blueprint("items", about="Items of the LMS, and what the school says they are about")
MOST_ITEMS = 200
ITEM = "019aab4e-d000-7aaa-8bbb-000000000001"
GROUP = "019aab4e-c000-7aaa-8bbb-000000000001"
PART = "019aab4e-2100-7aaa-8bbb-000000000001"
NO_GROUP = UUID(int=0)


class MeaningSchema(Contract):
    """One thing that an item is about."""

    id = Id(about="Of this meaning", example="019aab4e-d000-7aaa-8bbb-000000000002")
    code = Text(longest=64, allow_none=True, about="Of a part: its code", example="B1-K1-W1")
    title = Text(longest=2000, about="Of the part or the lesson", example="Ondersteunt bij wassen")
    lesson_id = Id(allow_none=True, about="The support lesson, if it is one", example=None)


class ItemSchema(Contract):
    """An item of the LMS."""

    id = Id(about="The item", example=ITEM)
    title = Text(longest=2000, allow_none=True, about="Its name there", example="Toets hygiëne")
    due_on = Day(allow_none=True, about="Until when it can be done", example="2026-12-01")
    meanings = fields.List(fields.Nested(MeaningSchema))


class ItemPageSchema(Contract):
    """A page of items."""

    items = fields.List(fields.Nested(ItemSchema))


class ItemsQuery(PageQuery):
    """Of which course, and which part."""

    group_id = Id(
        load_default=None,
        about="Those of this group; without it, those that belong to no group",
        example=GROUP,
    )


class ItemCourseSchema(Contract):
    """A group with items."""

    group_id = Id(allow_none=True, about="The group; null: belonging to none", example=GROUP)
    title = Text(longest=200, allow_none=True, about="Its name", example="Hygiëne, jaar 1")
    items = Whole(least=0, most=2**31, about="How many items it has", example=12)
    unsaid = Whole(least=0, most=2**31, about="Of how many nothing was said", example=4)


class ItemCoursePageSchema(Contract):
    """A page of groups with items."""

    items = fields.List(fields.Nested(ItemCourseSchema))


class NewMeaningSchema(Contract):
    """What some items are about: a part of a framework, or a lesson."""

    item_ids = Many(
        Id(about="An item"), most=MOST_ITEMS, required=True, about="The items", example=[ITEM]
    )
    framework_item_id = Id(
        load_default=None, allow_none=True, about="The part they are about", example=PART
    )
    lesson_id = Id(load_default=None, allow_none=True, about="Or the support lesson they are about")


class KeptSchema(Contract):
    """What came of it."""

    changed = Whole(least=0, most=MOST_ITEMS, about="Of how many it was not said yet", example=1)
    items = fields.List(fields.Nested(ItemSchema))


class KeptMeaningSchema(MeaningSchema):
    """One thing that was said of an item."""

    item_id = Id(about="The item", example=ITEM)
    framework_item_id = Id(allow_none=True, about="The part, if it is one", example=PART)
    ended_at = Moment(allow_none=True, about="When it was ended", example=None)


@blp.get("/activity-items/courses")
@allows(Action.KEEP_MEANINGS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, ItemCoursePageSchema)
@blp.alt_response(403, description="You are no administrator")
def list_item_courses(query: dict[str, Any]) -> Answer:
    """List the groups that have items.

    First those of which something is unsaid, each by name. Administrators only.
    """
    found = courses(g.session, person=g.person, on=g.today)
    shown, end = part_of(found, key=lambda one: one.group_id or NO_GROUP, **query)
    return page(shown, end)


@blp.get("/activity-items")
@allows(Action.KEEP_MEANINGS)
@blp.arguments(ItemsQuery, location="query")
@blp.response(200, ItemPageSchema)
@blp.alt_response(403, description="You are no administrator")
def list_items(query: dict[str, Any]) -> Answer:
    """List the items of one group, with what they are about.

    First those of which nothing was said, each by name. Administrators only.
    """
    reader: dict[str, Any] = {"person": g.person, "on": g.today}
    require(g.session, g.person, Action.KEEP_MEANINGS, on=g.today)
    group_id = query.pop("group_id")
    if group_id is not None:
        find(g.session, Group, group_id, **reader)
    found = items_in(g.session, group_id=group_id, **reader)
    shown, end = part_of(found, key=lambda one: one[0].id, **query)
    return page([_shown(item, said) for item, said in shown], end)


@blp.post("/item-meanings")
@allows(Action.KEEP_MEANINGS)
@blp.arguments(NewMeaningSchema)
@blp.response(200, KeptSchema)
def say_what_items_are_about(body: dict[str, Any]) -> dict[str, Any]:
    """Say what items are about: a part of a framework, or a support lesson.

    It holds for what came in before and what comes in later, and stands beside what was said of
    them already. One of `framework_item_id` and `lesson_id`. Administrators only.
    """
    reader: dict[str, Any] = {"person": g.person, "on": g.today}
    require(g.session, g.person, Action.KEEP_MEANINGS, on=g.today)
    chosen = find_all(ActivityItem, body["item_ids"])
    part = lesson = None
    if body["framework_item_id"] is not None:
        part = find(g.session, FrameworkItem, body["framework_item_id"], **reader)
    if body["lesson_id"] is not None:
        lesson = find(g.session, SupportLesson, body["lesson_id"], **reader)
    changed = say_items(
        g.session, by=g.person, items=chosen, part=part, lesson=lesson, on=g.today, at=g.now
    )
    said = meanings_of(g.session, school_id=g.school.id, item_ids=body["item_ids"])
    return {"changed": changed, "items": [_shown(one, said.get(one.id, [])) for one in chosen]}


@blp.get("/item-meanings/<uuid:meaning_id>")
@allows(Action.KEEP_MEANINGS)
@blp.response(200, KeptMeaningSchema)
def get_meaning(meaning_id: UUID) -> dict[str, Any]:
    """Show what was said of an item.

    Also what was said once and has been ended since.
    """
    meaning = find(g.session, ItemMeaning, meaning_id, person=g.person, on=g.today)
    if meaning.framework_item_id is not None:
        part = g.session.get_one(FrameworkItem, (meaning.school_id, meaning.framework_item_id))
        code, title = part.code, part.title
    else:
        lesson = g.session.get_one(SupportLesson, (meaning.school_id, meaning.lesson_id))
        code, title = None, lesson.title
    return {
        "id": meaning.id,
        "item_id": meaning.item_id,
        "code": code,
        "title": title,
        "lesson_id": meaning.lesson_id,
        "framework_item_id": meaning.framework_item_id,
        "ended_at": meaning.ended_at,
    }


@blp.delete("/item-meanings/<uuid:meaning_id>")
@allows(Action.KEEP_MEANINGS)
@blp.response(204, description="Ended")
@blp.alt_response(409, description="It was ended already")
def end_item_meaning(meaning_id: UUID) -> tuple[str, int]:
    """End what was said of an item.

    It says nothing of that part or lesson any more. Administrators only.
    """
    meaning = find(g.session, ItemMeaning, meaning_id, person=g.person, on=g.today)
    end_meaning(g.session, by=g.person, meaning=meaning, on=g.today, at=g.now)
    return "", 204


def _shown(item: ActivityItem, said: Any) -> dict[str, Any]:
    return {"id": item.id, "title": item.title, "due_on": item.due_on, "meanings": said}
