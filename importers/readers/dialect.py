"""How a table was written: remembered, so that what goes back is written in the same way."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How the uploader's program wrote a table.

    `encoding` is a name that Python knows; `utf-8-sig` and `utf-16` begin with a byte order mark.
    `header_row` counts as Excel shows it, from 1; 0 says that there is no header. `sheet` is the
    sheet that was read of a workbook. The kept copy is always UTF-8; its delimiter is this one.
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    has_sep_line: bool = False
    header_row: int = 1
    newline: str = "\r\n"
    sheet: str | None = None
    is_xlsx: bool = False

    def plain(self) -> dict[str, Any]:
        """Return it as it is stored in a run's layout."""
        return asdict(self)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Dialect":
        """Return it from what `plain` stored."""
        return cls(**stored)
