"""Who asks to see the learners of a course of the LMS, and what the school answers."""

from typing import Any
from uuid import UUID

from flask import g

from api.blueprint import Blueprint
from api.courses import (
    ASKED,
    AccessRequestSchema,
    CourseDetailSchema,
    asked_by,
    own_course,
    shown,
)
from api.fields import Choice, Contract, Id
from api.groups import Guiding
from identity.access import allows
from lti.courses import courses
from tracker.errors import NotFound
from tracker.models import PlanRole
from tracker.permissions import Action

blp = Blueprint("course-access", about="Who asks to see the learners of a course")


class AnswerSchema(Contract):
    """An answer to a request."""

    access_request_id = Id(required=True, about="The request", example=ASKED)
    instructors_are = Choice(
        Guiding,
        required=True,
        allow_none=True,
        about="Yes: what instructors are to the learners from now on; null: no",
        example="team",
    )


@blp.put("/courses/<uuid:context_id>/access-request")
@allows(Action.ASK_ACCESS)
@blp.response(200, AccessRequestSchema)
@blp.alt_response(409, description="The LMS gives no roster, or it is confirmed already")
def ask_for_access(context_id: UUID) -> dict[str, Any]:
    """Ask the school to see the learners of a course that you teach.

    Asked again, it stays one request.
    """
    context = courses.find_course(g.session, context_id, person=g.person, on=g.today)
    asked = courses.ask_access(g.session, by=g.person, context=context, on=g.today, at=g.now)
    return asked_by(asked, g.person.name)


@blp.get("/courses/<uuid:context_id>/access-request")
@allows(Action.SEE_COURSE)
@blp.response(200, AccessRequestSchema)
def get_access_request(context_id: UUID) -> dict[str, Any]:
    """Show your own newest request for a course, and what the school answered.

    404 when you never asked.
    """
    context = courses.find_course(g.session, context_id, person=g.person, on=g.today)
    asked = courses.latest_request(g.session, by=g.person, context=context)
    if asked is None:
        raise NotFound("never asked")
    return asked_by(asked, g.person.name)


@blp.post("/courses/<uuid:context_id>/answers")
@allows(Action.CONNECT_LMS)
@blp.arguments(AnswerSchema)
@blp.response(200, CourseDetailSchema)
@blp.alt_response(409, description="It was answered already")
def answer_access_request(body: dict[str, Any], context_id: UUID) -> dict[str, Any]:
    """Answer somebody who asks to see the learners of a course.

    Yes confirms the course, with this role for all its instructors.
    """
    context = own_course(context_id)
    asked = courses.find_request(g.session, body["access_request_id"], person=g.person, on=g.today)
    if asked.context_id != context.id:
        raise NotFound("request not found")
    role = body["instructors_are"]
    courses.answer_access(
        g.session,
        by=g.person,
        request=asked,
        instructors_are=PlanRole(role.value) if role else None,
        on=g.today,
        at=g.now,
    )
    return shown(context)
