"""The administrator says who guides a group, and what activities are about; nobody else does."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask, render_template_string

from tests.visits import Visit
from tests.world import World
from tracker.activity import source_named, take_in
from tracker.db import new_id, unit_of_work
from tracker.models import (
    Activity,
    ActivityItem,
    ActivityKind,
    CoachGroup,
    Group,
    GroupRole,
    ItemMeaning,
    Membership,
    Person,
    PlanMember,
    Precision,
    SchoolRole,
)
from tracker.overview import rows_for
from tracker.people import add_person
from web import items


@pytest.fixture
def visit(app: Flask, world: World) -> Visit:
    return Visit(app, world.administrator)


@pytest.fixture
def newcomer(engine: sa.Engine, world: World) -> UUID:
    """Add a student without a plan to the group."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        person = add_person(
            session,
            by=None,
            school=world.school,
            name="Nina Nieuw",
            roles=[SchoolRole.STUDENT],
            at=world.at,
        )
        session.add(
            Membership(
                school_id=world.school.id,
                group_id=world.group.id,
                person_id=person.id,
                role=GroupRole.STUDENT,
                from_on=world.on,
            )
        )
        return person.id


@pytest.fixture
def item(engine: sa.Engine, world: World) -> UUID:
    """Add an activity of the LMS, with a signal of the student's about it."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        item = ActivityItem(
            school_id=world.school.id, group_id=world.group.id, title="Toets", created_at=world.at
        )
        session.add(item)
        session.flush()
        source = source_named(session, school_id=world.school.id, name="Moodle")
        told = {
            "school_id": world.school.id,
            "person_id": world.student.id,
            "source_id": source.id,
            "item_id": item.id,
            "occurred_at": world.at,
            "occurred_on": world.on,
            "precision": Precision.DAY,
            "text": None,
            "ended_at": None,
        }
        take_in(
            session,
            [
                {**told, "id": new_id(), "kind": ActivityKind.VISIT, "value": 5},
                {**told, "id": new_id(), "kind": ActivityKind.ATTENDANCE, "value": 0},
            ],
        )
        return item.id


def read(engine: sa.Engine, world: World, statement: Any) -> list[Any]:
    with unit_of_work(engine, school_id=world.school.id) as session:
        return list(session.scalars(statement))


def test_a_school_without_groups_is_led_to_reading_in_a_list(
    engine: sa.Engine, world: World, visit: Visit
) -> None:
    assert "Nog geen groepen" not in visit.get("/school/groups")
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(sa.delete(CoachGroup))
        session.execute(sa.delete(Membership))
        session.execute(sa.delete(Group))
    shown = visit.get("/school/groups")
    assert "Nog geen groepen" in shown
    assert 'href="/school#send"' in shown


def test_numbers_of_a_thousand_and_more_are_written_as_in_the_language(app: Flask) -> None:
    for language, shown in (("nl", "1.300 studenten"), ("en", "1,300 students")):
        with app.test_request_context(headers={"Accept-Language": language}):
            told = render_template_string(
                "{{ ngettext('%(num)s student', '%(num)s students', 1300) }}"
            )
        assert told == shown


def test_confirming_a_group_is_shown_before_it_happens(
    engine: sa.Engine, world: World, visit: Visit, newcomer: UUID
) -> None:
    page = f"/school/groups/{world.group.id}"
    chosen = f"{page}?person={world.teacher.id}&role=team"
    told = visit.get(chosen)
    assert "Tess Docent komt in het kernteam van 3 studenten." in told
    assert "1 student krijgt een plan in concept." in told
    assert read(engine, world, sa.select(CoachGroup)) == []
    answer = visit.submit(chosen, page, {"person": str(world.teacher.id), "role": "team"})
    assert answer.status_code == 303
    places = sa.select(PlanMember).where(PlanMember.person_id == world.teacher.id)
    assert len(read(engine, world, places)) == 3
    assert "Tess Docent" in visit.get("/school/groups")
    assert "Tess Docent" in visit.get(f"/school/groups?q={world.group.title[:3].lower()}&page=9")
    assert "Niets gevonden" in visit.get("/school/groups?q=xx&page=x")
    guide = read(engine, world, sa.select(CoachGroup.id))[0]
    assert visit.submit(page, f"{page}/end", {"guide": str(guide)}).status_code == 303
    assert all(place.until_on == world.on for place in read(engine, world, places))


def test_somebody_who_is_not_chosen_changes_nothing(
    engine: sa.Engine, world: World, visit: Visit
) -> None:
    page = f"/school/groups/{world.group.id}"
    assert visit.submit(page, page, {"role": "coach"}).status_code == 303
    assert read(engine, world, sa.select(CoachGroup)) == []


def test_what_an_activity_is_about_stands_with_its_signals(
    app: Flask, engine: sa.Engine, world: World, visit: Visit, item: UUID
) -> None:
    page = f"/school/items?course={world.group.id}"
    searched = visit.get(f"{page}&q={world.items[1].code}&page=7")
    assert "1 gevonden. Kies hieronder." in searched
    assert "Toon alles" in visit.get(f"{page}&q=xqx")
    assert "1 nog te zeggen" in visit.get("/school/items")
    assert "1 nog te zeggen" in visit.get("/school")
    part = world.items[1]
    answer = visit.submit(
        page,
        "/school/items",
        {"course": str(world.group.id), "item": str(item), "about": f"part:{part.id}"},
    )
    assert answer.status_code == 303
    for reader, address in (
        (world.student, "/student"),
        (world.coach, f"/coach/plans/{world.plan.id}/activity"),
    ):
        told = Visit(app, reader).get(address)
        assert "5 keer bekeken" in told
        assert "afwezig" in told
        assert "Gaat over B1-K1-W1 Ondersteunt bij persoonlijke verzorging" in told
    meaning = read(engine, world, sa.select(ItemMeaning.id))[0]
    ended = visit.submit(page, "/school/items/end", {"meaning": str(meaning)})
    assert ended.status_code == 303
    assert "Gaat over" not in Visit(app, world.student).get("/student")


def test_what_is_ticked_goes_along_to_another_page_of_activities(
    engine: sa.Engine, world: World, visit: Visit, item: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "SHOWN", 1)
    page, course = f"/school/items?course={world.group.id}", str(world.group.id)
    with unit_of_work(engine, school_id=world.school.id) as session:
        later = ActivityItem(
            school_id=world.school.id,
            group_id=world.group.id,
            title="Zzz, de laatste",
            created_at=world.at,
        )
        session.add(later)
    told = visit.get(page)
    assert f'value="{item}"' in told
    first = {"course": course, "item": str(item), "turn": "2"}
    turned = visit.submit(page, "/school/items", first).get_data(as_text=True)
    assert "Zzz, de laatste" in turned
    assert "Op een andere pagina is er nog 1 aangevinkt." in turned
    assert f'type="hidden" name="item" value="{item}"' in turned
    back = visit.submit(page, "/school/items", {**first, "turn": "1"}).get_data(as_text=True)
    assert f'value="{item}" checked' in back
    odd = visit.submit(page, "/school/items", {**first, "item": "anders", "turn": "x"})
    assert odd.status_code == 200


@pytest.mark.parametrize("name", ["student", "coach", "supervisor", "teacher"])
def test_nobody_else_sees_or_changes_these_pages(app: Flask, world: World, name: str) -> None:
    visit = Visit(app, getattr(world, name))
    for page in ("/school/groups", f"/school/groups/{world.group.id}", "/school/items"):
        visit.get(page, 404 if page.count("/") > 2 and "groups/" in page else 403)


def test_absence_and_enrolment_are_no_sign_of_activity(
    engine: sa.Engine, world: World, item: UUID
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        coach = session.get_one(Person, (world.school.id, world.coach.id))
        rows = rows_for(session, reader=coach, school=world.school, on=world.on)
        counted = {told.source: told.count for row in rows for told in row.activity}
    assert counted["Moodle"] == 1
    assert len(read(engine, world, sa.select(Activity).where(Activity.item_id == item))) == 2
