"""Sources, runs, staged rows and what they became."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from importers.issues import Severity
from importers.records import Op, RecordKind
from tracker.columns import (
    Code,
    Digest,
    Identifier,
    Label,
    Personal,
    Plain,
    Prose,
    Raw,
    Record,
    SchoolOwned,
    Url,
    ref,
    unchecked_school,
)

# What came in and is not yet, or not, somebody's record; goes with its run or after 30 days.
RawKey = Annotated[str, mapped_column(sa.String(255), info={"personal": Personal.RAW})]
RawText = Annotated[str, mapped_column(sa.Text(), info={"personal": Personal.RAW})]


class RunState(StrEnum):
    """Where a run stands, as people see it."""

    WAITING = "waiting"
    READING = "reading"
    PREVIEWED = "previewed"
    APPLYING = "applying"
    APPLIED = "applied"
    REFUSED = "refused"
    FAILED = "failed"
    DISCARDED = "discarded"


GOING_ON = frozenset({RunState.WAITING, RunState.READING, RunState.APPLYING})


class Phase(StrEnum):
    """What the worker must do next with a run; a run without a phase asks for nothing."""

    READ = "read"
    RESTAGE = "restage"
    MATCH = "match"
    WRITE = "write"
    TOUCH = "touch"
    FOLLOW = "follow"
    CLEAN = "clean"
    PRUNE = "prune"


class RowStatus(StrEnum):
    """What a staged row would do, or did."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    CLOSED = "closed"
    QUARANTINED = "quarantined"
    IGNORED = "ignored"


class MatchOn(StrEnum):
    """By which exact key the school lets a source's people be people of ours."""

    NUMBER = "number"
    EMAIL = "email"


class Cadence(StrEnum):
    """How often a source is pulled."""

    BY_HAND = "by_hand"
    HOURLY = "hourly"
    NIGHTLY = "nightly"


class ImportSource(Record):
    """A system of the school that data come from, under the name that readers see.

    Of one that is pulled, `url` is where it is, `sealed_secret` the encrypted key or token, and
    `due_at` when it is next asked; the row is the queue. `failures` counts pulls that failed one
    after another, `error` is why the last one did; `paused_at` is set when somebody, or the
    breaker after so many failures, stopped asking. `pusher_id` is the program that may send
    statements here. `options` are what people chose: the mapping of columns that is remembered,
    which courses are read. Raw people's data never stand in it. `writes` counts the batches that
    runs of it ever wrote: who compared rows to what is known sees whether that is still so.
    """

    __tablename__ = "import_source"
    __table_args__ = (sa.UniqueConstraint("school_id", "name"),)

    kind: Mapped[Code]
    name: Mapped[Label]
    match_on: Mapped[MatchOn] = mapped_column(server_default=MatchOn.NUMBER.value)
    url: Mapped[Url | None]
    sealed_secret: Mapped[Prose | None]
    pusher_id: Mapped[UUID | None] = ref("person", index=False)
    options: Mapped[Plain] = mapped_column(server_default="{}")
    cadence: Mapped[Cadence] = mapped_column(server_default=Cadence.BY_HAND.value)
    due_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[Code | None]
    paused_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    last_applied_at: Mapped[datetime | None]
    writes: Mapped[int] = mapped_column(server_default="0")


class ImportCursor(SchoolOwned):
    """How far a stream of a source was taken in; moves when the run that read it is applied."""

    __tablename__ = "import_cursor"

    source_id: Mapped[UUID] = ref("import_source", primary_key=True)
    stream: Mapped[Code] = mapped_column(primary_key=True)
    value: Mapped[Plain]
    moved_at: Mapped[datetime]


