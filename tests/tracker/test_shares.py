"""Showing a piece, and every way in which that ends: what was asked, a place, and the state."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.servers import on_postgresql
from tests.world import World
from tracker.db import new_id, unit_of_work
from tracker.erasing import erase
from tracker.errors import Conflict, Invalid, NotAllowed, NotFound
from tracker.evidence import log_evidence
from tracker.judged import judgements_seen
from tracker.judgements import judge
from tracker.models import (
    Audience,
    AuditEvent,
    Evidence,
    EvidenceShare,
    EvidenceState,
    FeedbackRequest,
    Goal,
    GoalState,
    Judgement,
    LearningPlan,
    Person,
    PlanMember,
    PlanRole,
    RequestState,
)
from tracker.pieces import pieces
from tracker.requests import ask, candidates, decline
from tracker.requests import withdraw as ask_no_more
from tracker.shares import open_shares, state_on
from tracker.sharing import share_evidence, stop_sharing, withdraw

BOTH = (Audience.COACHES, Audience.PLACEMENT)


def log(work: Session, world: World, *share_with: Audience, **changed: Any) -> Evidence:
    told = {
        "key": new_id(),
        "by": world.student,
        "plan": work.get_one(LearningPlan, (world.school.id, world.plan.id)),
        "text": "Ik zette de weekdoos klaar.",
        "happened_on": world.on,
        "has_people": False,
        "placement": world.placement,
        "share_with": share_with,
        "on": world.on,
        "at": world.at,
        **changed,
    }
    return log_evidence(work, **told)


def asked(
    work: Session, world: World, piece: Evidence, to: Person, by: Person | None = None
) -> FeedbackRequest:
    return ask(
        work,
        by=by or world.student,
        to=to,
        subject=piece,
        words=None,
        on=world.on,
        at=world.at,
    )


def judged(work: Session, world: World, by: Person, piece: Evidence, **changed: Any) -> Judgement:
    plan = work.get_one(LearningPlan, (world.school.id, world.plan.id))
    told = {"level": world.levels[2], "observed_on": world.on, "on": world.on, "at": world.at}
    return judge(work, by=by, plan=plan, evidence=piece, **{**told, **changed})


def places(work: Session) -> list[Any]:
    return list(work.scalars(sa.select(PlanMember.until_on).filter_by(role=PlanRole.PEER)))


def read_state(work: Session, world: World, piece: Evidence, days: int = 0) -> EvidenceState | None:
    """Return the state that the student reads, which a filter finds too."""
    on = world.on + timedelta(days=days)
    seen = pieces(work, person=world.student, on=on, plan_ids=[piece.plan_id], evidence_id=piece.id)
    (state,) = [each.state for each in seen]
    of_piece = sa.select(Evidence.id).where(Evidence.id == piece.id)
    assert work.scalars(of_piece.where(state_on(on) == state)).all() == [piece.id]
    return state


# Requests end with the showing


def test_when_the_coaches_share_ends_their_requests_end_and_the_supervisors_goes_on(
    work: Session, world: World
) -> None:
    piece = log(work, world, *BOTH)
    to_coach = asked(work, world, piece, world.coach)
    to_supervisor = asked(work, world, piece, world.supervisor)
    by_coach = asked(work, world, piece, world.student, by=world.coach)
    coaches, _ = sorted(
        open_shares(work, piece, on=world.on), key=lambda share: share.audience != Audience.COACHES
    )
    stop_sharing(work, by=world.student, evidence=piece, share=coaches, on=world.on, at=world.at)
    assert piece.state is EvidenceState.SHARED
    states = [request.state for request in (to_coach, by_coach, to_supervisor)]
    assert states == [RequestState.WITHDRAWN, RequestState.WITHDRAWN, RequestState.OPEN]
    work.refresh(to_coach)
    assert to_coach.closed_at == world.at


End = Callable[[Session, World, Evidence, FeedbackRequest], None]


def _stop(work: Session, world: World, piece: Evidence, _: FeedbackRequest) -> None:
    (share,) = open_shares(work, piece, on=world.on)
    stop_sharing(work, by=world.student, evidence=piece, share=share, on=world.on, at=world.at)


def _take_back(work: Session, world: World, piece: Evidence, _: FeedbackRequest) -> None:
    withdraw(work, by=world.student, evidence=piece, on=world.on, at=world.at)


def _decline(work: Session, world: World, _: Evidence, request: FeedbackRequest) -> None:
    peer = world.other_student
    decline(work, by=peer, request=request, words="Nu niet.", on=world.on, at=world.at)


def _ask_no_more(work: Session, world: World, _: Evidence, request: FeedbackRequest) -> None:
    ask_no_more(work, by=world.student, request=request, on=world.on, at=world.at)


@pytest.mark.parametrize("end", [_stop, _take_back, _decline, _ask_no_more])
def test_however_showing_ends_the_place_of_a_peer_ends_with_their_last_piece(
    work: Session, world: World, end: End
) -> None:
    first, second = log(work, world), log(work, world)
    requests = [asked(work, world, piece, world.other_student) for piece in (first, second)]
    end(work, world, first, requests[0])
    assert first.state is EvidenceState.PRIVATE
    assert places(work) == [world.on + timedelta(days=28)]
    assert [request.state for request in requests][1] is RequestState.OPEN
    end(work, world, second, requests[1])
    assert places(work) == [world.on]
    assert requests[0].state is requests[1].state is not RequestState.OPEN
    closed = sa.select(AuditEvent.subject_id).filter_by(verb="closed member")
    assert len(work.scalars(closed).all()) == 1


@pytest.mark.parametrize("end", [_stop, _take_back])
def test_what_a_peer_judged_is_withdrawn_however_the_showing_ends(
    work: Session, world: World, end: End
) -> None:
    piece = log(work, world)
    request = asked(work, world, piece, world.other_student)
    judged(work, world, world.other_student, piece)
    end(work, world, piece, request)
    assert (piece.state, piece.withdrawn_at) == (EvidenceState.WITHDRAWN, world.at)
    assert request.state is RequestState.ANSWERED


# What runs out by itself


def test_after_four_weeks_a_piece_reads_as_shown_to_nobody(work: Session, world: World) -> None:
    piece, seen = log(work, world), log(work, world)
    for each in (piece, seen):
        asked(work, world, each, world.other_student)
    judged(work, world, world.other_student, seen)
    assert read_state(work, world, piece, days=27) is EvidenceState.SHARED
    assert read_state(work, world, piece, days=28) is EvidenceState.PRIVATE
    assert read_state(work, world, seen, days=28) is EvidenceState.WITHDRAWN
    assert open_shares(work, piece, on=world.on + timedelta(days=28)) == []
    assert len(open_shares(work, piece, on=world.on + timedelta(days=27))) == 1


def test_a_piece_that_others_see_too_goes_on_without_the_peer(work: Session, world: World) -> None:
    piece = log(work, world, Audience.COACHES)
    asked(work, world, piece, world.other_student)
    later = world.on + timedelta(days=28)
    assert read_state(work, world, piece, days=28) is EvidenceState.SHARED
    assert [s.audience for s in open_shares(work, piece, on=later)] == [Audience.COACHES]


def test_after_four_weeks_a_piece_can_be_erased_as_what_it_is(work: Session, world: World) -> None:
    piece = log(work, world)
    asked(work, world, piece, world.other_student)
    later = timedelta(days=28)
    erase(work, by=world.student, evidence=piece, on=world.on + later, at=world.at + later)
    assert work.get(Evidence, (world.school.id, piece.id)) is None


def test_after_four_weeks_the_same_peer_is_asked_again_and_sees_that_piece_only(
    work: Session, world: World
) -> None:
    first, second = log(work, world), log(work, world)
    earlier = [asked(work, world, piece, world.other_student) for piece in (first, second)]
    later = timedelta(days=28)
    again = ask(
        work,
        by=world.student,
        to=world.other_student,
        subject=first,
        words=None,
        on=world.on + later,
        at=world.at + later,
    )
    assert again.state is RequestState.OPEN
    assert [request.state for request in earlier] == [RequestState.WITHDRAWN] * 2
    assert first.state is EvidenceState.SHARED
    assert (second.state, second.withdrawn_at) == (EvidenceState.PRIVATE, None)
    ended = sa.select(EvidenceShare.evidence_id).where(EvidenceShare.ended_at.is_not(None))
    assert set(work.scalars(ended)) == {first.id, second.id}


# People in it


def test_no_peer_is_asked_about_a_piece_with_people_in_it(work: Session, world: World) -> None:
    piece = log(work, world, Audience.COACHES, has_people=True)
    found = candidates(work, by=world.student, subject=piece, on=world.on)
    assert [candidate.role for candidate in found] == [PlanRole.COACH]
    with pytest.raises(Invalid) as refusal:
        asked(work, world, piece, world.other_student)
    assert refusal.value.fields == {"to_id": "share.has_people"}


# Goals that are not agreed yet


def test_a_draft_goal_of_a_shown_piece_is_named_in_the_school_only(
    work: Session, world: World
) -> None:
    goal = work.get_one(Goal, (world.school.id, world.goal.id))
    goal.state = GoalState.DRAFT
    piece = log(work, world, *BOTH, goals=[goal], own_level=world.levels[1])
    asked(work, world, piece, world.other_student)
    judged(work, world, world.supervisor, piece)

    def named(person: Person) -> list[list[str]]:
        found = pieces(
            work, person=person, on=world.on, plan_ids=[piece.plan_id], evidence_id=piece.id
        )
        return [list(each.goals.values()) for each in found]

    def about(person: Person) -> set[Any]:
        seen = judgements_seen(work, plan_id=piece.plan_id, person=person, on=world.on)
        return {each.goal_id for each in seen if each.evidence_id == piece.id}

    for name in ("student", "coach", "administrator"):
        assert named(getattr(world, name)) == [[goal.title]]
        assert about(getattr(world, name)) == {None, goal.id}
    assert named(world.supervisor) == named(world.other_student) == [[]]
    assert about(world.supervisor) == {None}
    goal.state = GoalState.ACTIVE
    work.flush()
    assert named(world.supervisor) == named(world.other_student) == [[goal.title]]
    assert about(world.supervisor) == {None, goal.id}


# At once


@on_postgresql
@pytest.mark.parametrize("rounds", [10, pytest.param(100, marks=pytest.mark.drill)])
def test_judging_and_taking_back_at_once_never_leaves_a_judgement_on_a_private_piece(
    engine: sa.Engine, world: World, rounds: int
) -> None:
    def look(key: Any, start: Barrier) -> bool:
        with unit_of_work(engine, school_id=world.school.id) as session:
            piece = session.get_one(Evidence, (world.school.id, key))
            start.wait()
            try:
                judged(session, world, world.coach, piece)
            except NotFound:
                return False
        return True

    def take_back(key: Any, start: Barrier) -> None:
        with unit_of_work(engine, school_id=world.school.id) as session:
            piece = session.get_one(Evidence, (world.school.id, key))
            start.wait()
            withdraw(session, by=world.student, evidence=piece, on=world.on, at=world.at)

    with ThreadPoolExecutor(2) as pool:
        for _ in range(rounds):
            with unit_of_work(engine, school_id=world.school.id) as session:
                key = log(session, world, Audience.COACHES).id
            start = Barrier(2, timeout=30)
            looking = pool.submit(look, key, start)
            pool.submit(take_back, key, start).result()
            expected = EvidenceState.WITHDRAWN if looking.result() else EvidenceState.PRIVATE
            with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
                found = sa.select(sa.func.count()).select_from(Judgement)
                count = session.scalar(found.filter_by(evidence_id=key))
                state = session.get_one(Evidence, (world.school.id, key)).state
            assert (state, count) == (expected, int(looking.result()))


@on_postgresql
def test_a_peer_who_judges_while_the_student_asks_no_more_is_first_or_too_late(
    engine: sa.Engine, world: World
) -> None:
    def look(key: Any, start: Barrier) -> bool:
        with unit_of_work(engine, school_id=world.school.id) as session:
            piece = session.get_one(Evidence, (world.school.id, key))
            start.wait()
            try:
                judged(session, world, world.other_student, piece)
            except (NotAllowed, NotFound):
                return False
        return True

    def end(key: Any, start: Barrier) -> bool:
        with unit_of_work(engine, school_id=world.school.id) as session:
            request = session.get_one(FeedbackRequest, (world.school.id, key))
            start.wait()
            try:
                ask_no_more(session, by=world.student, request=request, on=world.on, at=world.at)
            except Conflict:
                return False
        return True

    with ThreadPoolExecutor(2) as pool:
        for _ in range(10):
            with unit_of_work(engine, school_id=world.school.id) as session:
                piece = log(session, world)
                request = asked(session, world, piece, world.other_student)
            start = Barrier(2, timeout=30)
            looking = pool.submit(look, piece.id, start)
            ended = pool.submit(end, request.id, start).result()
            assert looking.result() is not ended
            with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
                state = session.get_one(Evidence, (world.school.id, piece.id)).state
            assert state is (EvidenceState.PRIVATE if ended else EvidenceState.SHARED)


def test_sharing_with_a_peer_without_a_place_is_refused(work: Session, world: World) -> None:
    piece = log(work, world)
    asked(work, world, piece, world.other_student)
    other = log(work, world)

    def share(days: int) -> EvidenceShare:
        return share_evidence(
            work,
            by=world.student,
            evidence=other,
            audience=Audience.PERSON,
            person=world.other_student,
            on=world.on + timedelta(days=days),
            at=world.at,
        )

    with pytest.raises(Invalid) as refusal:
        share(days=28)
    assert refusal.value.fields == {"person_id": "share.not_a_peer"}
    assert share(days=27) is share(days=27)
