"""A file of statements, gone through once: on disk, so that memory does not grow with it.

Of several statements with one id the first counts; of those that are withdrawn in the same file
nothing is told. What is told comes out in an order that depends on the file alone, so that who
stopped in the middle goes on where it was.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import finalize

import orjson

from importers.issues import Finding
from importers.records import RecordKind
from importers.xapi.meaning import Meaning, Said

MOST_NOTES = 50
TABLES = """
CREATE TABLE statement (id TEXT PRIMARY KEY, digest TEXT, row INTEGER) WITHOUT ROWID;
CREATE TABLE void (id TEXT PRIMARY KEY, target TEXT, digest TEXT, row INTEGER) WITHOUT ROWID;
CREATE TABLE said (kind TEXT, key TEXT, id TEXT, part INTEGER, digest TEXT, row INTEGER,
    person TEXT, item TEXT, body TEXT, PRIMARY KEY (kind, key, id, part)) WITHOUT ROWID;
CREATE TABLE person (key TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID;
CREATE TABLE item (key TEXT PRIMARY KEY, row INTEGER, address TEXT, title TEXT,
    lowest TEXT, highest TEXT) WITHOUT ROWID;
CREATE TABLE bad (row INTEGER, body TEXT);
"""


@dataclass(frozen=True, slots=True)
class Signal:
    """What one or more statements tell together; `statements` are their ids, parts and digests."""

    key: str
    row: int
    person: str
    item: str
    body: dict[str, Any]
    statements: list[list[Any]]


@dataclass
class Spool:
    """The statements of one file. `notes` count what was passed over: {(code, value): [row, n]}."""

    notes: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Who reads ahead (ahead.py) does so in a thread for each stream, never two at once.
        # A base without a name is a file without a name: it is gone when it is closed.
        self._base = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        finalize(self, self._base.close)
        self._base.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA cache_size=-16000; BEGIN;" + TABLES
        )

    def is_new(self, key: str, digest: str, row: int) -> bool | None:
        """Take a statement's id: True for a new one, False for the same again, None for another."""
        found = self._base.execute(
            "INSERT OR IGNORE INTO statement VALUES (?, ?, ?)", (key, digest, row)
        )
        if found.rowcount:
            return True
        (known,) = self._base.execute(
            "SELECT digest FROM statement WHERE id = ?", (key,)
        ).fetchone()
        return False if known == digest else None

    def take(self, key: str, digest: str, row: int, meaning: Meaning) -> None:
        """Keep what a statement means."""
        if meaning.voids is not None:
            self._base.execute(
                "INSERT OR IGNORE INTO void VALUES (?, ?, ?, ?)", (key, meaning.voids, digest, row)
            )
        for said in meaning.said:
            self._say(key, digest, row, said)

    def _say(self, key: str, digest: str, row: int, said: Said) -> None:
        item, person = said.item, said.person
        self._base.execute(
            "INSERT OR IGNORE INTO person VALUES (?, ?)",
            (person.key, orjson.dumps([row, person.name, person.number, person.email])),
        )
        # Names and limits may stand in one statement about it and not in another: the first counts.
        self._base.execute(
            "INSERT INTO item VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET "
            "title = coalesce(title, excluded.title), "
            "lowest = coalesce(lowest, excluded.lowest), "
            "highest = coalesce(highest, excluded.highest)",
            (item.key, row, item.address, item.title, item.value_min, item.value_max),
        )
        body = orjson.dumps(
            {**said.data, "occurred_at": said.occurred_at.isoformat(), "precision": said.precision}
        )
        self._base.execute(
            "INSERT OR IGNORE INTO said VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (said.kind, said.key, key, said.part, digest, row, person.key, item.key, body),
        )

    def set_aside(self, row: int, cells: dict[str, str], findings: Sequence[Finding]) -> None:
        """Keep a line of which nothing can be told, with why."""
        told = [[f.code, f.column.name if f.column else None, f.value] for f in findings]
        self._base.execute("INSERT INTO bad VALUES (?, ?)", (row, orjson.dumps([cells, told])))

    def note(self, code: str, value: str, row: int) -> None:
        """Count something that is said once for the whole file."""
        key = (code, value)
        if key not in self.notes and len(self.notes) >= MOST_NOTES:
            key = (code, "...")
        self.notes.setdefault(key, [row, 0])[1] += 1

    def finish(self) -> None:
        """Take out what is withdrawn, once all was taken."""
        for (row,) in self._base.execute(
            "SELECT row FROM statement WHERE id IN (SELECT target FROM void) ORDER BY row"
        ).fetchall():
            self.note("xapi.voided", "", row)
        self._base.execute("DELETE FROM said WHERE id IN (SELECT target FROM void)")
        self._base.execute("COMMIT")

    def people(self) -> Iterator[tuple[str, list[Any]]]:
        """Yield who something is told of, by key, and what is known: row, name, number, e-mail."""
        for key, body in self._base.execute(
            "SELECT key, body FROM person WHERE key IN (SELECT person FROM said) ORDER BY key"
        ):
            yield key, orjson.loads(body)

    def items(self) -> Iterator[tuple[Any, ...]]:
        """Yield what something is told about: key, row, address, title, lowest and highest."""
        yield from self._base.execute(
            "SELECT key, row, address, title, lowest, highest FROM item "
            "WHERE key IN (SELECT item FROM said) ORDER BY key"
        )

    def signals(self, kind: RecordKind) -> Iterator[Signal]:
        """Yield the signals of a kind, by key; what has the same key is one."""
        found: Signal | None = None
        for key, one, part, digest, row, person, item, body in self._base.execute(
            "SELECT key, id, part, digest, row, person, item, body FROM said "
            "WHERE kind = ? ORDER BY key, id, part",
            (kind,),
        ):
            if found is None or found.key != key:
                if found is not None:
                    yield found
                found = Signal(key, row, person, item, orjson.loads(body), [])
            found.statements.append([one, part, digest])
        if found is not None:
            yield found

    def voids(self) -> Iterator[tuple[str, str, str, int]]:
        """Yield which statements withdraw which: id, target, digest, row."""
        yield from self._base.execute("SELECT id, target, digest, row FROM void ORDER BY id")

    def bad(self) -> Iterator[tuple[int, dict[str, str], list[list[Any]]]]:
        """Yield the lines that were set aside: row, cells, findings."""
        for row, body in self._base.execute("SELECT row, body FROM bad ORDER BY rowid"):
            cells, told = orjson.loads(body)
            yield row, cells, told
