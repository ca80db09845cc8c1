"""A school whose Moodle is pulled, from adding the source to the last commit."""

from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from importers.engine.held import take
from importers.engine.work import do_work
from importers.models import Cadence, ImportRun, ImportSource, MatchOn
from importers.pulls.pulls import start_pull
from importers.pulls.source_list import add_source
from settings import Settings
from tests.importers.importing import Importing
from tests.importers.kept_imports import KeptImports
from tests.moodle import TOKEN, Moodle
from tests.systems import Waits
from tracker.db import unit_of_work, utc_now
from tracker.models import Person, PersonState

NAME = "Onze Moodle"


def know_people(importing: Importing, moodle: Moodle) -> None:
    """Let the school know everybody who is enrolled in this Moodle, by number."""
    found = {user["idnumber"]: user for users in moodle.enrolled.values() for user in users}
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        for number, user in found.items():
            person = Person(
                school_id=importing.school.id,
                name=user["fullname"],
                given_name=user["firstname"],
                number=number,
                state=PersonState.ACTIVE,
                created_at=utc_now(),
            )
            session.add(person)


@dataclass
class Pulling:
    """What a test does with the Moodle of a school."""

    importing: Importing
    settings: Settings
    moodle: Moodle
    options: dict[str, Any] = field(default_factory=dict)
    match_on: MatchOn = MatchOn.NUMBER
    source: ImportSource | None = None

    def start(self) -> ImportRun:
        """Add the source, the first time, and ask for a pull."""
        at, school = utc_now(), self.importing.school
        with unit_of_work(self.importing.engine, school_id=school.id) as session:
            if self.source is None:
                self.source = add_source(
                    session,
                    by=None,
                    school=school,
                    kind="moodle",
                    name=NAME,
                    url=self.moodle.url,
                    secret=TOKEN,
                    cadence=Cadence.BY_HAND,
                    match_on=self.match_on,
                    options=self.options,
                    encryption_keys=self.settings.encryption_keys,
                    at=at,
                )
            source = session.get_one(ImportSource, (school.id, self.source.id))
            return start_pull(session, source=source, by=None, on=self.importing.today(), at=at)

    def work(self, run: ImportRun) -> ImportRun:
        """Have a worker take the run up, at once."""
        importing = self.importing
        with unit_of_work(importing.engine, school_id=importing.school.id) as session:
            session.execute(
                sa.update(ImportRun)
                .where(ImportRun.school_id == run.school_id, ImportRun.id == run.id)
                .values(due_at=None)
            )
        held = take(
            importing.engine,
            importing.store,
            school_id=importing.school.id,
            run_id=run.id,
            at=utc_now(),
            settings=self.settings,
        )
        assert held is not None
        do_work(replace(held, wait=Waits()))
        return importing.again(run)

    def pull(self) -> ImportRun:
        """Pull once; what Moodle was asked before is forgotten."""
        self.moodle.calls.clear()
        return self.work(self.start())

    def pull_once(self, kept: KeptImports) -> ImportRun:
        """Know everybody and pull, or put back what the same pull left for an earlier test."""
        importing = self.importing

        def know_and_pull() -> ImportRun:
            know_people(importing, self.moodle)
            return self.pull()

        run = kept.bring(importing, "moodle", know_and_pull)
        with unit_of_work(importing.engine, school_id=importing.school.id) as session:
            self.source = session.scalars(sa.select(ImportSource)).one()
            self.source.url = self.moodle.url  # that of the earlier test is no more
        return run
