"""Learning questions: the student's own, and what becomes of them."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.world import World
from tracker.comments import add_comment
from tracker.errors import Conflict, Invalid, NotAllowed
from tracker.models import LearningQuestion, Person, QuestionState, RequestState
from tracker.permissions import visible
from tracker.questions import ask_question, become_goal, close_question, questions_seen
from tracker.requests import ask


def wondered(work: Session, world: World, **changed: Any) -> LearningQuestion:
    """Ask a question as the student does, with some of it changed."""
    return ask_question(
        work,
        **{
            "by": world.student,
            "plan": world.plan,
            "words": "Wat doe ik als iemand niet wil eten?",
            "on": world.on,
            "at": world.at,
            **changed,
        },
    )


def sees(work: Session, world: World, person: Person) -> set[Any]:
    return set(work.scalars(visible(LearningQuestion, person=person, on=world.on)))


@pytest.mark.parametrize("name", ["coach", "supervisor", "administrator", "other_student"])
def test_only_the_student_asks_learning_questions(work: Session, world: World, name: str) -> None:
    with pytest.raises(NotAllowed):
        wondered(work, world, by=getattr(world, name))


def test_a_supervisor_sees_a_question_of_the_own_placement_only(
    work: Session, world: World
) -> None:
    at_school = wondered(work, world)
    at_work = wondered(work, world, placement=work.merge(world.placement))
    for person in (world.student, world.coach, world.administrator):
        assert sees(work, world, person) == {at_school, at_work}
    assert sees(work, world, world.supervisor) == {at_work}
    for stranger in (world.other_student, world.other_coach, world.teacher):
        assert sees(work, world, stranger) == set()


def test_a_question_names_no_placement_of_another_plan(work: Session, world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        wondered(
            work,
            world,
            by=world.other_student,
            plan=world.other_plan,
            placement=work.merge(world.placement),
        )
    assert refusal.value.fields == {"placement_id": "placement.of_other_plan"}


def test_a_question_becomes_a_goal_and_keeps_the_link(work: Session, world: World) -> None:
    question = wondered(work, world)
    goal = work.merge(world.goal)
    become_goal(work, by=world.student, question=question, goal=goal, on=world.on, at=world.at)
    assert (question.state, question.goal_id) == (QuestionState.GOAL, goal.id)
    (seen,) = questions_seen(
        work, person=world.student, on=world.on, where=[LearningQuestion.plan_id == world.plan.id]
    )
    assert seen.goal_title == goal.title
    with pytest.raises(Conflict) as refusal:
        close_question(work, by=world.student, question=question, on=world.on, at=world.at)
    assert refusal.value.code == "question.closed"


def test_a_question_becomes_no_goal_of_another_plan(work: Session, world: World) -> None:
    question = wondered(work, world)
    with pytest.raises(Invalid) as refusal:
        become_goal(
            work,
            by=world.student,
            question=question,
            goal=work.merge(world.other_goal),
            on=world.on,
            at=world.at,
        )
    assert refusal.value.fields == {"goal_id": "goal.of_other_plan"}


def test_nobody_owes_an_answer_to_a_closed_question(work: Session, world: World) -> None:
    question = wondered(work, world)
    request = ask(
        work,
        by=world.student,
        to=world.coach,
        subject=question,
        words=None,
        on=world.on,
        at=world.at,
    )
    with pytest.raises(NotAllowed):
        close_question(work, by=world.coach, question=question, on=world.on, at=world.at)
    close_question(work, by=world.student, question=question, on=world.on, at=world.at)
    work.expire_all()
    assert question.state is QuestionState.CLOSED
    assert (request.state, request.closed_at) == (RequestState.WITHDRAWN, world.at)


def test_a_question_counts_what_others_answered(work: Session, world: World) -> None:
    question = wondered(work, world)
    for by in (world.student, world.coach, world.coach):
        add_comment(work, by=by, subject=question, words="Zo.", on=world.on, at=world.at)
    (seen,) = questions_seen(
        work, person=world.student, on=world.on, where=[LearningQuestion.id == question.id]
    )
    assert seen.answers == 2
