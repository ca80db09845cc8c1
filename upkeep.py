"""Upkeep of kept files, by the worker: what waits is scanned, what no row names is dropped."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
import structlog
from flask import current_app
from obstore.store import ObjectStore
from sqlalchemy.orm import InstrumentedAttribute

from importers.models import ImportRun
from settings import Settings
from tracker import attachments, scanner
from tracker.db import unit_of_work, utc_now
from tracker.models import Attachment, Recording
from tracker.people import school_ids
from tracker.scanner import ScannerError, ScannerGoneError

log = structlog.get_logger("leerspoor.upkeep")
ORPHANS_JOB = "upkeep.drop_orphans"
# So long a file may wait for its row: a form that came back to be filled in further.
ORPHAN_AFTER = timedelta(hours=24)
# Every column that names kept bytes.
NAMES: tuple[InstrumentedAttribute[str] | InstrumentedAttribute[str | None], ...] = (
    Attachment.digest,
    Attachment.thumbnail_digest,
    Recording.digest,
    ImportRun.file_digest,
)


def _schools(engine: sa.Engine) -> Sequence[UUID]:
    with unit_of_work(engine, writes=False) as session:
        return school_ids(session)


def waiting_schools(engine: sa.Engine) -> list[UUID]:
    """Return the schools with files that wait for the scanner."""
    found = []
    for school_id in _schools(engine):
        with unit_of_work(engine, school_id=school_id, writes=False) as session:
            if scanner.waiting(session, school_id=school_id):
                found.append(school_id)
    return found


def scan_files(school_id: str) -> None:
    """Have a school's waiting files looked at; what cannot be looked at now goes on waiting."""
    settings: Settings = current_app.extensions["settings"]
    engine: sa.Engine = current_app.extensions["engine"]
    store: ObjectStore = current_app.extensions["store"]
    school = UUID(school_id)
    if settings.clamd_url is None:
        return
    with unit_of_work(engine, school_id=school, writes=False) as session:
        digests = scanner.waiting(session, school_id=school)
    for digest in digests:
        try:
            state = scanner.scan(settings.clamd_url, attachments.chunks(store, school, digest))
        except ScannerGoneError as problem:
            log.warning("the scanner is gone", problem=str(problem))
            return
        except (ScannerError, FileNotFoundError) as problem:
            log.warning("not scanned", digest=digest, problem=str(problem))
            continue
        with unit_of_work(engine, school_id=school) as session:
            scanner.conclude(session, school_id=school, digest=digest, state=state, at=utc_now())


def drop_orphans() -> None:
    """Delete the bytes that no row has named for a day; in the old place: no row of any school."""
    engine: sa.Engine = current_app.extensions["engine"]
    store: ObjectStore = current_app.extensions["store"]
    before = utc_now() - ORPHAN_AFTER
    kept = list(attachments.kept_before(store, before))
    named = {school_id: _named(engine, school_id) for school_id in _schools(engine)}
    anywhere = set().union(*named.values())
    for path, school_id, digest in kept:
        if digest not in (anywhere if school_id is None else named.get(school_id, anywhere)):
            attachments.drop(store, path, before)


def _named(engine: sa.Engine, school_id: UUID) -> set[str]:
    """Return the digests that the rows of a school name."""
    with unit_of_work(engine, school_id=school_id, writes=False) as session:
        return {
            digest
            for name in NAMES
            for digest in session.scalars(
                sa.select(name).where(name.class_.school_id == school_id, name.is_not(None))
            )
            if digest is not None
        }
