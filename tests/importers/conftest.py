"""A school that imports."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from importers.models import ImportRun
from tests.importers.bundles import BUNDLE, bundle
from tests.importers.importing import Importing, importing_in
from tests.world import World
from tracker.models import School


@pytest.fixture
def importing(engine: sa.Engine, school: School, tmp_path: Path) -> Importing:
    return importing_in(engine, school, tmp_path)


@pytest.fixture
def ours(engine: sa.Engine, world: World, tmp_path: Path) -> Importing:
    """Import in the school of the populated world."""
    return importing_in(engine, world.school, tmp_path)


@pytest.fixture
def meetpunt(importing: Importing) -> ImportRun:
    """Import the demo's whole bundle."""
    return importing.bring(BUNDLE.read_bytes())


@pytest.fixture
def imported(importing: Importing) -> ImportRun:
    """Import the coach group of the demo's bundle."""
    return importing.bring(bundle())
