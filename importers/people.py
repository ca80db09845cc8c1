"""Who is who: the school's own number is the one key that joins what several sources tell.

A number held by somebody with another name is never guessed about: the row is set aside until
people have looked. E-mail addresses are not looked at, for they are handed on.
"""

import re
import unicodedata
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from importers import bulk
from importers.issues import Finding
from importers.models import ImportRow, ImportRun, RowStatus
from importers.staged import Conditions, StreamLayout, column_of, set_aside
from tracker.db import new_id
from tracker.models import Person

WRITTEN = (RowStatus.NEW, RowStatus.CHANGED)


def decide_people(session: Session, run: ImportRun, stream: StreamLayout, span: Conditions) -> None:
    """Join new people to those the school knows by number; set contradictions aside."""
    _set_aside_shared_numbers(session, run, stream, span)
    _part(session, run, span)
    held = session.execute(
        sa.select(ImportRow.seq, ImportRow.row, ImportRow.match_key, ImportRow.status)
        .add_columns(ImportRow.data, Person.id, Person.name)
        .join(
            Person,
            sa.and_(Person.school_id == ImportRow.school_id, Person.number == ImportRow.match_key),
        )
        .where(
            *span,
            sa.or_(
                ImportRow.status == RowStatus.NEW,
                sa.and_(ImportRow.status == RowStatus.CHANGED, Person.id != ImportRow.local_id),
            ),
        )
    )
    joined, taken = [], []
    for seq, row, number, status, told, holder, name in held:
        if status is RowStatus.NEW and _is_same_name(told["name"], name):
            joined.append({"seq": seq, "local_id": holder, "status": RowStatus.CHANGED})
        else:
            taken.append((seq, _finding("person.number_taken", stream, row, number)))
    _update(session, run, joined)
    set_aside(session, run, taken)


def _part(session: Session, run: ImportRun, span: Conditions) -> None:
    """Undo what an earlier match joined: a new row is somebody of its own until joined again."""
    joined = session.scalars(
        sa.select(ImportRow.seq)
        .join(
            Person,
            sa.and_(Person.school_id == ImportRow.school_id, Person.id == ImportRow.local_id),
        )
        .where(*span, ImportRow.status == RowStatus.NEW)
    )
    _update(session, run, [{"seq": seq, "local_id": new_id()} for seq in joined])


def _update(session: Session, run: ImportRun, rows: list[dict[str, Any]]) -> None:
    key = {"school_id": run.school_id, "run_id": run.id}
    bulk.update_rows(session, ImportRow, [key | row for row in rows])


def _set_aside_shared_numbers(
    session: Session, run: ImportRun, stream: StreamLayout, span: Conditions
) -> None:
    """Set aside all rows of one file that give several people one number."""
    other = aliased(ImportRow)
    found = session.execute(
        sa.select(ImportRow.seq, ImportRow.row, ImportRow.match_key).where(
            *span,
            ImportRow.status.in_((*WRITTEN, RowStatus.SAME)),
            sa.exists().where(
                other.school_id == ImportRow.school_id,
                other.run_id == ImportRow.run_id,
                other.match_key == ImportRow.match_key,
                other.ext_id != ImportRow.ext_id,
                other.is_good,
            ),
        )
    )
    set_aside(
        session,
        run,
        [(seq, _finding("person.number_twice", stream, row, key)) for seq, row, key in found],
    )


def _finding(code: str, stream: StreamLayout, row: int | None, number: str | None) -> Finding:
    column = column_of(stream, "match_key")
    return Finding(code=code, file=stream["file"], row=row, column=column, value=number)


def _is_same_name(one: str, other: str) -> bool:
    """Whether two names are written alike, apart from accents, capitals and punctuation."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name)
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^\w]+", " ", bare.casefold()).split())
