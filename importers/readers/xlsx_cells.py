"""One cell of a workbook as text: what people typed there, and what was passed over."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils import column_index_from_string
from openpyxl.utils.datetime import CALENDAR_WINDOWS_1900, from_excel

from importers import bsn
from importers.readers.tabular import LONGEST_CELL

LONGEST_ERROR = 40


@dataclass(frozen=True)
class Format:
    """How a style shows numbers: as a day, or with at least so many digits."""

    is_date: bool = False
    least_digits: int = 0

    @classmethod
    def of(cls, key: str, own: dict[str, str]) -> "Format":
        """Return the format with this number, of the workbook's own or of Excel's."""
        shown = own.get(key) or BUILTIN_FORMATS.get(int(key), "General")
        return cls(bool(is_date_format(shown)), len(shown) if set(shown) == {"0"} else 0)


@dataclass
class Cell:
    """A cell as it stands in the file (ECMA-376, 18.3.1.4)."""

    place: int
    kind: str = "n"
    style: str = "0"
    text: str = ""
    is_formula: bool = False


def place_of(name: str | None, before: int) -> int:
    """Return the number of a cell's column, from 1; raises ValueError when columns go back."""
    if name is None:
        return before + 1
    place = column_index_from_string(name.rstrip("0123456789"))
    if place <= before:
        raise ValueError("columns go up")
    return place


@dataclass
class Reader:
    """What is needed to read the cells of one workbook; `tell` is told what is passed over."""

    tell: Callable[[str, str | None], None]
    texts: list[str]
    formats: list[Format]
    epoch: datetime = CALENDAR_WINDOWS_1900

    def value(self, cell: Cell) -> str:
        """Return a cell as text; a formula is empty, whatever it came to."""
        if cell.is_formula:
            self.tell("xlsx.formula", None)
        elif cell.kind == "e":
            self.tell("xlsx.error_cell", bsn.drop_text(cell.text)[:LONGEST_ERROR])
        elif cell.text:
            return self._typed(cell)
        return ""

    def _typed(self, cell: Cell) -> str:
        if cell.kind == "s":
            return self.texts[int(cell.text)]
        if cell.kind == "b":
            return "true" if cell.text.strip() == "1" else "false"
        if cell.kind == "n":
            return self._number(cell)
        if cell.kind == "d":
            return cell.text.removesuffix("T00:00:00")
        return cell.text[:LONGEST_CELL]

    def _number(self, cell: Cell) -> str:
        """Return a day as ISO, a whole number without a point, another in fifteen digits."""
        number, style = float(cell.text), int(cell.style)
        shown = self.formats[style] if style < len(self.formats) else Format()
        if shown.is_date:
            return _moment(number, self.epoch) or cell.text
        if not number.is_integer():
            return format(number, ".15g")
        # Zeros in front are what people see, so they are what stands there.
        return str(int(number)).zfill(shown.least_digits)


def _moment(serial: float, epoch: datetime) -> str | None:
    """Return a date as ISO text, with a time only when there is one; None when it is no date."""
    try:
        found: date | time | timedelta | None = from_excel(serial, epoch)
    except (ValueError, OverflowError):
        return None
    if isinstance(found, datetime) and found.time() == time():
        return found.date().isoformat()
    if isinstance(found, datetime | time):
        return found.isoformat(timespec="seconds")
    return None
