"""The layers of a spoor as SVG: what `tracker.spoor` placed gets its classes here."""

import re
from datetime import date

from babel.dates import format_date
from flask_babel import get_locale, gettext
from markupsafe import escape

from tracker.spoor import Drawing, Line, Mark, Pennant, Size

CLASSES = {"self": "e", "coach": "c", "supervisor": "p", "other": "x"}
ROUND = ("self", "coach")
STEP = re.compile(r"([MLC])([^MLCZ]*)")


def shape(drawing: Drawing) -> str:
    """Return the layers of a drawing as markup, from back to front; every text in it is escaped."""
    u = "" if drawing.size is Size.MINI else "%"
    across = _px if drawing.size is Size.MINI else str
    base = drawing.base
    parts = [_background(drawing, u)]
    parts += [_month(drawing, month.x, month.first, month.shows_year) for month in drawing.months]
    if drawing.ticks:
        parts.append(_ticks(drawing, u))
    parts += [_moment(moment, base, u) for moment in drawing.moments]
    if drawing.today is not None:
        x, top = f"{drawing.today}%", drawing.rows[0] - 14
        parts.append(
            f'<line class="n" x1="{x}" x2="{x}" y1="{top}" y2="{base + 6}"/>'
            f'<text class="nt" x="{x}" y="{base + 20}">{escape(gettext("now"))}</text>'
        )
    if drawing.flag:
        parts.append(
            f'<svg class="v" x="{drawing.flag.x}%" y="{drawing.flag.y}">'
            '<path d="M0 13V-17h13l-3 4.5 3 4.5H0"/></svg>'
        )
    parts.append(_ribbons(drawing))
    parts += [
        f'<line class="q" x1="{across(s.x)}{u}" x2="{across(s.until_x)}{u}" y1="{s.y}" y2="{s.y}"/>'
        for s in drawing.silences
    ]
    if drawing.difference:
        parts.append(_difference(drawing.difference, u, is_large=drawing.size is Size.LARGE))
    parts += [_mark(mark, u, is_large=drawing.size is Size.LARGE) for mark in drawing.marks]
    if drawing.earlier and drawing.size is Size.LARGE:
        words = escape(gettext("%(count)s earlier", count=drawing.earlier))
        parts.append(
            f'<svg class="cx" x="0" y="{base + 16}"><path class="w" d="M6-5 1 0 6 5"/>'
            f'<text x="12" y="4">{words}</text></svg>'
        )
    return "".join(parts)


def _background(drawing: Drawing, u: str) -> str:
    """Draw placements, the target, and the lines of the rows."""
    base, parts = drawing.base, []
    for place in drawing.placements:
        parts.append(
            f'<rect class="b" x="{place.x}{u}" y="0" width="{place.width}{u}"'
            f' height="{place.height}" rx="{6 if u else 2}"/>'
        )
        if place.label:
            parts.append(
                f'<svg class="cut" x="{place.x}{u}" y="0" width="{place.width}{u}" height="24">'
                f'<text x="8" y="16">{escape(place.label)}</text></svg>'
            )
    if band := drawing.target:
        parts.append(
            f'<rect class="t" x="{band.x}{u}" y="{band.y}" width="{band.width}{u}"'
            f' height="{band.height}" rx="{min(4, band.height / 4)}"/>'
        )
    parts += [f'<line class="h" x1="0" x2="100%" y1="{y}" y2="{y}"/>' for y in drawing.rows]
    parts.append(f'<line class="a" x1="0" x2="{drawing.width}{u}" y1="{base}" y2="{base}"/>')
    return "".join(parts)


def _month(drawing: Drawing, x: float, first: date, shows_year: bool) -> str:  # noqa: FBT001 - a field of Month
    form = "LLL ’yy" if shows_year else "LLL"
    word = format_date(first, form, locale=get_locale())
    return (
        f'<line class="a" x1="{x}%" x2="{x}%" y1="{drawing.base}" y2="{drawing.base + 5}"/>'
        f'<text x="{x}%" y="{drawing.base + 20}">{escape(word)}</text>'
    )


def _ticks(drawing: Drawing, u: str) -> str:
    """Draw the signals of a learning environment; in a mini as one path."""
    base, height = drawing.base, drawing.tick_height
    if not u:
        strokes = "".join(f"M{_px(x)} {base}v-{height}" for x in drawing.ticks)
        return f'<path class="s" d="{strokes}"/>'
    return "".join(
        f'<line class="s" x1="{x}%" x2="{x}%" y1="{base - height}" y2="{base}"/>'
        for x in drawing.ticks
    )


