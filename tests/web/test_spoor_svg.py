"""The spoor as SVG: every mark, said in words too, and nobody's text gets into the markup."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask_babel import Babel
from jinja2 import StrictUndefined

from tracker.facts import DEFAULTS, JudgementFact, PlacementFact, Rater
from tracker.spoor import Drawing, Moment, Size, Target, draw, newest_first
from web.drawing import init_app as init_drawing
from web.shape import small_path

TEMPLATES = Path(__file__).parents[2] / "web" / "templates"
ON = date(2026, 11, 19)
STUDENT, COACH, SUPERVISOR, TEACHER = (UUID(int=number) for number in range(1, 5))
NAMES = {STUDENT: "jij", COACH: "Joost", SUPERVISOR: "Marja"}
EVIL = "\"><script>alert('x')</script>&"
Call = Callable[..., str]


def ago(days: int) -> date:
    return ON - timedelta(days)


def judgement(number: int, by: Rater, by_id: UUID, anchor: int, days: int) -> JudgementFact:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    word = ("nooit", "oefenen", "voldoende", "goed")[anchor]
    return JudgementFact(UUID(int=number), by, by_id, anchor, word, ago(days), at)


JUDGEMENTS = [
    judgement(1, Rater.SELF, STUDENT, 0, 800),
    judgement(2, Rater.SELF, STUDENT, 1, 60),
    judgement(3, Rater.SUPERVISOR, SUPERVISOR, 1, 40),
    judgement(4, Rater.SUPERVISOR, SUPERVISOR, 1, 40),
    judgement(5, Rater.OTHER, TEACHER, 2, 20),
    judgement(6, Rater.COACH, COACH, 2, 9),
    judgement(7, Rater.SELF, STUDENT, 3, 9),
]
PLACEMENTS = [PlacementFact(UUID(int=9), "Woonzorg Het Anker", ago(80), ON + timedelta(40))]


def drawing(size: Size = Size.LARGE, judgements: list[JudgementFact] = JUDGEMENTS) -> Drawing:
    return draw(
        judgements,
        on=ON,
        limits=DEFAULTS,
        size=size,
        target=Target(3, ago(80), ON + timedelta(10)),
        placements=PLACEMENTS,
        activity=[ago(50), ago(30)],
        moments=[Moment(ago(200), "les")],
    )


def in_table(stay: PlacementFact) -> dict[str, Any]:
    """Return a placement as the table under a drawing names it."""
    last_on = stay.until_on - timedelta(1)
    return {"company": stay.company, "from_on": stay.from_on, "last_on": last_on}


class Markup(HTMLParser):
    """The elements of a fragment, with the text directly inside each; closed as they opened."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self.open: list[tuple[str, dict[str, str], list[str]]] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        self.open.append(self.elements[-1])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), "an attribute is there twice"
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.open[-1][2].append(data)

    def of(self, tag: str, name: str = "") -> list[dict[str, str]]:
        """Return the attributes of the elements of a tag that have a class."""
        return [
            attributes
            for found, attributes, _ in self.elements
            if found == tag and (not name or name in attributes.get("class", "").split())
        ]

    def texts(self, tag: str) -> list[str]:
        return ["".join(text) for found, _, text in self.elements if found == tag]


@pytest.fixture(scope="module")
def app() -> Flask:
    app = Flask("drawings", template_folder=str(TEMPLATES))
    app.jinja_env.undefined = StrictUndefined
    Babel(app, default_locale="nl")
    init_drawing(app)
    return app


@pytest.fixture
def call(app: Flask) -> Iterator[Call]:
    """Call a macro of the template by name."""
    with app.test_request_context():

        def call(name: str, *values: Any, **named: Any) -> str:
            macros = app.jinja_env.get_template("_spoor.html").module
            made = getattr(macros, name, None) or app.jinja_env.globals[name]
            return str(made(*values, **named))

        yield call


EVERY_SIZE = pytest.mark.parametrize("size", Size)


@EVERY_SIZE
def test_every_mark_is_drawn_once_in_the_shape_of_its_rater(call: Call, size: Size) -> None:
    drawn = drawing(size)
    markup = Markup(call("spoor", drawn, NAMES, "Douchen"))
    circles, paths = markup.of("circle", "k"), markup.of("path", "k")
    assert [c["class"] for c in circles] == ["k e f1", "k c f0", "k e f0"]
    assert [p["class"] for p in paths] == ["k p f1", "k x f0"]
    assert len(circles) + len(paths) == len(drawn.marks)
    diamond, square = (path["d"] for path in paths)
    if size is Size.MINI:  # in px, from a corner, in steps
        assert ("l" in diamond, "h" in square) == (True, True)
    else:  # around its own middle
        assert (diamond[:3], square[:2]) == ("M0-", "M-")


