"""Opening what a run reads: the file that the door kept, or a system of the school."""

from typing import Any
from zoneinfo import ZoneInfo

from importers import pulls
from importers.bench import Bench
from importers.door import open_source
from importers.models import ImportRun
from importers.source import Opening, Source
from tracker import attachments
from tracker.db import unit_of_work
from tracker.models import School

# Before the bytes stands the run's id, so that no two runs share a file that one of them deletes.
ID_BYTES = 16


def keep_file(store: Any, run: ImportRun, body: bytes) -> None:
    """Keep what the door let in until it is read."""
    run.file_digest = attachments.keep(store, run.school_id, run.id.bytes + body)


def forget_file(bench: Bench) -> None:
    """Delete the file: what is needed of it is staged. Doing it twice does no harm."""
    with unit_of_work(bench.engine, school_id=bench.school_id, writes=False) as session:
        run = session.get_one(ImportRun, (bench.school_id, bench.run_id))
        digest = run.file_digest
    if digest is not None:
        attachments.delete(bench.store, bench.school_id, digest)
        with bench.step() as (_, run):
            run.file_digest = None


def source_of(bench: Bench) -> tuple[ImportRun, Source]:
    """Return the run as it stands, and what it reads, open; raises Unavailable."""
    with unit_of_work(bench.engine, school_id=bench.school_id, writes=False) as session:
        run = session.get_one(ImportRun, (bench.school_id, bench.run_id))
        school = session.get_one(School, bench.school_id)
    if run.file_digest is None:
        return run, pulls.open_pull(bench, run, school)
    kept = attachments.fetch(bench.store, bench.school_id, run.file_digest)
    return run, open_source(run.kind or "", kept[ID_BYTES:], opening_of(run, school))


def opening_of(run: ImportRun, school: School) -> Opening:
    """Return with what the file of a run is opened."""
    return Opening(
        file_name=run.file_name,
        options=run.options,
        zone=ZoneInfo(school.timezone),
        dialect=run.layout.get("dialect", {}),
    )
