"""Support lessons: who keeps the list, what students choose from it, and who sees that."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.errors import Conflict, Invalid, NotAllowed, NotFound
from tracker.lesson_lists import choices_seen, lessons_seen, staff
from tracker.lessons import (
    add_lesson,
    choose_lesson,
    close_lesson,
    confirm_choice,
    drop_choice,
    edit_lesson,
    lessons_on,
    reopen_lesson,
)
from tracker.models import (
    AuditEvent,
    LearningPlan,
    LessonChoice,
    LessonKind,
    Person,
    PlanRole,
    PlanState,
    SchoolRole,
    SupportLesson,
)
from tracker.people import give_role
from tracker.permissions import find, visible
from tracker.plans import add_member

SEEN = ("student", "coach", "administrator", "teacher")


def offer(work: Session, world: World, **changed: Any) -> SupportLesson:
    """Add a lesson that the world's teacher gives, with some of it changed."""
    return add_lesson(
        work,
        **{
            "by": world.teacher,
            "title": "Rapporteren in drie zinnen",
            "about": "Neem een eigen rapportage mee.",
            "url": "https://leren.example/rapporteren",
            "teacher": world.teacher,
            "on": world.on,
            "at": world.at,
            **changed,
        },
    )


def choose(work: Session, world: World, lesson: SupportLesson, **changed: Any) -> LessonChoice:
    """Choose a lesson as the student does, with some of it changed."""
    return choose_lesson(
        work,
        **{
            "by": world.student,
            "plan": work.get_one(LearningPlan, (world.school.id, world.plan.id)),
            "lesson": lesson,
            "goal": world.goal,
            "kind": LessonKind.REPEAT,
            "reason": "Mijn rapportages zijn te lang.",
            "on": world.on,
            "at": world.at,
            **changed,
        },
    )


def sees(work: Session, world: World, person: Person) -> set[Any]:
    found = choices_seen(work, person=person, on=world.on, where=[])
    return {seen.choice for seen in found}


def confirm(work: Session, world: World, by: Person, choice: LessonChoice) -> None:
    confirm_choice(work, by=by, choice=choice, on=world.on, at=world.at)


@pytest.mark.parametrize("name", ["student", "supervisor", "other_student"])
def test_only_staff_and_administrators_add_lessons(work: Session, world: World, name: str) -> None:
    with pytest.raises(NotAllowed):
        offer(work, world, by=getattr(world, name))


@pytest.mark.parametrize("name", ["coach", "teacher", "administrator"])
def test_what_is_added_is_on_offer_from_that_day_until_it_is_closed(
    work: Session, world: World, name: str
) -> None:
    person = getattr(world, name)
    lesson = offer(work, world, by=person, teacher=world.teacher, title="B")
    first = offer(work, world, title="A", teacher=None)

    def listed(days: int) -> list[SupportLesson]:
        day = world.on + timedelta(days=days)
        return list(lessons_on(work, school_id=world.school.id, on=day))

    assert listed(0) == [first, lesson]
    assert listed(-1) == []
    by_at: dict[str, Any] = {"by": world.teacher, "on": world.on, "at": world.at}
    close_lesson(work, lesson=lesson, **by_at)
    close_lesson(work, lesson=lesson, **by_at)
    assert listed(0) == [first]
    reopen_lesson(work, lesson=lesson, **by_at)
    assert listed(0) == [first, lesson]
    verbs = sa.select(AuditEvent.verb).where(AuditEvent.subject_id == lesson.id)
    assert work.scalars(verbs.order_by(AuditEvent.id)).all() == [
        "added lesson",
        "closed lesson",
        "reopened lesson",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "leren.example/les",
        "//leren.example",
        "https://",
        "https:leren.example",
        "https://leren.example@kwaad.example/",
        "https://leren.example\\@kwaad.example/",
        "https://leren.example/een twee",
        "https://leren.example/\n",
        "https://leren.example:poort/",
        "https://[::1",
        "https://lėren.example/",
        'https://leren.example/"><script>',
        "https://leren.example/" + "a" * 2000,
        "",
    ],
)
def test_a_lesson_leads_to_a_whole_web_address_only(work: Session, world: World, url: str) -> None:
    with pytest.raises(Invalid) as refusal:
        offer(work, world, url=url)
    assert refusal.value.fields == {"url": "url.wrong"}


@pytest.mark.parametrize(
    "url", ["https://leren.example/les?id=3#deel", "HTTP://leren.example:8080", None]
)
def test_a_lesson_keeps_its_address_as_it_was_written(
    work: Session, world: World, url: str | None
) -> None:
    assert offer(work, world, url=url).url == url


def test_only_coaches_and_teachers_give_lessons(work: Session, world: World) -> None:
    for name in ("student", "supervisor", "administrator"):
        with pytest.raises(Invalid) as refusal:
            offer(work, world, teacher=getattr(world, name))
        assert refusal.value.fields == {"teacher_id": "teacher.not_staff"}
    names = {person.name for person in staff(work, by=world.administrator, on=world.on)}
    assert names == {world.coach.name, world.other_coach.name, world.teacher.name}


