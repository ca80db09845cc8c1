"""Courses of the LMS: who is in them, and who guides their learners."""

from typing import Any
from uuid import UUID

from flask import g
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Choice, Contract, Flag, Id, Moment, Text, Whole
from api.groups import Guiding
from api.me import NamedPersonSchema
from api.paging import Answer, PageQuery, page, part_of
from identity.access import allows
from lti.courses import courses
from lti.courses.course_list import Course, courses_of, find_own_course, people_of, waiting_requests
from lti.courses.pulls import pull_of, release_roster
from lti.models import AccessRequest, AccessRequestState, Context
from tracker.models import PlanRole
from tracker.permissions import Action

blp = Blueprint("courses", about="Courses of the LMS, and who guides their learners")
COURSE = "019aab4e-e000-7aaa-8bbb-000000000003"
ASKED = "019aab4e-e000-7aaa-8bbb-000000000004"
MOST = 2**31


class CourseSchema(Contract):
    """A course, as the list tells it."""

    id = Id(about="The course", example=COURSE)
    title = Text(longest=2000, allow_none=True, about="Its name", example="Verpleegkunde 3A")
    registration_id = Id(about="Its LMS", example="019aab4e-e000-7aaa-8bbb-000000000001")
    has_roster = Flag(about="Whether the LMS tells who is in it", example=True)
    instructors_are = Choice(
        PlanRole,
        allow_none=True,
        about="What its instructors are to its learners; null: not confirmed",
        example="coach",
    )
    waiting = Whole(least=0, most=MOST, about="Requests that wait for an answer", example=1)
    held_closes = Whole(
        least=0,
        most=MOST,
        allow_none=True,
        about="So many people would go by its last roster, which waits for `release`",
        example=None,
    )
    error = Text(longest=64, allow_none=True, about="Why its roster was not read", example=None)
    launched_at = Moment(
        allow_none=True, about="When somebody came from it last", example="2026-11-20T08:00:00Z"
    )


class CoursePageSchema(Contract):
    """A page of courses."""

    items = fields.List(fields.Nested(CourseSchema))


class CourseStudentsSchema(Contract):
    """The students of a course: id and name, and nothing else."""

    items = fields.List(fields.Nested(NamedPersonSchema))


class AccessRequestSchema(Contract):
    """Somebody asks to see the learners of a course."""

    id = Id(about="The request", example=ASKED)
    name = Text(longest=200, about="Who asks", example="Joost van Dalen")
    state = Choice(AccessRequestState, about="What the school answered", example="waiting")
    asked_at = Moment(about="When", example="2026-11-20T08:00:00Z")
    closed_at = Moment(allow_none=True, about="When it was answered", example=None)


class CourseDetailSchema(Contract):
    """A course for the administrator."""

    id = Id(about="The course", example=COURSE)
    title = Text(longest=2000, allow_none=True, about="Its name", example="Verpleegkunde 3A")
    has_roster = Flag(about="Whether the LMS tells who is in it", example=True)
    instructors_are = Choice(
        PlanRole, allow_none=True, about="What was confirmed; null: nothing", example="coach"
    )
    confirmed_at = Moment(allow_none=True, about="When", example="2026-11-20T08:00:00Z")
    instructors = fields.List(
        fields.String(), metadata={"description": "Their names", "example": ["Joost van Dalen"]}
    )
    learners = Whole(least=0, most=MOST, about="How many learners are in it", example=24)
    read_at = Moment(
        allow_none=True, about="When its roster was read last", example="2026-11-20T03:00:00Z"
    )
    error = Text(longest=64, allow_none=True, about="Why it was not read since", example=None)
    held_closes = Whole(
        least=0, most=MOST, allow_none=True, about="So many would go: see `release`", example=None
    )
    requests = fields.List(fields.Nested(AccessRequestSchema))


class ConfirmationSchema(Contract):
    """What the instructors of a course are to its learners."""

    instructors_are = Choice(Guiding, required=True, about="`coach` or `team`", example="coach")


@blp.get("/courses")
@allows(Action.SEE_LMS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, CoursePageSchema)
@blp.alt_response(403, description="You are no administrator")
def list_courses(query: dict[str, Any]) -> Answer:
    """List the courses of the LMS: what waits for the school first, then the newest used.

    The first 200. Administrators only; a teacher comes to a course from the LMS.
    """
    found = courses_of(g.session, by=g.person, on=g.today)
    shown, end = part_of(found, key=lambda one: one.context.id, **query)
    return page([_listed(one) for one in shown], end)


