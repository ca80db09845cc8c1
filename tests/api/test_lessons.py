"""Support lessons for programs: the school's list, and what students chose from it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from identity.models import Scope
from tests.world import World
from tracker.db import new_id, unit_of_work
from tracker.lessons import add_lesson, close_lesson
from tracker.models import LessonChoice, PlanRole, SupportLesson
from tracker.plans import add_member

LESSON = {"title": "Kort rapporteren", "about": "Lokaal 2.14", "url": "https://leren.example/kort"}


@pytest.fixture
def work(engine: sa.Engine, world: World) -> Iterator[Session]:
    """Open a writing unit of work in the world's school."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        yield session


@pytest.fixture
def lesson(engine: sa.Engine, world: World) -> SupportLesson:
    """Return a lesson that the world's teacher gives."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        return add_lesson(
            session,
            by=world.teacher,
            title="Rapporteren",
            about=None,
            url=None,
            teacher=world.teacher,
            on=world.on,
            at=world.at,
        )


@pytest.fixture
def path(world: World) -> str:
    """Return where the student's chosen lessons are."""
    return f"/api/plans/{world.plan.id}/lessons"


def wanted(lesson: SupportLesson, **changed: Any) -> dict[str, Any]:
    return {"lesson_id": str(lesson.id), "kind": "repeat", "reason": "Te lang.", **changed}


def test_a_teacher_adds_a_lesson_and_everybody_in_the_school_finds_it(
    world: World, as_: Any
) -> None:
    body = {**LESSON, "teacher_id": str(world.teacher.id)}
    answer = as_(world.teacher).post("/api/lessons", json=body)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["teacher_name"] == world.teacher.name
    assert (told["from_on"], told["until_on"]) == (world.on.isoformat(), None)
    where = answer.headers["Location"]
    for person in (world.student, world.coach, world.supervisor, world.administrator):
        assert as_(person).get(where).json() == told
        assert as_(person).get("/api/lessons").json()["items"] == [told]
    assert as_(world.elsewhere).get(where).status_code == 404
    assert as_(world.elsewhere).get("/api/lessons").json() == {"items": []}


def test_a_teacher_names_nobody_whom_they_do_not_see(world: World, as_: Any, counts: Any) -> None:
    before = counts()
    body = {**LESSON, "teacher_id": str(world.other_coach.id)}
    assert as_(world.teacher).post("/api/lessons", json=body).status_code == 404
    refused = as_(world.administrator).post(
        "/api/lessons", json={**LESSON, "teacher_id": str(world.student.id)}
    )
    assert refused.status_code == 422
    assert refused.json()["errors"] == {"teacher_id": ["teacher.not_staff"]}
    assert counts() == before


def test_lessons_come_in_pages_and_by_whether_they_are_on_offer(
    world: World, as_: Any, work: Session, lesson: SupportLesson
) -> None:
    keep: dict[str, Any] = {"by": world.administrator, "on": world.on, "at": world.at}
    for title in ("B", "C"):
        add_lesson(work, title=title, about=None, url=None, teacher=None, **keep)
    closed = add_lesson(work, title="D", about=None, url=None, teacher=None, **keep)
    close_lesson(work, lesson=closed, **keep)
    work.commit()
    caller = as_(world.student)

    def titles(query: str) -> list[str]:
        return [item["title"] for item in caller.get(f"/api/lessons{query}").json()["items"]]

    assert titles("") == [lesson.title, "B", "C", "D"]
    assert titles("?state=offered") == [lesson.title, "B", "C"]
    assert titles("?state=closed") == ["D"]
    first = caller.get("/api/lessons?limit=2&state=offered")
    assert [item["title"] for item in first.json()["items"]] == [lesson.title, "B"]
    following = caller.get(first.links["next"]["url"])
    assert [item["title"] for item in following.json()["items"]] == ["C"]
    assert "next" not in following.links


