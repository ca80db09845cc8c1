"""The spoor: the drawing of one goal's trail through time, as numbers. Judgements and a day in.

Pure and without language: no session, no clock, no sentence, no markup. No judgement is averaged,
ranked or hidden, and silence is never a zero. Across, a mini counts in px and the other sizes in
percents of whatever width they get, so that marks stay round; down, all count in px.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from typing import Protocol, TypeVar
from uuid import UUID

# Raters in the order in which they stand side by side, and how far each mark reaches in radii:
# an open circle, a filled circle, a diamond, a square.
REACH = {"self": 1.0, "coach": 1.0, "supervisor": 1.28, "other": 0.88}
RATERS = list(REACH)
AGES = (28, 84, 182)  # days after which a mark grows smaller and paler
SHRUNK = (1.0, 0.94, 0.88, 0.82)
ROWS = (3, 2, 1, 0)  # the anchors, from top to bottom
# Up to so many days the months below a large drawing stand so many apart, else half a year; room
# for a month's name, in percents: beside "now", at the right edge, after "n earlier".
MONTH_STEPS = ((150, 1), (310, 2), (480, 3))
HALF_YEAR = 6
BESIDE_NOW, AT_EDGE, AFTER_EARLIER = 15, 3, 19


class Judged(Protocol):
    """What the drawing asks of a judgement; `facts.JudgementFact` is one."""

    @property
    def id(self) -> UUID:
        """Settles the order of what was recorded at the same moment."""

    @property
    def by(self) -> str:
        """One of `RATERS`."""

    @property
    def by_id(self) -> UUID:
        """The person: two supervisors are two raters."""

    @property
    def anchor(self) -> int:
        """0 to 3."""

    @property
    def label(self) -> str:
        """The raw word of the scale, always shown beside the anchor."""

    @property
    def observed_on(self) -> date:
        """The day that it is about."""

    @property
    def recorded_at(self) -> datetime:
        """When it was written down: the order within a day."""


class Stay(Protocol):
    """What the drawing asks of a placement; `facts.PlacementFact` is one."""

    @property
    def company(self) -> str:
        """The name in the stripe."""

    @property
    def from_on(self) -> date:
        """The first day."""

    @property
    def until_on(self) -> date:
        """The day after the last."""


class Limits(Protocol):
    """What the drawing asks of the school's own limits; `facts.Thresholds` are some."""

    @property
    def quiet_days(self) -> int:
        """Days after anybody's last judgement at which the ribbon stops."""

    @property
    def counting_days(self) -> int:
        """Days that a rater's latest judgement stays part of the ribbon."""

    @property
    def drawn_days(self) -> int:
        """Days after which a judgement leaves the drawing, never the table."""

    @property
    def gap(self) -> int:
        """Anchors between raters that make a difference."""


J = TypeVar("J", bound=Judged)


class Size(StrEnum):
    """How large: in a table (mini), in a list (lijst), or alone on a page (groot)."""

    MINI = "mini"
    LIST = "list"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class _Form:
    """The measures of one size; `pitch` is the distance between anchors, `under` below the base."""

    width: int
    pad: float
    pitch: int
    top: int
    foot: int
    under: int
    radius: float
    half: float  # of the ribbon's thickness
    lead: float  # how far a bend of the ribbon reaches
    tick_height: int
    pennant: int
    band: float  # the target's height, in pitches

    @property
    def height(self) -> int:
        return self.top + 3 * self.pitch + self.foot

    @property
    def base(self) -> int:
        return self.height - self.under


FORMS = {
    Size.MINI: _Form(108, 7, 8, 6, 8, 3, 3.1, 2.4, 4, 4, 6, 0.8),
    Size.LIST: _Form(100, 2, 15, 9, 11, 3, 5.2, 4.6, 1.6, 5, 6, 0.8),
    Size.LARGE: _Form(100, 1.6, 40, 46, 42, 30, 7.5, 7, 1.4, 8, 16, 0.62),
}


