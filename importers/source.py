"""The one shape of every source: describe yourself, check the whole, then yield records."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

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
    """Records in their order; `after` says where behind them reading goes on: JSON, a file's row.

    `is_whole` is False when a row could not be taken apart or had no key: then absence from the
    stream proves nothing. `since` is where the next run begins; kept when this run is applied.
    """

    records: Sequence[Record]
    after: Any
    is_whole: bool
    since: Mapping[str, Any] | None = None


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
    """With what a kept file is opened: its name, the uploader's choices, where the school is.

    `dialect` is what the door found (readers/dialect.py), by file for a bundle.
    """

    file_name: str
    options: Mapping[str, Any]
    zone: ZoneInfo
    dialect: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FileKind:
    """A kind of file that can be sent: how it is recognised, and opened once the door kept it.

    `recognises` is given the door's sample (readers/sample.py); of all kinds the first counts.
    """

    kind: str
    recognises: Callable[[Any], bool]
    open: Callable[[bytes, Opening], Source]


@dataclass(frozen=True, kw_only=True)
class Asking:
    """With what a system is asked: where, with which secret, and since when by stream.

    `allow_loopback` is for development only; `at` is when the run began.
    """

    url: str
    secret: str | None
    options: Mapping[str, Any]
    zone: ZoneInfo
    since: Mapping[str, Mapping[str, Any]]
    allow_loopback: bool
    at: datetime


@dataclass(frozen=True, kw_only=True)
class PullKind:
    """A kind of system that can be pulled, and how it is opened (nothing is asked yet)."""

    kind: str
    open: Callable[[Asking], Source]
