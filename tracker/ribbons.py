"""The ribbons of a spoor, and its silences: what raters say together through time.

On each day a rater's latest judgement counts. Agreement gives one ribbon; raters who differ fork
it; where nobody says anything for long it stops. Pure, as all of the drawing.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from uuid import UUID

from tracker.drawings import Form, Frame, Judged, Limits, Line, Ribbon


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Days in which the same rows hold, or in which the trail is silent on them."""

    from_on: date
    until_on: date
    low: int
    high: int
    is_silent: bool


def trail(
    known: Sequence[Judged], frame: Frame, on: date, limits: Limits
) -> tuple[tuple[Ribbon, ...], tuple[Line, ...]]:
    """Return the ribbons and, where they stop, the dotted lines of silence.

    `known` is oldest first, and none of it after the day. Agreement gives one ribbon; raters who
    differ fork it into the highest and the lowest, with what lies between them behind.
    """
    ribbons: list[Ribbon] = []
    silences: list[Line] = []
    window, form = frame.window, frame.form
    for is_silent, run in groupby(_stretches(known, on, limits), key=lambda s: s.is_silent):
        pieces = list(run)
        seen = [s for s in pieces if s.from_on <= window.until_on and s.until_on > window.from_on]
        if not seen:
            continue
        is_cut = pieces[0].from_on < window.from_on
        xs = [0 if s.from_on < window.from_on else frame.x(s.from_on) for s in seen]
        end = frame.x(seen[-1].until_on)
        lows = [frame.y(stretch.low) for stretch in seen]
        highs = [frame.y(stretch.high) for stretch in seen]
        if is_silent:
            rows = sorted({lows[0], highs[0]})
            silences += [Line(xs[0], y, end, y) for y in rows if xs[0] < end]
            continue
        if lows != highs:
            ribbons.append(_ribbon(xs, highs, lows, end, form, is_cut=is_cut, is_between=True))
            ribbons.append(_ribbon(xs, highs, highs, end, form, is_cut=is_cut))
        ribbons.append(_ribbon(xs, lows, lows, end, form, is_cut=is_cut))
    return tuple(ribbons), tuple(silences)


def _stretches(known: Sequence[Judged], on: date, limits: Limits) -> list[_Stretch]:
    """Cut the time from the first judgement on where rows change or silence begins.

    On each day a rater's latest judgement counts, unless it is too old; silence stays on the rows
    that it found. The day itself is looked at too, so that the trail arrives at today's word.
    """
    if not known:
        return []
    quiet, counts = timedelta(limits.quiet_days), timedelta(limits.counting_days + 1)
    days = {judgement.observed_on for judgement in known}
    starts = {on, *days, *(day + quiet for day in days), *(day + counts for day in days)}
    changes: list[tuple[date, int, int, bool]] = []
    latest: dict[tuple[str, UUID], Judged] = {}
    coming = deque(known)
    heard_on = on
    low = high = known[0].anchor
    held: tuple[int, int, bool] | None = None
    for start in sorted(day for day in starts if day <= on):
        while coming and coming[0].observed_on <= start:
            judgement = coming.popleft()
            latest[judgement.by, judgement.by_id] = judgement
            heard_on = judgement.observed_on
        counting = [j.anchor for j in latest.values() if start - j.observed_on < counts]
        is_silent = not counting or start - heard_on >= quiet
        if not is_silent:
            low, high = min(counting), max(counting)
        if held != (low, high, is_silent):
            held = low, high, is_silent
            changes.append((start, *held))
    ends = [start for start, *_ in changes[1:]] + [on]
    return [
        _Stretch(start, end, low, high, is_silent)
        for (start, low, high, is_silent), end in zip(changes, ends, strict=True)
    ]


def _ribbon(
    xs: Sequence[float],
    uppers: Sequence[int],
    lowers: Sequence[int],
    end: float,
    form: Form,
    *,
    is_cut: bool,
    is_between: bool = False,
) -> Ribbon:
    """Close an outline around rows that hold from each x on: each bend arrives on its day.

    It starts as a point, or at the left edge when what began before the window is cut.
    """
    above = ""
    below = ""  # grows backwards: the outline returns along it
    held_x = was_top = was_bottom = top = bottom = 0.0
    for x, upper, lower in zip(xs, uppers, lowers, strict=True):
        top, bottom = upper - form.half, lower + form.half
        if above:
            if (was_top, was_bottom) == (top, bottom):
                continue
            begin = x - min(form.lead, (x - held_x) * 0.8)
        elif is_cut:
            begin, was_top, was_bottom = 0, top, bottom
        else:
            begin, was_top, was_bottom = x - form.lead, (top + bottom) / 2, (top + bottom) / 2
        from_x, middle, to_x = f"{begin:.4g}", f"{(begin + x) / 2:.4g}", f"{x:.4g}"
        y, until_y = f"{was_top:.4g}", f"{top:.4g}"
        above += f"L{from_x} {y}C{middle} {y} {middle} {until_y} {to_x} {until_y}"
        y, until_y = f"{bottom:.4g}", f"{was_bottom:.4g}"
        below = f"L{to_x} {y}C{middle} {y} {middle} {until_y} {from_x} {until_y}{below}"
        held_x, was_top, was_bottom = x, top, bottom
    end = min(max(end, held_x + form.lead * 0.35), form.width)
    above += f"L{end:.4g} {top:.4g}L{end:.4g} {bottom:.4g}"
    return Ribbon(f"M{above[1:]}{below}Z", is_between)
