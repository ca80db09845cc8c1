"""The pages of support lessons, as they are met without any script."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.visits import Visit
from tests.world import World
from tracker.db import unit_of_work
from tracker.lessons import add_lesson, choose_lesson, close_lesson
from tracker.models import (
    LearningPlan,
    LessonChoice,
    LessonKind,
    Person,
    PlanRole,
    SupportLesson,
)
from tracker.plans import add_member, start_own_plan

REASON = "Mijn rapportages zijn te lang."


@pytest.fixture
def lesson(engine: sa.Engine, world: World) -> SupportLesson:
    """Return a lesson that the world's teacher gives."""
    return added(engine, world)


def added(engine: sa.Engine, world: World, **changed: Any) -> SupportLesson:
    with unit_of_work(engine, school_id=world.school.id) as session:
        return add_lesson(
            session,
            **{
                "by": world.teacher,
                "title": "Rapporteren in drie zinnen",
                "about": "Lokaal 2.14 <b>boven</b>",
                "url": "https://leren.example/kort?a=1&b=2",
                "teacher": world.teacher,
                "on": world.on,
                "at": world.at,
                **changed,
            },
        )


def chosen(engine: sa.Engine, world: World, lesson: SupportLesson) -> LessonChoice:
    with unit_of_work(engine, school_id=world.school.id) as session:
        return choose_lesson(
            session,
            by=world.student,
            plan=session.get_one(LearningPlan, (world.school.id, world.plan.id)),
            lesson=lesson,
            goal=world.goal,
            kind=LessonKind.DEEPEN,
            reason=REASON,
            on=world.on,
            at=world.at,
        )


def choices(engine: sa.Engine, world: World) -> list[LessonChoice]:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        return list(session.scalars(sa.select(LessonChoice).order_by(LessonChoice.id)))


def page_of(lesson: SupportLesson) -> str:
    return f"/student/lessons/{lesson.id}"


def test_student_finds_a_lesson_chooses_it_for_a_goal_and_sees_that_back(
    app: Flask, engine: sa.Engine, world: World, lesson: SupportLesson
) -> None:
    visit = Visit(app, world.student)
    assert lesson.title in visit.get("/student/lessons")
    page = visit.get(page_of(lesson))
    assert "Je coach ziet dit, en Tess Docent. Je doel ziet alleen je coach." in page
    fields = {"kind": "deepen", "goal_id": str(world.goal.id), "reason": REASON}
    answer = visit.submit(page_of(lesson), page_of(lesson), fields)
    assert answer.status_code == 303
    page = visit.get(answer.headers["Location"])
    assert "Je koos deze les." in page
    assert "Waarvoor?" not in page
    (choice,) = choices(engine, world)
    assert (choice.kind, choice.goal_id, choice.reason) == ("deepen", world.goal.id, REASON)
    for path in ("/student/lessons", f"/student/goals/{world.goal.id}"):
        page = visit.get(path)
        assert REASON in page
        assert "Gekozen" in page


def test_the_address_of_a_lesson_is_shown_with_its_host_and_never_trusted(
    app: Flask, world: World, lesson: SupportLesson
) -> None:
    client = Visit(app, world.student).client
    raw = client.get(page_of(lesson), base_url="https://localhost").get_data(as_text=True)
    (link,) = re.findall(r"<a [^>]*leren\.example[^>]*>", raw)
    assert 'href="https://leren.example/kort?a=1&amp;b=2"' in link
    assert 'rel="noopener noreferrer"' in link
    assert '<span class="xs m">leren.example</span>' in raw
    assert "Lokaal 2.14 &lt;b&gt;boven&lt;/b&gt;" in raw


def test_a_form_that_is_wrong_keeps_what_was_written(
    app: Flask, engine: sa.Engine, world: World, lesson: SupportLesson
) -> None:
    visit = Visit(app, world.student)
    for fields in (
        {"reason": REASON},
        {"reason": REASON, "kind": "herhalen"},
        {"reason": REASON, "kind": "repeat", "goal_id": str(world.other_goal.id)},
        {"reason": REASON, "kind": "repeat", "goal_id": "x"},
        {"reason": REASON + "a" * 2000, "kind": "repeat"},
    ):
        answer = visit.submit(page_of(lesson), page_of(lesson), fields)
        assert answer.status_code == 422, fields
        assert REASON in answer.get_data(as_text=True)
    assert choices(engine, world) == []


