"""Pages of the administrator: what the items of the LMS are about, said once for every import."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from marshmallow import fields
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.errors import Conflict, Invalid
from tracker.lessons import lessons_on
from tracker.meanings import courses, end_meaning, items_in, parts_in_use, say_items
from tracker.models import ActivityItem, FrameworkItem, Group, ItemMeaning, SupportLesson
from tracker.permissions import Action, find
from web.forms import CODES, Form, fill, words
from web.paging import part_of

blp = Blueprint("items", __name__, url_prefix="/school/items")
PART, LESSON = "part", "lesson"
# The items that belong to no group are a course of their own.
NO_GROUP = "none"
SHOWN = 50


class CourseForm(Form):
    """Which course is shown, and which parts are offered."""

    course = words(36, required=False)
    q = words(100, required=False)


class MeaningForm(CourseForm):
    """Which items are about what: `part:<id>` or `lesson:<id>`."""

    item = fields.List(fields.UUID(), load_default=[], error_messages=CODES)
    about = words(60)


class EndForm(CourseForm):
    """Which meaning ends."""

    meaning = fields.UUID(required=True, error_messages=CODES)


@blp.get("")
@allows(Action.KEEP_MEANINGS)
def items() -> str:
    """Show the courses of the LMS, and the items of one: what nothing was said of comes first."""
    asked = fill(CourseForm(), request.args).data
    return _page(asked)


def _page(asked: dict[str, Any], *, turn: str | None = None, ticked: Sequence[str] = ()) -> str:
    """Return the page of all courses or of one.

    turn: the page of activities to show, when that is not in the address; ticked: the ids that
    were ticked, on this page or on others.
    """
    chosen, searched = asked.get("course"), asked.get("q") or ""
    reader: dict[str, Any] = {"person": g.person, "on": g.today}
    shown: dict[str, Any] | None = None
    if chosen is not None:
        group = None if chosen == NO_GROUP else find(g.session, Group, _id(chosen), **reader)
        found = items_in(g.session, group_id=group.id if group else None, **reader)
        part = part_of(found, size=SHOWN, asked=turn)
        here = {str(item.id) for item, _ in part.shown}
        shown = {
            "key": chosen,
            "title": group.title if group else None,
            "items": [
                {"id": item.id, "title": item.title, "due_on": item.due_on, "meanings": said}
                for item, said in part.shown
            ],
            "page": part.page,
            "pages": part.pages,
            "ticked": here.intersection(ticked),
            "ticked_elsewhere": [one for one in ticked if one not in here],
        }
    parts = parts_in_use(g.session, person=g.person, words=searched) if shown else []
    lessons = lessons_on(g.session, school_id=g.school.id, on=g.today) if shown else []
    listed = part_of([] if shown else courses(g.session, **reader), size=SHOWN)
    return render_template(
        "school/items.html",
        courses=[
            {
                "key": str(one.group_id or NO_GROUP),
                "title": one.title,
                "items": one.items,
                "unsaid": one.unsaid,
            }
            for one in listed.shown
        ],
        page=listed.page,
        pages=listed.pages,
        shown=shown,
        q=searched,
        parts=[
            {
                "title": framework.title or framework.code,
                "items": [
                    {"key": f"{PART}:{item.id}", "label": f"{item.code} {item.title}"}
                    for item in below
                ],
            }
            for framework, below in parts
        ],
        lessons=[
            {"key": f"{LESSON}:{lesson.id}", "label": lesson.title}
            for lesson in lessons
            if all(word.casefold() in lesson.title.casefold() for word in searched.split())
        ],
    )


@blp.post("")
@allows(Action.KEEP_MEANINGS)
def say() -> Response | str:
    """Say what some items are about, or go to another page with what is ticked."""
    turn = request.form.get("turn")
    if turn is not None:
        asked = fill(CourseForm(), request.form).data
        return _page(asked, turn=turn, ticked=_ticked(request.form.getlist("item")))
    filled = fill(MeaningForm(), request.form, lists=("item",))
    back = redirect(_here(filled.values), 303)
    if filled.errors:
        flash(gettext("Choose the activities, and what they are about."), "error")
        return back
    reader: dict[str, Any] = {"person": g.person, "on": g.today}
    kind, _, key = filled.data["about"].partition(":")
    about: dict[str, Any] = {}
    if kind == PART:
        about["part"] = find(g.session, FrameworkItem, _id(key), **reader)
    elif kind == LESSON:
        about["lesson"] = find(g.session, SupportLesson, _id(key), **reader)
    chosen = [find(g.session, ActivityItem, one, **reader) for one in filled.data["item"]]
    try:
        number = say_items(g.session, by=g.person, items=chosen, on=g.today, at=g.now, **about)
    except Invalid:
        flash(gettext("Choose the activities, and what they are about."), "error")
        return back
    flash(ngettext("Kept for %(num)s activity.", "Kept for %(num)s activities.", number), "ok")
    return back


@blp.post("/end")
@allows(Action.KEEP_MEANINGS)
def end() -> Response:
    """End what was said of an item."""
    filled = fill(EndForm(), request.form)
    if filled.errors:
        flash(gettext("Choose one of these."), "error")
        return redirect(_here(filled.values), 303)
    meaning = find(g.session, ItemMeaning, filled.data["meaning"], person=g.person, on=g.today)
    try:
        end_meaning(g.session, by=g.person, meaning=meaning, on=g.today, at=g.now)
        flash(gettext("Ended. This activity says nothing of it any more."), "ok")
    except Conflict:
        flash(gettext("This was ended already."), "error")
    return redirect(_here(filled.values), 303)


def _ticked(sent: Sequence[str]) -> list[str]:
    """Return the ids in what was ticked, each once; what is no id is left aside."""
    found = [UUID(one) for one in sent if _id(one).int]
    return [str(one) for one in dict.fromkeys(found)]


def _here(values: dict[str, Any]) -> str:
    kept = {name: values.get(name) or None for name in ("course", "q", "page")}
    return url_for("items.items", **kept)


def _id(text: str) -> UUID:
    """Return an id from an address; one that is none leads nowhere."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