@dataclass(frozen=True, slots=True)
class Target:
    """What the student aims at (streven): an anchor, set on a day, by a day or by none."""

    anchor: int
    since: date
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """Something to remember on a day, such as a chosen lesson."""

    on: date
    label: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """The days that a drawing shows, both included; rows of one table share one."""

    from_on: date
    until_on: date

    def __post_init__(self) -> None:
        if self.until_on <= self.from_on:
            raise ValueError("a window needs at least two days")


@dataclass(frozen=True, slots=True)
class Mark:
    """One judgement; `shift` (px) sets raters of one day and row side by side.

    `radius` is half the mark's height; `age` runs from 0 (fresh) to 3; `times` counts what the
    same rater said again on that day.
    """

    x: float
    y: float
    shift: float
    radius: float
    by: str
    age: int
    times: int


@dataclass(frozen=True, slots=True)
class Ribbon:
    """A closed outline in path notation (M, L, C, Z), with x and y as in the rest of the drawing.

    It follows the highest or the lowest rater; `is_between` fills what lies between them.
    """

    path: str
    is_between: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line: a silence on its row, or the difference between two rows."""

    x: float
    y: float
    until_x: float
    until_y: float


@dataclass(frozen=True, slots=True)
class Box:
    """A placement, labelled where there is room; or the band of the target."""

    x: float
    y: float
    width: float
    height: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Pennant:
    """A moment, or the flag at the end of the target."""

    x: float
    y: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    """A tick under the base line, at the first of a month."""

    x: float
    first: date
    shows_year: bool


@dataclass(frozen=True, slots=True)
class Words:
    """The drawing in words, as data: each rater's last judgement, the target, what stands out."""

    latest: tuple[Judged, ...]
    target_anchor: int | None
    differs: bool
    is_quiet: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything of one spoor from a day on, in layers from back to front.

    `earlier` counts the judgements before that day: they are in the table only.
    """

    size: Size
    on: date
    from_on: date
    width: int
    height: int
    base: int
    tick_height: int
    placements: tuple[Box, ...]
    target: Box | None
    rows: tuple[int, ...]
    months: tuple[Month, ...]
    ticks: tuple[float, ...]
    moments: tuple[Pennant, ...]
    today: float | None
    flag: Pennant | None
    ribbons: tuple[Ribbon, ...]
    silences: tuple[Line, ...]
    difference: Line | None
    marks: tuple[Mark, ...]
    earlier: int
    words: Words


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a day and an anchor lie in a drawing."""

    form: _Form
    window: Window

    def x(self, day: date) -> float:
        form, window = self.form, self.window
        share = (day - window.from_on) / (window.until_on - window.from_on)
        x = form.pad + (form.width - 2 * form.pad) * share
        return round(min(max(x, 0), form.width), 2)

    def y(self, anchor: int) -> int:
        return self.form.top + (3 - anchor) * self.form.pitch

    def shows(self, day: date) -> bool:
        return self.window.from_on <= day <= self.window.until_on


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Days in which the same rows hold, or in which the trail is silent on them."""

    from_on: date
    until_on: date
    low: int
    high: int
    is_silent: bool


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
    frame = _Frame(form, window)
    earlier = sum(1 for j in known if j.observed_on < window.from_on)
    ribbons, silences = _trail(known, frame, on, limits)
    is_quiet = bool(known) and (on - known[-1].observed_on).days > limits.quiet_days
    apart = _apart(known, on, limits)
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
        ticks=tuple(sorted({frame.x(d) for d in activity if d <= on and frame.shows(d)})),
        moments=_pennants(moments, frame, on, with_label=is_large),
        today=frame.x(on) if is_large and frame.shows(on) else None,
        flag=_flag(target, frame) if target and is_large else None,
        ribbons=ribbons,
        silences=silences,
        difference=_difference(apart, frame) if apart else None,
        marks=_marks(known, frame, on),
        earlier=earlier,
        words=Words(
            latest=tuple(sorted(_latest(known), key=_side_by_side)),
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
    return RATERS.index(judgement.by), judgement.by_id


def _latest(known: Iterable[Judged]) -> list[Judged]:
    return list({(j.by, j.by_id): j for j in known}.values())


def _apart(known: Iterable[Judged], on: date, limits: Limits) -> tuple[Judged, Judged] | None:
    """Return the lowest and the highest judgement that count now, when they are far apart."""
    counting = [j for j in _latest(known) if (on - j.observed_on).days <= limits.counting_days]
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


def _stripes(placements: Iterable[Stay], frame: _Frame, *, with_label: bool) -> tuple[Box, ...]:
    form, window = frame.form, frame.window
    stripes = []
    for stay in sorted(placements, key=lambda stay: (stay.from_on, stay.until_on, stay.company)):
        if stay.until_on > window.from_on and stay.from_on <= window.until_on:
            x = 0 if stay.from_on < window.from_on else frame.x(stay.from_on)
            end = form.width if stay.until_on > window.until_on else frame.x(stay.until_on)
            label = stay.company if with_label else ""
            stripes.append(Box(x, 0, round(end - x, 2), form.base, label))
    return tuple(stripes)


def _band(target: Target, frame: _Frame) -> Box | None:
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


def _flag(target: Target, frame: _Frame) -> Pennant | None:
    if target.due is None or not frame.shows(target.due):
        return None
    return Pennant(frame.x(target.due), frame.y(target.anchor))


def _months(frame: _Frame, on: date, *, is_clipped: bool) -> tuple[Month, ...]:
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
    moments: Iterable[Moment], frame: _Frame, on: date, *, with_label: bool
) -> tuple[Pennant, ...]:
    y = frame.y(3) - frame.form.pennant
    return tuple(
        Pennant(frame.x(moment.on), y, moment.label if with_label else "")
        for moment in sorted(moments, key=lambda moment: (moment.on, moment.label))
        if moment.on <= on and frame.shows(moment.on)
    )


def _difference(apart: tuple[Judged, Judged], frame: _Frame) -> Line:
    low, high = apart
    x = frame.x(max(low.observed_on, high.observed_on))
    return Line(x, frame.y(high.anchor), x, frame.y(low.anchor))


def _marks(known: Iterable[Judged], frame: _Frame, on: date) -> tuple[Mark, ...]:
    """Place a mark for each day, row and rater, oldest first, raters of one spot side by side."""
    spots: dict[tuple[date, int], Counter[tuple[int, UUID]]] = {}
    for judgement in known:
        if frame.shows(judgement.observed_on):
            spot = spots.setdefault((judgement.observed_on, judgement.anchor), Counter())
            spot[_side_by_side(judgement)] += 1
    marks = []
    for (day, anchor), raters in spots.items():
        x, y = frame.x(day), frame.y(anchor)
        age = sum((on - day).days > limit for limit in AGES)
        for place, (rater, times) in enumerate(sorted(raters.items())):
            by = RATERS[rater[0]]
            shift = round((place - (len(raters) - 1) / 2) * frame.form.radius * 2.1, 1)
            radius = round(frame.form.radius * SHRUNK[age] * REACH[by], 1)
            marks.append(Mark(x, y, shift, radius, by, age, times))
    return tuple(marks)


def _trail(
    known: Sequence[Judged], frame: _Frame, on: date, limits: Limits
) -> tuple[tuple[Ribbon, ...], tuple[Line, ...]]:
    """Return the ribbons and, where they stop, the dotted lines of silence.

    Agreement gives one ribbon; raters who differ fork it into the highest and the lowest, with
    what lies between them behind.
    """
    ribbons: list[Ribbon] = []
    silences: list[Line] = []
    window = frame.window
    for is_silent, run in groupby(_stretches(known, on, limits), key=lambda s: s.is_silent):
        pieces = list(run)
        seen = [s for s in pieces if s.from_on <= window.until_on and s.until_on > window.from_on]
        if not seen:
            continue
        is_cut = pieces[0].from_on < window.from_on
        xs = [0 if s.from_on < window.from_on else frame.x(s.from_on) for s in seen]
        end = frame.x(seen[-1].until_on)
        if is_silent:
            rows = sorted({frame.y(seen[0].low), frame.y(seen[0].high)})
            silences += [Line(xs[0], y, end, y) for y in rows if xs[0] < end]
            continue
        lows = [(x, frame.y(s.low), frame.y(s.low)) for x, s in zip(xs, seen, strict=True)]
        highs = [(x, frame.y(s.high), frame.y(s.high)) for x, s in zip(xs, seen, strict=True)]
        if lows != highs:
            both = [(x, high, low) for (x, high, _), (_, _, low) in zip(highs, lows, strict=True)]
            ribbons.append(_ribbon(both, end, frame.form, is_cut=is_cut, is_between=True))
            ribbons.append(_ribbon(highs, end, frame.form, is_cut=is_cut))
        ribbons.append(_ribbon(lows, end, frame.form, is_cut=is_cut))
    return tuple(ribbons), tuple(silences)


def _stretches(known: Sequence[Judged], on: date, limits: Limits) -> list[_Stretch]:
    """Cut the time from the first judgement on where rows change or silence begins.

    On each day a rater's latest judgement counts, unless it is too old; silence stays on the rows
    that it found. The day itself is the last stretch, so that the trail arrives at today's word.
    """
    quiet, counts = timedelta(limits.quiet_days), timedelta(limits.counting_days + 1)
    if not known:
        return []
    days = {judgement.observed_on for judgement in known}
    starts = sorted({day + later for day in days for later in (timedelta(0), quiet, counts)} | {on})
    stretches: list[_Stretch] = []
    latest: dict[tuple[str, UUID], Judged] = {}
    coming = deque(known)
    heard_on = on
    low = high = known[0].anchor
    for start, end in pairwise([*(day for day in starts if day <= on), on]):
        while coming and coming[0].observed_on <= start:
            judgement = coming.popleft()
            latest[judgement.by, judgement.by_id] = judgement
            heard_on = judgement.observed_on
        counting = [j.anchor for j in latest.values() if start - j.observed_on < counts]
        is_silent = not counting or start - heard_on >= quiet
        if not is_silent:
            low, high = min(counting), max(counting)
        stretches.append(_Stretch(start, end, low, high, is_silent))
    return stretches


def _ribbon(
    edge: Iterable[tuple[float, int, int]],
    end: float,
    form: _Form,
    *,
    is_cut: bool,
    is_between: bool = False,
) -> Ribbon:
    """Close an outline around rows (x, upper y, lower y): each bend arrives on its day.

    It starts as a point, or at the left edge when what began before the window is cut.
    """
    above = ""
    below = ""  # grows backwards: the outline returns along it
    held: tuple[float, float, float] | None = None
    for x, upper, lower in edge:
        top, bottom = upper - form.half, lower + form.half
        if held is not None:
            begin = x - min(form.lead, (x - held[0]) * 0.8)
            was_top, was_bottom = held[1:]
        elif is_cut:
            begin, was_top, was_bottom = 0, top, bottom
        else:
            begin, was_top, was_bottom = x - form.lead, (top + bottom) / 2, (top + bottom) / 2
        if above and (was_top, was_bottom) == (top, bottom):
            continue
        held = x, top, bottom
        above += f"L{begin:.4g} {was_top:.4g}{_bend(begin, was_top, x, top)}"
        below = f"L{x:.4g} {bottom:.4g}{_bend(x, bottom, begin, was_bottom)}{below}"
        end = min(max(end, x + form.lead * 0.35), form.width)
    above += f"L{end:.4g} {top:.4g}L{end:.4g} {bottom:.4g}"
    return Ribbon(f"M{above[1:]}{below}Z", is_between)


def _bend(x: float, y: float, until_x: float, until_y: float) -> str:
    middle = (x + until_x) / 2
    return f"C{middle:.4g} {y:.4g} {middle:.4g} {until_y:.4g} {until_x:.4g} {until_y:.4g}"
