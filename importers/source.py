"""The one shape of every source: describe yourself, check the whole, then yield records."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import sleep
from typing import IO, Any, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from importers.issues import Column, Finding
from importers.readers.dialect import Dialect
from importers.readers.kept import Kept
from importers.readers.sample import Sample
from importers.records import Record, RecordKind, Unread


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
    """Records in their order; `after` says where behind them reading goes on: JSON, a file's row.

    `is_whole` is False when a row could not be taken apart or had no key: then absence from the
    stream proves nothing. `hidden` are keys of targets (courses, cohorts) of which not all was
    shown: absence proves nothing there, and only there. `since` is where the next run begins;
    kept when this run is applied. `findings` are of the stream as a whole, found on the way.
    """

    records: Sequence[Record | Unread]
    after: Any
    is_whole: bool
    since: Mapping[str, Any] | None = None
    hidden: Sequence[str] = ()
    findings: Sequence[Finding] = ()


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

    def read(self, stream: Stream, *, after: Any, size: int) -> Iterator[Batch]:
        """Yield the records behind `after` (0 at the beginning), at most `size` at a time.

        A system that cannot be read now raises Unavailable; batches yielded before it count.
        """


@runtime_checkable
class Fetching(Source, Protocol):
    """A system that is copied to a file before anything of it is read: its order is not to be had.

    The file is read as one that was sent, by the kind of file of the same name; it is kept until
    the run is over, so that who goes on with the run reads the very same.
    """

    def fetch(self, file: IO[bytes]) -> Mapping[str, Any]:
        """Copy what is new; returns the options with which the copy is read. May be Unavailable."""


class Unavailable(Exception):
    """A system gave no usable answer; `code` says why, without anything that it sent.

    `retry_after` (seconds) is when it wants to be asked again; `is_final` says that asking again
    does not help (a refused key, a function that is not allowed).
    """

    def __init__(
        self,
        code: str,
        *,
        detail: str | None = None,
        retry_after: float | None = None,
        is_final: bool = False,
    ) -> None:
        super().__init__(code)
        self.code, self.detail = code, detail
        self.retry_after, self.is_final = retry_after, is_final


@dataclass(frozen=True, kw_only=True)
class Opening:
    """With what a kept file is opened: its name, the uploader's choices, where and when.

    `zone` is where the school is, `at` when the file was sent.

    `dialect` is what the door found (readers/dialect.py), by file: of a zip by the kept name.
    """

    file_name: str
    options: Mapping[str, Any]
    zone: ZoneInfo
    at: datetime
    dialect: Mapping[str, Any] = field(default_factory=dict)

    def dialect_of(self, file: str | None = None) -> Dialect:
        """Return how a file was written; without a name, the file itself."""
        return Dialect.of(self.dialect.get(file or self.file_name, {}))


@dataclass(frozen=True, kw_only=True)
class FileKind:
    """A kind of file that can be sent: how it is recognised, and opened once the door kept it.

    `recognises` is given what the door saw (readers/sample.py); of all kinds the first counts.
    `open` is given the kept copy: of a zip a zip, of JSON and XML the same, of the rest a table
    for `open_table`; always UTF-8. Of a zip only what `entry_name` gives a name is kept, under
    that name. `header_row` 0 says that such tables have no header, another number where it is;
    None leaves it to the door, which says it in the dialect. `clean_row` is given the headers
    and a row: it writes another name where a number about a person stands, and keeps numbers of
    nine digits that are about something else from being taken for one. The names are those of
    `person_source`: the same person always gets the same, and nobody can guess the number back
    (disguise.py); `name_person` is how the door makes them. `has_ledger` says that each record
    carries the ids of what it was told by, so that what is told twice counts once
    (targets/statements.py).
    """

    kind: str
    recognises: Callable[[Sample], bool]
    open: Callable[[Kept, Opening], Source]
    entry_name: Callable[[str], str | None] | None = None
    header_row: int | None = None
    clean_row: Callable[[Sequence[str], list[str], Callable[[str], str]], None] | None = None
    person_source: str | None = None
    name_person: Callable[[str], str] | None = None
    has_ledger: bool = False


@dataclass(frozen=True, kw_only=True)
class Asking:
    """With what a system is asked: where, with which secret, and since when by stream.

    `allow_loopback` is for development only; `at` is when the run began. `pulse` is called before
    each question: it says that the run is alive, and may end it; `wait` waits so many seconds.
    """

    url: str
    secret: str | None
    options: Mapping[str, Any]
    zone: ZoneInfo
    since: Mapping[str, Mapping[str, Any]]
    allow_loopback: bool
    at: datetime
    pulse: Callable[[], None] = lambda: None
    wait: Callable[[float], None] = sleep


@dataclass(frozen=True, kw_only=True)
class PullKind:
    """A kind of system that can be pulled, and how it is opened (nothing is asked yet)."""

    kind: str
    open: Callable[[Asking], Source]
