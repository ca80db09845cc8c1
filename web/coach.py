"""The coach's overview: who needs me and why, then the whole group."""

from typing import Any
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from identity.access import allows
from identity.views import start_pages
from tracker.clocks import SeenRequest
from tracker.overview import Row, for_coach
from tracker.permissions import Action
from tracker.signals import Rule
from tracker.snoozes import LONGEST_REASON
from web import trails
from web.feedback import rows_of, waiting_seen
from web.forms import Filled
from web.group_table import asked_filter, by_name, choices, kept, minis_of, table
from web.paging import part_of
from web.reasons import FIRST, put_off_of, reasons_of, told

blp = Blueprint("coach", __name__, url_prefix="/coach")

ROWS_SHOWN = 40


@blp.get("")
@allows(Action.SEE_OVERVIEW)
def overview() -> str | Response:
    """Show who needs attention and why, then everybody by name; others go to their own start."""
    rows = _rows()
    if not rows and url_for("coach.overview") not in start_pages():
        return redirect(url_for("identity.start"))
    return _page(rows)


def page(filled: Filled, plan_id: UUID) -> str:
    """Return the overview with what was filled in to put something of a plan off."""
    return _page(_rows(), filled, plan_id)


def _rows() -> list[Row]:
    return for_coach(g.session, coach=g.person, school=g.school, on=g.today)


def _page(rows: list[Row], filled: Filled | None = None, plan_id: UUID | None = None) -> str:
    rows.sort(key=by_name)
    minis = minis_of(rows, on=g.today)
    mine, theirs = waiting_seen(g.person)
    requests = {seen.id: seen for seen in (*mine, *theirs)}
    reasons = reasons_of(rows)
    shows_all = filled is not None or "all" in request.args
    asked = asked_filter()
    found = [row for row in rows if asked.passes(row)]
    part = part_of(found, size=ROWS_SHOWN)
    signalled = {
        signal.request_id
        for row in rows
        for signal in (*row.signals, *(put.signal for put in row.put_off))
        if signal.rule is Rule.UNANSWERED
    }
    here = kept()
    around = {key: here[key] for key in here if key != "page"}
    return render_template(
        "coach/overview.html",
        today=g.today,
        count=len({row.student_id for row in rows}),
        reasons=[
            told(reason, minis=minis, requests=requests)
            for reason in (reasons if shows_all else reasons[:FIRST])
        ],
        reasons_count=len(reasons),
        asks=any(not reason.signals[0].good_news for reason in reasons),
        put_off=put_off_of(rows, requests=requests),
        waiting={
            "mine": _younger(mine, signalled),
            "theirs": _younger(theirs, signalled),
        },
        **table(found, minis=minis, shown=part.shown),
        asked=asked,
        choices=choices(rows, asked),
        found_count=len(found),
        pages={
            "page": part.page,
            "pages": part.pages,
            "before": url_for("coach.overview", **around, page=part.page - 1, _anchor="group"),
            "after": url_for("coach.overview", **around, page=part.page + 1, _anchor="group"),
        },
        kept=here,
        sources=trails.sources(),
        values=filled.values if filled else {},
        errors=filled.sentences() if filled else {},
        filled_plan_id=plan_id,
        longest_reason=LONGEST_REASON,
    )


def _younger(seen: list[SeenRequest], signalled: set[UUID | None]) -> list[dict[str, Any]]:
    """Return the requests that are no signal yet: nothing stands on the page twice."""
    return rows_of([request for request in seen if request.id not in signalled], g.person)
