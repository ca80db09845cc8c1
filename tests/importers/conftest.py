"""A school that imports."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from importers.engine import held
from importers.models import ImportRun, RunState
from settings import Settings
from tests.importers.bundles import BUNDLE, bundle
from tests.importers.importing import Importing, importing_in
from tests.importers.kept_imports import KeptImports
from tests.importers.moodle import Pulling
from tests.kept import KeptRows
from tests.moodle import Moodle, playing
from tests.world import World
from tracker.models import School


@pytest.fixture(scope="session", autouse=True)
def _alone() -> None:
    """Wait for nobody between the steps of an import: on SQLite that was a fifth of these tests."""
    held.OTHERS_TURN = 0


@pytest.fixture
def importing(engine: sa.Engine, school: School, tmp_path: Path) -> Importing:
    return importing_in(engine, school, tmp_path)


@pytest.fixture
def ours(engine: sa.Engine, world: World, tmp_path: Path) -> Importing:
    """Import in the school of the populated world."""
    return importing_in(engine, world.school, tmp_path)


@pytest.fixture(scope="session")
def kept_imports(_kept_rows: KeptRows) -> KeptImports:
    return KeptImports(_kept_rows)


@pytest.fixture
def meetpunt(importing: Importing, kept_imports: KeptImports) -> ImportRun:
    """Import the demo's whole bundle."""
    return kept_imports.bring(importing, "meetpunt", lambda: importing.bring(BUNDLE.read_bytes()))


@pytest.fixture
def imported(importing: Importing, kept_imports: KeptImports) -> ImportRun:
    """Import the coach group of the demo's bundle."""
    return kept_imports.bring(importing, "imported", lambda: importing.bring(bundle()))


@pytest.fixture
def moodle() -> Iterator[Moodle]:
    with playing() as found:
        yield found


@pytest.fixture
def pulled(
    importing: Importing, kept_imports: KeptImports, settings: Settings, moodle: Moodle
) -> Pulling:
    """Have a school that knows everybody in this Moodle, and pulled it once."""
    pulling = Pulling(importing, settings, moodle)
    assert pulling.pull_once(kept_imports).state is RunState.APPLIED
    return pulling
