"""A small system of people and groups in pages, and a school that pulls it; for tests only."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from importers.engine.held import take
from importers.engine.work import do_work
from importers.issues import Finding
from importers.kinds import PULL_KINDS
from importers.models import Cadence, ImportRun, ImportSource, MatchOn, RunState
from importers.pulls import pulls, source_list
from importers.readers.rest import Rest, links
from importers.records import Origin, Record, RecordKind
from importers.source import Asking, Batch, PullKind, Stream
from settings import Settings
from tests.importers.importing import Importing
from tests.importers.kept_imports import KeptImports
from tests.systems import Answer, Asked, System, Waits, page
from tracker.db import unit_of_work, utc_now
from tracker.people import today_at

KIND = "pages"
TOKEN = "een-heel-geheim-kenmerk"
STREAMS = {"people": RecordKind.PERSON, "groups": RecordKind.GROUP}


@dataclass
class Pages:
    """A system that lists people and groups in pages; it begins where an earlier run ended."""

    asking: Asking
    kind: str = KIND
    name: str = "Bladen"

    def check(self) -> list[Finding]:
        about = self._rest().get("about").value
        return [Finding(code=code) for code in about["missing"]]

    def streams(self) -> Sequence[Stream]:
        return [
            Stream(name=name, kind=kind, file=name, is_snapshot=True)
            for name, kind in STREAMS.items()
        ]

    def read(self, stream: Stream, *, after: Any, size: int) -> Iterator[Batch]:
        del size
        if after == "end":
            return
        known = self.asking.since.get(stream.name, {}).get("stamp", "")
        first = after or f"{stream.name}?known={known}"
        for number, answer in enumerate(links(self._rest(), first), start=1):
            records = [self._record(stream, number, row) for row in answer.value["rows"]]
            yield Batch(
                records, answer.value.get("next") or "end", True, since=answer.value.get("since")
            )

    def _record(self, stream: Stream, row: int, told: dict[str, str]) -> Record:
        is_person = stream.kind is RecordKind.PERSON
        data = (
            {"name": told["name"], "given_name": "Les", "email": None, "number": told["id"]}
            if is_person
            else {"title": told["name"], "code": told["id"]}
        )
        return Record(
            kind=stream.kind,
            ext_id=told["id"],
            origin=Origin(stream.file, row),
            data=data | ({"is_enabled": True} if is_person else {}),
            match_key=told["id"] if is_person else None,
        )

    def _rest(self) -> Rest:
        return Rest.of(self.asking, headers={"Authorization": f"Bearer {self.asking.secret}"})


@dataclass
class Listing:
    """What such a system answers: so many pages of three people, and one of two groups.

    `ill` are the answers it gives instead, by path and page, each used up once.
    """

    pages: int = 4
    missing: tuple[str, ...] = ()
    ill: dict[tuple[str, int], list[Answer]] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Answer:
        name, number = asked.path.strip("/"), max(asked.number("page"), 1)
        left = self.ill.get((name, number))
        if left:
            return left.pop(0)
        if name == "about":
            return page({"missing": list(self.missing)})
        last = self.pages if name == "people" else 1
        rows = [
            {"id": f"{name}-{number}-{row}", "name": f"{name} {number} {row}"}
            for row in range(1, 4)
        ]
        following = f"/{name}?page={number + 1}" if number < last else None
        answer: dict[str, Any] = {"rows": rows, "next": following}
        if following is None:
            answer |= {"since": {"stamp": f"{name}-{self.pages}"}}
        return page(answer, headers={"Link": f'<{following}>; rel="next"'} if following else {})

    def falls_ill(self, name: str, number: int, answer: Answer, times: int = 1) -> None:
        """Let a page answer this, so many times."""
        self.ill[name, number] = [answer] * times


@dataclass
class Pulling:
    """A school that pulls; waits take no time, and each pull is done to its end or its wait."""

    importing: Importing
    settings: Settings
    waits: Waits = field(default_factory=Waits)

    def add(self, system: System, name: str = "Bladen", **changes: Any) -> ImportSource:
        given: dict[str, Any] = {
            "by": None,
            "school": self.importing.school,
            "kind": KIND,
            "name": name,
            "url": system.url,
            "secret": TOKEN,
            "cadence": Cadence.NIGHTLY,
            "match_on": MatchOn.NUMBER,
            "options": {},
            "encryption_keys": self.settings.encryption_keys,
            "at": utc_now(),
        }
        with unit_of_work(self.importing.engine, school_id=self.importing.school.id) as session:
            return source_list.add_source(session, **{**given, **changes})

    def start(self, source: ImportSource) -> ImportRun:
        at, school = utc_now(), self.importing.school
        with unit_of_work(self.importing.engine, school_id=school.id) as session:
            return pulls.start_pull(
                session,
                source=session.merge(source),
                by=None,
                on=today_at(school, at),
                at=at,
            )

    def work(self, run: ImportRun, at: datetime | None = None) -> ImportRun:
        """Work on a run as the worker would; nothing is done when it is too early."""
        held = take(
            self.importing.engine,
            self.importing.store,
            school_id=self.importing.school.id,
            run_id=run.id,
            at=at or utc_now(),
            settings=self.settings,
        )
        if held is not None:
            held.wait = self.waits
            do_work(held)
        return self.importing.again(run)

    def work_through(self, run: ImportRun) -> ImportRun:
        """Work on a run until it asks for nothing more, however often it is put off."""
        for _ in range(30):
            run = self.work(run, max(utc_now(), run.due_at or utc_now()))
            if run.phase is None:
                return run
        raise AssertionError("the run goes on and on")

    def pull(self, source: ImportSource) -> ImportRun:
        return self.work_through(self.start(source))

    def pull_once(
        self, kept: KeptImports, url: str, name: str, add: Callable[[], ImportSource]
    ) -> ImportSource:
        """Add a source and pull it, or put back what the same pull left for an earlier test.

        For a system that is as it always is at first; what it was asked before is not asked again.
        """
        importing = self.importing
        run = kept.bring(importing, name, lambda: self.pull(add()), knows_people=True)
        assert run.state is RunState.APPLIED
        with unit_of_work(importing.engine, school_id=importing.school.id) as session:
            source = session.scalars(sa.select(ImportSource)).one()
            source.url = url  # that of the earlier test is no more
        return source

    def again(self, source: ImportSource) -> ImportSource:
        with unit_of_work(
            self.importing.engine, school_id=self.importing.school.id, writes=False
        ) as session:
            return session.get_one(ImportSource, (source.school_id, source.id))


@pytest.fixture
def pulling(importing: Importing, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Pulling:
    monkeypatch.setitem(PULL_KINDS, KIND, PullKind(kind=KIND, open=Pages))
    return Pulling(importing, settings)
