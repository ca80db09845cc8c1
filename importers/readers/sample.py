"""What the door saw of a file before it knew what kind it is: enough to recognise it by."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from importers.readers.dialect import Dialect

MOST_ROWS = 20


class Form(StrEnum):
    """How a file holds what it holds; a workbook, and a zip with one table in it, is a TABLE."""

    TABLE = "table"
    ZIP = "zip"
    JSON = "json"
    LINES = "lines"
    XML = "xml"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The beginning of a file, without BSN.

    Of a TABLE: `rows` are its first 20 rows as they stand, row 1 first, so also what stands above
    the header; `headers` are the cells of the row that looks like the header, without spaces
    around them. Of a ZIP: `names` are the paths of its files. Of XML: `root` is the tag of the
    root without its namespace. Of JSON: `value` is all of it; of LINES (JSONL) it is the first line
    that can be read, of the first ten. Where a BSN stood, stands `bsn.MARK`.
    """

    file_name: str
    form: Form
    headers: tuple[str, ...] = ()
    rows: list[list[str]] = field(default_factory=list)
    names: Sequence[str] = ()
    root: str | None = None
    value: Any = None
    dialect: Dialect = field(default_factory=Dialect)

    def has_columns(self, *names: str) -> bool:
        """Whether the header holds all these columns, in whatever case."""
        folded = {header.casefold() for header in self.headers}
        return all(name.casefold() in folded for name in names)
