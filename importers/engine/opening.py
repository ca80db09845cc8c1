"""Opening what a run reads: the file that the door kept, or a system of the school."""

import shutil
from tempfile import TemporaryFile
from typing import Any
from zoneinfo import ZoneInfo

from importers.door.admitting import open_source
from importers.engine.held import HeldRun
from importers.models import ImportRun
from importers.pulls import pulling, pushed
from importers.readers.kept import Kept
from importers.source import Fetching, Opening, Source
from tracker import attachments
from tracker.db import unit_of_work
from tracker.models import School

# Before the bytes stands the run's id, so that no two runs share a file that one of them deletes.
ID_BYTES = 16


def keep_file(store: Any, run: ImportRun, kept: Kept) -> None:
    """Keep what the door let in until the run is over: it may have to be read again."""
    with TemporaryFile() as file, kept.open() as content:
        file.write(run.id.bytes)
        shutil.copyfileobj(content, file)
        file.seek(0)
        run.file_digest = attachments.keep(store, run.school_id, file)


def forget_file(held: HeldRun) -> None:
    """Delete the file of a run that is over. Doing it twice does no harm."""
    with unit_of_work(held.engine, school_id=held.school_id, writes=False) as session:
        run = session.get_one(ImportRun, (held.school_id, held.run_id))
        digest = run.file_digest
    if digest is not None:
        attachments.delete(held.store, held.school_id, digest)
        with held.step() as (_, run):
            run.file_digest = None


def source_of(held: HeldRun) -> tuple[ImportRun, Source]:
    """Return the run as it stands, and what it reads, open; raises Unavailable."""
    with unit_of_work(held.engine, school_id=held.school_id, writes=False) as session:
        run = session.get_one(ImportRun, (held.school_id, held.run_id))
        school = session.get_one(School, held.school_id)
    if held.source is None:
        held.source = _open(held, run, school)
    return run, held.source


def _open(held: HeldRun, run: ImportRun, school: School) -> Source:
    if run.file_digest is not None:
        kept = kept_file(held.store, run, run.file_digest)
        return open_source(run.kind or "", kept, opening_of(run, school))
    with unit_of_work(held.engine, school_id=held.school_id, writes=False) as session:
        waiting = pushed.kept_of(session, run)
    if waiting is not None:
        return open_source(run.kind or "", waiting, opening_of(run, school))
    source = pulling.open_pull(held, run, school)
    return _fetched(held, source, school) if isinstance(source, Fetching) else source


def _fetched(held: HeldRun, source: Fetching, school: School) -> Source:
    """Copy what a system tells, and open the copy; from here on the run reads a file."""
    file = TemporaryFile()  # noqa: SIM115 - closed with what is kept in it
    try:
        options = source.fetch(file)
        kept = Kept(file)
    except BaseException:
        file.close()
        raise
    with held.step() as (_, run):
        keep_file(held.store, run, kept)
        run.options = {**run.options, **options}
    return open_source(source.kind, kept, opening_of(run, school))


def kept_file(store: Any, run: ImportRun, digest: str) -> Kept:
    """Return a copy of what the door let in for a run."""
    file = TemporaryFile()  # noqa: SIM115 - closed with what is kept in it
    try:
        file.writelines(attachments.chunks(store, run.school_id, digest))
    except BaseException:
        file.close()
        raise
    return Kept(file, skip=ID_BYTES)


def opening_of(run: ImportRun, school: School) -> Opening:
    """Return with what the file of a run is opened."""
    return Opening(
        file_name=run.file_name,
        options=run.options,
        zone=ZoneInfo(school.timezone),
        at=run.started_at,
        dialect=run.layout.get("dialect", {}),
    )
