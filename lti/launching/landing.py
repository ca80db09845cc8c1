"""Where somebody lands after a launch: pure, from what the LMS and the link say."""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from lti.people.roles import LaunchRole


class Page(StrEnum):
    """What a placed link opens for a student, by its custom parameter `page`."""

    PLAN = "plan"
    GOALS = "goals"
    LESSONS = "lessons"
    EVIDENCE = "evidence"
    OVERVIEW = "overview"
    GOAL = "goal"
    LESSON = "lesson"


LISTS = {
    Page.GOALS: "/student/goals",
    Page.LESSONS: "/student/lessons",
    Page.EVIDENCE: "/student/evidence",
}
NAMED = {Page.GOAL: "/student/goals/{ref}", Page.LESSON: "/student/lessons/{ref}"}


def page_of(custom: Mapping[str, str]) -> tuple[Page | None, UUID | None]:
    """Return the page that the link names, and which goal or lesson of it.

    `page` is `goals`, or `goal:<id>`, or `goal` with the id in `ref`; anything else is None.
    """
    name, _, ref = custom.get("page", "").partition(":")
    if name not in set(Page):
        return None, None
    try:
        return Page(name), UUID(ref or custom.get("ref", ""))
    except ValueError:
        return Page(name), None


def landing(role: LaunchRole, custom: Mapping[str, str], *, context_id: UUID | None) -> str:
    """Return the path of the page for somebody who comes in this role by this link.

    context_id: our own id of the course they come from, if it is known.
    """
    page, ref = page_of(custom)
    if role is LaunchRole.STAFF:
        return f"/coach/courses/{context_id}" if context_id is not None else "/coach"
    if role is LaunchRole.MENTOR:
        return "/supervisor"
    if page in NAMED and ref is not None:
        return NAMED[page].format(ref=ref)
    return LISTS.get(page, "/student") if page is not None else "/student"
