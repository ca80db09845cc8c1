"""The spoor as SVG and in words: `tracker.spoor` says where everything lies, here it gets classes.

Text in Python and no template: a coach's page draws a hundred trails.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from babel.dates import format_date
from flask import Flask
from flask_babel import get_domain, get_locale, gettext
from markupsafe import Markup, escape

from tracker.spoor import (
    Drawing,
    Judged,
    Limits,
    Line,
    Mark,
    Pennant,
    Size,
    Stay,
    Window,
    draw,
)

CLASSES = {"self": "e", "coach": "c", "supervisor": "p", "other": "x"}
SIZES = {Size.MINI: "m", Size.LIST: "l", Size.LARGE: "g"}
NOBODY: Mapping[UUID, str] = {}


def init_app(app: Flask) -> None:
    """Give templates the drawing and its words."""
    app.jinja_env.globals.update(
        spoor=spoor,
        spoor_words=spoor_words,
        anchor_word=anchor_word,
        rater_word=rater_word,
        judged_word=judged_word,
        who=who,
        short_day=short_day,
    )


class Words(NamedTuple):
    """What a drawing says, in one language; asked once, for a page says it a hundred times."""

    anchors: tuple[str, ...]
    raters: Mapping[str, str]
    other: str
    view: str
    nothing: str
    aim: str
    differs: str
    is_quiet: str
    trail_of: str
    trail: str


@lru_cache(maxsize=8)
def _words(_translations: object) -> Words:
    """Return the words in the language of this page, which these translations are of."""
    return Words(
        anchors=(
            gettext("not yet"),
            gettext("with help"),
            gettext("independently"),
            gettext("also in a new situation"),
        ),
        raters={
            "self": gettext("student"),
            "coach": gettext("coach"),
            "supervisor": gettext("workplace supervisor"),
        },
        other=gettext("somebody else"),
        view=gettext("%(who)s: %(word)s, %(day)s."),
        nothing=gettext("No view yet."),
        aim=gettext("Aim: %(word)s."),
        differs=gettext("Views differ."),
        is_quiet=gettext("Quiet for a while."),
        trail_of=gettext("Trail of %(goal)s."),
        trail=gettext("Trail."),
    )


def _here() -> Words:
    return _words(get_domain().get_translations())


def anchor_word(anchor: int) -> str:
    """Return what an anchor (0-3) is called."""
    return _here().anchors[anchor]


def rater_word(by: str) -> str:
    """Return what a kind of rater is called."""
    words = _here()
    return words.raters.get(by, words.other)


def judged_word(judgement: Judged | Mapping[str, Any]) -> str:
    """Return the anchor, and the raw word of the scale beside it unless it is the same."""
    if isinstance(judgement, Mapping):  # as a page lists it
        anchor, label = judgement["anchor"], judgement["label"]
    else:
        anchor, label = judgement.anchor, judgement.label
    word = anchor_word(anchor)
    return word if label.lower() == word.lower() else f"{word} ({label})"


def who(judgement: Judged, names: Mapping[UUID, str]) -> str:
    """Return who judged, by name; without one the role."""
    word = names.get(judgement.by_id) or rater_word(judgement.by)
    return word[:1].upper() + word[1:]


def short_day(day: date, on: date) -> str:
    """Return '10 okt', with the year when it is another one."""
    return _short_day(day, str(get_locale()), has_year=day.year != on.year)


@lru_cache(maxsize=4096)
def _short_day(day: date, locale: str, *, has_year: bool) -> str:
    return format_date(day, "d MMM y" if has_year else "d MMM", locale=locale)


def spoor_words(drawing: Drawing, names: Mapping[UUID, str] = NOBODY) -> str:
    """Return what the drawing says, in sentences."""
    words, said = _here(), drawing.words
    sentences = [
        words.view
        % {
            "who": who(judgement, names),
            "word": judged_word(judgement),
            "day": short_day(judgement.observed_on, drawing.on),
        }
        for judgement in said.latest
    ] or [words.nothing]
    if said.target_anchor is not None:
        sentences.append(words.aim % {"word": words.anchors[said.target_anchor]})
    if said.differs:
        sentences.append(words.differs)
    if said.is_quiet:
        sentences.append(words.is_quiet)
    return " ".join(sentences)


@lru_cache(maxsize=4096)
def mini(
    judgements: tuple[Judged, ...],
    *,
    on: date,
    limits: Limits,
    placements: tuple[Stay, ...],
    activity: tuple[date, ...],
    window: Window,
) -> tuple[Drawing, str]:
    """Draw the trail for a table, and its layers; kept, for a page shows a hundred of them.

    What is kept of a drawing holds no name and no title: its words are made for each page.
    """
    drawing = draw(
        judgements,
        on=on,
        limits=limits,
        size=Size.MINI,
        placements=placements,
        activity=activity,
        window=window,
    )
    return drawing, shape(drawing)


def spoor(
    drawing: Drawing,
    names: Mapping[UUID, str] = NOBODY,
    title: str = "",
    *,
    layers: str | None = None,
    decorative: bool = False,
) -> Markup:
    """Return one goal's drawing; `title` is the goal's, `layers` what `mini` made of it.

    A decorative one stands beside the same words, and is hidden from who hears the page.
    """
    if decorative:
        said = ' aria-hidden="true"'
    else:
        words = _here()
        trail = words.trail_of % {"goal": title} if title else words.trail
        said = f' role="img" aria-label="{escape(f"{trail} {spoor_words(drawing, names)}")}"'
    width, height = drawing.width, drawing.height
    measures = f'height="{height}"'
    if drawing.size is Size.MINI:
        measures += f' width="{width}" viewBox="0 0 {width} {height}"'
    head = f'<svg class="sp sp-{SIZES[drawing.size]}" {measures}{said}>'
    inside = shape(drawing) if layers is None else layers
    return Markup(f"{head}{inside}</svg>")  # noqa: S704 - escaped above and in shape


def shape(drawing: Drawing) -> str:
    """Return the layers of a drawing as markup, from back to front; every text in it is escaped."""
    u = "" if drawing.size is Size.MINI else "%"
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
        f'<line class="q" x1="{s.x}{u}" x2="{s.until_x}{u}" y1="{s.y}" y2="{s.y}"/>'
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
        strokes = "".join(f"M{x:g} {base}v-{height}" for x in drawing.ticks)
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
    paths = "".join(
        f'<path class="l{" o" if ribbon.is_between else ""}" d="{ribbon.path}"/>'
        for ribbon in drawing.ribbons
    )
    if not paths or drawing.size is Size.MINI:
        return paths
    return (
        f'<svg viewBox="0 0 {drawing.width} {drawing.height}" preserveAspectRatio="none"'
        f' width="100%" height="{drawing.height}">{paths}</svg>'
    )


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
    shift = f' transform="translate({mark.shift} 0)"' if mark.shift else ""
    if mark.by in ("self", "coach"):
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
