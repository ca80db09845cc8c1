"""What a spoor is made of: what is asked to draw one, its sizes, and the shapes that come out.

Across, a mini counts in px and the other sizes in percents of whatever width they get, so that
marks stay round; down, all count in px.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class Judged(Protocol):
    """What the drawing asks of a judgement; `facts.JudgementFact` is one."""

    @property
    def id(self) -> UUID:
        """Settles the order of what was recorded at the same moment."""

    @property
    def by(self) -> str:
        """One of `spoor.RATERS`."""

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


class Size(StrEnum):
    """How large: in a table (mini), in a list (lijst), or alone on a page (groot)."""

    MINI = "mini"
    LIST = "list"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class Form:
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
        """Return how high a drawing of this size is."""
        return self.top + 3 * self.pitch + self.foot

    @property
    def base(self) -> int:
        """Return how far down the base line lies."""
        return self.height - self.under


FORMS = {
    Size.MINI: Form(108, 7, 8, 6, 8, 3, 3.1, 2.4, 4, 4, 6, 0.8),
    Size.LIST: Form(100, 2, 15, 9, 11, 3, 5.2, 4.6, 1.6, 5, 6, 0.8),
    Size.LARGE: Form(100, 1.6, 40, 46, 42, 30, 7.5, 7, 1.4, 8, 24, 0.62),
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


class Frame:
    """Where a day and an anchor lie in a drawing of some form and window."""

    def __init__(self, form: Form, window: Window) -> None:
        """Count once what every mark asks."""
        self.form = form
        self.window = window
        self._days = (window.until_on - window.from_on).days
        self._room = form.width - 2 * form.pad

    def x(self, day: date) -> float:
        """Return how far across a day lies; what is outside the window lies at its edge."""
        x = self.form.pad + self._room * ((day - self.window.from_on).days / self._days)
        if x < 0:
            return 0
        return round(x, 2) if x < self.form.width else self.form.width

    def y(self, anchor: int) -> int:
        """Return how far down the row of an anchor lies."""
        return self.form.top + (3 - anchor) * self.form.pitch

    def shows(self, day: date) -> bool:
        """Tell whether a day lies within the window."""
        return self.window.from_on <= day <= self.window.until_on
