"""What the first rows of a sheet look like, column by column: counts, never cells."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from itertools import islice

from importers.readers.cells import Line
from importers.sheet.columns import plain
from importers.sheet.numbers import COMMA, POINT, read_hours, read_number
from importers.sheet.values import HUNDRED, OVG, TEN, Bounds, is_nothing, is_word, read_presence

# More rows than this say nothing new about what a column holds; of a wide sheet fewer are looked
# at, for whoever sends it waits.
MOST_ROWS, FEWEST_ROWS, MOST_CELLS = 2_000, 100, 40_000
MOST = 0.95
SLASH = "/"
# Words of a scale only where a header says that results stand there.
ANSWERS = {"ja", "nee", "yes", "no"}
MANY = 0.8
SHORTEST_KEY = 4  # digits: a running number begins at 1
# Under these headers schools write 1 to 10, also when the first grades are all whole numbers.
GRADES = {"cijfer", "eindcijfer", "grade", "finalgrade", "mark"}


@dataclass(slots=True)
class ColumnProfile:
    """How many cells of a column are filled, and how many of those are what."""

    filled: int = 0
    numbers: int = 0
    low: int = 0
    hundred: int = 0
    fractions: int = 0
    points: int = 0
    commas: int = 0
    percents: int = 0
    words: int = 0
    letters: int = 0
    hours: int = 0
    presences: int = 0
    digits: int = 0
    keys: int = 0
    answers: int = 0
    slashes: int = 0
    own_keys: int = 0

    def add(self, cell: str, *, decimal: str | None = None) -> None:
        """Count one cell; `decimal` is the sign that is sure."""
        text = cell.strip()
        if is_nothing(text):
            return
        self.filled += 1
        self.digits += text.isascii() and text.isdigit()
        self.slashes += SLASH in text
        self.keys += any(sign.isdigit() for sign in text)
        self.own_keys += _looks_own(text)
        self.answers += plain(text) in ANSWERS
        self.presences += read_presence(text) is not None
        self.hours += read_hours(text).value is not None
        if is_word(text) and not text.isdigit():
            self.words += 1
            self.letters += plain(text) in OVG
            return
        read = read_number(text, decimal=None if COMMA in text else decimal)
        if read.value is None or read.is_error:
            return
        self.numbers += 1
        self.low += _is_in(read.value, TEN)
        self.hundred += _is_in(read.value, HUNDRED)
        self.fractions += COMMA in text or POINT in text
        self.points += POINT in text
        self.commas += COMMA in text
        self.percents += read.is_percent

    @property
    def looks_judged(self) -> bool:
        """Whether a column of unknown meaning holds grades or words of a scale."""
        judged = self.hundred + self.words - self.answers
        return self.filled > 0 and judged >= MANY * self.filled

    @property
    def looks_attended(self) -> bool:
        """Whether a column holds who was there."""
        return self.filled > 0 and self.presences >= MANY * self.filled

    @property
    def is_free_text(self) -> bool:
        """Whether a column of results holds sentences rather than grades or words of a scale."""
        return self.filled > 0 and (self.numbers + self.words) * 2 < self.filled

    @property
    def is_all_digits(self) -> bool:
        """Whether a column holds bare numbers only."""
        return self.filled > 0 and self.digits == self.filled

    @property
    def looks_like_keys(self) -> bool:
        """Whether a column holds people's numbers rather than their names."""
        return self.filled > 0 and self.keys >= MANY * self.filled

    @property
    def looks_like_own_numbers(self) -> bool:
        """Whether a column holds people's own numbers rather than a running number."""
        return self.filled > 0 and self.own_keys >= MOST * self.filled

    @property
    def is_slashed(self) -> bool:
        """Whether a column of days writes nearly all of them with slashes."""
        return self.slashes > 1 and self.slashes >= MOST * self.filled

    @property
    def decimal(self) -> str | None:
        """Return the decimal sign that a column uses throughout, if it is the point."""
        return POINT if self.points and not self.commas else None

    def scale_of(self, header: str) -> str | None:
        """Return the scale that the cells show: 1-10, 0-100, O V G, or none that we can know."""
        if not self.numbers:
            return "ovg" if self.letters and self.letters == self.filled else None
        if self.percents * 2 > self.numbers:
            return "0-100"
        if plain(header) in GRADES and self.low * 2 > self.numbers:
            return "1-10"
        if self.fractions and self.low >= MOST * self.numbers:
            return "1-10"
        is_above = self.hundred > self.low
        return "0-100" if is_above and self.hundred >= MOST * self.numbers else None


@dataclass(slots=True)
class Profile:
    """The columns by their headers."""

    columns: dict[str, ColumnProfile] = field(default_factory=lambda: defaultdict(ColumnProfile))


def profile_of(lines: Iterable[Line | None], headers: Iterable[str], *, is_xlsx: bool) -> Profile:
    """Look at the first rows; `headers` are the columns to look at."""
    profile = Profile()
    wanted = [header for header in headers if header]
    most = min(MOST_ROWS, max(FEWEST_ROWS, MOST_CELLS // max(1, len(wanted))))
    for line in islice(lines, most):
        if line is None or line.is_bad:
            continue
        for header in wanted:
            cell = line.text(header)
            if cell is not None:
                profile.columns[header].add(cell, decimal=POINT if is_xlsx else None)
    return profile


def plain_of(profile: Profile, headers: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return a profile as plain JSON: the counts of each column that are not zero."""
    told = {header: asdict(of_column(profile, header)) for header in headers if header}
    return {
        header: {name: count for name, count in counts.items() if count}
        for header, counts in told.items()
    }


def columns_of(plain: Mapping[str, Mapping[str, int]]) -> dict[str, ColumnProfile]:
    """Return the columns of `plain_of`."""
    return {header: ColumnProfile(**counts) for header, counts in plain.items()}


def of_column(profile: Profile, header: str) -> ColumnProfile:
    """Return what is known of a column; nothing of one without any cell."""
    found: Mapping[str, ColumnProfile] = profile.columns
    return found.get(header) or ColumnProfile()


def _is_in(value: Decimal, bounds: Bounds) -> bool:
    return bounds[0] <= value <= bounds[1]


def _looks_own(text: str) -> bool:
    """Whether a cell can be somebody's own number: a long one, or one with a letter."""
    has_digit = any(sign.isdigit() for sign in text)
    return has_digit and (len(text) >= SHORTEST_KEY or any(sign.isalpha() for sign in text))
