"""Words that stand for a result, for being there, or for a role; words stay words."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from importers.sheet.columns import plain
from importers.sheet.numbers import read_number
from tracker.models import GroupRole


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What people write where there is nothing: no row, and never a zero.
NOTHING = frozenset({"", "-", "–", "—", "--", "n/a", "#n/a", "#n/b", "nvt", "n.v.t.", "?"})
LETTERS = "o m v rv g zg u na nb iv i s ng"
JUDGING = (
    "onvoldoende matig zwak voldoende ruimvoldoende goed zeergoed uitmuntend uitstekend excellent "
    "good sufficient insufficient satisfactory unsatisfactory poor fair verygood outstanding "
    "startbekwaam beginnend gevorderd vakbekwaam inontwikkeling"
)
DONE = (
    "behaald nietbehaald gehaald nietgehaald voldaan nietvoldaan afgerond nietafgerond gedaan "
    "nietgedaan vrijgesteld vrijstelling geslaagd gezakt pass fail passed failed complete "
    "completed incomplete notcompleted exempt exempted done notdone ingeleverd nietingeleverd "
    "submitted notsubmitted vr nogniet ja nee yes no"
)
ENGLISH_LETTERS = "a b c d e f"
OVG = _words(f"{LETTERS} {JUDGING}")
BEHAALD = _words(DONE)
WORDS = OVG | BEHAALD | _words(ENGLISH_LETTERS)
# Which words and which numbers a scale holds; `None` as a bound is a scale without numbers.
Bounds = tuple[Decimal, Decimal]
TEN, HUNDRED = (Decimal(1), Decimal(10)), (Decimal(0), Decimal(100))
SCALES: dict[str, tuple[Bounds | None, frozenset[str]]] = {
    "1-10": (TEN, WORDS),
    "0-100": (HUNDRED, WORDS),
    "ovg": (None, OVG),
    "behaald": (None, BEHAALD),
}
PRESENT = _words("aanwezig ja j x 1 p pr present yes y true waar aw telaat late tl laat online v")
ABSENT = _words(
    "afwezig nee n 0 a absent no false onwaar af ziek z sick ill verlof vrij geoorloofd "
    "ongeoorloofd excused unexcused verzuim afgemeld nietaanwezig go og"
)
# Of these words the nuance is worth keeping.
NUANCED = _words(
    "telaat late tl laat online ziek z sick ill verlof vrij geoorloofd ongeoorloofd excused "
    "unexcused verzuim afgemeld go og"
)
MARKS = {"✓": True, "✔": True, "☑": True, "✗": False, "✘": False, "☐": False}
ROLES = {
    "student": GroupRole.STUDENT,
    "leerling": GroupRole.STUDENT,
    "deelnemer": GroupRole.STUDENT,
    "docent": GroupRole.TEACHER,
    "teacher": GroupRole.TEACHER,
    "leraar": GroupRole.TEACHER,
    "coach": GroupRole.TEACHER,
    "slb": GroupRole.TEACHER,
    "slber": GroupRole.TEACHER,
    "mentor": GroupRole.TEACHER,
}
# In a list of people these end a list, they are nobody.
TOTALS = _words("totaal totalen total subtotaal gemiddelde gemiddeld average som sum")


def is_nothing(cell: str) -> bool:
    """Whether a cell says that there is nothing."""
    return cell.strip().casefold() in NOTHING


def is_word(cell: str) -> bool:
    """Whether a cell is a word or letter that schools judge with."""
    return plain(cell) in WORDS


@dataclass(frozen=True, slots=True)
class ScoreRead:
    """A result as read: a number, or a word as it stands; `code` is what is odd, or wrong."""

    value: Decimal | None = None
    word: str | None = None
    code: str | None = None
    is_error: bool = False
    detail: str | None = None


# And so are the grades.
@lru_cache(4096)
def read_score(
    cell: str,
    *,
    scale: str | None,
    is_any: bool = False,
    decimal: str | None = None,
    thousands: str | None = None,
) -> ScoreRead:
    """Read a result on a scale; nothing is converted.

    `is_any` takes whatever words stand there. A number that is outside its scale, whatever else
    is wrong with it, is `score.out_of_range`.
    """
    text = cell.strip()
    bounds, words = SCALES[scale] if scale else (None, WORDS)
    if plain(text) in words and not plain(text).isdigit():
        return ScoreRead(word=text)
    read = read_number(text, decimal=decimal, thousands=thousands)
    if read.value is None and is_any:
        return ScoreRead(word=text)
    code, detail = read.code if read.is_error else None, None
    if read.value is None or (scale and bounds is None):
        code = "number.form" if text[:1].isdigit() and bounds else "grade.unknown"
        detail = ", ".join(sorted(words)) if scale and bounds is None else "1-10"
    elif (limits := HUNDRED if read.is_percent else bounds) and not _is_in(read.value, limits):
        code, detail = "score.out_of_range", f"{limits[0]}-{limits[1]}"
    if code is not None:
        return ScoreRead(code=code, is_error=True, detail=detail)
    # A percentage among grades is a word of its own: nothing is converted.
    if read.is_percent and scale not in {None, "0-100"}:
        return ScoreRead(word=text)
    return ScoreRead(value=read.value, code=read.code)


def _is_in(value: Decimal, bounds: Bounds) -> bool:
    return bounds[0] <= value <= bounds[1]


def read_presence(cell: str) -> tuple[bool, str | None] | None:
    """Return whether somebody was there, and the word when it says more; None if unreadable."""
    text = cell.strip()
    if text in MARKS:
        return MARKS[text], None
    bare = plain(text)
    if bare in PRESENT:
        return True, text if bare in NUANCED else None
    if bare in ABSENT:
        return False, text if bare in NUANCED else None
    return None
