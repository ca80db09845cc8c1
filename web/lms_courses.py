"""Pages of the administrator: who guides the learners of an LMS's course, and who asks to."""

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from identity.access import allows
from lti.connecting.connections import find_own_deployment
from lti.courses import courses
from lti.courses.course_list import find_own_course, people_of, waiting_requests
from lti.courses.pulls import pull_of, release_roster
from tracker.errors import Conflict, NotFound
from tracker.models import PlanRole
from tracker.permissions import Action
from web.forms import CODES, Form, fill

blp = Blueprint("lms_courses", __name__, url_prefix="/school/lms/courses")
ROLES = {role.value: role for role in courses.CONFIRMABLE}
CONFIRMED = _("Confirmed. The list of people is read again soon.")


class RoleForm(Form):
    """What the instructors of a course are to its learners, or that it ends."""

    instructors_are = fields.String(
        required=True,
        validate=validate.OneOf((*ROLES, "nobody"), error="not_a_choice"),
        error_messages=CODES,
    )


class AnswerForm(RoleForm):
    """An answer to one request."""

    request = fields.UUID(required=True, error_messages=CODES)


@blp.get("/<uuid:context_id>")
@allows(Action.SEE_LMS)
def course(context_id: UUID) -> str:
    """Show a course: its people, what it is confirmed for, who asks, and a roster that is held."""
    context = find_own_course(g.session, context_id, by=g.person, on=g.today)
    teachers, learners = people_of(g.session, context=context, on=g.today)
    pull = pull_of(g.session, context=context)
    return render_template(
        "school/lms_course.html",
        course=context,
        registration_id=find_own_deployment(
            g.session, context.deployment_id, by=g.person, on=g.today
        ).registration_id,
        title=context.title or context.label or context.lti_id,
        teachers=teachers,
        learners=learners,
        pull=pull,
        requests=[
            {"id": asked.id, "name": name, "asked_at": asked.asked_at}
            for asked, name in waiting_requests(g.session, context=context, by=g.person, on=g.today)
        ],
        values={
            "instructors_are": context.instructors_are.value if context.instructors_are else ""
        },
    )


@blp.post("/<uuid:context_id>")
@allows(Action.CONNECT_LMS)
def confirm(context_id: UUID) -> Response:
    """Say what the instructors of a course are to its learners, or take that back."""
    context = find_own_course(g.session, context_id, by=g.person, on=g.today)
    filled = fill(RoleForm(), request.form)
    told = {"by": g.person, "context": context, "on": g.today, "at": g.now}
    if filled.errors:
        flash(gettext("Choose one of these."), "error")
        return _back(context_id)
    role = ROLES.get(filled.data["instructors_are"])
    try:
        if role is not None:
            courses.confirm_context(g.session, instructors_are=role, **told)
            flash(CONFIRMED, "ok")
        elif context.instructors_are is not None:
            courses.end_confirmation(g.session, **told)
            flash(gettext("Ended. These places in plans ended today."), "ok")
    except Conflict as refusal:
        flash(_refusal(refusal.code), "error")
    return _back(context_id)


@blp.post("/<uuid:context_id>/access")
@allows(Action.CONNECT_LMS)
def answer(context_id: UUID) -> Response:
    """Answer somebody who asks to see the learners of a course."""
    context = find_own_course(g.session, context_id, by=g.person, on=g.today)
    filled = fill(AnswerForm(), request.form)
    if filled.errors:
        flash(gettext("Choose one of these."), "error")
        return _back(context_id)
    asked = courses.find_request(g.session, filled.data["request"], person=g.person, on=g.today)
    if asked.context_id != context.id:
        raise NotFound("request not found")
    role: PlanRole | None = ROLES.get(filled.data["instructors_are"])
    try:
        courses.answer_access(
            g.session, by=g.person, request=asked, instructors_are=role, on=g.today, at=g.now
        )
        flash(
            CONFIRMED if role else gettext("Answered: no. Whoever asked still sees names only."),
            "ok",
        )
    except Conflict as refusal:
        flash(_refusal(refusal.code), "error")
    return _back(context_id)


@blp.post("/<uuid:context_id>/release")
@allows(Action.CONNECT_LMS)
def release(context_id: UUID) -> Response:
    """Let as many people go as the last list of a course asked."""
    context = find_own_course(g.session, context_id, by=g.person, on=g.today)
    try:
        release_roster(g.session, by=g.person, context=context, on=g.today, at=g.now)
        flash(gettext("Released. The list is read again soon."), "ok")
    except Conflict as refusal:
        flash(_refusal(refusal.code), "error")
    return _back(context_id)


def _back(context_id: UUID) -> Response:
    return redirect(url_for("lms_courses.course", context_id=context_id), 303)


def _refusal(code: str) -> str:
    sentences = {
        "course.no_roster": gettext("The LMS gives no list of people for this course."),
        "course.not_confirmed": gettext("This course is not confirmed."),
        "access.answered": gettext("This was answered already."),
        "roster.not_held": gettext("There is nothing to release any more."),
    }
    return str(sentences[code])