class ParkedPerson(Record):
    """Somebody a source tells of whom its key does not show to be one of ours: people decide.

    `why` is the code of what is in the way. Decided, it names our `person_id`, or nobody: then
    the source's somebody stays out. The raw names go 30 days after the source last told them.
    """

    __tablename__ = "parked_person"
    __table_args__ = (sa.UniqueConstraint("school_id", "source_id", "ext_id"),)

    source_id: Mapped[UUID] = ref("import_source", index=False)
    ext_id: Mapped[RawKey]
    name: Mapped[RawText | None]
    number: Mapped[RawKey | None]
    email: Mapped[RawKey | None]
    why: Mapped[Code]
    last_run_id: Mapped[UUID] = ref("import_run", index=False)
    seen_at: Mapped[datetime]
    person_id: Mapped[UUID | None] = ref("person")
    decided_by_id: Mapped[UUID | None] = ref("person", index=False)
    decided_at: Mapped[datetime | None]


class ImportRun(Record):
    """One file on its way in: the row is the queue, the truth and the history.

    `phase` says what is to be done next and `cursor` how far that is; both move in the same
    commit as the batch. `layout` is what reading learned of the file's streams. `claim` is the
    worker that holds the run as long as its heartbeat is fresh. `counts` are by kind. A file that
    was refused before it was recognised has no source.

    `is_direct` runs (pulls, statements sent to us) are applied without anybody's approval unless
    very much would close; `due_at` is when one that failed for the moment is taken up again.
    `retry_of_id` is the run whose rows, set aside there, this one takes up. `sample` shows the
    first rows of the file as read: {"tables": [{"file", "headers", "rows": [[...]]}]}.
    """

    __tablename__ = "import_run"
    __table_args__ = (sa.Index(None, "school_id", "started_at"),)

    source_id: Mapped[UUID | None] = ref("import_source")
    kind: Mapped[Code | None]
    file_name: Mapped[Label]
    file_digest: Mapped[Digest | None]
    sample: Mapped[Raw | None]
    retry_of_id: Mapped[UUID | None] = ref("import_run", index=False)
    is_direct: Mapped[bool] = mapped_column(server_default=sa.false())
    due_at: Mapped[datetime | None]
    options: Mapped[Plain]
    state: Mapped[RunState]
    phase: Mapped[Phase | None]
    batch_size: Mapped[int]
    layout: Mapped[Plain]
    cursor: Mapped[Plain]
    done: Mapped[int]
    total: Mapped[int | None]
    counts: Mapped[Plain]
    preview_digest: Mapped[Digest | None]
    started_by_id: Mapped[UUID | None] = ref("person", index=False)
    started_at: Mapped[datetime]
    approved_by_id: Mapped[UUID | None] = ref("person", index=False)
    approved_at: Mapped[datetime | None]
    cancel_asked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    pruned_at: Mapped[datetime | None]
    claim: Mapped[Code | None]
    heartbeat_at: Mapped[datetime | None]
    attempts: Mapped[int]


class ImportRow(SchoolOwned):
    """A row as it was read, and what it would do.

    `is_good` is what reading found; `status` is found again at each match, and so is what the
    row's `person`, `target` and `parent` are here. `local_id` is the record it is or will become.
    `revised_at` is when the source says that it last changed this, where it sends only changes.
    """

    __tablename__ = "import_row"
    __table_args__ = (
        # Not led by the run as the key is: only the key may look fit for a range of `seq`.
        sa.Index(None, "school_id", "ext_id", "kind", "run_id"),
        sa.Index(
            None,
            "school_id",
            "match_key",
            "run_id",
            postgresql_where=sa.text("match_key IS NOT NULL"),
            sqlite_where=sa.text("match_key IS NOT NULL"),
        ),
    )

    school_id: Mapped[UUID] = unchecked_school()
    run_id: Mapped[UUID] = ref("import_run", primary_key=True, is_checked=False)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[RecordKind]
    op: Mapped[Op]
    ext_id: Mapped[RawKey | None]
    person: Mapped[RawKey | None]
    target: Mapped[RawKey | None]
    parent: Mapped[RawKey | None]
    match_key: Mapped[RawKey | None]
    file: Mapped[Label | None]
    row: Mapped[int | None]
    data: Mapped[Raw]
    digest: Mapped[Digest | None]
    raw_digest: Mapped[Digest | None]
    revised_at: Mapped[datetime | None]
    is_good: Mapped[bool]
    status: Mapped[RowStatus]
    local_id: Mapped[UUID | None]
    person_id: Mapped[UUID | None]
    target_id: Mapped[UUID | None]
    parent_id: Mapped[UUID | None]


