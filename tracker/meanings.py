"""What the school says that items of its LMS are about: a part of a framework, or a lesson.

Said once, it holds for what came in before and for what comes in later, until it is ended. It
says nothing about a student.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Conflict, Invalid
from tracker.models import (
    ActivityItem,
    Framework,
    FrameworkItem,
    Group,
    ItemMeaning,
    LearningPlan,
    Person,
    SupportLesson,
)
from tracker.permissions import Action, require


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One thing that an item is about; `code` is that of the part, None for a lesson."""

    id: UUID
    code: str | None
    title: str
    lesson_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class Course:
    """A group of the school with how many items it has, and how many nothing was said of.

    `group_id` is None for the items that belong to no group.
    """

    group_id: UUID | None
    title: str | None
    items: int
    unsaid: int


def say_items(
    session: Session,
    *,
    by: Person,
    items: Sequence[ActivityItem],
    part: FrameworkItem | None = None,
    lesson: SupportLesson | None = None,
    on: date,
    at: datetime,
) -> int:
    """Say what these items are about, beside what was said of them; returns how many that changed.

    Raises Invalid unless it is one part or one lesson, and at least one item; NotAllowed for who
    is no administrator.
    """
    require(session, by, Action.KEEP_MEANINGS, on=on)
    if (part is None) == (lesson is None):
        raise Invalid(about="meaning.one_needed")
    if not items:
        raise Invalid(items="meaning.no_items")
    about = (
        ItemMeaning.framework_item_id == part.id
        if part is not None
        else ItemMeaning.lesson_id == (lesson.id if lesson is not None else None)
    )
    # Locked, so that two who say the same at once say it once.
    ids = sorted(item.id for item in items)
    session.execute(
        sa.select(ActivityItem.id)
        .where(ActivityItem.school_id == by.school_id, ActivityItem.id.in_(ids))
        .order_by(ActivityItem.id)
        .with_for_update()
    )
    said = set(
        session.scalars(
            sa.select(ItemMeaning.item_id).where(
                ItemMeaning.school_id == by.school_id,
                ItemMeaning.item_id.in_(ids),
                ItemMeaning.ended_at.is_(None),
                about,
            )
        )
    )
    for item_id in dict.fromkeys(ids):
        if item_id not in said:
            meaning = ItemMeaning(
                school_id=by.school_id,
                item_id=item_id,
                framework_item_id=part.id if part else None,
                lesson_id=lesson.id if lesson else None,
                kept_by_id=by.id,
                created_at=at,
                ended_at=None,
            )
            session.add(meaning)
            audit.record(session, by=by, verb="said what item is about", subject=meaning, at=at)
    session.flush()
    return len(set(ids) - said)


def end_meaning(
    session: Session, *, by: Person, meaning: ItemMeaning, on: date, at: datetime
) -> None:
    """End what was said of an item; raises Conflict when it was ended already."""
    require(session, by, Action.KEEP_MEANINGS, on=on)
    session.refresh(meaning, with_for_update=True)
    if meaning.ended_at is not None:
        raise Conflict("meaning.ended")
    meaning.ended_at = at
    audit.record(session, by=by, verb="ended what item is about", subject=meaning, at=at)
    session.flush()


