"""The spoor: the drawing of one goal's trail through time, as numbers. Judgements and a day in.

Pure and without language: no session, no clock, no sentence, no markup. No judgement is averaged,
ranked or hidden, and silence is never a zero.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID

from tracker.drawings import (
    FORMS,
    Box,
    Drawing,
    Frame,
    Judged,
    Limits,
    Line,
    Mark,
    Moment,
    Month,
    Pennant,
    Ribbon,
    Size,
    Stay,
    Target,
    Window,
    Words,
)
from tracker.ribbons import trail

# Whoever asks for a drawing finds what it is made of here too.
__all__ = [
    "Box",
    "Drawing",
    "Judged",
    "Limits",
    "Line",
    "Mark",
    "Moment",
    "Month",
    "Pennant",
    "Ribbon",
    "Size",
    "Stay",
    "Target",
    "Window",
    "Words",
    "draw",
    "newest_first",
    "window_since",
]

# How far each rater's mark reaches in radii: an open circle, a filled circle, a diamond, a square;
# in the order in which they stand side by side.
REACH = {"self": 1.0, "coach": 1.0, "supervisor": 1.28, "other": 0.88}
BY_RANK = list(REACH)
RATERS = {by: rank for rank, by in enumerate(BY_RANK)}
AGES = (28, 84, 182)  # days after which a mark grows smaller and paler
SHRUNK = (1.0, 0.94, 0.88, 0.82)
ROWS = (3, 2, 1, 0)  # the anchors, from top to bottom
# Up to so many days the months below a large drawing stand so many apart, else half a year; room
# for a month's name, in percents: beside "now", at the right edge, after "n earlier".
MONTH_STEPS = ((150, 1), (310, 2), (480, 3))
HALF_YEAR = 6
LABEL = 18.0  # percent of the width that the word beside a pennant takes on a phone
BESIDE_NOW, AT_EDGE, AFTER_EARLIER = 15, 3, 19

J = TypeVar("J", bound=Judged)


def draw(
    judgements: Iterable[Judged],
    *,
    on: date,
    limits: Limits,
    size: Size = Size.LIST,
    target: Target | None = None,
    placements: Sequence[Stay] = (),
    activity: Iterable[date] = (),
    moments: Iterable[Moment] = (),
    window: Window | None = None,
) -> Drawing:
    """Draw the trail of exactly one goal as it stands on a day; what is dated later waits.

    Placements and the target's due day are plans, and shown as far as the window reaches. Without
    a window it begins at the first judgement or the target's first day.
    """
    form = FORMS[size]
    is_large = size is Size.LARGE
    known = _oldest_first(judgements, on)
    if target is not None and target.since > on:
        target = None
    if window is None:
        window = _own_window(known, on, limits, target, runs_on=is_large)
    frame = Frame(form, window)
    earlier = sum(1 for j in known if j.observed_on < window.from_on)
    ribbons, silences = trail(known, frame, on, limits)
    is_quiet = bool(known) and (on - known[-1].observed_on).days > limits.quiet_days
    latest = list({(j.by, j.by_id): j for j in known}.values())
    apart = _apart(latest, on, limits)
    until = min(on, window.until_on)
    return Drawing(
        size=size,
        on=on,
        from_on=window.from_on,
        width=form.width,
        height=form.height,
        base=form.base,
        tick_height=form.tick_height,
        placements=_stripes(placements, frame, with_label=is_large),
        target=_band(target, frame) if target else None,
        rows=() if size is Size.MINI else tuple(frame.y(anchor) for anchor in ROWS),
        months=_months(frame, on, is_clipped=earlier > 0) if is_large else (),
        ticks=tuple(sorted({frame.x(d) for d in activity if window.from_on <= d <= until})),
        moments=_pennants(moments, frame, on, with_label=is_large),
        today=frame.x(on) if is_large and frame.shows(on) else None,
        flag=_flag(target, frame) if target and is_large else None,
        ribbons=ribbons,
        silences=silences,
        difference=_difference(apart, frame) if apart else None,
        marks=_marks(known, frame, on),
        earlier=earlier,
        words=Words(
            latest=tuple(sorted(latest, key=_side_by_side)),
            target_anchor=target.anchor if target else None,
            differs=apart is not None,
            is_quiet=is_quiet,
        ),
    )


def window_since(days: Iterable[date], *, on: date, limits: Limits) -> Window:
    """Return the window from the earliest of some days up to a day: at least four weeks.

    Without days it shows the last sixty; what is older than `drawn_days` is clipped.
    """
    since = min((day for day in days if day <= on), default=on - timedelta(60))
    since = max(since, on - timedelta(limits.drawn_days))
    return Window(min(since, on - timedelta(28)), on)


def newest_first(judgements: Iterable[J], *, on: date) -> list[J]:
    """Return the rows of the table that says the same as the drawing, and more: nothing clipped."""
    return _oldest_first(judgements, on)[::-1]


def _oldest_first(judgements: Iterable[J], on: date) -> list[J]:
    known = [judgement for judgement in judgements if judgement.observed_on <= on]
    return sorted(known, key=lambda j: (j.observed_on, j.recorded_at, j.id))


def _side_by_side(judgement: Judged) -> tuple[int, UUID]:
    return RATERS[judgement.by], judgement.by_id


def _apart(latest: Iterable[Judged], on: date, limits: Limits) -> tuple[Judged, Judged] | None:
    """Return the lowest and the highest judgement that count now, when they are far apart."""
    counting = [j for j in latest if (on - j.observed_on).days <= limits.counting_days]
    if not counting:
        return None
    counting.sort(key=lambda j: (j.observed_on, j.recorded_at, j.id))
    low, high = min(counting, key=lambda j: j.anchor), max(counting, key=lambda j: j.anchor)
    return (low, high) if high.anchor - low.anchor >= limits.gap else None


def _own_window(
    known: Sequence[Judged], on: date, limits: Limits, target: Target | None, *, runs_on: bool
) -> Window:
    """Return the window of a drawing alone; it may run on to the target's due day, by a third."""
    days = [j.observed_on for j in known[:1]] + ([target.since] if target else [])
    window = window_since(days, on=on, limits=limits)
    if not (runs_on and target and target.due and target.due > on):
        return window
    since = max(min(days), on - timedelta(limits.drawn_days))
    extra = timedelta(int(max(30, (on - since).days) * 0.35))
    until = min(target.due, on + extra)
    return Window(min(since, until - timedelta(28)), until)