def test_who_edits_a_lesson_names_what_they_read(
    world: World, as_: Any, lesson: SupportLesson
) -> None:
    path = f"/api/lessons/{lesson.id}"
    caller = as_(world.teacher)
    body = {**LESSON, "teacher_id": str(world.teacher.id)}
    assert caller.put(path, json=body).status_code == 428
    tag = caller.get(path).headers["ETag"]
    assert caller.get(path, headers={"If-None-Match": tag}).status_code == 304
    saved = caller.put(path, json=body, headers={"If-Match": tag})
    assert saved.status_code == 200, saved.text
    assert saved.json()["title"] == LESSON["title"]
    late = as_(world.administrator).put(path, json={"title": "Anders"}, headers={"If-Match": tag})
    assert late.status_code == 412
    assert late.json()["current"] == saved.json()
    assert late.json()["sent"]["title"] == "Anders"
    assert as_(world.coach).put(path, json=body, headers={"If-Match": tag}).status_code == 403


def test_a_closed_lesson_can_be_offered_again(
    world: World, as_: Any, lesson: SupportLesson, path: str
) -> None:
    closing = f"/api/lessons/{lesson.id}/closing"
    closed = as_(world.teacher).post(closing)
    assert closed.json()["until_on"] == world.on.isoformat()
    refused = as_(world.student).post(path, json=wanted(lesson))
    assert (refused.status_code, refused.json()["code"]) == (409, "lesson.not_on_offer")
    assert as_(world.teacher).delete(closing).json()["until_on"] is None
    assert as_(world.student).post(path, json=wanted(lesson)).status_code == 201
    assert as_(world.coach).post(closing).status_code == 403


def test_student_chooses_a_lesson_for_a_goal_and_coach_and_teacher_read_it(
    world: World, as_: Any, lesson: SupportLesson, path: str
) -> None:
    body = wanted(lesson, goal_id=str(world.goal.id))
    answer = as_(world.student).post(path, json=body)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["student"] == {"id": str(world.student.id), "name": world.student.name}
    assert {name: told[name] for name in body} == body
    where = answer.headers["Location"]
    for person in (world.student, world.coach, world.administrator):
        assert as_(person).get(where).json() == told
        assert as_(person).get(path).json()["items"] == [told]
    # The teacher sees the choice; of the plan nothing, so not the goal either.
    assert as_(world.teacher).get(where).json() == {**told, "goal_id": None}
    listed = as_(world.teacher).get(f"/api/lessons/{lesson.id}/choices").json()["items"]
    assert listed == [{**told, "goal_id": None}]
    for name in ("plans", "goals"):
        hidden = {"plans": world.plan.id, "goals": world.goal.id}[name]
        assert as_(world.teacher).get(f"/api/{name}/{hidden}").status_code == 404
    assert as_(world.teacher).get(path).status_code == 404


def test_supervisor_peer_and_strangers_see_no_choice(
    world: World, as_: Any, work: Session, lesson: SupportLesson, path: str
) -> None:
    choice = as_(world.student).post(path, json=wanted(lesson)).json()
    add_member(
        work,
        by=None,
        plan=world.plan,
        person=world.other_student,
        role=PlanRole.PEER,
        from_on=world.on,
        at=world.at,
    )
    work.commit()
    where = f"/api/lesson-choices/{choice['id']}"
    for person in (world.supervisor, world.other_student, world.other_coach, world.elsewhere):
        assert as_(person).get(where).status_code == 404
        assert as_(person).delete(where).status_code == 404
        assert as_(person).post(f"{where}/confirmation").status_code == 404
        listed = as_(person).get(f"/api/lessons/{lesson.id}/choices")
        assert listed.status_code == (404 if person is world.elsewhere else 200)
        assert listed.json().get("items", []) == []
    assert as_(world.supervisor).get(path).json() == {"items": []}


def test_a_choice_is_confirmed_once_and_never_by_the_student(
    world: World, as_: Any, lesson: SupportLesson, path: str
) -> None:
    choice = as_(world.student).post(path, json=wanted(lesson)).json()
    where = f"/api/lesson-choices/{choice['id']}"
    assert as_(world.student).post(f"{where}/confirmation").status_code == 403
    assert as_(world.administrator).post(f"{where}/confirmation").status_code == 403
    told = as_(world.teacher).post(f"{where}/confirmation")
    assert told.status_code == 201, told.text
    assert told.json()["confirmed_by"] == world.teacher.name
    again = as_(world.coach).post(f"{where}/confirmation")
    assert (again.status_code, again.json()["code"]) == (409, "choice.confirmed")
    late = as_(world.student).delete(where)
    assert (late.status_code, late.json()["code"]) == (409, "choice.confirmed")


