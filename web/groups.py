"""Pages of the administrator: the imported groups, and who guides the students in them."""

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from identity.access import allows
from lti.courses.course_list import courses_by_group
from tracker.errors import NotFound
from tracker.group_lists import groups_seen, outcome_of, possible_guides
from tracker.groups import confirm_coach_group, end_coach_group
from tracker.models import CoachGroup, Group, Person, PlanRole
from tracker.permissions import Action, find
from web.forms import CODES, Form, fill, words
from web.paging import part_of

blp = Blueprint("groups", __name__, url_prefix="/school/groups")
SHOWN = 50
ROLES = (PlanRole.COACH.value, PlanRole.TEAM.value)


class GuideForm(Form):
    """Who guides a group, and as what."""

    person = fields.UUID(required=True, error_messages=CODES)
    role = fields.String(
        required=True,
        validate=validate.OneOf(ROLES, error="not_a_choice"),
        error_messages=CODES,
    )


class SearchForm(Form):
    """Which groups are shown."""

    q = words(100, required=False)


class EndForm(Form):
    """Which confirmation ends."""

    guide = fields.UUID(required=True, error_messages=CODES)


@blp.get("")
@allows(Action.CONFIRM_GROUP)
def groups() -> str:
    """Show the imported groups: how many are in each, and who guides them."""
    wanted = fill(SearchForm(), request.args).data.get("q") or ""
    part = part_of(
        [
            group
            for group in groups_seen(g.session, person=g.person, on=g.today)
            if all(word in f"{group.title} {group.code}".casefold() for word in _words(wanted))
        ],
        size=SHOWN,
    )
    return render_template(
        "school/groups.html",
        groups=part.shown,
        page=part.page,
        pages=part.pages,
        q=wanted,
        courses=courses_by_group(g.session, school_id=g.school.id),
    )


def _words(text: str) -> list[str]:
    return text.casefold().split()


@blp.get("/<uuid:group_id>")
@allows(Action.CONFIRM_GROUP)
def group(group_id: UUID) -> str | Response:
    """Show a group, and, when somebody was chosen, what confirming them would do."""
    found = find(g.session, Group, group_id, person=g.person, on=g.today)
    course_id = courses_by_group(g.session, school_id=g.school.id).get(found.id)
    if course_id is not None:
        return redirect(url_for("lms_courses.course", context_id=course_id), 303)
    filled = fill(GuideForm(), request.args)
    chosen, outcome = None, None
    if not filled.errors:
        guide = find(g.session, Person, filled.data["person"], person=g.person, on=g.today)
        chosen = {"id": guide.id, "name": guide.name, "role": filled.data["role"]}
        outcome = outcome_of(g.session, person=g.person, group=found, guide=guide, on=g.today)
    teaching, staff = possible_guides(g.session, person=g.person, group=found, on=g.today)
    seen = groups_seen(g.session, person=g.person, on=g.today, group_id=found.id)
    return render_template(
        "school/group.html",
        group=found,
        seen=next(iter(seen), None),
        teaching=[_told(one) for one in teaching],
        staff=[_told(one) for one in staff],
        values={"person": str(filled.values.get("person", "")), "role": filled.values.get("role")},
        chosen=chosen,
        outcome=outcome,
    )


def _told(person: Person) -> dict[str, object]:
    """Return who can be chosen; people may share a name, so with the number."""
    return {"id": person.id, "name": person.name, "number": person.number}


@blp.post("/<uuid:group_id>")
@allows(Action.CONFIRM_GROUP)
def confirm(group_id: UUID) -> Response:
    """Confirm who guides a group: drafts begin and places open today."""
    found = _own_group(group_id)
    filled = fill(GuideForm(), request.form)
    if filled.errors:
        flash(gettext("Choose somebody, and as what."), "error")
        return _back(group_id)
    guide = find(g.session, Person, filled.data["person"], person=g.person, on=g.today)
    confirm_coach_group(
        g.session,
        by=g.person,
        group=found,
        coach=guide,
        role=PlanRole(filled.data["role"]),
        on=g.today,
        at=g.now,
    )
    flash(gettext("Confirmed. Places follow this group from now on."), "ok")
    return _back(group_id)


@blp.post("/<uuid:group_id>/end")
@allows(Action.CONFIRM_GROUP)
def end(group_id: UUID) -> Response:
    """End that somebody guides a group; the plans and all in them stay."""
    found = _own_group(group_id)
    filled = fill(EndForm(), request.form)
    if filled.errors:
        flash(gettext("Choose one of these."), "error")
        return _back(group_id)
    guide = find(g.session, CoachGroup, filled.data["guide"], person=g.person, on=g.today)
    if guide.group_id != found.id:
        raise NotFound("CoachGroup not found")
    if guide.until_on is None or guide.until_on > g.today:
        end_coach_group(g.session, by=g.person, coach_group=guide, on=g.today, at=g.now)
    flash(gettext("Ended. These places in plans ended today."), "ok")
    return _back(group_id)


def _own_group(group_id: UUID) -> Group:
    """Return a group that is confirmed here; that of an LMS's course is confirmed with it."""
    found = find(g.session, Group, group_id, person=g.person, on=g.today)
    if found.id in courses_by_group(g.session, school_id=g.school.id):
        raise NotFound("confirmed with its course")
    return found


def _back(group_id: UUID) -> Response:
    return redirect(url_for("groups.group", group_id=group_id), 303)
