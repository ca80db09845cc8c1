"""Comments: said about one thing, by somebody in a role, seen by who sees the thing."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.comments import SeenComment, add_comment, thread, withdraw_comment
from tracker.errors import Conflict, NotAllowed, NotFound
from tracker.models import Comment, Evidence, LearningPlan, Person, PlanMember, PlanRole, PlanState
from tracker.permissions import find, visible
from tracker.questions import ask_question
from tracker.requests import ask


def said(work: Session, world: World, by: Person, subject: Any, words: str = "Mooi.") -> Comment:
    return add_comment(
        work, by=by, subject=work.merge(subject), words=words, on=world.on, at=world.at
    )


def hears(work: Session, world: World, person: Person) -> set[Any]:
    return set(work.scalars(visible(Comment, person=person, on=world.on)))


def test_a_comment_keeps_the_role_in_which_it_was_said(work: Session, world: World) -> None:
    by_role = {
        world.student: PlanRole.STUDENT,
        world.coach: PlanRole.COACH,
        world.supervisor: PlanRole.SUPERVISOR,
    }
    for person, role in by_role.items():
        assert said(work, world, person, world.shared).role is role


def test_who_sees_the_piece_reads_what_is_said_about_it(work: Session, world: World) -> None:
    comment = said(work, world, world.coach, world.shared)
    for reader in (world.student, world.coach, world.supervisor, world.administrator):
        assert hears(work, world, reader) == {comment}
    for other in (world.other_student, world.other_coach, world.teacher):
        assert hears(work, world, other) == set()


def test_what_is_said_about_private_evidence_reaches_nobody(work: Session, world: World) -> None:
    said(work, world, world.student, world.private)
    for other in (world.coach, world.supervisor, world.administrator, world.teacher):
        assert hears(work, world, other) == set()


def test_what_is_said_about_a_goal_stays_in_the_school(work: Session, world: World) -> None:
    comment = said(work, world, world.coach, world.goal)
    assert hears(work, world, world.student) == {comment}
    assert hears(work, world, world.supervisor) == set()
    with pytest.raises(NotAllowed):
        said(work, world, world.supervisor, world.goal)


def test_a_peer_reads_the_own_words_only(work: Session, world: World) -> None:
    said(work, world, world.coach, world.shared, "Alleen voor jou.")
    ask(
        work,
        by=world.student,
        to=world.other_student,
        subject=work.merge(world.shared),
        words=None,
        on=world.on,
        at=world.at,
    )
    own = said(work, world, world.other_student, world.shared)
    assert own.role is PlanRole.PEER
    assert hears(work, world, world.other_student) == {own}
    with pytest.raises(NotAllowed):
        said(work, world, world.other_student, world.goal)
    told = thread(work, subject=work.merge(world.shared), person=world.other_student, on=world.on)
    assert len(told) == 2


def test_a_supervisor_reads_the_questions_of_the_own_placement_only(
    work: Session, world: World
) -> None:
    placement = work.merge(world.placement)
    at_work = ask_question(
        work,
        by=world.student,
        plan=world.plan,
        words="Waarom zo?",
        placement=placement,
        on=world.on,
        at=world.at,
    )
    at_school = ask_question(
        work, by=world.student, plan=world.plan, words="En zo?", on=world.on, at=world.at
    )
    heard = said(work, world, world.coach, at_work)
    said(work, world, world.coach, at_school)
    assert hears(work, world, world.supervisor) == {heard}


@pytest.mark.parametrize("name", ["other_student", "other_coach", "teacher", "administrator"])
def test_who_takes_no_part_says_nothing(work: Session, world: World, name: str) -> None:
    with pytest.raises(NotAllowed):
        said(work, world, getattr(world, name), world.shared)


def test_in_a_closed_plan_nothing_is_said(work: Session, world: World) -> None:
    work.get_one(LearningPlan, (world.school.id, world.plan.id)).state = PlanState.CLOSED
    with pytest.raises(Conflict):
        said(work, world, world.coach, world.goal)


def test_words_taken_back_are_shown_to_nobody(work: Session, world: World) -> None:
    comment = said(work, world, world.coach, world.goal)
    with pytest.raises(NotAllowed):
        withdraw_comment(work, by=world.student, comment=comment, on=world.on, at=world.at)
    withdraw_comment(work, by=world.coach, comment=comment, on=world.on, at=world.at)
    for reader in (world.student, world.coach):
        (seen,) = thread(work, subject=work.merge(world.goal), person=reader, on=world.on)
        assert isinstance(seen, SeenComment)
        assert seen.words is None
    with pytest.raises(Conflict):
        withdraw_comment(work, by=world.coach, comment=comment, on=world.on, at=world.at)


def test_a_coach_who_left_reads_and_takes_back_nothing(work: Session, world: World) -> None:
    comment = said(work, world, world.coach, world.shared)
    place = sa.update(PlanMember).where(PlanMember.person_id == world.coach.id)
    work.execute(place.values(until_on=world.on))
    assert hears(work, world, world.coach) == set()
    with pytest.raises(NotFound):
        find(work, Evidence, world.shared.id, person=world.coach, on=world.on)
    with pytest.raises(NotAllowed):
        withdraw_comment(work, by=world.coach, comment=comment, on=world.on, at=world.at)


def test_a_thread_is_in_the_order_of_time(work: Session, world: World) -> None:
    said(work, world, world.student, world.goal, "Eerst.")
    ask(
        work,
        by=world.student,
        to=world.coach,
        subject=work.merge(world.goal),
        words="Dan.",
        on=world.on,
        at=world.at,
    )
    said(work, world, world.coach, world.goal, "Tot slot.")
    told = thread(work, subject=work.merge(world.goal), person=world.student, on=world.on)
    assert [entry.words for entry in told] == ["Eerst.", "Dan.", "Tot slot."]
