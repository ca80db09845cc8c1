"""A unit of work in the school of the populated world."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.db import unit_of_work


@pytest.fixture
def work(engine: sa.Engine, world: World) -> Iterator[Session]:
    """Open a writing unit of work in the world's school."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        yield session
