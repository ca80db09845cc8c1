"""The page on which a teacher chooses what to place in a course, and the way back to the LMS."""

from typing import Any
from uuid import UUID

from flask import Blueprint, g, render_template, request
from flask_babel import gettext, ngettext

from identity.access import allows
from lti.connecting.registrations import origin
from lti.edge import app_settings
from lti.launching.landing import Page
from lti.launching.refusals import Refused
from lti.launching.refusing import show_refusal
from lti.models import Context, DeepLinkRequest
from lti.placing.deep_linking import (
    Asked,
    Item,
    content_item,
    find_request,
    read_settings,
    signed_answer,
    use_up,
)
from lti.placing.ticks import keep_tick
from lti.text import can_be_kept
from tracker.errors import Invalid, NotFound
from tracker.lessons import add_lesson, lessons_on
from tracker.models import SupportLesson
from tracker.permissions import Action, require

blp = Blueprint("lti_placing", __name__, url_prefix="/lti")
blp.register_error_handler(Refused, show_refusal)

NEW = "new"  # instead of a lesson's id
LONGEST = {"title": 120, "about": 600, "url": 2000}
# How each reads in the course, for students: in Dutch, whatever the teacher reads.
OFFERED = {
    Page.PLAN: ("Mijn leerplan", "Jouw plan: je doelen, je bewijs en wat anderen zagen."),
    Page.GOALS: ("Mijn doelen", "De doelen waaraan je werkt, en hoe ver je bent."),
    Page.LESSONS: ("Ondersteunende lessen", "Kies een les om te herhalen, verdiepen of verrijken."),
    Page.EVIDENCE: ("Bewijs uit de bpv", "Laat zien wat je op je werkplek doet."),
    Page.LESSON: ("", "Een les die je kunt kiezen voor je plan."),
    Page.OVERVIEW: ("Coachoverzicht", "Voor coaches: wie heeft jou nodig?"),
}


@blp.get("/deep-link")
@allows(Action.PLACE_LINK)
def pick() -> str:
    """Show what can be placed."""
    found, asked = _request()
    titles = {_title_of(page): title for page, (title, _) in OFFERED.items()}
    first = "" if _lessons() else NEW
    return _page(found, asked, {**titles, "item": [], "lesson": first}, {})


@blp.post("/deep-link")
@allows(Action.PLACE_LINK)
def place() -> str | tuple[str, int]:
    """Send the choice to the LMS, or word that nothing was chosen; once."""
    found, asked = _request()
    if "cancel" in request.form or not asked.takes_links:
        return _cancel(found, asked)
    values: dict[str, Any] = {name: request.form[name].strip() for name in request.form}
    values["item"] = request.form.getlist("item")
    errors = _wrong(values, asked)
    items: list[Item] = []
    if not errors:
        try:
            items = [_item(Page(page), values, asked) for page in values["item"]]
        except Invalid:  # its address: everything else was looked at
            errors["lesson_url"] = gettext("Give a whole address: https://…")
    if errors:
        return _page(found, asked, values, errors), 422
    said = ngettext("%(num)s part placed.", "%(num)s parts placed.", len(items))
    return _answer(found, asked, items, said=said)


def _request() -> tuple[DeepLinkRequest, Asked]:
    """Return what this session is to answer; raises NotAllowed, NotFound or Refused."""
    require(g.session, g.person, Action.PLACE_LINK, on=g.today)
    try:
        key = UUID(request.args.get("request", ""))
    except ValueError:
        raise NotFound("deep link request not found") from None
    found = find_request(
        g.session, key, person=g.person, started_at=g.web_session.started_at, at=g.now
    )
    return found, read_settings(found.settings, allow_loopback=app_settings().is_demo)


def _page(
    found: DeepLinkRequest, asked: Asked, values: dict[str, Any], errors: dict[str, str]
) -> str:
    context = None
    if found.context_id is not None:
        context = g.session.get_one(Context, (g.school.id, found.context_id))
    return render_template(
        "lti/pick.html",
        course=context.title if context else None,
        asked=asked,
        support_lessons=_lessons(),
        values=values,
        errors=errors,
    )


