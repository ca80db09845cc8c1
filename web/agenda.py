"""What a talk is about besides the goals: what is new, and which work can be done where."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from flask import g

from tracker.absences import absences_of
from tracker.facts import Rater
from tracker.figures import Covered, Measure, figures
from tracker.models import FrameworkItemKind, LearningPlan
from tracker.overview import Row
from tracker.people import today_at
from tracker.scopes import Kind, Scope
from web.trails import last_day

ABSENCES_SHOWN = 5


def news(row: Row, *, lessons: Iterable[Any]) -> dict[str, Any]:
    """Return what came since the last talk, that day included; since the start when none was held.

    `shared` are titles of goals; `views` count what each rater gave.
    """
    since = row.last_talk_on or row.facts.starts_on
    titles = {goal.id: goal.title for goal in row.facts.goals}
    shared = [fact.goal_id for fact in row.facts.shared if fact.shared_on >= since]
    raters = Counter(
        (view.by, row.names[view.by_id])
        for view in row.facts.judgements
        if today_at(g.school, view.recorded_at) >= since
    )
    order = list(Rater)
    return {
        "since": since,
        "is_first": row.last_talk_on is None,
        "has_shared": bool(shared),
        "shared": sorted({titles[goal_id] for goal_id in shared if goal_id in titles}),
        "views": [
            {"by": by, "name": name, "count": count}
            for (by, name), count in sorted(
                raters.items(), key=lambda view: (order.index(view[0][0]), view[0][1])
            )
        ],
        "lessons": sum(1 for lesson in lessons if today_at(g.school, lesson["chosen_at"]) >= since),
        "asked": sum(1 for request in row.facts.requests if request.asked_on >= since),
        "goals": sum(1 for goal in row.facts.goals if goal.since >= since),
    }


def absences(plan: LearningPlan) -> list[dict[str, Any]]:
    """Return the newest days on which the student is or was away; the last day is said."""
    found = absences_of(
        g.session, plan_id=plan.id, person=g.person, on=g.today, limit=ABSENCES_SHOWN
    )
    return [
        {
            "id": absence.id,
            "from_on": absence.from_on,
            "last_on": last_day(absence.until_on),
        }
        for absence in found
    ]


def workplaces(row: Row) -> list[dict[str, Any]]:
    """Return each placement that runs or comes, and what was said of the work that goals serve."""
    served = {item_id for trail in row.trails for item_id in trail.goal.item_ids}
    work = [
        item
        for item in row.facts.items
        if item.id in served and item.kind == FrameworkItemKind.WERKPROCES
    ]
    said = {(o.placement_id, o.item_id): o for o in row.facts.opportunities}
    return [
        {
            "id": stay.id,
            "company": stay.company,
            "work": [
                {
                    "id": item.id,
                    "code": item.code,
                    "title": item.title,
                    "said": said.get((stay.id, item.id)),
                }
                for item in work
            ],
        }
        for stay in row.facts.placements
        if stay.until_on > row.on and work
    ]


def with_figures(row: Row, work: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the parts of the kwalificatie with who saw them, how long ago, and in how many places.

    A part that no goal serves has no figures: nothing can be said of it.
    """
    known = figures(row.facts, on=row.on, thresholds=row.thresholds)
    kinds = (Kind.KERNTAAK, Kind.WERKPROCES, Kind.KEUZEDEEL)
    found = []
    for item in work:
        told = next((known[s] for k in kinds if (s := Scope(k, item["id"])) in known), ())
        values = {figure.measure: figure.value for figure in told}
        covered = values.get(Measure.COVERAGE)
        found.append(
            {
                **item,
                "covered": covered if isinstance(covered, Covered) else None,
                "freshness": values.get(Measure.FRESHNESS),
            }
        )
    return found
