"""What only the whole of a sheet can tell: rows of nothing, and columns that fill late or never.

Found by the worker while it reads the rows anyway; whoever sends a sheet waits for its first rows.
"""

from collections.abc import Iterator, Sequence

from importers.issues import Column, Finding, Severity
from importers.readers.cells import Line
from importers.sheet.plan import Plan
from importers.sheet.profile import Profile, of_column
from importers.sheet.values import is_nothing


class Whole:
    """A sheet while its rows go by."""

    def __init__(self, file: str, headers: Sequence[str], plan: Plan, profile: Profile) -> None:
        self._file, self._headers = file, headers
        self._blank = 0
        self._late: dict[str, int] = {}
        answers = {score.header for score in plan.scores}
        answers |= {presence.header for presence in plan.presences}
        told = ({plan.person, *plan.at.values()} | plan.unneeded) - answers
        # Where the first rows held nothing: a column of answers, or one of which nothing is read.
        self._places = {
            place: header
            for place, header in enumerate(headers)
            if header and header not in told and not of_column(profile, header).filled
        }
        self._unread = {header for header in self._places.values() if header not in answers}

    def look(self, row: int, line: Line | None) -> None:
        """Take note of a row; None is one that is empty, or only a sum."""
        if line is None:
            self._blank += 1
            return
        if not self._places or line.is_bad:
            return
        for place in [place for place in self._places if not is_nothing(line.cells[place])]:
            self._late[self._places.pop(place)] = row

    def findings(self) -> Iterator[Finding]:
        """Yield what is to be told, once all rows went by."""
        if self._blank:
            yield self._about("rows.blank", detail=str(self._blank))
        for header, row in self._late.items():
            if header in self._unread:
                yield self._about("column.unused", row=row, header=header)
        for header in self._places.values():
            if header not in self._unread:
                yield self._about("column.empty", header=header)

    def _about(
        self, code: str, *, row: int | None = None, header: str = "", detail: str | None = None
    ) -> Finding:
        column = Column(self._headers.index(header), header) if header else None
        return Finding(
            code=code,
            severity=Severity.WARNING,
            file=self._file,
            row=row,
            column=column,
            detail=detail,
        )
