"""What the coach's overview is given, with every rule that can fire; no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from markupsafe import Markup

from tracker import rules
from tracker.facts import (
    GoalFact,
    ItemFact,
    OpportunityFact,
    Pause,
    PauseKind,
    PlacementFact,
    PlanFacts,
    Rater,
    RequestFact,
)
from tracker.progress import Momentum
from tracker.spoor import Drawing
from web.drawing import spoor
from web.group_table import Column, Filter

READER, WORK, GOAL = UUID(int=301), UUID(int=302), UUID(int=303)


@dataclass(frozen=True)
class Drawn:
    """A drawing that gets its words when a page shows it, in the language of that page."""

    drawing: Drawing
    names: Mapping[UUID, str]
    title: str
    leads: bool = False

    def __html__(self) -> Markup:
        return spoor(self.drawing, self.names, self.title, leads=self.leads)


def waiting_facts(today: date, *, student: UUID, supervisor: UUID) -> PlanFacts:
    """Return a plan in which everybody waits for somebody, and two workplaces end or say no."""
    old = today - timedelta(days=20)
    stays = [PlacementFact(UUID(int=310), "Woonzorg Het Anker", old, today + timedelta(days=9))]
    return PlanFacts(
        plan_id=UUID(int=300),
        starts_on=old,
        goals=[GoalFact(GOAL, "Vegan menu", True, old, item_ids=frozenset({WORK}))],
        placements=stays,
        items=[ItemFact(WORK, "werkproces", "B1-K1-W7", "Kraamzorg")],
        opportunities=[OpportunityFact(stays[0].id, WORK, False, old)],
        requests=[
            RequestFact(UUID(int=311), old, Rater.COACH, READER, student, goal_id=GOAL),
            RequestFact(UUID(int=312), old, Rater.SUPERVISOR, supervisor, student),
            RequestFact(UUID(int=313), old, Rater.SUPERVISOR, UUID(int=399), READER),
            RequestFact(UUID(int=314), old, Rater.COACH, is_question=True),
            RequestFact(UUID(int=315), old, Rater.COACH, READER),
            RequestFact(UUID(int=316), old, Rater.SUPERVISOR, supervisor),
        ],
        pauses=[Pause(PauseKind.HOLIDAY, old, old + timedelta(days=2))],
    )


def waiting_signals(today: date, *, names: Mapping[UUID, str], **people: UUID) -> list[Any]:
    """Return the signals of such a plan as pages ask, without what is about one student."""
    facts = waiting_facts(today, **people)
    return [
        {
            "signal": signal,
            "today": today,
            "goal_id": signal.goal_id,
            "goal_title": "Vegan menu" if signal.goal_id else None,
            "names": names,
            "places": {stay.id: stay.company for stay in facts.placements},
            "work": {WORK: "B1-K1-W7 Kraamzorg"},
            "is_mine": signal.owed_by_id == READER,
            "is_question": signal.request_id == UUID(int=314),
            "reader_id": READER,
            "about": "Vegan menu" if signal.goal_id else None,
        }
        for signal in rules.signals(facts, on=today)
    ]


def overview_pages(
    signals: Sequence[Any], rows: Sequence[Any], base: Mapping[str, Any]
) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Return the overview in each of its states."""
    line = {
        "url": "/coach/plans/1",
        "named": ["raters_apart 1", "goal_untouched 2"],
        "act": {"url": "/coach/plans/1#goals", "word": "Bereid het gesprek voor", "icon": "send"},
    }
    reasons = [{**entry, **line, "others": list(signals[:1])} for entry in signals]
    put_off = [
        {
            **entry,
            "id": UUID(int=320 + number),
            "until_on": base["today"] + timedelta(days=5),
            "reason": "We spreken elkaar dinsdag.",
        }
        for number, entry in enumerate(signals[:2])
    ]
    momenta = [
        {"value": momentum, "count": 3, "is_asked": momentum is Momentum.QUIET}
        for momentum in Momentum
    ]
    everybody = Filter("", "", frozenset(), "")
    columns = [
        Column("B1-K1", "Bieden van zorg", 51),
        Column("Andere doelen", "", None),
    ]
    full: dict[str, Any] = {
        **base,
        "count": 45,
        "reasons": reasons,
        "reasons_count": len(reasons) + 7,
        "asks": True,
        "put_off": put_off,
        "columns": columns,
        "rows": rows,
        "found_count": 45,
        "asked": everybody,
        "choices": {
            "programmes": ["Kok", "Verzorgende IG"],
            "companies": ["Het Veerhuis", "Woonzorg Het Anker"],
            "has_nowhere": True,
            "momenta": momenta,
        },
        "pages": {"page": 1, "pages": 2, "before": "/coach?page=0", "after": "/coach?page=2"},
        "kept": {},
        "values": {},
        "errors": {},
        "filled_plan_id": None,
        "longest_reason": 500,
    }
    nobody = {"mine": [], "theirs": []}
    quiet = {"reasons": [], "reasons_count": 0, "asks": False, "waiting": nobody}
    one = {
        "columns": [Column("Doelen", "", None)],
        "rows": [row | {"cells": row["cells"][:1]} for row in rows],
        "pages": {"page": 1, "pages": 1, "before": "", "after": ""},
    }
    wrong = {
        "kept": {"name": ["am"], "all": ["yes"]},
        "reasons_count": len(reasons),
        "filled_plan_id": signals[0]["plan_id"],
        "values": {"signal": line["named"], "until": "day", "until_on": "", "reason": "Dinsdag."},
        "errors": {"until_on": "Vul dit in."},
    }
    filtered = {
        "asked": Filter("zz", "Kok", frozenset({"quiet"}), "-"),
        "kept": {"name": ["zz"]},
        "rows": [],
        "found_count": 0,
    }
    empty = {**quiet, "rows": [], "count": 0, "put_off": [], "sources": []}
    states: dict[str, dict[str, Any]] = {
        "coach-overview": {},
        "coach-overview-errors": wrong,
        "coach-overview-quiet": {**quiet, **one},
        "coach-overview-filtered": filtered,
        "coach-overview-empty": empty,
    }
    return {
        name: ("coach", "coach/overview.html", {**full, **changes})
        for name, changes in states.items()
    }
