"""How personal goals are: nine cells with a dot for each goal, several moments side by side."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Blueprint, g, render_template, request, url_for
from marshmallow import fields

from identity.access import allows
from tracker import tailoring
from tracker.errors import NotFound
from tracker.models import Control, LearningPlan, Person, PlanRole, Tailoring
from tracker.permissions import RATING_IN_SCHOOL, Action, find, roles_of
from tracker.plans import programmes
from tracker.tailoring import Standing
from web.forms import CODES, Form, fill
from web.group_table import kept

blp = Blueprint("tailoring", __name__)
OWN = {PlanRole.STUDENT, *RATING_IN_SCHOOL}
ROWS = (Control.STUDENT, Control.SHARED, Control.SCHOOL)  # the most of one's own on top
WIDTH, HEIGHT, STEP = 100, 96, 18  # of a cell, and between two dots
LEFT, TOP = 82, 54  # the middle of the first cell
ACROSS, MOST_DOTS = 4, 16


class ProgrammeForm(Form):
    """Of which programme."""

    programme = fields.UUID(load_default=None, error_messages=CODES)


@blp.get("/plans/<uuid:plan_id>/tailoring")
@allows(Action.SEE_PLAN)
def plan(plan_id: UUID) -> str:
    """Show student and coach how personal the goals of a plan are, and how that moved."""
    found, is_own = from_inside(plan_id)
    standings = tailoring.of_plan(
        g.session, plan=found, person=g.person, school=g.school, on=g.today
    )
    return render_template(
        "plan/tailoring.html",
        is_own=is_own,
        back=way_back(found, is_own=is_own),
        moments=moments(standings),
        today=g.today,
    )


def moments(standings: Sequence[Standing]) -> list[dict[str, Any]]:
    """Return today, and before it the moments with goals; in the first of a row none is new."""
    shown = [one for one in standings[:-1] if one.total] + list(standings[-1:])
    return [dotted(one if place else replace(one, new={})) for place, one in enumerate(shown)]


@blp.get("/school/tailoring")
@allows(Action.SEE_SCHOOL)
def school() -> str:
    """Show how personal the goals of a programme are, in numbers of which none is small."""
    followed = tailoring.programmes(g.session, by=g.person, school=g.school, on=g.today)
    asked = fill(ProgrammeForm(), request.args).data.get("programme")
    chosen = next((one for one in followed if one.id == asked), followed[0] if followed else None)
    standings: Sequence[Standing] = []
    if chosen is not None:
        standings = tailoring.of_programme(
            g.session, by=g.person, school=g.school, framework_id=chosen.id, on=g.today
        )
    return render_template(
        "school/tailoring.html",
        programmes=[{"value": one.id, "label": one.title} for one in followed],
        chosen=chosen.id if chosen else None,
        moments=[counted(standing) for standing in standings],
        today=g.today,
    )


def from_inside(plan_id: UUID) -> tuple[LearningPlan, bool]:
    """Return a plan for its student or who guides at school, and whether it is the reader's own."""
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    roles = roles_of(g.session, g.person, on=g.today, plan_id=plan.id)
    if not roles & OWN:
        raise NotFound("not of the own plan")
    return plan, PlanRole.STUDENT in roles


def way_back(plan: LearningPlan, *, is_own: bool) -> dict[str, str | None]:
    """Return where a plan's page lies for its student, and for a coach: {url, word or None}."""
    if is_own:
        word = programmes(g.session, [plan])[plan.id]
        return {"url": url_for("plans.plan", plan_id=plan.id), "word": word}
    student = g.session.get_one(Person, (plan.school_id, plan.student_id))
    return {"url": url_for("talk.student", plan_id=plan.id, **kept()), "word": student.name}


def _cells(standing: Standing) -> list[dict[str, Any]]:
    """Return the nine cells with their numbers and places, row by row."""
    return [
        {
            "control": control,
            "tailoring": own,
            "goals": standing.goals.get((control, own), 0),
            "new": standing.new.get((control, own), 0),
            "x": LEFT + WIDTH * column,
            "y": TOP + HEIGHT * row,
        }
        for row, control in enumerate(ROWS)
        for column, own in enumerate(Tailoring)
    ]


def dotted(standing: Standing) -> dict[str, Any]:
    """Return the cells with a dot for each goal; a cell with too many shows their number."""
    cells = _cells(standing)
    for cell in cells:
        cell["dots"] = _dots(cell) if cell["goals"] <= MOST_DOTS else []
    return {"on": standing.on, "cells": cells, "total": standing.total}


def counted(standing: Standing) -> dict[str, Any]:
    """Return the cells with their numbers; 0 is a number that is kept back."""
    return {"on": standing.on, "cells": [{**cell, "dots": []} for cell in _cells(standing)]}


def _dots(cell: dict[str, Any]) -> list[dict[str, Any]]:
    """Return where the dots of a cell lie, in rows around its middle; new ones come last."""
    rows = -(-cell["goals"] // ACROSS)
    found = []
    for number in range(cell["goals"]):
        row, place = divmod(number, ACROSS)
        in_row = min(ACROSS, cell["goals"] - row * ACROSS)
        found.append(
            {
                "x": cell["x"] + STEP * (place - (in_row - 1) / 2),
                "y": cell["y"] + STEP * (row - (rows - 1) / 2),
                "is_new": number >= cell["goals"] - cell["new"],
            }
        )
    return found
