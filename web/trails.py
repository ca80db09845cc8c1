"""What a page shows of a plan: each goal with its drawing, its raters, and why it stands there."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import g
from flask_babel import gettext
from markupsafe import Markup

from tracker import progress, spoor
from tracker.activity import recent_activity, source_ages
from tracker.judged import SeenJudgement
from tracker.meanings import meanings_of
from tracker.overview import Row
from tracker.plan_facts import RATERS
from tracker.signals import Signal
from tracker.spoor import Moment, Size, Target, Window
from web.drawing import Traced, mini, words_here
from web.drawing import spoor as spoor_image
from web.signals import signal_words

OLD = timedelta(days=7)
SIGNALS_SHOWN = 12
NO_MOMENTS: Mapping[UUID, Sequence[Moment]] = {}


def goals(
    row: Row,
    *,
    on: date,
    large: Collection[UUID | None] = (),
    moments: Mapping[UUID, Sequence[Moment]] = NO_MOMENTS,
) -> Any:
    """Return the active goals of a row: id, title, drawing, momentum, standings and names.

    Those in `large` are drawn large; `moments` are of goals, by their ids.
    """
    return [
        {
            "id": trail.goal.id,
            "title": trail.goal.title,
            "target_anchor": trail.goal.target_anchor,
            "target_on": trail.goal.target_on,
            "momentum": trail.momentum,
            "drawing": drawing(
                row,
                trail,
                on=on,
                size=Size.LARGE if trail.goal.id in large else Size.LIST,
                moments=moments.get(trail.goal.id, ()),
            ),
            "standings": [
                {"by": s.by, "name": row.names[s.by_id], "last": s.last, "best": s.best}
                for s in progress.standing(trail.judgements, on=on)
            ],
            "names": row.names,
        }
        for trail in row.trails
    ]


class Minis:
    """The drawings of a table: in one window, in one language, each drawn once for a page."""

    def __init__(self, *, on: date, window: Window) -> None:
        """Begin with nothing drawn; the window is the table's, `on` the day of the page."""
        self._on, self.window = on, window
        self._words = words_here()
        self._drawn: dict[int, Markup] = {}
        self._activity: dict[int, tuple[date, ...]] = {}

    def of(self, row: Row, trail: progress.Trail) -> Markup:
        """Return the drawing of one goal, with its words."""
        found = self._drawn.get(trail.goal.id.int)
        if found is None:
            found = self._drawn[trail.goal.id.int] = self._draw(row, trail)
        return found

    def _draw(self, row: Row, trail: progress.Trail) -> Markup:
        activity = self._activity.get(row.plan_id.int)
        if activity is None:
            activity = self._activity[row.plan_id.int] = weeks_told(row)
        drawn, layers = mini(
            Traced(
                trail.judgements,
                on=self._on,
                limits=row.thresholds,
                placements=row.facts.placements,
                activity=activity,
                window=self.window,
            )
        )
        # How the whole plan moves is how this goal does.
        leading = next(known for known in row.trails if known.momentum is row.momentum)
        return spoor_image(
            drawn,
            row.names,
            trail.goal.title,
            layers=layers,
            words=self._words,
            leads=trail is leading,
        )


def drawing(
    row: Row,
    trail: progress.Trail,
    *,
    on: date,
    size: Size,
    moments: Sequence[Moment] = (),
) -> spoor.Drawing:
    """Draw one goal's trail as this reader sees it."""
    goal = trail.goal
    has_target = goal.target_anchor is not None
    return spoor.draw(
        trail.judgements,
        on=on,
        limits=row.thresholds,
        size=size,
        target=Target(goal.target_anchor or 0, goal.since, goal.target_on) if has_target else None,
        placements=row.facts.placements,
        activity=weeks_told(row),
        moments=moments,
    )


def weeks_told(row: Row) -> tuple[date, ...]:
    """Return the weeks in which any source told something of the student, each by its Monday."""
    return tuple(sorted({monday for source in row.activity for monday in source.weeks}))


def reasons(row: Row, *, on: date, signals: Sequence[Signal] | None = None) -> list[Any]:
    """Return what the signals' sentences ask: the signal, its goal, people, places and work."""
    titles = {goal.id: goal.title for goal in row.facts.goals}
    places = {placement.id: placement.company for placement in row.facts.placements}
    work = {item.id: f"{item.code} {item.title}" for item in row.facts.items}
    return [
        {
            "signal": signal,
            "today": on,
            "goal_title": titles.get(signal.goal_id) if signal.goal_id else None,
            "names": row.names,
            "places": places,
            "work": work,
        }
        for signal in (row.signals if signals is None else signals)
    ]


def timeline(judgements: Sequence[SeenJudgement], *, about: UUID | None = None) -> list[Any]:
    """Return judgements as pages list them; `about` picks those of one goal or one piece."""
    return [
        {
            "id": seen.id,
            "by": RATERS[seen.role],
            "rater": seen.given_name,
            "role": seen.role,
            "anchor": seen.anchor,
            "label": seen.label,
            "observed_on": seen.observed_on,
            "words": seen.words,
            "item": seen.item_code,
            "aspect": seen.aspect,
            "is_signed": seen.signed_at is not None,
            "counts": seen.promoted_at is not None,
            "is_edited": seen.is_edited,
            "is_withdrawn": seen.is_withdrawn,
            "recording_id": seen.recording_id,
        }
        for seen in judgements
        if about is None or about in {seen.goal_id, seen.item_id, seen.evidence_id}
    ]


def running(row: Row, *, on: date) -> list[Any]:
    """Return the placements of this day; `until_on` is their last day."""
    return [
        {"company": stay.company, "until_on": last_day(stay.until_on)}
        for stay in row.facts.placements
        if stay.from_on <= on < stay.until_on
    ]


def last_day(until_on: date) -> date:
    """Return the last day on which something holds: ours are exclusive, people's are not."""
    return date.fromordinal(until_on.toordinal() - 1)


def sources() -> list[dict[str, Any]]:
    """Return where signals come from and how old what we hold is."""
    return [
        {"name": name, "last_import_at": last, "is_old": last is not None and g.now - last > OLD}
        for name, last in source_ages(g.session, school_id=g.school.id)
    ]


def activity_of(student_id: UUID) -> list[dict[str, Any]]:
    """Return a student's newest signals as pages list them."""
    found = recent_activity(
        g.session, student_id=student_id, person=g.person, on=g.today, limit=SIGNALS_SHOWN
    )
    items = [item.id for _, item, _ in found if item is not None]
    said = meanings_of(g.session, school_id=g.school.id, item_ids=items)
    return [
        {
            "title": item.title if item else gettext("Opened Leerspoor"),
            "source": source.name,
            "occurred_on": signal.occurred_on,
            "told": signal_words(signal, item),
            "about": [
                " ".join(word for word in (meaning.code, meaning.title) if word)
                for meaning in (said.get(item.id, []) if item else [])
            ],
        }
        for signal, item, source in found
    ]
