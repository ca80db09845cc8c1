"""Reading a course's results (Assignment and Grade Services): dated signals about known students.

Told as the LMS tells them, each on the range of its own column, and compared with nothing. Our own
columns stay out, and so do comments. What the LMS changes or takes back ends; nothing is deleted.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.lti.turns import Turn
from lti.calling.grades import Column, Result, line_items, results
from lti.connecting.registrations import source_name
from lti.gradebook.gradebook import granted
from lti.models import LineItem, LtiIdentity, ResourceLink
from tracker.activity import source_named
from tracker.models import (
    Activity,
    ActivityItem,
    ActivityKind,
    Person,
    PersonRole,
    PersonState,
    Precision,
    SchoolRole,
)
from tracker.people import today_at
from tracker.permissions import holds

TOO_LARGE = Decimal(10) ** 7  # for Numeric(10, 3)
STEP = Decimal("0.001")
KNOWN = (PersonState.ACTIVE, PersonState.PENDING)


def read_results(turn: Turn) -> None:
    """Read every column but our own, one commit each; raises ServiceError.

    What a column that went held, ends in the last commit, once all the others were read.
    """
    url = turn.context.lineitems_url
    if url is None:
        return
    scopes = granted(turn.context)
    columns = line_items(turn.caller, url, granted=scopes, at=turn.now())
    with turn.step() as (session, _):
        columns = tuple(column for column in columns if not _is_ours(session, turn, column))
    for column in columns:
        found = results(turn.caller, column.url, granted=scopes, at=turn.now())
        with turn.step() as (session, _):
            _take_in(session, turn, column, found)
    with turn.step() as (session, pull):
        _end_others(session, turn, {_item_id(turn, column) for column in columns})
        turn.finish(pull)


def _is_ours(session: Session, turn: Turn, column: Column) -> bool:
    """Whether a column holds what we sent, or what the LMS tied to a link of ours."""
    school_id = turn.school.id
    made = sa.exists().where(
        LineItem.school_id == school_id,
        LineItem.context_id == turn.context.id,
        sa.or_(LineItem.url == column.url, LineItem.tag == column.tag),
    )
    tied = sa.exists().where(
        ResourceLink.school_id == school_id,
        ResourceLink.deployment_id == turn.context.deployment_id,
        sa.or_(
            ResourceLink.lineitem_url == column.url,
            ResourceLink.lti_id == column.resource_link_id,
        ),
    )
    return bool(session.scalar(sa.select(sa.or_(made, tied))))


def _item_id(turn: Turn, column: Column) -> UUID:
    return uuid5(turn.context.id, f"column {column.url}")


def _take_in(session: Session, turn: Turn, column: Column, found: Sequence[Result]) -> None:
    """Write what a column holds now; the same again changes nothing."""
    item = _item(session, turn, column, found)
    name = source_name(turn.registration)
    source = source_named(session, school_id=turn.school.id, name=name)
    source.last_import_at = turn.at
    known = _students(session, turn, [result.user_id for result in found])
    earlier = session.scalars(
        sa.select(Activity)
        .where(
            Activity.school_id == turn.school.id,
            Activity.item_id == item.id,
            Activity.kind == ActivityKind.RESULT,
        )
        .order_by(Activity.id)
    ).all()
    standing = {signal.person_id: signal for signal in earlier if signal.ended_at is None}
    said = set()
    for result in found:
        person_id, value = known.get(result.user_id), _value(result.score)
        if person_id is None or value is None or person_id in said:
            continue
        said.add(person_id)
        last = standing.get(person_id)
        if last is not None and last.value == value:
            continue
        if last is not None:
            last.ended_at = turn.at
        number = sum(signal.person_id == person_id for signal in earlier)
        session.add(_signal(turn, item, source.id, person_id, number, value, result.stamped_at))
    for person_id in standing.keys() - said:
        standing[person_id].ended_at = turn.at


def _item(session: Session, turn: Turn, column: Column, found: Sequence[Result]) -> ActivityItem:
    """Return what the column is about, under its newest title and range."""
    key = (turn.school.id, _item_id(turn, column))
    item = session.get(ActivityItem, key)
    if item is None:
        item = ActivityItem(school_id=key[0], id=key[1], created_at=turn.at)
        session.add(item)
    ranges = {result.maximum for result in found if result.maximum is not None}
    item.group_id = turn.context.group_id
    item.title = column.label or turn.context.title or "Resultaat"
    item.value_min = None
    # Results on several ranges have none in common.
    item.value_max = _value(column.maximum if not ranges else ranges.pop())
    if ranges:
        item.value_max = None
    session.flush()
    return item


def _signal(
    turn: Turn,
    item: ActivityItem,
    source_id: UUID,
    person_id: UUID,
    number: int,
    value: Decimal,
    stamped_at: datetime | None,
) -> Activity:
    """Make the signal; a platform that does not say when, says so on the day that we heard."""
    occurred_at = min(stamped_at or turn.at, turn.at)
    return Activity(
        school_id=turn.school.id,
        # The same reading twice makes the same row.
        id=uuid5(item.id, f"result {person_id} {number}"),
        person_id=person_id,
        source_id=source_id,
        item_id=item.id,
        kind=ActivityKind.RESULT,
        occurred_at=occurred_at,
        occurred_on=today_at(turn.school, occurred_at),
        precision=Precision.DAY if stamped_at is None else Precision.INSTANT,
        value=value,
        text=None,
        ended_at=None,
    )


def _value(number: Decimal | None) -> Decimal | None:
    """Return a number as we can keep it; None when we cannot."""
    if number is None or abs(number) >= TOO_LARGE:
        return None
    return number.quantize(STEP)


def _students(session: Session, turn: Turn, subjects: list[str]) -> dict[str, UUID]:
    """Return the students among these, by sub: those whom we know already."""
    rows = session.execute(
        sa.select(LtiIdentity.subject, Person.id)
        .join(
            Person,
            sa.and_(Person.school_id == LtiIdentity.school_id, Person.id == LtiIdentity.person_id),
        )
        .join(
            PersonRole,
            sa.and_(PersonRole.school_id == Person.school_id, PersonRole.person_id == Person.id),
        )
        .where(
            LtiIdentity.school_id == turn.school.id,
            LtiIdentity.registration_id == turn.registration.id,
            LtiIdentity.subject.in_(subjects),
            Person.state.in_(KNOWN),
            PersonRole.role == SchoolRole.STUDENT,
            holds(PersonRole, today_at(turn.school, turn.at)),
        )
    )
    return {subject: person_id for subject, person_id in rows}  # noqa: C416 - rows are not pairs to mypy


def _end_others(session: Session, turn: Turn, item_ids: set[UUID]) -> None:
    """End what stood in columns of this course that are not there any more."""
    items = sa.select(ActivityItem.id).where(
        ActivityItem.school_id == turn.school.id,
        ActivityItem.group_id == turn.context.group_id,
        ActivityItem.id.not_in(item_ids),
    )
    session.execute(
        sa.update(Activity)
        .where(
            Activity.school_id == turn.school.id,
            Activity.item_id.in_(items),
            Activity.kind == ActivityKind.RESULT,
            Activity.ended_at.is_(None),
        )
        .values(ended_at=turn.at)
        .execution_options(synchronize_session=False)
    )