@EVERY_SIZE
def test_each_layer_of_the_drawing_is_there(call: Call, size: Size) -> None:
    drawn = drawing(size)
    markup = Markup(call("spoor", drawn, NAMES))
    assert len(markup.of("rect", "b")) == len(drawn.placements) == 1
    assert len(markup.of("rect", "t")) == 1
    assert len(markup.of("line", "h")) == (0 if size is Size.MINI else 4)
    ticks = [path["d"].count("M") for path in markup.of("path", "s")]  # in a mini they are one
    assert sum(ticks) + len(markup.of("line", "s")) == len(drawn.ticks) == 2
    assert len(markup.of("line", "m")) == len(drawn.moments) == 1
    assert len(markup.of("path", "l")) == len(drawn.ribbons) > 0
    shaped = small_path if size is Size.MINI else str
    paths = [shaped(ribbon.path) for ribbon in drawn.ribbons]
    assert [p["d"] for p in markup.of("path", "l")] == paths
    assert len(markup.of("line", "q")) == len(drawn.silences)
    assert len(markup.of("line", "d")) == 1


def test_the_steps_of_a_small_path_end_where_the_whole_one_does() -> None:
    whole = "M26.25 14C28.25 14 28.25 3.6 30.25 3.6L107.53 3.6L107.53 24.4L30.25 24.4Z"
    assert small_path(whole) == "M26.2 14c2 0 2-10.4 4-10.4h77.3v20.8h-77.3Z"
    for ribbon in drawing(Size.MINI).ribbons:
        assert small_path(ribbon.path).startswith("M")
        assert len(small_path(ribbon.path)) < len(ribbon.path)


def test_only_a_large_drawing_has_room_for_words(call: Call) -> None:
    large = Markup(call("spoor", drawing(Size.LARGE), NAMES)).texts("text")
    assert {"Woonzorg Het Anker", "les", "now", "difference", "2×", "1 earlier"} <= set(large)
    for size in (Size.MINI, Size.LIST):
        assert Markup(call("spoor", drawing(size), NAMES)).texts("text") == []


def test_a_mini_keeps_its_size_and_the_others_take_the_width_they_get(call: Call) -> None:
    mini = Markup(call("spoor", drawing(Size.MINI), NAMES)).elements[0][1]
    assert (mini["width"], mini["height"], mini["viewbox"]) == ("108", "38", "0 0 108 38")
    for size, height in ((Size.LIST, "65"), (Size.LARGE, "208")):
        outer, *inner = Markup(call("spoor", drawing(size), NAMES)).of("svg")
        assert outer["height"] == height
        assert "viewbox" not in outer
        assert "width" not in outer
        stretched = [svg for svg in inner if "viewbox" in svg]
        assert [svg["preserveaspectratio"] for svg in stretched] == ["none"]


@EVERY_SIZE
def test_fluid_drawings_count_across_in_percents(call: Call, size: Size) -> None:
    markup = Markup(call("spoor", drawing(size), NAMES))
    across = [circle["cx"] for circle in markup.of("circle", "k")]
    across += [line["x1"] for line in markup.of("line", "s")]
    assert all(x.endswith("%") is (size is not Size.MINI) for x in across)


def test_the_drawing_is_an_image_with_its_words(call: Call) -> None:
    outer = Markup(call("spoor", drawing(), NAMES, "Douchen")).elements[0][1]
    assert outer["role"] == "img"
    assert outer["aria-label"] == (
        "Trail of Douchen. Jij: also in a new situation (goed), 10 nov. "
        "Joost: independently (voldoende), 10 nov. Marja: with help (oefenen), 10 okt. "
        "Somebody else: independently (voldoende), 30 okt. Aim: also in a new situation. "
        "Views differ."
    )


def test_silence_and_absence_are_said_and_never_a_zero(call: Call) -> None:
    quiet = call("spoor_words", drawing(judgements=JUDGEMENTS[:1]), NAMES)
    assert quiet == (
        "Jij: not yet (nooit), 10 sep 2024. Aim: also in a new situation. Quiet for a while."
    )
    nothing = call("spoor_words", drawing(judgements=[]), NAMES)
    assert nothing == "No view yet. Aim: also in a new situation."