def test_choosing_twice_says_so_and_a_dropped_lesson_can_be_chosen_again(
    app: Flask, engine: sa.Engine, world: World, lesson: SupportLesson
) -> None:
    visit = Visit(app, world.student)
    choice = chosen(engine, world, lesson)
    answer = visit.submit("/student/lessons", page_of(lesson), {"kind": "repeat"})
    assert answer.status_code == 409
    assert "Je koos deze les al. Volg hem eerst." in answer.get_data(as_text=True)
    drop = f"/student/lessons/choices/{choice.id}/drop"
    assert visit.submit(page_of(lesson), drop, {}).status_code == 303
    assert "Je nam je keuze terug." in visit.get("/student/lessons")
    again = visit.submit(page_of(lesson), drop, {})
    assert again.status_code == 303
    assert "De student nam deze keuze terug." in visit.get("/student/lessons")
    answer = visit.submit(page_of(lesson), page_of(lesson), {"kind": "repeat"})
    assert answer.status_code == 303
    assert [row.dropped_at is None for row in choices(engine, world)] == [False, True]


def test_a_closed_lesson_cannot_be_chosen(
    app: Flask, engine: sa.Engine, world: World, lesson: SupportLesson
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        held = session.get_one(SupportLesson, (world.school.id, lesson.id))
        close_lesson(session, by=world.teacher, lesson=held, on=world.on, at=world.at)
    visit = Visit(app, world.student)
    assert lesson.title not in visit.get("/student/lessons")
    page = visit.get(page_of(lesson))
    assert "Deze les is er nu niet." in page
    assert "Waarvoor?" not in page
    answer = visit.submit("/student", page_of(lesson), {"kind": "repeat"})
    assert answer.status_code == 409
    assert choices(engine, world) == []


def test_a_student_without_a_plan_begins_one_with_the_first_lesson(
    app: Flask, engine: sa.Engine, world: World, lesson: SupportLesson, superuser_engine: sa.Engine
) -> None:
    with superuser_engine.begin() as connection:
        connection.execute(
            sa.update(LearningPlan).where(LearningPlan.id == world.plan.id).values(state="closed")
        )
    visit = Visit(app, world.student)
    assert visit.submit(page_of(lesson), page_of(lesson), {"kind": "x"}).status_code == 422
    plans = sa.select(sa.func.count()).where(LearningPlan.student_id == world.student.id)
    with superuser_engine.connect() as connection:
        assert connection.scalar(plans) == 1
    assert visit.submit(page_of(lesson), page_of(lesson), {"kind": "enrich"}).status_code == 303
    with superuser_engine.connect() as connection:
        assert connection.scalar(plans) == 2
    (choice,) = choices(engine, world)
    assert choice.plan_id != world.plan.id


def test_a_lesson_is_chosen_in_the_plan_that_the_address_names(
    app: Flask, engine: sa.Engine, world: World, lesson: SupportLesson
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        start_own_plan(
            session,
            by=world.student,
            title="Eigen winkel",
            starts_on=world.on,
            on=world.on,
            at=world.at,
        )
    visit = Visit(app, world.student)
    page = f"{page_of(lesson)}?plan={world.plan.id}&goal={world.goal.id}"
    assert f'value="{world.goal.id}" selected' in visit.get(page)
    answer = visit.submit(page, f"{page_of(lesson)}?plan={world.plan.id}", {"kind": "repeat"})
    assert answer.headers["Location"].endswith(f"?plan={world.plan.id}")
    (choice,) = choices(engine, world)
    assert choice.plan_id == world.plan.id


def test_coach_reads_the_choice_before_a_talk_and_confirms_it_once(
    app: Flask, engine: sa.Engine, world: World, lesson: SupportLesson
) -> None:
    choice = chosen(engine, world, lesson)
    visit = Visit(app, world.coach)
    page = f"/coach/plans/{world.plan.id}"
    shown = visit.get(page)
    assert REASON in shown
    assert world.goal.title in shown.split(REASON)[1].split("</li>")[0]
    confirm = f"/lessons/choices/{choice.id}/confirm"
    answer = visit.submit(page, f"{confirm}?here=student", {})
    assert answer.headers["Location"] == page
    shown = visit.get(page)
    assert "Er staat nu dat deze les gevolgd is." in shown
    assert "bevestigd door Cor Coach" in shown
    assert confirm not in shown
    visit.submit(page, f"{confirm}?here=student", {})
    assert "Er staat al dat deze les gevolgd is." in visit.get(page)
    student = Visit(app, world.student)
    assert "bevestigd door Cor Coach" in student.get(page_of(lesson))


def test_a_chosen_lesson_is_a_pennant_in_the_drawing_of_its_goal(
    app: Flask, engine: sa.Engine, world: World, lesson: SupportLesson
) -> None:
    pages = {
        world.student: f"/student/goals/{world.goal.id}",
        world.coach: f"/coach/plans/{world.plan.id}",
    }
    for reader, path in pages.items():
        assert 'class="mv"' not in Visit(app, reader).get(path)
    chosen(engine, world, lesson)
    for reader, path in pages.items():
        page = Visit(app, reader).get(path)
        assert page.count('class="mv"') == 2, reader.name  # one in the drawing, one in its key
        assert "gekozen les" in page
    assert 'class="mv"' not in Visit(app, world.student).get(
        f"/student/goals/{world.other_goal.id}", 404
    )


def test_teacher_sees_the_choice_and_the_name_and_nothing_else(
    app: Flask, engine: sa.Engine, world: World, lesson: SupportLesson
) -> None:
    choice = chosen(engine, world, lesson)
    visit = Visit(app, world.teacher)
    for path in ("/lessons", f"/lessons/{lesson.id}"):
        page = visit.get(path)
        assert world.student.name in page
        assert REASON in page
        assert world.goal.title not in page
    visit.get(f"/coach/plans/{world.plan.id}", 404)
    confirm = f"/lessons/choices/{choice.id}/confirm"
    answer = visit.submit("/lessons", f"{confirm}?here=list", {})
    assert answer.headers["Location"] == "/lessons"
    assert world.student.name not in visit.get("/lessons")
    assert "bevestigd door Tess Docent" in visit.get(f"/lessons/{lesson.id}")


def test_a_coach_sees_of_a_lesson_only_the_own_students_who_chose_it(
    app: Flask, engine: sa.Engine, world: World, lesson: SupportLesson
) -> None:
    chosen(engine, world, lesson)
    path = f"/lessons/{lesson.id}"
    assert world.student.name in Visit(app, world.coach).get(path)
    page = Visit(app, world.other_coach).get(path)
    assert world.student.name not in page
    assert "Nog geen van jouw studenten koos deze les." in page
    assert f"{path}/edit" not in page


@pytest.mark.parametrize("name", ["supervisor", "other_student", "other_coach", "elsewhere"])
def test_others_confirm_and_drop_nothing(
    app: Flask, engine: sa.Engine, world: World, lesson: SupportLesson, name: str
) -> None:
    choice = chosen(engine, world, lesson)
    visit = Visit(app, getattr(world, name))
    home = {"supervisor": "/supervisor", "other_student": "/student"}.get(name, "/coach")
    for path in (
        f"/lessons/choices/{choice.id}/confirm",
        f"/student/lessons/choices/{choice.id}/drop",
    ):
        assert visit.submit(home, path, {}).status_code == 404
    (same,) = choices(engine, world)
    assert (same.confirmed_at, same.dropped_at) == (None, None)


def test_a_student_never_confirms_and_keeps_no_list(
    app: Flask, engine: sa.Engine, world: World, lesson: SupportLesson
) -> None:
    choice = chosen(engine, world, lesson)
    visit = Visit(app, world.student)
    confirm = f"/lessons/choices/{choice.id}/confirm"
    assert visit.submit("/student", confirm, {}).status_code == 403
    for path in ("/lessons", "/lessons/new", f"/lessons/{lesson.id}", f"/lessons/{lesson.id}/edit"):
        visit.get(path, 403)
    for path in (
        "/lessons/new",
        f"/lessons/{lesson.id}/edit",
        f"/lessons/{lesson.id}/close",
        f"/lessons/{lesson.id}/reopen",
    ):
        assert visit.submit("/student", path, {"title": "Anders"}).status_code == 403


def test_another_school_finds_nothing(
    app: Flask, engine: sa.Engine, world: World, lesson: SupportLesson
) -> None:
    visit = Visit(app, world.elsewhere)
    for path in (page_of(lesson), f"/lessons/{lesson.id}", f"/lessons/{lesson.id}/edit"):
        visit.get(path, 404)
    assert lesson.title not in visit.get("/lessons")
    assert lesson.title not in visit.get("/student/lessons")


def test_a_teacher_adds_edits_closes_and_offers_again(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    visit = Visit(app, world.teacher)
    wrong = visit.submit("/lessons/new", "/lessons/new", {"title": "Bellen", "url": "bellen"})
    assert wrong.status_code == 422
    assert "Dit is geen heel webadres." in wrong.get_data(as_text=True)
    assert 'value="Bellen"' in wrong.get_data(as_text=True)
    answer = visit.submit("/lessons/new", "/lessons/new", {"title": "Bellen"})
    assert answer.status_code == 303
    path = answer.headers["Location"]
    assert "Studenten kunnen deze les nu kiezen." in visit.get(path)
    form = visit.get(f"{path}/edit")
    read = re.search(r'name="read" value="(\w+)"', form)
    assert read is not None
    fields = {"title": "Rustig bellen", "about": "Met acteurs", "read": read[1]}
    assert visit.submit(f"{path}/edit", f"{path}/edit", fields).status_code == 303
    page = visit.get(path)
    assert "Rustig bellen" in page
    assert "Tess Docent" in page, "who gave it goes on giving it"
    late = visit.submit(f"{path}/edit", f"{path}/edit", {**fields, "title": "Druk bellen"})
    assert late.status_code == 409
    assert 'value="Druk bellen"' in late.get_data(as_text=True)
    assert "Rustig bellen" in visit.get(path)
    visit.submit(path, f"{path}/close", {})
    assert "Niet in het aanbod" in visit.get(path)
    visit.submit(path, f"{path}/reopen", {})
    assert "Niet in het aanbod" not in visit.get(path)


def test_an_administrator_says_who_gives_a_lesson(
    app: Flask, engine: sa.Engine, world: World, lesson: SupportLesson
) -> None:
    visit = Visit(app, world.administrator)
    path = f"/lessons/{lesson.id}/edit"

    def submit(person: Person) -> int:
        read = re.search(r'name="read" value="(\w+)"', visit.get(path))
        assert read is not None
        fields = {"title": lesson.title, "teacher_id": str(person.id), "read": read[1]}
        status: int = visit.submit(path, path, fields).status_code
        return status

    assert submit(world.student) == 422
    assert submit(world.coach) == 303
    assert "Cor Coach" in visit.get(f"/lessons/{lesson.id}")
    teacher = Visit(app, world.teacher)
    teacher.get(path, 403)


def test_a_coach_who_opens_a_placed_lesson_reads_it_and_finds_who_chose_it(
    app: Flask, world: World, lesson: SupportLesson
) -> None:
    page = Visit(app, world.coach).get(page_of(lesson))
    assert lesson.title in page
    assert "Waarvoor?" not in page
    assert f'href="/lessons/{lesson.id}"' in page


def test_a_peer_sees_no_choice_on_the_lessons_own_page(
    app: Flask, engine: sa.Engine, world: World, lesson: SupportLesson
) -> None:
    chosen(engine, world, lesson)
    with unit_of_work(engine, school_id=world.school.id) as session:
        add_member(
            session,
            by=None,
            plan=world.plan,
            person=world.other_student,
            role=PlanRole.PEER,
            from_on=world.on,
            at=world.at,
        )
    page = Visit(app, world.other_student).get(page_of(lesson))
    assert REASON not in page
    assert world.student.name not in page


def test_a_list_takes_as_many_queries_however_many_chose(
    app: Flask, engine: sa.Engine, world: World, lesson: SupportLesson
) -> None:
    visit = Visit(app, world.teacher)
    chosen(engine, world, lesson)
    one = visit.count_queries("/lessons")
    for title in ("B", "C", "D"):
        chosen(engine, world, added(engine, world, title=title))
    assert visit.count_queries("/lessons") == one
