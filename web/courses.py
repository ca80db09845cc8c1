"""A course of the LMS: the reader's own students in it, and the names of the others."""

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from identity.access import allows
from lti.courses.courses import ask_access, find_course, latest_request, students_of
from lti.courses.pulls import pull_of
from lti.gradebook.gradebook import takes_scores
from tracker.errors import Conflict
from tracker.models import SchoolRole
from tracker.overview import for_coach
from tracker.permissions import Action, roles_of
from web.group_table import by_name, minis_of, table
from web.paging import part_of
from web.words import sentence

blp = Blueprint("courses", __name__, url_prefix="/coach/courses")

NAMES_SHOWN = 100


@blp.get("/<uuid:context_id>")
@allows(Action.SEE_COURSE)
def course(context_id: UUID) -> str:
    """Show the own students with their trails, then the others by name only."""
    context = find_course(g.session, context_id, person=g.person, on=g.today)
    rows = for_coach(
        g.session, coach=g.person, school=g.school, on=g.today, group_id=context.group_id
    )
    rows.sort(key=by_name)
    own = {row.student_id for row in rows}
    students = students_of(g.session, context=context, on=g.today)
    others = [name for person_id, name in students if person_id not in own]
    part = part_of(others, size=NAMES_SHOWN)
    asked = latest_request(g.session, by=g.person, context=context)
    pull = pull_of(g.session, context=context)
    return render_template(
        "coach/course.html",
        course={
            "id": context.id,
            "title": context.title or context.label,
            "takes_scores": takes_scores(context),
        },
        **table(rows, minis=minis_of(rows, on=g.today)),
        count=len(students),
        others=part.shown,
        others_count=len(others),
        page=part.page,
        pages=part.pages,
        is_listed=context.memberships_url is not None,
        is_confirmed=context.instructors_are is not None,
        read_at=pull.done_at if pull else None,
        has_failed=pull is not None and pull.error is not None,
        asked={"state": asked.state, "asked_at": asked.asked_at, "closed_at": asked.closed_at}
        if asked
        else None,
        may_ask=SchoolRole.ADMINISTRATOR not in roles_of(g.session, g.person, on=g.today),
    )


@blp.post("/<uuid:context_id>/access")
@allows(Action.ASK_ACCESS)
def ask(context_id: UUID) -> Response:
    """Ask the school to see the course's students."""
    context = find_course(g.session, context_id, person=g.person, on=g.today)
    try:
        ask_access(g.session, by=g.person, context=context, on=g.today, at=g.now)
        flash(gettext("You asked your school. Your administrator answers."), "ok")
    except Conflict as refusal:
        flash(sentence(refusal.code), "error")
    return redirect(url_for("courses.course", context_id=context.id), 303)
