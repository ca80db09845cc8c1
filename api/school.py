"""The school in counts, for its administrator: none below ten, and none found by subtraction."""

from dataclasses import asdict
from typing import Any

from flask import g
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Choice, Contract, Day, Moment, Text, Whole
from api.limits import ThresholdsSchema
from identity.access import allows
from importers.pulls import source_list
from importers.todo import what_waits
from tracker.facts import Rater
from tracker.permissions import Action
from tracker.school_overview import for_school
from tracker.signals import Rule
from tracker.small_counts import LEAST

blp = Blueprint("school", about="The school in counts: never about one student")
MOST_RUNS = 100
HEALTHS = ("good", "busy", "waiting", "part", "old", "failed", "paused", "stopped")


def _count(about: str, example: int = 42) -> Whole:
    return Whole(
        least=LEAST,
        most=9_999_999,
        allow_none=True,
        about=f"{about}; null: kept back",
        example=example,
    )


class ProgrammeFigureSchema(Contract):
    """A programme, and how many open plans follow it."""

    programme = Text(
        longest=200, allow_none=True, about="Its name; null: no qualification", example="Kok"
    )
    plans = _count("Open plans")


class SignalFigureSchema(Contract):
    """A rule, and in how many open plans it fires."""

    rule = Choice(Rule, about="Which rule", example="nothing_shared")
    plans = _count("Open plans")


class WaitingFigureSchema(Contract):
    """Who owes answers, and in how many open plans one waits too long."""

    owed_by = Choice(Rater, about="What who owes it is to the plan", example="coach")
    plans = _count("Open plans")


class SourceFigureSchema(Contract):
    """How a source of data is."""

    name = Text(longest=200, about="Its name", example="Moodle")
    health = Text(longest=20, about="One of: " + ", ".join(HEALTHS), example="good")
    last_ok_at = Moment(
        allow_none=True, about="When it succeeded last", example="2026-11-20T03:00:00Z"
    )


class DataFigureSchema(Contract):
    """How fresh the school's data are, and what waits for somebody."""

    sources = fields.List(fields.Nested(SourceFigureSchema))
    rows_to_repair = Whole(least=0, most=9_999_999, about="Rows set aside", example=0)
    people_unknown = Whole(least=0, most=9_999_999, about="People we do not know", example=0)


class SchoolFiguresSchema(Contract):
    """Counts of the school on a day."""

    on = Day(about="On which day", example="2026-11-20")
    thresholds = fields.Nested(ThresholdsSchema)
    plans = _count("Open plans", 1200)
    programmes = fields.List(fields.Nested(ProgrammeFigureSchema))
    without_plan = _count("Students without an open plan")
    without_coach = _count("Open plans without a coach")
    placements_ending = _count("Open plans with a placement that ends soon")
    shared_pieces = _count("Pieces of evidence shared with coaches in the last 28 days", 310)
    signals = fields.List(fields.Nested(SignalFigureSchema))
    waiting = fields.List(fields.Nested(WaitingFigureSchema))
    data = fields.Nested(DataFigureSchema)


@blp.get("/school/figures")
@allows(Action.SEE_SCHOOL)
@blp.response(200, SchoolFiguresSchema)
def get_school_figures() -> dict[str, Any]:
    """Show the school in counts; for an administrator.

    A count below ten is null, and so is one that could be found by subtraction.
    """
    told = for_school(g.session, by=g.person, school=g.school, on=g.today)
    return {
        "on": told.on,
        "thresholds": asdict(told.thresholds),
        "plans": told.plans.whole,
        "programmes": [
            {"programme": programme, "plans": plans}
            for programme, plans in told.plans.parts.items()
        ],
        "without_plan": told.without_plan,
        "without_coach": told.without_coach,
        "placements_ending": told.placements_ending,
        "shared_pieces": told.shared_pieces,
        "signals": [{"rule": rule, "plans": plans} for rule, plans in told.signals.items()],
        "waiting": [{"owed_by": by, "plans": plans} for by, plans in told.waiting.items()],
        "data": _data(),
    }


def _data() -> dict[str, Any]:
    states = source_list.states_of(g.session, g.school, by=g.person, at=g.now)
    waits = what_waits(g.session, person=g.person, on=g.today, limit=MOST_RUNS)
    return {
        "sources": [
            {
                "name": state.source.name,
                "health": state.health,
                "last_ok_at": state.source.last_applied_at,
            }
            for state in states
        ],
        "rows_to_repair": sum(repair.rows for repair in waits.repairs),
        "people_unknown": waits.parked,
    }
