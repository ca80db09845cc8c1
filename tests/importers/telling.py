"""A system of the school that tells what a test wants, read by the real engine."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from importers.engine.held import take
from importers.engine.work import do_work
from importers.issues import Finding
from importers.kinds import PULL_KINDS
from importers.models import ImportRun, ImportSource, Phase, RunState
from importers.records import Origin, Record, RecordKind
from importers.source import Asking, Batch, PullKind, Stream
from importers.staged import layout_of
from settings import Settings
from tests.importers.importing import Importing
from tests.test_settings import GOOD
from tracker.db import unit_of_work, utc_now

KIND = "teller"
Rows = Mapping[RecordKind, Sequence[Record]]


def tell(kind: RecordKind, ext_id: str, /, **facts: Any) -> Record:
    """Return a record; what is no part of the shape of a Record is its data."""
    shape = {name: facts.pop(name) for name in list(facts) if name in Record.__slots__}
    return Record(
        kind=kind, ext_id=ext_id, origin=Origin("teller", int(ext_id[-1])), data=facts, **shape
    )


@dataclass
class Teller:
    """A system that tells all there is of the kinds that it tells of."""

    rows: Rows
    kind: str = KIND
    name: str = "Verteller"
    asked: list[str] = field(default_factory=list)

    def check(self) -> list[Finding]:
        return []

    def streams(self) -> Sequence[Stream]:
        return [
            Stream(name=kind, kind=kind, file=kind, is_snapshot=True)
            for kind in RecordKind
            if kind in self.rows
        ]

    def read(self, stream: Stream, *, after: Any, size: int) -> Iterator[Batch]:
        del size
        if not after:
            yield Batch(self.rows[stream.kind], 1, is_whole=True)


class Telling:
    """Lets the system tell, run after run."""

    def __init__(
        self, importing: Importing, monkeypatch: pytest.MonkeyPatch, *, name: str = "Verteller"
    ) -> None:
        self.importing, self.rows = importing, dict[RecordKind, Sequence[Record]]()
        monkeypatch.setitem(PULL_KINDS, KIND, PullKind(kind=KIND, open=self._open))
        at = utc_now()
        with unit_of_work(importing.engine, school_id=importing.school.id) as session:
            source = ImportSource(
                school_id=importing.school.id, kind=KIND, name=name, created_at=at
            )
            session.add(source)
            self.source_id = source.id

    def _open(self, _asking: Asking) -> Teller:
        return Teller(self.rows)

    def run(self, *records: Record) -> ImportRun:
        """Import these records, which are all there is of their kinds, and return the run."""
        self.rows = {
            kind: [record for record in records if record.kind is kind]
            for kind in RecordKind
            if any(record.kind is kind for record in records)
        }
        importing = self.importing
        school_id, at = importing.school.id, utc_now()
        with unit_of_work(importing.engine, school_id=school_id) as session:
            run = ImportRun(
                school_id=school_id,
                source_id=self.source_id,
                kind=KIND,
                file_name="Verteller",
                is_direct=True,
                options={},
                state=RunState.WAITING,
                phase=Phase.READ,
                batch_size=100,
                layout={**layout_of(Teller(self.rows).streams()), "closings": [1, 1]},
                cursor={},
                done=0,
                counts={},
                started_at=at,
                attempts=0,
            )
            session.add(run)
        held = take(
            importing.engine,
            importing.store,
            school_id=school_id,
            run_id=run.id,
            at=utc_now(),
            settings=Settings.from_env(GOOD),
        )
        assert held is not None
        do_work(held)
        return importing.again(run)
