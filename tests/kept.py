"""A world that was just made, kept: put back row by row in a fraction of the time of its story."""

import pickle
import time
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from migrations.metadata import metadata
from tests.world import World, make_world

FRESH = 20.0  # seconds: the clock of a test is never further from that of its world

Rows = Sequence[tuple[sa.Table, Sequence[Mapping[str, Any]]]]


class KeptWorld:
    """Puts a world in a database: a new one, or the newest one's rows again."""

    def __init__(self, superuser_engine: sa.Engine) -> None:
        self.superuser_engine = superuser_engine
        self.made_at = float("-inf")
        self.rows: Rows = ()
        self.pickled = b""

    def bring(self, engine: sa.Engine) -> World:
        """Return the world that is in the database from here on, with records of its own."""
        if time.monotonic() - self.made_at > FRESH:
            return self._make(engine)
        with self.superuser_engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # The rows were checked when they were made.
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            for table, rows in self.rows:
                connection.execute(sa.insert(table), rows)
        world: World = pickle.loads(self.pickled)  # noqa: S301 - what we pickled ourselves
        return world

    def _make(self, engine: sa.Engine) -> World:
        is_empty = not self._read()
        world = make_world(engine)
        if is_empty:  # else there are rows of the test's own among them
            self.rows, self.pickled = self._read(), pickle.dumps(world)
            self.made_at = time.monotonic()
        return world

    def _read(self) -> Rows:
        with self.superuser_engine.connect() as connection:
            read = [
                (table, list(connection.execute(sa.select(table)).mappings()))
                for table in metadata.sorted_tables
            ]
        return [(table, rows) for table, rows in read if rows]
