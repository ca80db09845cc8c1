"""People whom a source knows already or may know twice: what speaks against believing it.

Somebody who was linked by the school's key and is now told under another one may be somebody else:
that is parked. Another name under the same key changes who the source itself brought, and nobody
else. And who comes without any key is not made beside somebody who may be the very same.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from importers.models import ExternalRef, ImportRow, ImportRun, MatchOn, RowStatus
from importers.people.links import Parked, Place, is_decided
from importers.people.names import speaks_against, words_of
from importers.records import Op, RecordKind
from importers.staged import Conditions
from tracker.models import Person, PersonState

KEY_CHANGED = "person.key_changed"
SAME_NAME = "person.same_name"


def of_known(
    session: Session, run: ImportRun, span: Conditions, on: MatchOn
) -> tuple[list[Parked], list[Place], list[Place]]:
    """Return whom the source told of before and tells otherwise now.

    First those whose key no longer fits, to be parked; then those of whom it only tells another
    name; then those to whom it is only linked: of the last two nothing changes.
    """
    own, ours = aliased(ExternalRef), Person.number if on is MatchOn.NUMBER else Person.email
    found = session.execute(
        sa.select(ImportRow.seq, ImportRow.row, ImportRow.match_key, ImportRow.op)
        .add_columns(ImportRow.data["name"].as_string().label("told"), Person.name)
        .add_columns(is_decided(run).label("is_decided"))
        .add_columns(sa.func.lower(ours).label("ours"), own.is_link)
        .add_columns(_is_told_before(run, own).label("is_brought_by_other"))
        .add_columns(_somebody_else_has(on).label("is_taken"))
        .join(
            own,
            sa.and_(
                own.school_id == ImportRow.school_id,
                own.source_id == run.source_id,
                own.kind == RecordKind.PERSON,
                own.ext_id == ImportRow.ext_id,
            ),
        )
        .join(
            Person,
            sa.and_(Person.school_id == ImportRow.school_id, Person.id == ImportRow.local_id),
        )
        .where(*span, ImportRow.status == RowStatus.CHANGED)
    )
    parked: list[Parked] = []
    renamed: list[Place] = []
    linked: list[Place] = []
    for row in found:
        place = (row.seq, row.row, row.match_key or row.told)
        is_only_link = row.op is Op.LINK or row.is_link
        is_other_name = speaks_against(row.told or "", row.name)
        is_ours = not is_only_link and not row.is_brought_by_other
        has_moved = row.match_key is not None and row.match_key.lower() != row.ours
        if row.is_decided:  # of who the source's somebody is, and of nothing else
            linked += [place] if row.is_link and row.op is not Op.LINK else []
        elif has_moved and (
            (is_other_name and row.ours is not None)
            or (not is_ours and (row.ours is not None or row.is_taken))
        ):
            parked.append((*place, KEY_CHANGED))
        elif row.op is Op.LINK:
            # Without a key, what stands for a name may be where they stand in a file.
            renamed += [place] if is_other_name and row.match_key else []
        elif is_only_link:
            linked.append(place)
        elif not is_ours and words_of(row.told or "") != words_of(row.name):
            renamed.append(place)
    return parked, renamed, linked


def _is_told_before(run: ImportRun, own: type[ExternalRef]) -> sa.ColumnElement[bool]:
    """Whether another source told of this person before this one did, and still does."""
    other = aliased(ExternalRef)
    return sa.exists().where(
        other.school_id == run.school_id,
        other.source_id != run.source_id,
        other.kind == RecordKind.PERSON,
        other.local_id == Person.id,
        other.is_link.is_(False),
        other.gone_at.is_(None),
        other.first_run_id < own.first_run_id,
    )


def _somebody_else_has(on: MatchOn) -> sa.ColumnElement[bool]:
    other = aliased(Person)
    has_key = other.number == ImportRow.match_key
    if on is MatchOn.EMAIL:
        is_active = other.state == PersonState.ACTIVE
        has_key = sa.and_(sa.func.lower(other.email) == ImportRow.match_key, is_active)
    return sa.exists().where(other.school_id == ImportRow.school_id, other.id != Person.id, has_key)


def of_nameless(
    session: Session, run: ImportRun, span: Conditions
) -> tuple[list[dict[str, Any]], list[Parked]]:
    """Return who would be made without a key: linked by a whole address and name, or parked.

    The source's own people do not count: it tells them apart itself.
    """
    rows = session.execute(
        sa.select(ImportRow.seq, ImportRow.row, ImportRow.data).where(
            *span,
            ImportRow.status == RowStatus.NEW,
            ImportRow.op == Op.UPSERT,
            ImportRow.match_key.is_(None),
        )
    ).all()
    if not rows:
        return [], []
    by_name: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    by_email: dict[str, list[Any]] = defaultdict(list)
    for one in _others(session, run):
        by_name[tuple(words_of(one.name))].append(one)
        if one.email and one.state is PersonState.ACTIVE:
            by_email[one.email.lower()].append(one)
    linked: list[dict[str, Any]] = []
    parked: list[Parked] = []
    for seq, row, data in rows:
        email, name = data.get("email"), data.get("name") or ""
        alike, namesakes = by_email.get((email or "").lower(), []), by_name[tuple(words_of(name))]
        if len(alike) == 1 and alike[0] in namesakes:
            linked.append({"seq": seq, "local_id": alike[0].id, "status": RowStatus.SAME})
        elif alike:
            why = "person.email_taken" if len(alike) == 1 else "person.email_twice"
            parked.append((seq, row, email, why))
        elif namesakes:
            parked.append((seq, row, name, SAME_NAME))
    return linked, parked


def _others(session: Session, run: ImportRun) -> Sequence[Any]:
    """Return the people of the school of whom this source never told."""
    told = sa.exists().where(
        ExternalRef.school_id == Person.school_id,
        ExternalRef.source_id == run.source_id,
        ExternalRef.kind == RecordKind.PERSON,
        ExternalRef.local_id == Person.id,
    )
    return session.execute(
        sa.select(Person.id, Person.name, Person.email, Person.state).where(
            Person.school_id == run.school_id, ~told
        )
    ).all()
