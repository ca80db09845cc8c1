"""The spoor as an image with its words: `tracker.spoor` says where everything lies.

Text in Python and no template: a coach's page draws a hundred trails.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from babel.dates import format_date
from flask import Flask
from flask_babel import get_domain, get_locale, gettext
from markupsafe import Markup, escape

from tracker.spoor import Drawing, Judged, Limits, Size, Stay, Window, draw
from web.shape import shape

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

    locale: str
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
        locale=str(get_locale()),
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


def words_here() -> Words:
    """Return the words in the language of this page."""
    return _words(get_domain().get_translations())


def anchor_word(anchor: int) -> str:
    """Return what an anchor (0-3) is called."""
    return words_here().anchors[anchor]


def rater_word(by: str) -> str:
    """Return what a kind of rater is called."""
    words = words_here()
    return words.raters.get(by, words.other)


def judged_word(judgement: Judged | Mapping[str, Any]) -> str:
    """Return the anchor, and the raw word of the scale beside it unless it is the same."""
    if isinstance(judgement, Mapping):  # as a page lists it
        anchor, label = judgement["anchor"], judgement["label"]
    else:
        anchor, label = judgement.anchor, judgement.label
    return _with_label(anchor_word(anchor), label)


def _with_label(word: str, label: str) -> str:
    return word if label.lower() == word.lower() else f"{word} ({label})"


def who(judgement: Judged, names: Mapping[UUID, str]) -> str:
    """Return who judged, by name; without one the role."""
    return _who(judgement, names, words_here())


def _who(judgement: Judged, names: Mapping[UUID, str], words: Words) -> str:
    word = names.get(judgement.by_id) or words.raters.get(judgement.by, words.other)
    return word[:1].upper() + word[1:]


def short_day(day: date, on: date) -> str:
    """Return '10 okt', with the year when it is another one."""
    return _short_day(day, str(get_locale()), has_year=day.year != on.year)


@lru_cache(maxsize=4096)
def _short_day(day: date, locale: str, *, has_year: bool) -> str:
    return format_date(day, "d MMM y" if has_year else "d MMM", locale=locale)


def spoor_words(
    drawing: Drawing, names: Mapping[UUID, str] = NOBODY, words: Words | None = None
) -> str:
    """Return what the drawing says, in sentences; `words` when the page asked for them already."""
    words = words or words_here()
    said, on = drawing.words, drawing.on
    sentences = [
        words.view
        % {
            "who": _who(judgement, names, words),
            "word": _with_label(words.anchors[judgement.anchor], judgement.label),
            "day": _short_day(
                judgement.observed_on, words.locale, has_year=judgement.observed_on.year != on.year
            ),
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


class Traced:
    """What a mini is drawn of, told apart by little: judgements are never overwritten.

    What is kept of a drawing holds no name and no title: its words are made for each page.
    """

    __slots__ = ("activity", "judgements", "key", "limits", "on", "placements", "window")

    def __init__(
        self,
        judgements: Sequence[Judged],
        *,
        on: date,
        limits: Limits,
        placements: Sequence[Stay],
        activity: tuple[date, ...],
        window: Window,
    ) -> None:
        self.judgements, self.placements, self.activity = judgements, placements, activity
        self.on, self.limits, self.window = on, limits, window
        self.key = (
            tuple([(j.id.int, j.anchor, j.observed_on) for j in judgements]),
            on,
            limits,
            tuple([(stay.from_on, stay.until_on) for stay in placements]),
            activity,
            window.from_on,
        )

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Traced) and self.key == other.key


@lru_cache(maxsize=4096)
def mini(traced: Traced) -> tuple[Drawing, str]:
    """Draw a trail for a table, and its layers; kept, for a page shows a hundred of them."""
    drawing = draw(
        traced.judgements,
        on=traced.on,
        limits=traced.limits,
        size=Size.MINI,
        placements=traced.placements,
        activity=traced.activity,
        window=traced.window,
    )
    return drawing, shape(drawing)


def spoor(
    drawing: Drawing,
    names: Mapping[UUID, str] = NOBODY,
    title: str = "",
    *,
    layers: str | None = None,
    words: Words | None = None,
    decorative: bool = False,
    leads: bool = False,
) -> Markup:
    """Return one goal's drawing; `title` is the goal's, `layers` what `mini` made of it.

    One that leads stands for a student's others where there is room for one only.
    A decorative one stands beside the same words, and is hidden from who hears the page.
    """
    if decorative:
        said = ' aria-hidden="true"'
    else:
        words = words or words_here()
        trail = words.trail_of % {"goal": title} if title else words.trail
        said = f' role="img" aria-label="{escape(f"{trail} {spoor_words(drawing, names, words)}")}"'
    width, height = drawing.width, drawing.height
    measures = f'height="{height}"'
    if drawing.size is Size.MINI:
        measures += f' width="{width}" viewBox="0 0 {width} {height}"'
    kind = f"sp sp-{SIZES[drawing.size]}{' kop' if leads else ''}"
    head = f'<svg class="{kind}" {measures}{said}>'
    inside = shape(drawing) if layers is None else layers
    return Markup(f"{head}{inside}</svg>")  # noqa: S704 - escaped above and in shape
