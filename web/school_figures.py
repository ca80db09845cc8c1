"""Pages of the administrator: the school in counts, how fresh its data are, and who to help."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, g, render_template

from identity.access import allows
from importers.pulls import source_list
from importers.todo import what_waits
from tracker import school_lists
from tracker.permissions import Action
from tracker.school_lists import Listed
from tracker.school_overview import for_school
from web import trails
from web.paging import page_asked, pages_of
from web.sources import told_source

blp = Blueprint("school_figures", __name__, url_prefix="/school/figures")
SHOWN = 50
MOST_RUNS = 100
NEEDS_SOMEBODY = ("failed", "stopped", "part", "old", "waiting")


@blp.get("")
@allows(Action.SEE_SCHOOL)
def figures() -> str:
    """Show the counts of the school, none of them about one student, and the age of its data."""
    return render_template(
        "school/figures.html",
        figures=for_school(g.session, by=g.person, school=g.school, on=g.today),
        **_data_health(),
    )


def _data_health() -> dict[str, Any]:
    """Return how each source is, and what waits to be repaired or said."""
    states = source_list.states_of(g.session, g.school, by=g.person, at=g.now)
    waits = what_waits(g.session, person=g.person, on=g.today, limit=MOST_RUNS)
    return {
        "sources": [told_source(state) for state in states],
        "troubled": sum(state.health in NEEDS_SOMEBODY for state in states),
        "quarantined": sum(repair.rows for repair in waits.repairs),
        "parked": waits.parked,
        "ready": waits.ready,
    }


@blp.get("/without-coach")
@allows(Action.SEE_SCHOOL)
def without_coach() -> str:
    """List the open plans without a coach."""
    found, place = _page(school_lists.uncoached)
    return render_template("school/without_coach.html", plans=found.shown, **place)


@blp.get("/ending")
@allows(Action.SEE_SCHOOL)
def ending() -> str:
    """List the placements that end soon."""
    found, place = _page(school_lists.ending)
    placements = [
        {
            "name": one.name,
            "number": one.number,
            "company": one.company,
            "last_on": trails.last_day(one.until_on),
        }
        for one in found.shown
    ]
    return render_template("school/ending.html", placements=placements, **place)


def _page(read: Callable[..., Listed[Any]]) -> tuple[Listed[Any], dict[str, int]]:
    """Return the page of a list that the address asks for, and which of how many it is."""
    page = page_asked()
    asked: dict[str, Any] = {"by": g.person, "school": g.school, "on": g.today, "limit": SHOWN}
    found = read(g.session, offset=(page - 1) * SHOWN, **asked)
    pages = pages_of(found.total, size=SHOWN)
    if page > pages:
        page = pages
        found = read(g.session, offset=(page - 1) * SHOWN, **asked)
    return found, {"page": page, "pages": pages, "total": found.total}
