"""Reading one row of a sheet: who, about what, when; what is wrong goes to the row's findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from hashlib import blake2b
from zoneinfo import ZoneInfo

from importers import bsn
from importers.people.names import speaks_against
from importers.readers.cells import EMAIL, LONGEST_EMAIL, LONGEST_KEY, Line
from importers.sheet.columns import Means, plain
from importers.sheet.dates import NOON, MomentRead, read_moment
from importers.sheet.mapping import formatted
from importers.sheet.numbers import read_hours
from importers.sheet.plan import Plan
from importers.sheet.values import TOTALS
from tracker.models import Precision

LABEL, FREE = 200, 2000
BETWEEN = " · "
Moment = tuple[datetime, Precision]
# Under these an end is the first day on which it no longer holds; under the others the last day.
EXCLUSIVE = {"tot", "to", "datumtot", "until"}
PARTICLES = ("van", "de", "der", "den", "het", "'t", "ter", "ten", "te", "in", "op", "von", "zu")


@dataclass(frozen=True, slots=True)
class Reading:
    """What each row is read with.

    `superseded` are results that a later one in the sheet replaces, `repeated` the keys of such
    results. `seen` is what the stream told of before, `names` what people were first called.
    """

    plan: Plan
    zone: ZoneInfo
    on: date
    is_xlsx: bool
    superseded: Mapping[tuple[int, str], int] = field(default_factory=dict)
    repeated: frozenset[str] = frozenset()
    seen: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)

    def is_first(self, key: str) -> bool:
        """Whether the stream meets a key for the first time."""
        if key in self.seen:
            return False
        self.seen.add(key)
        return True

    def text(self, line: Line, means: Means) -> str | None:
        """Return the cell that tells this, if there is such a column and it is filled."""
        header = self.plan.at.get(means)
        return None if header is None else line.text(header)

    def person(self, line: Line) -> str | None:
        """Return the key of whom a row is about, as the school writes it.

        None where it cannot be: no key, or another name beside it than in the first row with it.
        """
        text = line.text(self.plan.person or "")
        if text is None or len(text) > LONGEST_KEY:
            return None
        key = self._key(text)
        return None if key is None or self._is_another(line, key) else key

    def _key(self, text: str) -> str | None:
        if self.plan.is_keyed_by_email:
            return text.casefold()
        made = formatted(self.plan.pattern, text)
        # With the zeros that Excel took off it may be a BSN again, and that never comes in.
        return None if self.plan.pattern and bsn.drop_text(made) != made else made

    def _is_another(self, line: Line, key: str) -> bool:
        """Whether the name speaks against this being who had the key first; made people differ."""
        if self.plan.makes_people:
            return False
        name, _ = self.person_name(line)
        return name is not None and speaks_against(name, self.names.setdefault(key, name))

    def needed_person(self, line: Line) -> str | None:
        """Return the same; without it the row is set aside."""
        key, text = self.person(line), line.text(self.plan.person or "")
        if key is None and text is None:
            line.find("key.missing", self.plan.person)
        elif key is None and len(text or "") > LONGEST_KEY:
            line.find("value.too_long", self.plan.person, detail=str(LONGEST_KEY))
        elif key is None and self._key(text or "") is None:
            line.find("bsn.dropped", self.plan.person)
        elif key is None:
            line.find("person.other_name", self.plan.person)
        return key

    def email(self, line: Line) -> str | None:
        """Return an e-mail address that mail could arrive at."""
        found = self.text(line, Means.EMAIL)
        is_usable = found and len(found) <= LONGEST_EMAIL and EMAIL.fullmatch(found)
        return found if is_usable else None

    def title(self, line: Line, fixed: str | None) -> str | None:
        """Return what a row is about: what its column is about, or what the item column says."""
        if fixed is not None:
            return fixed[:LABEL]
        header = self.plan.at[Means.ITEM]
        found = line.text(header)
        if found is None:
            line.find("key.missing", header)
        return " ".join(found.split())[:LABEL] if found else None

    def moment(self, line: Line, fixed: str | None = None) -> Moment | None:
        """Return when, in UTC; without it the row is set aside."""
        day = fixed or self.plan.day
        if day is not None:
            at = datetime.combine(date.fromisoformat(day), NOON, self.zone)
            return at.astimezone(UTC), Precision.DAY
        header = self.plan.at[Means.DATE]
        read = self._read(line, header, is_needed=True)
        if read is None or read.at is None or read.precision is None:
            return None
        return read.at, read.precision

    def day(self, line: Line, means: Means, *, is_needed: bool = False) -> str | None:
        """Return a day as ISO text."""
        header = self.plan.at.get(means)
        read = None if header is None else self._read(line, header, is_needed=is_needed)
        if read is None or read.day is None or header is None:
            return None
        # What people write as an end is the last day, unless the header says `tot`.
        is_last_day = means in {Means.UNTIL, Means.ENDED} and plain(header) not in EXCLUSIVE
        return (read.day + timedelta(days=is_last_day)).isoformat()

    def _read(self, line: Line, header: str, *, is_needed: bool) -> MomentRead | None:
        text = line.text(header)
        if text is None:
            if is_needed:
                line.find("value.missing", header)
            return None
        # Ends of bpv and deadlines lie ahead; only what was seen may not.
        is_past = header == self.plan.at.get(Means.DATE)
        read = read_moment(
            text,
            zone=self.zone,
            on=self.on if is_past else None,
            may_be_serial=self.is_xlsx,
        )
        if read.code is not None:
            line.find(read.code, header)
        for code in read.warnings:
            if code not in self.plan.told_once:
                line.warn(code, header, detail=str(read.day))
        return read

    def whole_hours(self, line: Line) -> str | None:
        """Return hours as a whole number of text, rounded with a warning."""
        header = self.plan.at.get(Means.HOURS)
        text = None if header is None else line.text(header)
        if header is None or text is None:
            return None
        read = read_hours(text)
        if read.value is None or read.is_error or read.value < 0:
            line.find(read.code or "number.form", header)
            return None
        whole = read.value.quantize(Decimal(1), ROUND_HALF_UP)
        if whole != read.value:
            line.warn("hours.rounded", header, detail=str(whole))
        return str(whole)

    def person_name(self, line: Line) -> tuple[str | None, str | None]:
        """Return whole name and given name, as far as the row tells."""
        given = self.text(line, Means.GIVEN_NAME)
        family = self.text(line, Means.FAMILY_NAME)
        if family is not None:
            parts = (given, self.text(line, Means.PREFIX), family)
            return " ".join(part for part in parts if part)[:LABEL], given or family
        whole = self.text(line, Means.NAME)
        if whole is None:
            return given, given
        name, first = turned(whole)
        return name[:LABEL], given or first or name.split()[0][:LABEL]


def is_total(cells: Sequence[str], place: int | None) -> bool:
    """Whether a row is the sum below a list, and about nobody; `place` is where people's key is."""
    if place is None:
        return False
    key = cells[place].strip() if place < len(cells) else ""
    if key:
        return key.casefold().rstrip(":") in TOTALS
    return any(plain(cell) in TOTALS for cell in cells if cell.strip())


def turned(name: str) -> tuple[str, str | None]:
    """Return a name in the order in which it is spoken, and the given name if that is told apart.

    `'t Hart, Bram` is `Bram 't Hart`; `Vries, Lotte de` is `Lotte de Vries`.
    """
    family, comma, given = (part.strip() for part in name.partition(","))
    if not comma or not given or "," in given:
        return name, None
    words = given.split()
    behind: list[str] = []
    while len(words) > 1 and words[-1].casefold() in PARTICLES:
        behind.insert(0, words.pop())
    return " ".join([*words, *behind, family]), " ".join(words)


def key_of(*parts: str) -> str:
    """Return a key that is the same in every import; of a long one the end is its digest."""
    key = BETWEEN.join(parts)
    if len(key) <= LONGEST_KEY:
        return key
    return f"{key[:200]}#{blake2b(key.encode(), digest_size=16).hexdigest()}"


@lru_cache(4096)
def item_key(title: str) -> str:
    """Return the key of an item: its title, whatever its capitals and spaces."""
    return " ".join(title.split()).casefold()


def alone(line: Line) -> Line:
    """Return a row with findings of its own, for one of its cells."""
    return replace(line, findings=[])