def meanings_of(
    session: Session, *, school_id: UUID, item_ids: Iterable[UUID]
) -> dict[UUID, list[Meaning]]:
    """Return what each of these items is about, by code and title; nothing for the others."""
    found = session.execute(
        sa.select(
            ItemMeaning.item_id,
            ItemMeaning.id,
            FrameworkItem.code,
            sa.func.coalesce(FrameworkItem.title, SupportLesson.title).label("title"),
            ItemMeaning.lesson_id,
        )
        .outerjoin(
            FrameworkItem,
            sa.and_(
                FrameworkItem.school_id == ItemMeaning.school_id,
                FrameworkItem.id == ItemMeaning.framework_item_id,
            ),
        )
        .outerjoin(
            SupportLesson,
            sa.and_(
                SupportLesson.school_id == ItemMeaning.school_id,
                SupportLesson.id == ItemMeaning.lesson_id,
            ),
        )
        .where(
            ItemMeaning.school_id == school_id,
            ItemMeaning.item_id.in_(set(item_ids)),
            ItemMeaning.ended_at.is_(None),
        )
        .order_by(FrameworkItem.code, sa.text("title"), ItemMeaning.id)
    )
    meanings: dict[UUID, list[Meaning]] = defaultdict(list)
    for row in found:
        meanings[row.item_id].append(
            Meaning(id=row.id, code=row.code, title=row.title, lesson_id=row.lesson_id)
        )
    return meanings


def courses(session: Session, *, person: Person, on: date) -> list[Course]:
    """Return the groups that have items, by title; first those of which something is unsaid."""
    require(session, person, Action.KEEP_MEANINGS, on=on)
    is_said = sa.exists().where(
        ItemMeaning.school_id == ActivityItem.school_id,
        ItemMeaning.item_id == ActivityItem.id,
        ItemMeaning.ended_at.is_(None),
    )
    found = session.execute(
        sa.select(
            ActivityItem.group_id,
            Group.title,
            sa.func.count().label("items"),
            sa.func.sum(sa.case((is_said, 0), else_=1)).label("unsaid"),
        )
        .outerjoin(
            Group,
            sa.and_(Group.school_id == ActivityItem.school_id, Group.id == ActivityItem.group_id),
        )
        .where(ActivityItem.school_id == person.school_id)
        .group_by(ActivityItem.group_id, Group.title)
        .order_by(Group.title, ActivityItem.group_id)
    )
    listed = [Course(**row._asdict()) for row in found]
    return sorted(listed, key=lambda course: course.unsaid == 0)


def items_in(
    session: Session, *, person: Person, group_id: UUID | None, on: date
) -> list[tuple[ActivityItem, list[Meaning]]]:
    """Return the items of one group, or of none, with what they are about; unsaid ones first."""
    require(session, person, Action.KEEP_MEANINGS, on=on)
    of_group = ActivityItem.group_id.is_not_distinct_from(group_id)
    items = session.scalars(
        sa.select(ActivityItem)
        .where(ActivityItem.school_id == person.school_id, of_group)
        .order_by(ActivityItem.title, ActivityItem.id)
    ).all()
    said = meanings_of(session, school_id=person.school_id, item_ids=[item.id for item in items])
    listed = [(item, said.get(item.id, [])) for item in items]
    return sorted(listed, key=lambda one: bool(one[1]))


def parts_in_use(
    session: Session, *, person: Person, words: str
) -> list[tuple[Framework, list[FrameworkItem]]]:
    """Return the parts with these words of the frameworks that plans follow; of all, if none does.

    Each framework with its parts in their own order, those that hold all words.
    """
    followed = sa.select(LearningPlan.framework_id).where(
        LearningPlan.school_id == person.school_id, LearningPlan.framework_id.is_not(None)
    )
    in_use = sa.or_(Framework.id.in_(followed), ~followed.exists())
    text = FrameworkItem.code + " " + FrameworkItem.title
    found = session.execute(
        sa.select(Framework, FrameworkItem)
        .join(
            FrameworkItem,
            sa.and_(
                FrameworkItem.school_id == Framework.school_id,
                FrameworkItem.framework_id == Framework.id,
            ),
        )
        .where(
            Framework.school_id == person.school_id,
            in_use,
            *(text.icontains(word, autoescape=True) for word in words.split()),
        )
        .order_by(Framework.code, Framework.edition, FrameworkItem.position)
    )
    parts: dict[UUID, tuple[Framework, list[FrameworkItem]]] = {}
    for framework, item in found:
        parts.setdefault(framework.id, (framework, []))[1].append(item)
    return list(parts.values())