def _moment(moment: Pennant, base: int, u: str) -> str:
    label = f'<text class="ml" x="13" y="8">{escape(moment.label)}</text>' if moment.label else ""
    return (
        f'<line class="m" x1="{moment.x}{u}" x2="{moment.x}{u}" y1="{moment.y}" y2="{base}"/>'
        f'<svg class="cx" x="{moment.x}{u}" y="{moment.y}">'
        f'<path class="mv" d="M0 0h10l-2.5 3.5 2.5 3.5H0Z"/>{label}</svg>'
    )


def _ribbons(drawing: Drawing) -> str:
    is_mini = drawing.size is Size.MINI
    paths = "".join(
        f'<path class="l{" o" if ribbon.is_between else ""}"'
        f' d="{small_path(ribbon.path) if is_mini else ribbon.path}"/>'
        for ribbon in drawing.ribbons
    )
    if not paths or is_mini:
        return paths
    return (
        f'<svg viewBox="0 0 {drawing.width} {drawing.height}" preserveAspectRatio="none"'
        f' width="100%" height="{drawing.height}">{paths}</svg>'
    )


def small_path(path: str) -> str:
    """Return a path of M, L and C in tenths of px and in steps from point to point.

    Bends are alike, so their steps are: a page of a hundred minis is a third smaller on its way.
    """
    told = ""
    x = y = 0.0
    for command, numbers in STEP.findall(path):
        rounded = [round(float(number), 1) for number in numbers.split()]
        points = list(zip(rounded[::2], rounded[1::2], strict=True))
        if command == "M":
            told += f"M{_px(points[0][0])} {_px(points[0][1])}"
        elif command == "C":
            told += "c" + " ".join(f"{_px(to_x - x)} {_px(to_y - y)}" for to_x, to_y in points)
        elif points[0][1] == y:
            told += f"h{_px(points[0][0] - x)}"
        elif points[0][0] == x:
            told += f"v{_px(points[0][1] - y)}"
        else:
            told += f"l{_px(points[0][0] - x)} {_px(points[0][1] - y)}"
        x, y = points[-1]
    return told.replace(" -", "-") + "Z"


def _px(length: float) -> str:
    """Return a length in tenths of px: finer is not seen."""
    return f"{round(length, 1):g}"


def _difference(gap: Line, u: str, *, is_large: bool) -> str:
    line = f'<line class="d" x1="{gap.x}{u}" x2="{gap.x}{u}" y1="{gap.y}" y2="{gap.until_y}"/>'
    if not is_large:
        return line
    return line + (
        f'<svg class="dl" x="{gap.x}%" y="{(gap.y + gap.until_y) / 2}">'
        '<rect x="-38" y="-12" width="76" height="24" rx="12"/>'
        f'<text y="5">{escape(gettext("difference"))}</text></svg>'
    )


def _mark(mark: Mark, u: str, *, is_large: bool) -> str:
    """Draw an open circle, a filled circle, a diamond or a square."""
    r, kind = mark.radius, f"k {CLASSES[mark.by]} f{mark.age}"
    if not u:
        return _small_mark(mark, kind)
    shift = f' transform="translate({mark.shift} 0)"' if mark.shift else ""
    if mark.by in ROUND:
        drawn = f'<circle class="{kind}" cx="{mark.x}{u}" cy="{mark.y}" r="{r}"{shift}/>'
    else:
        is_diamond = mark.by == "supervisor"
        # A path cannot count in percents, so it is drawn around (0, 0) of its own svg.
        path = f"M0-{r}L{r} 0 0 {r}-{r} 0Z" if is_diamond else f"M-{r}-{r}H{r}V{r}H-{r}Z"
        drawn = (
            f'<svg class="cx" x="{mark.x}{u}" y="{mark.y}">'
            f'<path class="{kind}"{shift} d="{path}"/></svg>'
        )
    if is_large and mark.times > 1:
        at = f'x="{mark.x}%" y="{mark.y - 13}" dx="{mark.shift}"'
        drawn += f'<text class="x" {at}>{mark.times}×</text>'
    return drawn


def _small_mark(mark: Mark, kind: str) -> str:
    """Draw a mark in a mini, which counts in px: in as few signs as a page of minis needs."""
    x, y, r = mark.x + mark.shift, mark.y, mark.radius
    if mark.by in ROUND:
        return f'<circle class="{kind}" cx="{_px(x)}" cy="{y}" r="{r}"/>'
    if mark.by == "supervisor":
        path = f"M{_px(x)} {_px(y - r)}l{r} {r}-{r} {r}-{r}-{r}Z"
    else:
        path = f"M{_px(x - r)} {_px(y - r)}h{2 * r:g}v{2 * r:g}h-{2 * r:g}Z"
    return f'<path class="{kind}" d="{path}"/>'