def test_a_dropped_choice_is_gone_for_its_teacher(
    world: World, as_: Any, lesson: SupportLesson, path: str
) -> None:
    choice = as_(world.student).post(path, json=wanted(lesson)).json()
    where = f"/api/lesson-choices/{choice['id']}"
    assert as_(world.student).delete(where).status_code == 204
    assert as_(world.student).get(where).json()["dropped_at"] is not None
    assert as_(world.teacher).get(where).status_code == 404
    assert as_(world.student).delete(where).status_code == 409
    assert as_(world.student).post(path, json=wanted(lesson)).status_code == 201


def test_a_choice_for_a_goal_of_another_plan_or_of_nobody_is_refused(
    world: World, as_: Any, work: Session, lesson: SupportLesson, path: str, counts: Any
) -> None:
    # Somebody who is in both plans sees the goal, and still may not tie it to this one.
    add_member(
        work,
        by=None,
        plan=world.other_plan,
        person=world.student,
        role=PlanRole.TEAM,
        from_on=world.on,
        at=world.at,
    )
    work.commit()
    before = counts()
    caller = as_(world.student)
    other = caller.post(path, json=wanted(lesson, goal_id=str(world.other_goal.id)))
    assert other.status_code == 422
    assert other.json()["errors"] == {"goal_id": ["goal.of_other_plan"]}
    assert caller.post(path, json=wanted(lesson, goal_id=str(new_id()))).status_code == 404
    assert caller.post(path, json={**wanted(lesson), "lesson_id": str(new_id())}).status_code == 404
    assert counts() == before


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"kind": "herhalen"}, {"kind": ["not_a_choice"]}),
        ({"kind": None}, {"kind": ["required"]}),
        ({"reason": "a" * 2001}, {"reason": ["too_long"]}),
        ({"reason": "a\0b"}, {"reason": ["bad_character"]}),
        ({"lesson_id": "x"}, {"lesson_id": ["not_an_id"]}),
        ({"confirmed_at": "2026-11-01T00:00:00Z"}, {"confirmed_at": ["unknown_field"]}),
    ],
)
def test_a_choice_that_is_wrong_is_refused_by_field(
    world: World,
    as_: Any,
    lesson: SupportLesson,
    path: str,
    counts: Any,
    changed: dict[str, Any],
    errors: dict[str, list[str]],
) -> None:
    before = counts()
    answer = as_(world.student).post(path, json=wanted(lesson, **changed))
    assert (answer.status_code, answer.json()["errors"]) == (422, errors)
    assert counts() == before


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"title": "  "}, {"title": ["too_short"]}),
        ({"title": "a" * 201}, {"title": ["too_long"]}),
        ({"about": "a" * 4001}, {"about": ["too_long"]}),
        ({"url": "javascript:alert(1)"}, {"url": ["url.wrong"]}),
        ({"url": "https://a.example/" + "a" * 2000}, {"url": ["too_long"]}),
        ({"until_on": "2027-01-01"}, {"until_on": ["unknown_field"]}),
    ],
)
def test_a_lesson_that_is_wrong_is_refused_by_field(
    world: World, as_: Any, counts: Any, changed: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    before = counts()
    answer = as_(world.teacher).post("/api/lessons", json={**LESSON, **changed})
    assert (answer.status_code, answer.json()["errors"]) == (422, errors)
    assert counts() == before


def test_a_token_for_reading_chooses_nothing(
    world: World, as_: Any, lesson: SupportLesson, path: str
) -> None:
    assert as_(world.student, Scope.READ).post(path, json=wanted(lesson)).status_code == 403


def test_of_many_at_once_one_choice_is_kept(
    world: World, as_: Any, work: Session, lesson: SupportLesson, path: str
) -> None:
    caller = as_(world.student)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: caller.post(path, json=wanted(lesson)), range(8)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
    kept = sa.select(sa.func.count()).select_from(LessonChoice)
    assert work.scalar(kept) == 1
