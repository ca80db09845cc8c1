"""Requests: every throw has a catcher, a clock, and an end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.clocks import count_waiting, waiting_both_ways
from tracker.comments import add_comment
from tracker.db import unit_of_work
from tracker.errors import Conflict, Invalid, NotAllowed, NotFound
from tracker.judgements import judge
from tracker.models import (
    Evidence,
    EvidenceState,
    FeedbackRequest,
    LearningPlan,
    Membership,
    Person,
    PlanMember,
    PlanRole,
    PlanState,
    RequestState,
)
from tracker.permissions import find, visible
from tracker.requests import ask, candidates, decline, person_to_ask, remind, withdraw


def asked(work: Session, world: World, **changed: Any) -> FeedbackRequest:
    """Ask as the student asks the coach about the goal, with some of it changed."""
    told = {
        "by": world.student,
        "to": world.coach,
        "subject": world.goal,
        "words": "Zie jij wat ik bedoel?",
        "on": world.on,
        "at": world.at,
        **changed,
    }
    told["subject"] = work.merge(told["subject"], load=True)
    return ask(work, **told)


def peer_asked(work: Session, world: World, subject: Evidence) -> FeedbackRequest:
    return asked(work, world, to=world.other_student, subject=subject)


def sees(work: Session, world: World, person: Person, evidence: Evidence, days: int = 0) -> bool:
    query = visible(Evidence, person=person, on=world.on + timedelta(days=days))
    return work.scalar(query.where(Evidence.id == evidence.id)) is not None


def test_both_clocks_run_from_the_day_of_asking(work: Session, world: World) -> None:
    asked(work, world)
    later = world.on + timedelta(days=5)
    (owed,) = waiting_both_ways(work, person=world.coach, on=later)[0]
    (due,) = waiting_both_ways(work, person=world.student, on=later)[1]
    assert owed == due
    assert (owed.days, owed.title, owed.by_given_name, owed.to_given_name) == (
        5,
        world.goal.title,
        "Sanne",
        "Cor",
    )
    assert owed.is_there
    assert count_waiting(work, person=world.coach, on=later) == 1
    assert count_waiting(work, person=world.student, on=later) == 0
    assert not waiting_both_ways(work, person=world.student, on=later)[0]
    assert not waiting_both_ways(work, person=world.coach, on=later)[1]


def test_the_coach_has_a_debt_and_may_ask_as_well(work: Session, world: World) -> None:
    asked(work, world, by=world.coach, to=world.student)
    asked(work, world, by=world.coach, to=world.supervisor, subject=world.shared)
    assert len(waiting_both_ways(work, person=world.student, on=world.on)[0]) == 1
    assert len(waiting_both_ways(work, person=world.supervisor, on=world.on)[0]) == 1
    assert len(waiting_both_ways(work, person=world.coach, on=world.on)[1]) == 2
    owed = waiting_both_ways(work, person=world.coach, on=world.on)[1]
    assert {request.plan_id for request in owed} == {world.plan.id}


def test_nobody_is_asked_about_private_evidence_but_a_peer(work: Session, world: World) -> None:
    for to in (world.coach, world.supervisor):
        with pytest.raises(Invalid) as refusal:
            asked(work, world, to=to, subject=world.private)
        assert refusal.value.fields == {"to_id": "request.not_shared"}


def test_a_supervisor_is_asked_about_evidence_and_not_about_a_goal(
    work: Session, world: World
) -> None:
    with pytest.raises(Invalid) as refusal:
        asked(work, world, to=world.supervisor)
    assert refusal.value.fields == {"to_id": "request.not_about_goal"}


def test_nobody_asks_themselves_for_feedback(work: Session, world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        asked(work, world, to=world.student)
    assert refusal.value.fields == {"to_id": "request.to_oneself"}


def test_the_same_is_not_asked_twice_while_it_is_open(work: Session, world: World) -> None:
    first = asked(work, world)
    with pytest.raises(Conflict) as refusal:
        asked(work, world)
    assert refusal.value.code == "request.open_already"
    withdraw(work, by=world.student, request=first, on=world.on, at=world.at)
    asked(work, world)


@pytest.mark.parametrize("name", ["other_coach", "teacher", "administrator"])
def test_who_is_not_around_the_plan_is_not_asked(work: Session, world: World, name: str) -> None:
    with pytest.raises(NotFound):
        asked(work, world, to=getattr(world, name))
    with pytest.raises(NotFound):
        person_to_ask(work, getattr(world, name).id, by=world.student, plan=world.plan, on=world.on)


@pytest.mark.parametrize("name", ["other_student", "other_coach", "teacher", "administrator"])
def test_who_takes_no_part_does_not_ask(work: Session, world: World, name: str) -> None:
    with pytest.raises(NotAllowed):
        asked(work, world, by=getattr(world, name))


def test_in_a_closed_plan_nothing_is_asked(work: Session, world: World) -> None:
    work.get_one(LearningPlan, (world.school.id, world.plan.id)).state = PlanState.CLOSED
    with pytest.raises(Conflict) as refusal:
        asked(work, world)
    assert refusal.value.code == "plan.closed"


def test_in_a_closed_plan_nobody_waits_until_it_goes_on(work: Session, world: World) -> None:
    asked(work, world)
    plan = work.get_one(LearningPlan, (world.school.id, world.plan.id))
    for state, number in ((PlanState.CLOSED, 0), (PlanState.ACTIVE, 1)):
        plan.state = state
        work.flush()
        assert len(waiting_both_ways(work, person=world.coach, on=world.on)[0]) == number
        assert len(waiting_both_ways(work, person=world.student, on=world.on)[1]) == number
        assert count_waiting(work, person=world.coach, on=world.on) == number


def test_a_judgement_answers_what_was_asked_about_the_same_thing(
    work: Session, world: World
) -> None:
    about_goal = asked(work, world)
    about_piece = asked(work, world, subject=world.shared)
    of_supervisor = asked(work, world, to=world.supervisor, subject=world.shared)
    judge(
        work,
        by=world.coach,
        plan=world.plan,
        goal=world.goal,
        level=world.levels[2],
        observed_on=world.on,
        on=world.on,
        at=world.at,
    )
    work.expire_all()
    assert about_goal.state is RequestState.ANSWERED
    assert about_goal.closed_at == world.at
    assert about_piece.state is RequestState.OPEN
    assert of_supervisor.state is RequestState.OPEN


def test_a_comment_answers_what_the_writer_was_asked(work: Session, world: World) -> None:
    request = asked(work, world)
    goal = work.merge(world.goal)
    add_comment(work, by=world.student, subject=goal, words="Nog iets.", on=world.on, at=world.at)
    assert len(waiting_both_ways(work, person=world.coach, on=world.on)[0]) == 1
    add_comment(work, by=world.coach, subject=goal, words="Ja.", on=world.on, at=world.at)
    work.expire_all()
    assert request.state == RequestState.ANSWERED


def test_only_the_asked_person_declines_and_says_why(work: Session, world: World) -> None:
    request = asked(work, world)
    with pytest.raises(NotAllowed):
        decline(work, by=world.student, request=request, words="Nee", on=world.on, at=world.at)
    decline(work, by=world.coach, request=request, words="Vraag Piet.", on=world.on, at=world.at)
    assert (request.state, request.reply) == (RequestState.DECLINED, "Vraag Piet.")
    with pytest.raises(Conflict) as refusal:
        decline(work, by=world.coach, request=request, words="Nee", on=world.on, at=world.at)
    assert refusal.value.code == "request.closed"


def test_one_reminds_once_a_day_and_only_the_own_request(work: Session, world: World) -> None:
    request = asked(work, world)
    with pytest.raises(NotAllowed):
        remind(work, by=world.coach, request=request, on=world.on, at=world.at)
    remind(work, by=world.student, request=request, on=world.on, at=world.at)
    with pytest.raises(Conflict) as refusal:
        remind(work, by=world.student, request=request, on=world.on, at=world.at)
    assert refusal.value.code == "request.reminded_today"
    tomorrow = timedelta(days=1)
    remind(work, by=world.student, request=request, on=world.on + tomorrow, at=world.at + tomorrow)
    (due,) = waiting_both_ways(work, person=world.student, on=world.on)[1]
    assert due.reminded_at == world.at + tomorrow


def test_only_who_asked_withdraws(work: Session, world: World) -> None:
    request = asked(work, world)
    with pytest.raises(NotAllowed):
        withdraw(work, by=world.coach, request=request, on=world.on, at=world.at)
    withdraw(work, by=world.student, request=request, on=world.on, at=world.at)
    assert request.state is RequestState.WITHDRAWN
    assert not waiting_both_ways(work, person=world.coach, on=world.on)[0]
    with pytest.raises(Conflict):
        remind(work, by=world.student, request=request, on=world.on, at=world.at)


def test_when_a_coach_leaves_the_debt_is_gone_and_the_student_is_told(
    work: Session, world: World
) -> None:
    asked(work, world)
    place = sa.update(PlanMember).where(PlanMember.person_id == world.coach.id)
    work.execute(place.values(until_on=world.on))
    assert not waiting_both_ways(work, person=world.coach, on=world.on)[0]
    assert count_waiting(work, person=world.coach, on=world.on) == 0
    (due,) = waiting_both_ways(work, person=world.student, on=world.on)[1]
    assert not due.is_there


def test_a_peer_is_shown_the_one_piece_for_four_weeks(work: Session, world: World) -> None:
    peer_asked(work, world, world.private)
    piece = work.get_one(Evidence, (world.school.id, world.private.id))
    assert piece.state is EvidenceState.SHARED
    assert sees(work, world, world.other_student, world.private)
    assert sees(work, world, world.other_student, world.private, days=27)
    assert not sees(work, world, world.other_student, world.private, days=28)
    assert not sees(work, world, world.other_student, world.shared)
    assert not sees(work, world, world.coach, world.private)
    assert not sees(work, world, world.supervisor, world.private)
    for other in (LearningPlan,):
        with pytest.raises(NotFound):
            find(work, other, world.plan.id, person=world.other_student, on=world.on)
    owed = waiting_both_ways(work, person=world.other_student, on=world.on)[0]
    assert [request.title for request in owed] == ["Alleen voor mij."]
    later = world.on + timedelta(days=28)
    assert not waiting_both_ways(work, person=world.other_student, on=later)[0]


def test_nobody_else_hears_that_a_peer_was_asked_about_a_private_piece(
    work: Session, world: World
) -> None:
    peer_asked(work, world, world.private)
    for person in (world.coach, world.supervisor, world.administrator, world.teacher):
        assert work.scalars(visible(FeedbackRequest, person=person, on=world.on)).all() == []


@pytest.mark.parametrize("end", ["withdrawn", "declined"])
def test_when_a_request_to_a_peer_ends_the_piece_is_private_again(
    work: Session, world: World, end: str
) -> None:
    request = peer_asked(work, world, world.private)
    if end == "withdrawn":
        withdraw(work, by=world.student, request=request, on=world.on, at=world.at)
    else:
        decline(
            work,
            by=world.other_student,
            request=request,
            words="Nu niet.",
            on=world.on,
            at=world.at,
        )
    assert not sees(work, world, world.other_student, world.private)
    piece = work.get_one(Evidence, (world.school.id, world.private.id))
    assert piece.state is EvidenceState.PRIVATE
    places = work.scalars(
        sa.select(PlanMember.until_on).where(PlanMember.role == PlanRole.PEER)
    ).all()
    assert places == [world.on]


def test_what_a_peer_judged_is_withdrawn_and_not_private_when_the_showing_ends(
    work: Session, world: World
) -> None:
    peer_asked(work, world, world.private)
    piece = work.get_one(Evidence, (world.school.id, world.private.id))
    judge(
        work,
        by=world.other_student,
        plan=world.plan,
        evidence=piece,
        level=world.levels[1],
        observed_on=world.on,
        on=world.on,
        at=world.at,
    )
    again = peer_asked(work, world, world.private)
    withdraw(work, by=world.student, request=again, on=world.on, at=world.at)
    assert piece.state is EvidenceState.WITHDRAWN


def test_what_ran_out_does_not_come_back_with_another_piece(work: Session, world: World) -> None:
    peer_asked(work, world, world.private)
    later = timedelta(days=40)
    asked(
        work,
        world,
        to=world.other_student,
        subject=world.shared,
        on=world.on + later,
        at=world.at + later,
    )
    assert sees(work, world, world.other_student, world.shared, days=40)
    assert not sees(work, world, world.other_student, world.private, days=40)


def test_only_the_student_asks_a_peer_and_only_about_own_evidence(
    work: Session, world: World
) -> None:
    with pytest.raises(NotFound):
        asked(work, world, by=world.coach, to=world.other_student, subject=world.shared)
    with pytest.raises(Invalid) as refusal:
        asked(work, world, to=world.other_student)
    assert refusal.value.fields == {"to_id": "request.peer_evidence_only"}


def test_who_left_the_group_is_no_peer(work: Session, world: World) -> None:
    work.execute(
        sa.update(Membership)
        .where(Membership.person_id == world.other_student.id)
        .values(until_on=world.on)
    )
    with pytest.raises(NotFound):
        peer_asked(work, world, world.private)
    assert not sees(work, world, world.other_student, world.private)


def test_candidates_are_those_who_can_see_it_and_were_not_asked(
    work: Session, world: World
) -> None:
    def names(by: Person, subject: Any) -> list[tuple[str, PlanRole]]:
        found = candidates(work, by=by, subject=work.merge(subject), on=world.on)
        return [(c.person.given_name, c.role) for c in found]

    coach, supervisor = ("Cor", PlanRole.COACH), ("Piet", PlanRole.SUPERVISOR)
    peer, student = ("Olaf", PlanRole.PEER), ("Sanne", PlanRole.STUDENT)
    assert names(world.student, world.private) == [peer]
    assert names(world.student, world.shared) == [coach, supervisor, peer]
    assert names(world.student, world.goal) == [coach]
    assert names(world.coach, world.shared) == [student, supervisor]
    asked(work, world, subject=world.shared)
    assert names(world.student, world.shared) == [supervisor, peer]


def test_reading_takes_as_many_queries_for_many_requests_as_for_one(
    work: Session, world: World
) -> None:
    counted: list[str] = []

    def count(*execution: Any) -> None:
        counted.append(execution[2])

    def queries() -> int:
        work.flush()
        work.expunge_all()
        counted.clear()
        waiting_both_ways(work, person=world.coach, on=world.on)
        return len(counted)

    sa.event.listen(work.get_bind(), "before_cursor_execute", count)
    try:
        asked(work, world)
        one = queries()
        asked(work, world, subject=world.shared)
        assert queries() == one == 2
    finally:
        sa.event.remove(work.get_bind(), "before_cursor_execute", count)


def test_of_two_who_ask_the_same_at_once_one_is_refused(engine: sa.Engine, world: World) -> None:
    def once(_: int) -> str:
        try:
            with unit_of_work(engine, school_id=world.school.id) as session:
                asked(session, world)
        except Conflict as refusal:
            return refusal.code
        return "asked"

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(once, range(4)))
    assert answers == ["asked", *["request.open_already"] * 3]
