"""What an import left in the database, kept under a name: put back, it costs no second import."""

import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from importers.models import ImportRun
from tests.importers.importing import Importing
from tests.kept import KeptRows

FRESH = 300.0  # seconds: the clock of a test is never further from that of its import


@dataclass(frozen=True)
class Kept:
    """Which tables had rows before and after, and when; school and run as they were."""

    before: list[str]
    after: list[str]
    made_at: float
    on: date
    pickled: bytes


class KeptImports:
    """Imports into a school that has nothing yet, or puts the rows of that import back."""

    def __init__(self, rows: KeptRows) -> None:
        self.rows = rows
        self.kept: dict[str, Kept] = {}

    def bring(
        self,
        importing: Importing,
        name: str,
        make: Callable[[], ImportRun],
        *,
        knows_people: bool = False,
    ) -> ImportRun:
        """Return the run of an import, whose school is that of `importing` from here on.

        Where the school `knows_people`, they are the same whenever this name is brought.
        """
        before, kept = self._filled(), self.kept.get(name)
        # Rows that a test made itself would be kept for others, or lost.
        own = {"import_run"} if knows_people else {"person", "import_run"}
        if self._schools() != 1 or own & set(before):
            return make()
        if (
            kept is None
            or kept.before != before
            or kept.on != importing.today()
            or time.monotonic() - kept.made_at > FRESH
        ):
            return self._make(importing, name, make)
        statements = [f"DELETE FROM {table}" for table in reversed(before)]  # noqa: S608 - our own names
        self._do(
            *statements,
            *(f"INSERT INTO {table} SELECT * FROM {name}_{table}" for table in kept.after),  # noqa: S608 - our own names
        )
        run: ImportRun
        importing.school, run = pickle.loads(kept.pickled)  # noqa: S301 - what we pickled ourselves
        return run

    def _make(self, importing: Importing, name: str, make: Callable[[], ImportRun]) -> ImportRun:
        before, on, made_at = self._filled(), importing.today(), time.monotonic()
        run = make()
        if importing.kept_files():  # they go with the test
            return run
        old = self.kept.pop(name, None)
        after = self._filled()
        self._do(
            *(f"DROP TABLE {name}_{table}" for table in (old.after if old else ())),
            *(
                f"CREATE TEMPORARY TABLE {name}_{table} AS SELECT * FROM {table}"  # noqa: S608 - our own names
                for table in after
            ),
        )
        self.kept[name] = Kept(before, after, made_at, on, pickle.dumps((importing.school, run)))
        return run

    def _schools(self) -> int:
        with self.rows.connection.begin():
            found: int = self.rows.connection.exec_driver_sql(
                "SELECT count(*) FROM school"
            ).scalar_one()
        return found

    def _filled(self) -> list[str]:
        return self.rows._filled()  # noqa: SLF001 - all that is kept is kept in one way

    def _do(self, *statements: str) -> None:
        self.rows._do(statements)  # noqa: SLF001 - the same
