"""What items of the LMS are about: said once by an administrator, until it is ended."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.errors import Conflict, Invalid, NotAllowed
from tracker.meanings import courses, end_meaning, items_in, meanings_of, parts_in_use, say_items
from tracker.models import ActivityItem, ItemMeaning, SupportLesson


@pytest.fixture
def item(work: Session, world: World) -> ActivityItem:
    found = ActivityItem(
        school_id=world.school.id, group_id=world.group.id, title="Verslag", created_at=world.at
    )
    work.add(found)
    work.flush()
    return found


@pytest.fixture
def lesson(work: Session, world: World) -> SupportLesson:
    found = SupportLesson(
        school_id=world.school.id, title="Rapporteren", from_on=world.on, created_at=world.at
    )
    work.add(found)
    work.flush()
    return found


def said(work: Session, world: World, item: ActivityItem) -> list[str]:
    found = meanings_of(work, school_id=world.school.id, item_ids=[item.id])
    return [meaning.code or meaning.title for meaning in found.get(item.id, [])]


def test_an_item_may_be_about_a_part_and_a_lesson_and_is_said_once(
    work: Session, world: World, item: ActivityItem, lesson: SupportLesson
) -> None:
    say: dict[str, Any] = {
        "by": world.administrator,
        "items": [item],
        "on": world.on,
        "at": world.at,
    }
    assert say_items(work, part=world.items[1], **say) == 1
    assert say_items(work, part=world.items[1], **say) == 0
    assert say_items(work, lesson=lesson, **say) == 1
    assert sorted(said(work, world, item)) == ["B1-K1-W1", "Rapporteren"]


def test_what_is_ended_holds_no_more_and_can_be_said_again(
    work: Session, world: World, item: ActivityItem
) -> None:
    told: dict[str, Any] = {"on": world.on, "at": world.at, "by": world.administrator}
    say_items(work, items=[item], part=world.items[1], **told)
    meaning = work.scalars(sa.select(ItemMeaning)).one()
    end_meaning(work, meaning=meaning, **told)
    assert said(work, world, item) == []
    with pytest.raises(Conflict, match=r"meaning\.ended"):
        end_meaning(work, meaning=meaning, **told)
    assert say_items(work, items=[item], part=world.items[1], **told) == 1


@pytest.mark.parametrize("name", ["student", "coach", "supervisor", "teacher", "elsewhere"])
def test_only_an_administrator_says_it(
    work: Session, world: World, item: ActivityItem, name: str
) -> None:
    with pytest.raises(NotAllowed):
        say_items(
            work,
            by=getattr(world, name),
            items=[item],
            part=world.items[1],
            on=world.on,
            at=world.at,
        )


def test_it_is_one_part_or_one_lesson_of_at_least_one_item(
    work: Session, world: World, item: ActivityItem, lesson: SupportLesson
) -> None:
    told: dict[str, Any] = {"by": world.administrator, "on": world.on, "at": world.at}
    abouts: list[dict[str, Any]] = [{}, {"part": world.items[1], "lesson": lesson}]
    for about in abouts:
        with pytest.raises(Invalid):
            say_items(work, items=[item], **about, **told)
    with pytest.raises(Invalid):
        say_items(work, items=[], lesson=lesson, **told)


def test_what_nothing_was_said_of_comes_first(
    work: Session, world: World, item: ActivityItem
) -> None:
    other = ActivityItem(
        school_id=world.school.id, group_id=world.group.id, title="Zelftest", created_at=world.at
    )
    work.add(other)
    reader: dict[str, Any] = {"person": world.administrator, "on": world.on}
    say_items(
        work,
        by=world.administrator,
        items=[item],
        part=world.items[1],
        on=world.on,
        at=world.at,
    )
    listed = items_in(work, group_id=world.group.id, **reader)
    assert [found.title for found, _ in listed] == ["Zelftest", "Verslag"]
    assert [(one.title, one.items, one.unsaid) for one in courses(work, **reader)] == [
        ("VZ3A", 2, 1)
    ]


def test_parts_are_found_by_their_words(work: Session, world: World) -> None:
    found = parts_in_use(work, person=world.administrator, words="verzorging persoonlijke")
    assert [[item.code for item in items] for _, items in found] == [["B1-K1-W1"]]
    assert parts_in_use(work, person=world.administrator, words="%") == []
