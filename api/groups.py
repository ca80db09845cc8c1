"""The school's imported groups, and who guides the students in them."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import g, url_for
from marshmallow import fields

from api.blueprint import Blueprint
from api.errors import Refusal
from api.fields import Choice, Contract, Day, Id, Text, Whole
from api.me import NamedPersonSchema
from api.paging import Answer, PageQuery, by_id, page, part_of
from identity.access import allows
from lti.courses.course_list import courses_by_group
from tracker.errors import Conflict, NotFound
from tracker.group_lists import Outcome, SeenGroup, groups_seen, outcome_of, possible_guides
from tracker.groups import confirm_coach_group, end_coach_group
from tracker.models import CoachGroup, Group, Person, PlanRole
from tracker.permissions import Action, find

blp = Blueprint("groups", about="Imported groups, and who guides the students in them")
GROUP = "019aab4e-c000-7aaa-8bbb-000000000001"
GUIDE = "019aab4e-c000-7aaa-8bbb-000000000002"
PERSON = "019aab4e-9000-7aaa-8bbb-000000000004"


class Guiding(StrEnum):
    """What somebody can be to the students of a group or a course."""

    COACH = "coach"
    TEAM = "team"


class GuideSchema(Contract):
    """Somebody of whom the school confirmed that they guide a group."""

    id = Id(about="Of this confirmation", example=GUIDE)
    name = Text(longest=200, about="Their name", example="Joost van Dalen")
    role = Choice(PlanRole, about="What they are to its students", example="coach")
    from_on = Day(about="Since which day", example="2026-09-01")


class NewGuideSchema(Contract):
    """Who guides a group, and as what."""

    person_id = Id(required=True, about="One of `possible-guides`", example=PERSON)
    role = Choice(Guiding, required=True, about="`coach` or `team`", example="coach")


class GroupSchema(Contract):
    """A group as it is today."""

    id = Id(about="The group", example=GROUP)
    title = Text(longest=200, about="Its name", example="VZ3A")
    code = Text(longest=64, allow_none=True, about="Its code at the school", example="vz3a")
    students = Whole(least=0, most=2**31, about="How many students are in it", example=24)
    teachers = Whole(least=0, most=2**31, about="How many teachers are in it", example=2)
    course_id = Id(
        allow_none=True,
        about="The LMS's course that it is; confirm that instead",
        example=None,
    )
    guides = fields.List(fields.Nested(GuideSchema))


class GroupPageSchema(Contract):
    """A page of groups."""

    items = fields.List(fields.Nested(GroupSchema))


class GroupsQuery(PageQuery):
    """Which groups, and which part of them."""

    words = Text(
        longest=100, load_default="", about="Words of the name or the code", example="VZ3A"
    )


class GuidesQuery(PageQuery):
    """Which part of the people."""


class PossibleGuideSchema(NamedPersonSchema):
    """Somebody who can be confirmed."""

    number = Text(longest=64, allow_none=True, about="Their number", example="D104")
    teaches = fields.Boolean(
        metadata={"description": "Whether they teach this group today", "example": True}
    )


class PossibleGuidePageSchema(Contract):
    """A page of people who can be confirmed."""

    items = fields.List(fields.Nested(PossibleGuideSchema))


class OutcomeQuery(Contract):
    """Whose confirmation is looked at."""

    person_id = Id(load_default=None, about="Who would guide the group; needed", example=PERSON)


class OutcomeSchema(Contract):
    """What a confirmation would do today."""

    students = Whole(least=0, most=2**31, about="Students in the group", example=24)
    drafts = Whole(least=0, most=2**31, about="Students who get a draft plan", example=3)
    places = Whole(least=0, most=2**31, about="Plans in which a place opens", example=24)
    closed = Whole(
        least=0, most=2**31, about="Students with closed plans only: nothing happens", example=0
    )


@blp.get("/groups")
@allows(Action.CONFIRM_GROUP)
@blp.arguments(GroupsQuery, location="query")
@blp.response(200, GroupPageSchema)
@blp.alt_response(403, description="You are no administrator")
def list_groups(query: dict[str, Any]) -> Answer:
    """List the groups in which anybody is, by name.

    With how many are in each, and who guides them. Administrators only.
    """
    words = query["words"].casefold().split()
    found = [
        group
        for group in groups_seen(g.session, person=g.person, on=g.today)
        if all(word in f"{group.title} {group.code}".casefold() for word in words)
    ]
    courses = courses_by_group(g.session, school_id=g.school.id)
    groups, end = part_of(
        found, limit=query["limit"], after=query["after"], key=lambda group: group.id
    )
    return page([_shown(group, courses) for group in groups], end)


@blp.get("/groups/<uuid:group_id>")
@allows(Action.CONFIRM_GROUP)
@blp.response(200, GroupSchema)
def get_group(group_id: UUID) -> dict[str, Any]:
    """Show one group.

    404 also for a group in which nobody is, and which nobody guides.
    """
    key = _group(group_id).id
    found = groups_seen(g.session, person=g.person, on=g.today, group_id=key)
    if not found:
        raise NotFound("nobody is in it")
    return _shown(found[0], courses_by_group(g.session, school_id=g.school.id))


@blp.get("/groups/<uuid:group_id>/possible-guides")
@allows(Action.CONFIRM_GROUP)
@blp.arguments(GuidesQuery, location="query")
@blp.response(200, PossibleGuidePageSchema)
def list_possible_guides(query: dict[str, Any], group_id: UUID) -> Answer:
    """List who can be confirmed to guide a group.

    First who teaches it today, then the rest of the staff, each by name.
    """
    group = _group(group_id)
    teaching, staff = possible_guides(g.session, person=g.person, group=group, on=g.today)
    told = [
        {"id": one.id, "name": one.name, "number": one.number, "teaches": teaches}
        for teaches, people in ((True, teaching), (False, staff))
        for one in people
    ]
    people, end = part_of(told, key=lambda one: UUID(str(one["id"])), **query)
    return page(people, end)


@blp.get("/groups/<uuid:group_id>/outcome")
@allows(Action.CONFIRM_GROUP)
@blp.arguments(OutcomeQuery, location="query")
@blp.response(200, OutcomeSchema)
def get_outcome(query: dict[str, Any], group_id: UUID) -> Outcome:
    """Show what confirming somebody would do today.

    How many drafts begin and how many places open; nothing changes yet.
    """
    group = _group(group_id)  # whose it is comes before what is missing
    if query["person_id"] is None:
        raise Refusal(422, "invalid", {"person_id": ["required"]})
    guide = find(g.session, Person, query["person_id"], person=g.person, on=g.today)
    return outcome_of(g.session, person=g.person, group=group, guide=guide, on=g.today)


@blp.post("/groups/<uuid:group_id>/guides")
@allows(Action.CONFIRM_GROUP)
@blp.arguments(NewGuideSchema)
@blp.response(201, GuideSchema)
@blp.alt_response(409, description="It is a course of the LMS: confirm that")
def confirm_guide(body: dict[str, Any], group_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Confirm who guides a group, from today on.

    Who has no plan gets a draft, and a place opens in each open plan; both follow the group from
    then on. Confirmed again in the same role, it stays the one it was.
    """
    group = _group(group_id)
    guide = find(g.session, Person, body["person_id"], person=g.person, on=g.today)
    if group.id in courses_by_group(g.session, school_id=g.school.id):
        raise Conflict("group.of_course")
    confirmed = confirm_coach_group(
        g.session,
        by=g.person,
        group=group,
        coach=guide,
        role=PlanRole(body["role"].value),
        on=g.today,
        at=g.now,
    )
    where = url_for("api-groups.get_guide", group_id=group.id, coach_group_id=confirmed.id)
    return _told(confirmed), {"Location": where}


