"""The whole school in counts, for who runs it: no names, no measure, and no count that betrays.

Signals are counted for the rules that the database can judge for all plans at once: unanswered
and placement_ends (tracker/school_counts.py), nothing_shared (tracker/school_silence.py). Those
that need all facts of each plan (raters apart, a goal untouched, a werkproces without a workplace,
good news) are for who guides the student, and are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from tracker import school_counts, school_silence
from tracker.db import planned_each_time
from tracker.facts import Rater, Thresholds
from tracker.holidays import pauses_of
from tracker.models import Person, School
from tracker.permissions import Action, require
from tracker.signals import Rule
from tracker.small_counts import LEAST, Parts, divided, shown
from tracker.thresholds import thresholds_of

SHARED_DAYS = 28
OWING = (Rater.COACH, Rater.SUPERVISOR, Rater.OTHER)


@dataclass(frozen=True, slots=True)
class SchoolFigures:
    """Counts of a school on a day; None is kept back: fewer than ten, or found by subtraction.

    `plans` are the open plans by programme (None: of no qualification). `without_plan` are
    students. `shared_pieces` were shared with the coaches in the last 28 days. The others are open
    plans: without a coach, with a placement that ends soon, by rule that fires, and with an answer
    that waits too long, by what who owes it is to the plan (never the student).
    """

    on: date
    thresholds: Thresholds
    plans: Parts[str | None]
    without_plan: int | None
    without_coach: int | None
    placements_ending: int | None
    shared_pieces: int | None
    signals: Mapping[Rule, int | None]
    waiting: Mapping[Rater, int | None]


def for_school(session: Session, *, by: Person, school: School, on: date) -> SchoolFigures:
    """Return the school's figures for an administrator, in a fixed number of grouped queries."""
    require(session, by, Action.SEE_SCHOOL, on=on)
    thresholds = thresholds_of(session, school=school)
    pauses = pauses_of(session, school=school)
    with planned_each_time(session):
        plans = divided(school_counts.open_plans(session, school))
        all_ending, unseen = school_counts.ending(session, school, on, thresholds)
        without_plan = school_counts.without_plan(session, school, on)
        without_coach = school_counts.without_coach(session, school, on)
        waiting = school_counts.waiting(session, school, on, thresholds, pauses)
        work = school_silence.shared(
            session, school, on, days=SHARED_DAYS, thresholds=thresholds, pauses=pauses
        )
    ending = shown(all_ending, plans.whole)
    return SchoolFigures(
        on=on,
        thresholds=thresholds,
        plans=plans,
        without_plan=shown(without_plan),
        without_coach=shown(without_coach, plans.whole),
        placements_ending=ending,
        # A few students may share many pieces.
        shared_pieces=work.pieces if work.plans >= LEAST else None,
        signals={
            Rule.NOTHING_SHARED: shown(work.quiet, plans.whole),
            Rule.PLACEMENT_ENDS: shown(unseen, ending, plans.whole),
        },
        waiting={rater: shown(waiting.get(rater, 0), plans.whole) for rater in OWING},
    )
