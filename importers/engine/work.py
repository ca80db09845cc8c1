"""Doing a run's work, whoever asks for it: the worker's job or the command line."""

import gc
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from importers.engine.follow import clean_some, follow_some, prune_some
from importers.engine.held import HeldRun, LostClaim, Stopping, end
from importers.engine.match import match_some
from importers.engine.remember import touch_some
from importers.engine.restage import restage_some
from importers.engine.stage import read_some
from importers.engine.write import write_some
from importers.issues import Finding
from importers.models import Phase, RunState
from importers.staged import add_issues
from tracker.db import utc_now

log = structlog.get_logger("leerspoor.importers")
# So many more objects than before have it look for cycles; Python itself does so at 700.
ALLOCATED = 20_000
STEPS: dict[Phase, Callable[[HeldRun], None]] = {
    Phase.READ: read_some,
    Phase.RESTAGE: restage_some,
    Phase.MATCH: match_some,
    Phase.WRITE: write_some,
    Phase.TOUCH: touch_some,
    Phase.FOLLOW: follow_some,
    Phase.CLEAN: clean_some,
    Phase.PRUNE: prune_some,
}


def do_work(held: HeldRun) -> None:
    """Work on a run until it asks for nothing more; what goes wrong is the run's state.

    A database that went away is no fault of the run: the exception goes on, and the run waits.
    """
    try:
        with rarely_collecting():
            while held.phase is not None:
                STEPS[held.phase](held)
    except (LostClaim, Stopping) as reason:
        log.info("import left", run=str(held.run_id), reason=type(reason).__name__)
        held.release()
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        # The message may quote people's data; where it happened is enough to find the cause.
        log.error("import failed", run=str(held.run_id), error=where(error))
        fail(held)


@contextmanager
def rarely_collecting() -> Iterator[None]:
    """Look for cycles less often: rows make none, and each look goes through all rows at hand.

    It takes half of the time of reading a row otherwise.
    """
    before = gc.get_threshold()
    gc.set_threshold(ALLOCATED, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def fail(held: HeldRun) -> None:
    """End the run as failed, and clean up after it."""
    with held.step() as (session, run):
        add_issues(session, run, [(0, Finding(code="run.failed"))])
        end(session, run, state=RunState.FAILED, at=utc_now())
    while held.phase is not None:
        STEPS[held.phase](held)


def where(error: Exception) -> str:
    """Return what kind of error, and where in our own files; not its message."""
    own = Path(__file__).parents[1]
    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if own in Path(f.filename).parents
    ]
    ours = [f for f in frames if "site-packages" not in f.filename][-4:]
    places = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(ours))
    return f"{type(error).__name__} at {places}"
