"""What is wrong with a file, a row or a cell: facts and a code, never a sentence."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error sets the row aside, or refuses the file; a warning leaves it in."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its place (0 is A) and the name in its header."""

    index: int | None
    name: str

    @property
    def letter(self) -> str | None:
        """Return the column's letters as Excel shows them."""
        if self.index is None:
            return None
        letters, number = "", self.index + 1
        while number:
            number, rest = divmod(number - 1, 26)
            letters = chr(ord("A") + rest) + letters
        return letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong; `value` is the cell itself, `detail` what the sentence needs."""

    code: str
    severity: Severity = Severity.ERROR
    file: str | None = None
    row: int | None = None
    column: Column | None = None
    value: str | None = None
    detail: str | None = None

    @property
    def is_error(self) -> bool:
        """Whether this sets the row aside, or refuses the file."""
        return self.severity is Severity.ERROR


class Refused(Exception):
    """The file as a whole cannot be used; `finding` says why."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.finding = Finding(code=code, **facts)  # type: ignore[arg-type]  # named as in Finding