@blp.get("/courses/<uuid:context_id>")
@allows(Action.SEE_LMS)
@blp.response(200, CourseDetailSchema)
def get_course(context_id: UUID) -> dict[str, Any]:
    """Show a course: its people, what it is confirmed for, and who asks.

    Administrators only; see `students` for who teaches it.
    """
    return shown(own_course(context_id))


@blp.get("/courses/<uuid:context_id>/students")
@allows(Action.SEE_COURSE)
@blp.arguments(PageQuery, location="query")
@blp.response(200, CourseStudentsSchema)
def list_course_students(query: dict[str, Any], context_id: UUID) -> Answer:
    """List the students of a course by name, for who teaches it today.

    Names only: what more you may see of your own students, `GET /api/overview` tells.
    """
    context = courses.find_course(g.session, context_id, person=g.person, on=g.today)
    students = courses.students_of(g.session, context=context, on=g.today)
    told = [{"id": key, "name": name} for key, name in students]
    shown, end = part_of(told, key=lambda one: UUID(str(one["id"])), **query)
    return page(shown, end)


@blp.put("/courses/<uuid:context_id>/confirmation")
@allows(Action.CONNECT_LMS)
@blp.arguments(ConfirmationSchema)
@blp.response(200, CourseDetailSchema)
@blp.alt_response(409, description="The LMS gives no roster")
def confirm_course(body: dict[str, Any], context_id: UUID) -> dict[str, Any]:
    """Confirm that a course's instructors guide its learners, from today on.

    Places in plans follow its roster from then on, and who asked has an answer.
    """
    context = own_course(context_id)
    role = PlanRole(body["instructors_are"].value)
    courses.confirm_context(
        g.session, by=g.person, context=context, instructors_are=role, on=g.today, at=g.now
    )
    return shown(context)


@blp.delete("/courses/<uuid:context_id>/confirmation")
@allows(Action.CONNECT_LMS)
@blp.response(200, CourseDetailSchema)
@blp.alt_response(409, description="It is not confirmed")
def end_course_confirmation(context_id: UUID) -> dict[str, Any]:
    """Take a confirmation back.

    Every place in a plan that came of it ends today.
    """
    context = own_course(context_id)
    courses.end_confirmation(g.session, by=g.person, context=context, on=g.today, at=g.now)
    return shown(context)


@blp.post("/courses/<uuid:context_id>/release")
@allows(Action.CONNECT_LMS)
@blp.response(200, CourseDetailSchema)
@blp.alt_response(409, description="Nothing is held")
def release_course_roster(context_id: UUID) -> dict[str, Any]:
    """Let as many people go as the last roster of a course asked.

    The roster is read again soon, and followed.
    """
    context = own_course(context_id)
    release_roster(g.session, by=g.person, context=context, on=g.today, at=g.now)
    return shown(context)


def own_course(context_id: UUID) -> Context:
    """Return a course of the school, for an administrator; raises NotFound, NotAllowed."""
    return find_own_course(g.session, context_id, by=g.person, on=g.today)


def asked_by(asked: AccessRequest, name: str) -> dict[str, Any]:
    """Return a request to see learners, with the name of who asks."""
    told = {key: getattr(asked, key) for key in ("id", "state", "asked_at", "closed_at")}
    return {**told, "name": name}


def _title(context: Context) -> str:
    return context.title or context.label or context.lti_id


def _listed(course: Course) -> dict[str, Any]:
    context, pull = course.context, course.pull
    return {
        "id": context.id,
        "title": _title(context),
        "registration_id": course.registration_id,
        "has_roster": context.memberships_url is not None,
        "instructors_are": context.instructors_are,
        "waiting": course.waiting,
        "held_closes": pull.held["closes"] if pull and pull.held else None,
        "error": pull.error if pull else None,
        "launched_at": context.launched_at,
    }


def shown(context: Context) -> dict[str, Any]:
    """Return a course as its own answer tells it."""
    teachers, learners = people_of(g.session, context=context, on=g.today)
    pull = pull_of(g.session, context=context)
    waiting = waiting_requests(g.session, context=context, by=g.person, on=g.today)
    return {
        "id": context.id,
        "title": _title(context),
        "has_roster": context.memberships_url is not None,
        "instructors_are": context.instructors_are,
        "confirmed_at": context.confirmed_at,
        "instructors": teachers,
        "learners": learners,
        "read_at": pull.done_at if pull else None,
        "error": pull.error if pull else None,
        "held_closes": pull.held["closes"] if pull and pull.held else None,
        "requests": [asked_by(asked, name) for asked, name in waiting],
    }
