"""The one shape of every source: describe yourself, check the whole, then yield records."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from importers.issues import Column, Finding
from importers.records import Record, RecordKind


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One table of a source that yields records of one kind.

    `is_snapshot` says that it tells all there is of its kind, so that what is missing is gone.
    `columns` name where a record's key, `person`, `target`, `parent` and `match_key` stood.
    """

    name: str
    kind: RecordKind
    file: str
    is_snapshot: bool
    columns: Mapping[str, Column] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """Records in the order of their rows; `row` is the last row behind us.

    `is_whole` is False when a row could not be taken apart or had no key: then absence from the
    stream proves nothing.
    """

    records: Sequence[Record]
    row: int
    is_whole: bool


class Source(Protocol):
    """A file or a system, opened; nothing outside its own folder knows more of it than this.

    `kind` is how commands and tables call it, `name` how readers see it.
    """

    kind: str
    name: str

    def check(self) -> list[Finding]:
        """Look at the whole before any row; an error among the findings refuses it."""

    def streams(self) -> Sequence[Stream]:
        """Return what can be read, in the order in which one refers to another."""

    def read(self, stream: Stream, *, after: int, size: int) -> Iterator[Batch]:
        """Yield the records behind row `after`, at most `size` rows at a time."""
