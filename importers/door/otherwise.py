"""Taking a kept table for another kind of file, or apart by another sign between its columns."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from importers.door.admitting import admit_again
from importers.door.intake import AT_DOOR
from importers.door.rereading import forget_findings, is_at_rest, read_anew
from importers.door.rewriting import sample_of
from importers.engine.opening import ID_BYTES, keep_file, kept_file
from importers.issues import Refused
from importers.kinds import FILE_KINDS, file_kind
from importers.models import ImportRun
from importers.readers import sniff
from importers.readers.dialect import Dialect
from importers.readers.sample import MOST_ROWS, Sample
from importers.readers.tabular import DELIMITERS
from importers.repair import repaired as repair
from importers.sheet.memory import REMEMBERED, UNDERSTOOD
from importers.staged import add_issues
from tracker import attachments
from tracker.errors import Conflict, Invalid
from tracker.models import Person
from tracker.permissions import Action, require

# Of the options these say nothing of a file of another kind, or with other columns.
OF_ANOTHER = {"mapping", "source", REMEMBERED}


def may_be_another(run: ImportRun) -> bool:
    """Whether people may still say of which kind this run's table is, and what parts its columns.

    Not of one that names people by numbers that never come in: those are gone.
    """
    kind = file_kind(run.kind)
    is_one = list(run.layout.get("dialect", {})) == [run.file_name]
    if kind is None or kind.person_source is not None or run.retry_of_id is not None:
        return False
    return is_at_rest(run) and is_one and run.file_digest is not None


def look_otherwise(run: ImportRun, store: Any, delimiter: str | None = None) -> Sample:
    """Return the first rows of a run's table, taken apart by this sign; nothing changes."""
    was = Dialect.of(run.layout["dialect"][run.file_name])
    dialect = replace(was, delimiter=delimiter or was.delimiter)
    span = (ID_BYTES, ID_BYTES + sniff.START)
    start = b"".join(attachments.chunks(store, run.school_id, run.file_digest or "", span))
    rows = sniff.records(start.decode("utf-8", "replace"), dialect.delimiter, most=MOST_ROWS)
    if dialect != was:
        dialect = replace(dialect, header_row=sniff.find_header(rows))
    return sample_of(run.file_name, rows, dialect)


def kinds_of(sample: Sample) -> list[str]:
    """Return the kinds of file that a table may be; the likeliest first."""
    return [one.kind for one in FILE_KINDS if one.recognises(sample) and not one.person_source]


def take_otherwise(
    session: Session,
    *,
    by: Person | None,
    run: ImportRun,
    store: Any,
    kind: str,
    delimiter: str | None = None,
    on: date,
    at: datetime,
) -> None:
    """Have a table read as another kind of file, or with its columns parted by another sign.

    What was said of its columns holds no longer. Raises Conflict for a run that is no preview, or
    whose file is gone; Invalid for a kind or sign that cannot be; NotAllowed for who is no
    administrator. The run is then `waiting`, or `refused` when the file cannot be read so.
    """
    if by is not None:
        require(session, by, Action.RUN_IMPORT, on=on)
    session.refresh(run, with_for_update=True)
    if not may_be_another(run) or run.file_digest is None:
        raise Conflict("import.not_correctable")
    is_xlsx = Dialect.of(run.layout["dialect"][run.file_name]).is_xlsx
    if delimiter is not None and (is_xlsx or delimiter not in DELIMITERS):
        raise Invalid(sign="not_a_choice")
    sample = look_otherwise(run, store, delimiter)
    chosen = file_kind(kind)
    if chosen is None or kind not in kinds_of(sample):
        if delimiter is not None and len(sample.headers) == 1:
            raise Invalid(sign="sign.parts_nothing")
        raise Invalid(kind="kind.cannot_be")
    file = kept_file(store, run, run.file_digest)
    try:
        admitted = admit_again(file, file_name=run.file_name, kind=chosen, dialect=sample.dialect)
        tables = repair.look_at(admitted.body, admitted.dialect, file_name=run.file_name)
    except Refused:
        raise Invalid(kind="kind.cannot_be") from None
    forget_findings(session, run)
    add_issues(session, run, [(0, finding) for finding in admitted.findings])
    layout = {name: value for name, value in run.layout.items() if name != UNDERSTOOD}
    layout[AT_DOOR] = layout.get(AT_DOOR, 0) + len(admitted.findings)
    run.layout = {**layout, "dialect": dict(admitted.dialect), "headers": tables.headers}
    run.kind, run.sample = admitted.kind, dict(admitted.sample)
    run.options = {name: told for name, told in run.options.items() if name not in OF_ANOTHER}
    keep_file(store, run, tables.kept)
    read_anew(session, run, tables.kept, by=by, at=at)