def test_a_decorative_drawing_is_hidden_from_who_hears_the_page(call: Call) -> None:
    outer = Markup(call("spoor", drawing(), decorative=True)).elements[0][1]
    assert outer["aria-hidden"] == "true"
    assert "role" not in outer
    assert "aria-label" not in outer


def test_the_raw_word_stands_beside_the_anchor_unless_it_is_the_same(call: Call) -> None:
    fact = JUDGEMENTS[1]
    assert call("judged_word", fact) == "with help (oefenen)"
    same = JudgementFact(
        fact.id, fact.by, fact.by_id, 1, "With help", fact.observed_on, fact.recorded_at
    )
    assert call("judged_word", same) == "with help"


@EVERY_SIZE
def test_nobodys_text_gets_into_the_markup(call: Call, size: Size) -> None:
    fact = JUDGEMENTS[-1]
    evil = JudgementFact(fact.id, fact.by, fact.by_id, 1, EVIL, fact.observed_on, fact.recorded_at)
    stay = PlacementFact(UUID(int=9), EVIL, ago(80), ON)
    drawn = draw(
        [evil],
        on=ON,
        limits=DEFAULTS,
        size=size,
        placements=[stay],
        moments=[Moment(ago(400), EVIL)],
    )
    names = {STUDENT: EVIL}
    html = call("spoor", drawn, names, EVIL) + call(
        "spoor_table", [evil], ON, names, [in_table(stay)]
    )
    assert "<script" not in html
    assert "alert('" not in html
    markup = Markup(html)
    assert not [
        name for _, attributes, _ in markup.elements for name in attributes if name == "style"
    ]
    assert EVIL in markup.elements[0][1]["aria-label"]


def test_nothing_is_styled_or_scripted_inline(call: Call) -> None:
    html = "".join(call("spoor", drawing(size), NAMES) for size in Size)
    for _, attributes, _ in Markup(html).elements:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert not {"fill", "stroke", "href"} & set(attributes)


def test_the_rows_of_a_large_drawing_have_their_words_beside_it(call: Call) -> None:
    markup = Markup(call("spoor_field", drawing(), NAMES, "Douchen"))
    assert markup.of("div", "veld")
    assert markup.texts("li") == [
        "also in a new situation",
        "independently",
        "with help",
        "not yet",
    ]


def test_the_table_says_the_same_and_what_is_clipped_newest_first(call: Call) -> None:
    known = newest_first(JUDGEMENTS, on=ON)
    markup = Markup(call("spoor_table", known, ON, NAMES, [in_table(stay) for stay in PLACEMENTS]))
    assert markup.texts("td")[:6] == [
        "10 nov",
        "You",
        "also in a new situation (goed)",
        "10 nov",
        "Joost",
        "independently (voldoende)",
    ]
    assert markup.texts("td")[-3:] == ["10 sep 2024", "You", "not yet (nooit)"]
    assert len(markup.texts("td")) == 3 * len(JUDGEMENTS)
    assert markup.texts("p") == [
        "Placement at Woonzorg Het Anker: 31 augustus 2026 to 28 december 2026."
    ]
    assert "No view yet." in call("spoor_table", [], ON)


def test_months_follow_the_language_of_the_page(app: Flask) -> None:
    for locale, months in (("nl", ["okt"]), ("en", ["Oct"])):
        with app.test_request_context():
            app.extensions["babel"].locale_selector = lambda locale=locale: locale
            short = draw(JUDGEMENTS[1:], on=ON, limits=DEFAULTS, size=Size.LARGE)
            html = str(app.jinja_env.globals["spoor"](short, NAMES))
            assert Markup(html).texts("text")[: len(months)] == months
    app.extensions["babel"].locale_selector = None


@pytest.mark.parametrize(
    "kind",
    [
        "self",
        "coach",
        "supervisor",
        "other",
        "activity",
        "target",
        "placement",
        "ribbon",
        "quiet",
        "difference",
    ],
)
def test_every_sign_has_its_key_which_only_eyes_need(call: Call, kind: str) -> None:
    (_, outer, _), *signs = Markup(call("mark", kind)).elements
    assert outer["aria-hidden"] == "true"
    assert signs