def test_its_teacher_and_the_administrator_edit_a_lesson_and_nobody_else_takes_it(
    work: Session, world: World
) -> None:
    lesson = offer(work, world)
    said: dict[str, Any] = {
        "lesson": lesson,
        "title": "Kort rapporteren",
        "about": None,
        "url": None,
        "on": world.on,
        "at": world.at,
    }
    for name in ("coach", "other_coach", "student"):
        with pytest.raises(NotAllowed):
            edit_lesson(work, by=getattr(world, name), teacher=world.coach, **said)
    edit_lesson(work, by=world.teacher, teacher=world.teacher, **said)
    assert (lesson.title, lesson.about, lesson.url) == ("Kort rapporteren", None, None)
    edit_lesson(work, by=world.administrator, teacher=None, **said)
    with pytest.raises(NotAllowed):
        edit_lesson(work, by=world.teacher, teacher=world.teacher, **said)
    edited = sa.select(sa.func.count()).where(
        AuditEvent.subject_id == lesson.id, AuditEvent.verb == "edited lesson"
    )
    assert work.scalar(edited) == 2
    edit_lesson(work, by=world.administrator, teacher=None, **said)
    assert work.scalar(edited) == 2, "saved unchanged, it stays as it is"


def test_a_teacher_whose_role_ended_keeps_no_lesson_and_sees_and_confirms_nothing(
    work: Session, world: World
) -> None:
    lesson = offer(work, world)
    choice = choose(work, world, lesson)
    later = world.on + timedelta(days=1)
    roles = "UPDATE person_role SET until_on = :day WHERE person_id = :person"
    day: Any = later
    work.execute(
        sa.text(roles).bindparams(
            sa.bindparam("day", day, sa.Date), sa.bindparam("person", world.teacher.id, sa.Uuid)
        )
    )
    assert sees(work, world, world.teacher) == {choice}
    assert list(work.scalars(visible(LessonChoice, person=world.teacher, on=later))) == []
    with pytest.raises(NotAllowed):
        close_lesson(work, by=world.teacher, lesson=lesson, on=later, at=world.at)
    with pytest.raises(NotAllowed):
        confirm_choice(work, by=world.teacher, choice=choice, on=later, at=world.at)


@pytest.mark.parametrize("name", ["coach", "supervisor", "administrator", "teacher"])
def test_only_the_student_chooses_and_drops_lessons(work: Session, world: World, name: str) -> None:
    person = getattr(world, name)
    lesson = offer(work, world)
    with pytest.raises(NotAllowed):
        choose(work, world, lesson, by=person)
    choice = choose(work, world, lesson)
    with pytest.raises(NotAllowed):
        drop_choice(work, by=person, choice=choice, on=world.on, at=world.at)


def test_school_and_the_lessons_own_teacher_see_a_choice_and_nobody_else(
    work: Session, world: World
) -> None:
    choice = choose(work, world, offer(work, world))
    other = choose(work, world, offer(work, world, teacher=world.other_coach), goal=None)
    for name in SEEN:
        person = getattr(world, name)
        assert choice in sees(work, world, person), name
        assert (other in sees(work, world, person)) == (name != "teacher"), name
    assert sees(work, world, world.other_coach) == {other}
    for name in ("supervisor", "other_student"):
        assert sees(work, world, getattr(world, name)) == set()
        with pytest.raises(NotFound):
            find(work, LessonChoice, choice.id, person=getattr(world, name), on=world.on)


def test_a_peer_sees_no_choice(work: Session, world: World) -> None:
    choose(work, world, offer(work, world))
    add_member(
        work,
        by=None,
        plan=world.plan,
        person=world.other_student,
        role=PlanRole.PEER,
        from_on=world.on,
        at=world.at,
    )
    assert sees(work, world, world.other_student) == set()


def test_its_teacher_learns_the_name_and_the_reason_and_not_the_goal(
    work: Session, world: World
) -> None:
    choose(work, world, offer(work, world))
    (told,) = choices_seen(work, person=world.teacher, on=world.on, where=[])
    assert told.student == world.student.name
    assert told.choice.reason == "Mijn rapportages zijn te lang."
    assert told.goal_title is None
    (known,) = choices_seen(work, person=world.coach, on=world.on, where=[])
    assert known.goal_title == world.goal.title
    with pytest.raises(NotFound):
        find(work, LearningPlan, world.plan.id, person=world.teacher, on=world.on)


def test_a_teacher_no_longer_sees_what_was_dropped(work: Session, world: World) -> None:
    choice = choose(work, world, offer(work, world))
    drop_choice(work, by=world.student, choice=choice, on=world.on, at=world.at)
    assert sees(work, world, world.teacher) == set()
    assert sees(work, world, world.coach) == {choice}
    with pytest.raises(Conflict, match=r"choice\.dropped"):
        drop_choice(work, by=world.student, choice=choice, on=world.on, at=world.at)
    with pytest.raises(Conflict, match=r"choice\.dropped"):
        confirm(work, world, world.coach, choice)