@blp.get("/groups/<uuid:group_id>/guides/<uuid:coach_group_id>")
@allows(Action.CONFIRM_GROUP)
@blp.response(200, GuideSchema)
def get_guide(group_id: UUID, coach_group_id: UUID) -> dict[str, Any]:
    """Show who guides a group.

    Also a confirmation that ended.
    """
    return _told(_guide(group_id, coach_group_id))


@blp.delete("/groups/<uuid:group_id>/guides/<uuid:coach_group_id>")
@allows(Action.CONFIRM_GROUP)
@blp.response(204, description="Ended, or it was already")
@blp.alt_response(409, description="It is a course of the LMS: end it there")
def end_guide(group_id: UUID, coach_group_id: UUID) -> tuple[str, int]:
    """End that somebody guides a group.

    Their places in plans that came of it end today; the plans and all in them stay.
    """
    confirmed = _guide(group_id, coach_group_id)
    if confirmed.group_id in courses_by_group(g.session, school_id=g.school.id):
        raise Conflict("group.of_course")
    if confirmed.until_on is None or confirmed.until_on > g.today:
        end_coach_group(g.session, by=g.person, coach_group=confirmed, on=g.today, at=g.now)
    return "", 204


def _group(group_id: UUID) -> Group:
    return find(g.session, Group, group_id, person=g.person, on=g.today)


def _guide(group_id: UUID, coach_group_id: UUID) -> CoachGroup:
    group = _group(group_id)
    found = find(g.session, CoachGroup, coach_group_id, person=g.person, on=g.today)
    if found.group_id != group.id:
        raise NotFound("CoachGroup not found")
    return found


def _told(confirmed: CoachGroup) -> dict[str, Any]:
    guide = by_id(Person, [confirmed.coach_id])[confirmed.coach_id]
    return {
        "id": confirmed.id,
        "name": guide.name,
        "role": confirmed.role,
        "from_on": confirmed.from_on,
    }


def _shown(group: SeenGroup, courses: dict[UUID, UUID]) -> dict[str, Any]:
    return {
        "id": group.id,
        "title": group.title,
        "code": group.code,
        "students": group.students,
        "teachers": group.teachers,
        "course_id": courses.get(group.id),
        "guides": group.guides,
    }