def _stripes(placements: Iterable[Stay], frame: Frame, *, with_label: bool) -> tuple[Box, ...]:
    form, window = frame.form, frame.window
    stripes = []
    for stay in sorted(placements, key=lambda stay: (stay.from_on, stay.until_on, stay.company)):
        if stay.until_on > window.from_on and stay.from_on <= window.until_on:
            x = 0 if stay.from_on < window.from_on else frame.x(stay.from_on)
            end = form.width if stay.until_on > window.until_on else frame.x(stay.until_on)
            label = stay.company if with_label else ""
            stripes.append(Box(x, 0, round(end - x, 2), form.base, label))
    return tuple(stripes)


def _band(target: Target, frame: Frame) -> Box | None:
    """Return the target from the day it was set to its due day, as far as the window reaches."""
    window = frame.window
    if target.due is not None and target.due < window.from_on:
        return None
    x = frame.x(max(target.since, window.from_on))
    end = frame.x(min(target.due or window.until_on, window.until_on))
    height = frame.form.pitch * frame.form.band
    y = frame.y(target.anchor) - height / 2
    width = max(round(end - x, 2), frame.form.lead / 2)  # a single day is seen too
    return Box(x, round(y, 1), width, round(height, 1))


def _flag(target: Target, frame: Frame) -> Pennant | None:
    if target.due is None or not frame.shows(target.due):
        return None
    return Pennant(frame.x(target.due), frame.y(target.anchor))


def _months(frame: Frame, on: date, *, is_clipped: bool) -> tuple[Month, ...]:
    """Return the month ticks that have room; January names its year, and July in a long drawing."""
    window = frame.window
    days = (window.until_on - window.from_on).days
    step = next((step for most, step in MONTH_STEPS if days <= most), HALF_YEAR)
    left = AFTER_EARLIER if is_clipped else 0
    months = []
    first = window.from_on.replace(day=1)
    while first <= window.until_on:
        x = frame.x(first)
        has_room = left <= x < frame.form.width - AT_EDGE and abs(x - frame.x(on)) > BESIDE_NOW
        if frame.shows(first) and (first.month - 1) % step == 0 and has_room:
            is_long = days > MONTH_STEPS[1][0]
            months.append(Month(x, first, first.month in ((1, 7) if is_long else (1,))))
        first = (first + timedelta(32)).replace(day=1)
    return tuple(months)


def _pennants(
    moments: Iterable[Moment], frame: Frame, on: date, *, with_label: bool
) -> tuple[Pennant, ...]:
    y = frame.y(3) - frame.form.pennant
    found: list[Pennant] = []
    free_from = 0.0
    for moment in sorted(moments, key=lambda moment: (moment.on, moment.label)):
        if moment.on > on or not frame.shows(moment.on):
            continue
        x = frame.x(moment.on)
        has_room = with_label and free_from <= x <= frame.form.width - LABEL
        found.append(Pennant(x, y, moment.label if has_room else ""))
        if has_room:
            free_from = x + LABEL
    return tuple(found)


def _difference(apart: tuple[Judged, Judged], frame: Frame) -> Line:
    low, high = apart
    x = frame.x(max(low.observed_on, high.observed_on))
    return Line(x, frame.y(high.anchor), x, frame.y(low.anchor))


def _marks(known: Iterable[Judged], frame: Frame, on: date) -> tuple[Mark, ...]:
    """Place a mark for each day, row and rater, oldest first, raters of one spot side by side."""
    spots: dict[tuple[date, int], dict[tuple[int, UUID], int]] = {}
    for judgement in known:
        if frame.shows(judgement.observed_on):
            spot = spots.setdefault((judgement.observed_on, judgement.anchor), {})
            rater = _side_by_side(judgement)
            spot[rater] = spot.get(rater, 0) + 1
    marks = []
    for (day, anchor), raters in spots.items():
        x, y = frame.x(day), frame.y(anchor)
        age = bisect_left(AGES, (on - day).days)
        first = -(len(raters) - 1) / 2
        for place, ((rank, _), times) in enumerate(sorted(raters.items())):
            by = BY_RANK[rank]
            shift = round((place + first) * frame.form.radius * 2.1, 1)
            radius = round(frame.form.radius * SHRUNK[age] * REACH[by], 1)
            marks.append(Mark(x, y, shift, radius, by, age, times))
    return tuple(marks)
