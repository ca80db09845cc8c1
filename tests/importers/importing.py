"""A school that imports: files go through the same functions as pages and commands use."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from obstore.store import ObjectStore

from importers import runs
from importers.engine.held import take
from importers.engine.work import do_work
from importers.issue_list import issues_of
from importers.issues import Severity
from importers.models import ImportIssue, ImportRun
from tests.importers.contents import contents_of
from tests.test_settings import GOOD
from tracker import attachments
from tracker.db import unit_of_work, utc_now
from tracker.models import School
from tracker.people import today_at

ENCRYPTION_KEYS = (GOOD["ENCRYPTION_KEYS"],)


@dataclass
class Importing:
    """What a test does with imports in one school, each step in a unit of work of its own."""

    engine: sa.Engine
    store: ObjectStore
    school: School
    folder: Path

    def start(self, body: bytes, name: str = "bundel.zip", **options: Any) -> ImportRun:
        at = utc_now()
        with unit_of_work(self.engine, school_id=self.school.id) as session:
            return runs.start(
                session,
                by=None,
                school=self.school,
                store=self.store,
                file_name=name,
                body=body,
                on=today_at(self.school, at),
                at=at,
                **{"encryption_keys": ENCRYPTION_KEYS, **options},
            )

    def work(self, run: ImportRun) -> ImportRun:
        held = take(self.engine, self.store, school_id=self.school.id, run_id=run.id, at=utc_now())
        if held is not None:
            do_work(held)
        return self.again(run)

    def preview(self, body: bytes, name: str = "bundel.zip", **options: Any) -> ImportRun:
        return self.work(self.start(body, name, **options))

    def approve(self, run: ImportRun, **options: Any) -> None:
        at = utc_now()
        with unit_of_work(self.engine, school_id=self.school.id) as session:
            runs.approve(
                session,
                by=None,
                run=session.merge(run),
                digest=options.pop("digest", run.preview_digest),
                on=today_at(self.school, at),
                at=at,
                **options,
            )

    def apply(self, run: ImportRun, **options: Any) -> ImportRun:
        self.approve(run, **options)
        return self.work(run)

    def bring(self, body: bytes, name: str = "bundel.zip", **options: Any) -> ImportRun:
        """Preview and apply."""
        return self.apply(self.preview(body, name, **options))

    def again(self, run: ImportRun) -> ImportRun:
        with unit_of_work(self.engine, school_id=self.school.id, writes=False) as session:
            return session.get_one(ImportRun, (self.school.id, run.id))

    def codes(self, run: ImportRun, severity: Severity | None = None) -> list[str]:
        return [
            issue.code
            for issue in self.issues(run)
            if severity is None or issue.severity is severity
        ]

    def issues(self, run: ImportRun) -> list[ImportIssue]:
        with unit_of_work(self.engine, school_id=self.school.id, writes=False) as session:
            return list(issues_of(session, run))

    def read(self, statement: Any) -> Any:
        """Return all rows of a SELECT in this school."""
        with unit_of_work(self.engine, school_id=self.school.id, writes=False) as session:
            return session.execute(statement).all()

    def count(self, model: Any, *conditions: Any) -> int:
        here = model.school_id == self.school.id
        select = sa.select(sa.func.count()).select_from(model).where(here, *conditions)
        found: int = self.read(select)[0][0]
        return found

    def today(self) -> date:
        return today_at(self.school, utc_now())

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return all that imports make, named by numbers and source keys instead of our ids."""
        return contents_of(self.read, self.school.id)

    def kept_files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]


def importing_in(engine: sa.Engine, school: School, folder: Path) -> Importing:
    """Import in a school, with the files in a folder of the test's own."""
    store = attachments.open_store((folder / "files").as_uri())
    return Importing(engine, store, school, folder / "files")