def test_a_list_of_choices_is_a_look_at_each_students_plan(work: Session, world: World) -> None:
    choose(work, world, offer(work, world))
    work.info.pop("looks", None)
    choices_seen(work, person=world.teacher, on=world.on, where=[])
    (look,) = work.info.pop("looks")
    assert look["details"] == {"plan_ids": [str(world.plan.id)]}
    choices_seen(work, person=world.student, on=world.on, where=[])
    assert "looks" not in work.info


def test_a_lesson_is_chosen_once_until_it_was_followed_or_dropped(
    work: Session, world: World
) -> None:
    lesson = offer(work, world)
    first = choose(work, world, lesson)
    with pytest.raises(Conflict, match=r"lesson\.chosen_already"):
        choose(work, world, lesson, goal=None, kind=LessonKind.ENRICH)
    drop_choice(work, by=world.student, choice=first, on=world.on, at=world.at)
    second = choose(work, world, lesson)
    confirm(work, world, world.coach, second)
    third = choose(work, world, lesson, kind=LessonKind.DEEPEN)
    assert third.confirmed_at is None


def test_only_a_lesson_on_offer_is_chosen_and_only_in_a_plan_that_goes_on(
    work: Session, world: World
) -> None:
    lesson = offer(work, world)
    close_lesson(work, by=world.teacher, lesson=lesson, on=world.on, at=world.at)
    with pytest.raises(Conflict, match=r"lesson\.not_on_offer"):
        choose(work, world, lesson)
    reopen_lesson(work, by=world.teacher, lesson=lesson, on=world.on, at=world.at)
    choice = choose(work, world, lesson)
    plan = work.get_one(LearningPlan, (world.school.id, world.plan.id))
    plan.state = PlanState.CLOSED
    work.flush()
    with pytest.raises(Conflict, match=r"plan\.closed"):
        choose(work, world, offer(work, world))
    with pytest.raises(Conflict, match=r"plan\.closed"):
        confirm(work, world, world.coach, choice)


def test_a_choice_is_for_a_goal_of_the_same_plan(work: Session, world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        choose(work, world, offer(work, world), goal=world.other_goal)
    assert refusal.value.fields == {"goal_id": "goal.of_other_plan"}


@pytest.mark.parametrize("name", ["coach", "teacher"])
def test_coach_and_teacher_confirm_and_once(work: Session, world: World, name: str) -> None:
    person = getattr(world, name)
    choice = choose(work, world, offer(work, world))
    (before,) = choices_seen(work, person=person, on=world.on, where=[])
    assert before.may_confirm
    confirm(work, world, person, choice)
    assert (choice.confirmed_by_id, choice.confirmed_at) == (person.id, world.at)
    (after,) = choices_seen(work, person=person, on=world.on, where=[])
    assert (after.may_confirm, after.confirmed_by) == (False, person.name)
    for again in (world.coach, world.teacher):
        with pytest.raises(Conflict, match=r"choice\.confirmed"):
            confirm(work, world, again, choice)
    with pytest.raises(Conflict, match=r"choice\.confirmed"):
        drop_choice(work, by=world.student, choice=choice, on=world.on, at=world.at)


def test_the_core_team_confirms(work: Session, world: World) -> None:
    add_member(
        work,
        by=None,
        plan=world.plan,
        person=world.other_coach,
        role=PlanRole.TEAM,
        from_on=world.on,
        at=world.at,
    )
    choice = choose(work, world, offer(work, world))
    confirm(work, world, world.other_coach, choice)
    assert choice.confirmed_by_id == world.other_coach.id


@pytest.mark.parametrize("name", ["student", "supervisor", "administrator", "other_coach"])
def test_nobody_else_confirms_a_lesson(work: Session, world: World, name: str) -> None:
    choice = choose(work, world, offer(work, world))
    with pytest.raises(NotAllowed):
        confirm(work, world, getattr(world, name), choice)


def test_students_who_teach_never_confirm_their_own_choice(work: Session, world: World) -> None:
    give_role(work, person=world.student, role=SchoolRole.TEACHER, on=world.on)
    choice = choose(work, world, offer(work, world, by=world.administrator, teacher=world.student))
    with pytest.raises(NotAllowed):
        confirm(work, world, world.student, choice)
    (told,) = choices_seen(work, person=world.student, on=world.on, where=[])
    assert not told.may_confirm


def test_lessons_are_told_with_their_teachers_and_whether_they_are_on_offer(
    work: Session, world: World
) -> None:
    offer(work, world, title="A", teacher=None)
    lesson = offer(work, world, title="B")
    close_lesson(work, by=world.teacher, lesson=lesson, on=world.on, at=world.at)
    seen = lessons_seen(work, person=world.student, on=world.on, where=[])
    assert [(each.teacher, each.is_offered) for each in seen] == [
        (None, True),
        (world.teacher.name, False),
    ]
    assert lessons_seen(work, person=world.elsewhere, on=world.on, where=[]) == []