def _lessons() -> dict[str, SupportLesson]:
    found = lessons_on(g.session, school_id=g.school.id, on=g.today)
    return {str(lesson.id): lesson for lesson in found}


def _title_of(page: Page) -> str:
    return f"title_{page.value}"


def _wrong(values: dict[str, Any], asked: Asked) -> dict[str, str]:
    """Return what is asked for again: field -> sentence."""
    errors: dict[str, str] = {}
    pages = values["item"]
    if (
        not pages
        or len(set(pages)) < len(pages)
        or not set(pages) <= {one.value for one in OFFERED}
    ):
        errors["item"] = gettext("Choose what you want to place.")
    elif len(pages) > 1 and not asked.takes_several:
        errors["item"] = gettext("Your learning environment takes one part at a time.")
    for page in OFFERED:
        if page.value in pages:
            is_needed = page is not Page.LESSON
            _check_line(values, _title_of(page), "title", errors, is_needed=is_needed)
    if Page.LESSON.value in pages:
        if values.get("lesson") == NEW:
            _check_line(values, "lesson_title", "title", errors, is_needed=True)
            _check_line(values, "lesson_about", "about", errors)
            _check_line(values, "lesson_url", "url", errors)
        elif values.get("lesson") not in _lessons():
            errors["lesson"] = gettext("Choose a lesson, or make a new one.")
    return errors


def _check_line(
    values: dict[str, Any], name: str, kind: str, errors: dict[str, str], *, is_needed: bool = False
) -> None:
    value = values.get(name, "")
    if is_needed and not value:
        errors[name] = gettext("Fill this in.")
    elif len(value) > LONGEST[kind]:
        errors[name] = gettext("This is too long. Make it shorter.")
    elif not can_be_kept(value):
        errors[name] = gettext("This is not right yet. Look at it again.")


def _item(page: Page, values: dict[str, Any], asked: Asked) -> Item:
    """Return the link to place; a lesson that is new is added. Raises Invalid."""
    text = OFFERED[page][1]
    if page is not Page.LESSON:
        return Item(page, values[_title_of(page)], text)
    lesson = _new_lesson(values) if values["lesson"] == NEW else _lessons()[values["lesson"]]
    return Item(
        page,
        values.get(_title_of(page)) or lesson.title,
        lesson.about or text,
        ref=lesson.id,
        is_graded=asked.takes_columns and "column" in values,
    )


def _new_lesson(values: dict[str, Any]) -> SupportLesson:
    return add_lesson(
        g.session,
        by=g.person,
        title=values["lesson_title"],
        about=values.get("lesson_about") or None,
        url=values.get("lesson_url") or None,
        # Its teacher sees who chose it. A session that shows no student makes nobody that.
        teacher=g.person if g.person.only_students is None else None,
        on=g.today,
        at=g.now,
    )


def _cancel(found: DeepLinkRequest, asked: Asked) -> str:
    if asked.takes_links:
        return _answer(found, asked, [], said=gettext("Nothing was placed."))
    said = gettext("Leerspoor places links only, and this place does not take them.")
    return _answer(found, asked, [], said=said, is_error=True)


def _answer(
    found: DeepLinkRequest, asked: Asked, items: list[Item], *, said: str, is_error: bool = False
) -> str:
    """Use the request up and return the page that takes the signed answer to the LMS."""
    use_up(g.session, found, at=g.now)
    settings = app_settings()
    token = signed_answer(
        g.session,
        found,
        items=[content_item(item, asked, us=settings.public_url) for item in items],
        said=said,
        is_error=is_error,
        encryption_keys=settings.encryption_keys,
        at=g.now,
    )
    keep_tick(
        g.session, found, lesson_id=next((item.ref for item in items if item.is_graded), None)
    )
    g.form_origin = origin(asked.return_url)
    return render_template("lti/placed.html", return_url=asked.return_url, token=token, said=said)
