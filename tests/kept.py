"""The rows of a test worker's database: all taken away after a test, or a world put back at once.

A world that was just made is kept in tables of this connection's own, and put back in a fraction
of the time of its story.
"""

import pickle
import time
from collections.abc import Iterable

import sqlalchemy as sa

from migrations.metadata import metadata
from tests.world import World, make_world

FRESH = 60.0  # seconds: the clock of a test is never further from that of its world
TABLES = [table.name for table in metadata.sorted_tables]
HAVE_ROWS = "SELECT " + ", ".join(f"EXISTS (SELECT 1 FROM {name})" for name in TABLES)  # noqa: S608 - our own names


class KeptRows:
    """Empties the database, and puts a world in it: a new one, or the newest one's rows again."""

    def __init__(self, superuser_engine: sa.Engine) -> None:
        self.connection = superuser_engine.connect()
        self.is_postgresql = superuser_engine.dialect.name == "postgresql"
        # The rows were checked when they were made, and go all at once.
        self._do(
            ["SET session_replication_role = replica"]
            if self.is_postgresql
            else ["PRAGMA foreign_keys=OFF", "PRAGMA synchronous=OFF"]
        )
        self.made_at = float("-inf")
        self.kept: list[str] = []
        self.pickled = b""

    def empty(self) -> None:
        """Take every row away."""
        self._do(f"DELETE FROM {name}" for name in reversed(self._filled()))  # noqa: S608 - our own names

    def bring(self, engine: sa.Engine) -> World:
        """Return the world that is in the database from here on, with records of its own."""
        if time.monotonic() - self.made_at > FRESH:
            return self._make(engine)
        self._do(f"INSERT INTO {name} SELECT * FROM kept_{name}" for name in self.kept)  # noqa: S608 - our own names
        world: World = pickle.loads(self.pickled)  # noqa: S301 - what we pickled ourselves
        return world

    def _make(self, engine: sa.Engine) -> World:
        is_empty = not self._filled()
        if is_empty:
            self._shrink()
        world = make_world(engine)
        if is_empty:  # else there are rows of the test's own among them
            self._do(f"DROP TABLE kept_{name}" for name in self.kept)
            self.kept, self.pickled = self._filled(), pickle.dumps(world)
            self._do(
                f"CREATE TEMPORARY TABLE kept_{name} AS SELECT * FROM {name}"  # noqa: S608 - our own names
                for name in self.kept
            )
            self.made_at = time.monotonic()
        return world

    def _shrink(self) -> None:
        """Give back what the rows of earlier tests took, else every table is read ever slower."""
        if self.is_postgresql:
            with self.connection.engine.connect() as other:
                outside = other.execution_options(isolation_level="AUTOCOMMIT")
                outside.exec_driver_sql("VACUUM " + ", ".join(TABLES))

    def _filled(self) -> list[str]:
        with self.connection.begin():
            have_rows = self.connection.exec_driver_sql(HAVE_ROWS).one()
        return [name for name, has_rows in zip(TABLES, have_rows, strict=True) if has_rows]

    def _do(self, statements: Iterable[str]) -> None:
        """Execute statements in one transaction, and on a server in one go."""
        if self.is_postgresql:
            statements = filter(None, [";".join(statements)])
        with self.connection.begin():
            for statement in statements:
                self.connection.exec_driver_sql(statement)