class ImportSeen(SchoolOwned):
    """Rows that were not read, because their source told the very same before: only that they are.

    `number` rows of a kind, from `seq` on; `keys` is 16 hexadecimal digits of each one's key.
    """

    __tablename__ = "import_seen"

    run_id: Mapped[UUID] = ref("import_run", primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[RecordKind]
    number: Mapped[int]
    keys: Mapped[RawText]


class ImportIssue(Record):
    """Something wrong with a file (`seq` is 0) or with a staged row; sentences come from `code`."""

    __tablename__ = "import_issue"
    __table_args__ = (sa.Index(None, "school_id", "run_id", "seq"),)

    run_id: Mapped[UUID] = ref("import_run", index=False)
    seq: Mapped[int]
    code: Mapped[Code]
    severity: Mapped[Severity]
    file: Mapped[Label | None]
    row: Mapped[int | None]
    letter: Mapped[Code | None]
    column: Mapped[Label | None]
    value: Mapped[RawText | None]
    detail: Mapped[RawText | None]
    is_from_match: Mapped[bool]


class ExternalRef(SchoolOwned):
    """What a source calls a record of ours, and the content it last told; kept when it is gone.

    `person_id` is whose data it is, if anybody's. `is_link` is somebody whom the source only refers
    to: it neither made nor may end them. `revised_at` is the newest revision that the
    source told, so that changes which arrive late are known to be old. `digest` is of the content,
    `raw_digest` of the row as it stood in the file, if nothing was to be said of it. `last_run_id`
    is the run that last told anything new; `target_id` what the record hangs on here.
    """

    __tablename__ = "external_ref"
    __person_path__ = "person_id"
    __table_args__ = (sa.Index(None, "school_id", "kind", "local_id"),)

    school_id: Mapped[UUID] = unchecked_school()
    source_id: Mapped[UUID] = ref("import_source", primary_key=True, is_checked=False)
    kind: Mapped[RecordKind] = mapped_column(primary_key=True)
    ext_id: Mapped[Identifier] = mapped_column(primary_key=True)
    local_id: Mapped[UUID]
    person_id: Mapped[UUID | None] = ref("person", is_checked=False)
    target_id: Mapped[UUID | None]
    is_link: Mapped[bool] = mapped_column(server_default=sa.false())
    digest: Mapped[Digest]
    raw_digest: Mapped[Digest | None]
    revised_at: Mapped[datetime | None]
    first_run_id: Mapped[UUID]
    last_run_id: Mapped[UUID]
    gone_at: Mapped[datetime | None]


class Statement(SchoolOwned):
    """The id of an xAPI statement that was taken in of a source, and in which signal it counts.

    `part` is the place of a person in a group's statement; -1 marks an id that was withdrawn. A
    digest of the content shows who uses an id twice; the statement itself, and who it is about,
    are not here. `key` is the signal's key in `external_ref`. Kept as long as the signal is: what
    is pulled again years later must not count twice.
    """

    __tablename__ = "xapi_statement"
    __table_args__ = (sa.Index(None, "school_id", "source_id", "key"),)

    source_id: Mapped[UUID] = ref("import_source", primary_key=True)
    statement_id: Mapped[Code] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[Digest | None]
    kind: Mapped[RecordKind | None]
    key: Mapped[Code | None]


class PushedStatement(SchoolOwned):
    """A statement that a program sent and that its run did not take in yet; goes with that run."""

    __tablename__ = "xapi_pushed"

    source_id: Mapped[UUID] = ref("import_source", primary_key=True)
    statement_id: Mapped[Code] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = ref("import_run")
    row: Mapped[int]
    digest: Mapped[Digest]
    statement: Mapped[Raw]
