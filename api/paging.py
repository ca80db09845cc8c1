"""Long lists in pages that stay where they are: by id, from an opaque cursor on."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import sqlalchemy as sa
from flask import g, request

from api.fields import Contract, Cursor, Whole, cursor_of
from tracker.columns import Record
from tracker.errors import NotFound
from tracker.permissions import find, visible

RecordT = TypeVar("RecordT", bound=Record)
ItemT = TypeVar("ItemT")
Answer = tuple[dict[str, Any], dict[str, str]]


class PageQuery(Contract):
    """Which part of a list."""

    limit = Whole(least=1, most=200, load_default=50, about="How many at most", example=50)
    after = Cursor(
        load_default=None,
        about="Where the page before ended; take it from its `Link` header",
        example="AZqrVd8xfgOYkLJ3T0mXNw",
    )


def page_of(
    model: type[RecordT], *conditions: sa.ColumnElement[bool], limit: int, after: UUID | None
) -> tuple[Sequence[RecordT], UUID | None]:
    """Return one page of what the reader may see, oldest id first, and the id it ends at.

    That id is None on the last page.
    """
    query = visible(model, person=g.person, on=g.today).where(*conditions)
    if after is not None:
        query = query.where(model.id > after)
    rows = g.session.scalars(query.order_by(model.id).limit(limit + 1)).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def page(items: Sequence[Any], end: UUID | None) -> Answer:
    """Return the answer of a page: its items, and the address of the next in `Link` (RFC 8288)."""
    return {"items": items}, link_to_next(end)


def part_of(
    listed: Sequence[ItemT], *, limit: int, after: UUID | None, key: Callable[[ItemT], UUID]
) -> tuple[Sequence[ItemT], UUID | None]:
    """Return one page of a list that is read whole, in its own order, and the id it ends at.

    That id is None on the last page. When the item that a page ended at is gone, the list is over.
    """
    start = 0
    if after is not None:
        start = next((at for at, one in enumerate(listed, 1) if key(one) == after), len(listed))
    shown = listed[start : start + limit]
    return shown, key(shown[-1]) if start + limit < len(listed) else None


def link_to_next(end: UUID | None) -> dict[str, str]:
    """Return the header that names the next page, if there is one."""
    if end is None:
        return {}
    query = urlencode({**request.args, "after": cursor_of(end)})
    return {"Link": f'<{request.base_url}?{query}>; rel="next"'}


def find_all(model: type[RecordT], keys: Iterable[UUID]) -> list[RecordT]:
    """Return the records with these ids that the reader may see, in this order; in one query.

    Raises NotFound when one of them is not there, or not for this reader.
    """
    wanted = list(keys)
    if not wanted:
        return []
    query = visible(model, person=g.person, on=g.today).where(model.id.in_(wanted))
    found = {record.id: record for record in g.session.scalars(query)}
    if len(found) < len(wanted):
        raise NotFound(f"{model.__name__} not found")
    return [found[key] for key in wanted]


def find_if(model: type[RecordT], key: UUID | None) -> RecordT | None:
    """Return the record that an id names for this reader, None without an id; raises NotFound."""
    return None if key is None else find(g.session, model, key, person=g.person, on=g.today)


def by_id(model: type[RecordT], keys: Iterable[UUID | None]) -> dict[UUID, RecordT]:
    """Return records of the reader's school by id, for showing beside others; in one query.

    Only for what a visible record names already: a student's name, a level's word.
    """
    wanted = {key for key in keys if key is not None}
    if len(wanted) == 1:  # often one that is held already
        (key,) = wanted
        held = g.session.get(model, (g.person.school_id, key))
        return {key: held} if held is not None else {}
    query = sa.select(model).where(model.school_id == g.person.school_id, model.id.in_(wanted))
    return {record.id: record for record in g.session.scalars(query)}
