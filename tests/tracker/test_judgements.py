"""Judging: by whom, about what, until when; added, never changed, and blind at first."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.comments import add_comment, withdraw_comment
from tracker.db import new_id, unit_of_work
from tracker.errors import Conflict, Invalid, NotAllowed, NotFound
from tracker.evidence import KeptFile, log_evidence
from tracker.goals import add_goal
from tracker.judged import judgements_seen
from tracker.judgements import judge, waits_for
from tracker.models import (
    Aspect,
    Audience,
    Evidence,
    EvidenceShare,
    EvidenceVersion,
    FeedbackRequest,
    Framework,
    FrameworkItem,
    FrameworkItemKind,
    Judgement,
    LearningPlan,
    Person,
    Placement,
    PlanMember,
    PlanRole,
    PlanState,
    Recording,
    RequestState,
    School,
)
from tracker.overview import Row, rows_for
from tracker.permissions import find, visible
from tracker.placements import add_placement
from tracker.plans import add_member
from tracker.requests import ask, decline
from tracker.scales import default_levels, set_blind_rating
from tracker.sharing import open_shares, stop_sharing, withdraw
from tracker.signals import Rule

FROM_JUDGEMENTS = {Rule.RATERS_APART, Rule.FIRST_INDEPENDENT, Rule.TRANSFER_SHOWN}
ASKED = sa.select(FeedbackRequest).execution_options(populate_existing=True)


def words_of(world: World, **changed: Any) -> dict[str, Any]:
    """Return what the supervisor says about the shared piece, with some of it changed."""
    return {
        "by": world.supervisor,
        "plan": world.plan,
        "goal": world.goal,
        "evidence": world.shared,
        "level": world.levels[2],
        "words": "Rustig gedaan.",
        "observed_on": world.on,
        "on": world.on,
        "at": world.at,
        **changed,
    }


def logged(work: Session, world: World, *audiences: Audience) -> Evidence:
    return log_evidence(
        work,
        key=new_id(),
        by=world.student,
        plan=world.plan,
        goals=[world.goal],
        text="Nog een keer.",
        happened_on=world.on,
        has_people=False,
        placement=world.placement,
        share_with=audiences,
        own_level=world.levels[3],
        on=world.on,
        at=world.at,
    )


def seen_by(work: Session, world: World, person: Person, evidence: Evidence) -> set[object]:
    query = visible(Judgement, person=person, on=world.on)
    return {row.by_id for row in work.scalars(query.where(Judgement.evidence_id == evidence.id))}


def join(work: Session, world: World, person: Person, role: PlanRole) -> None:
    add_member(
        work, by=None, plan=world.plan, person=person, role=role, from_on=world.on, at=world.at
    )


def show(work: Session, world: World, evidence: Evidence, person: Person) -> EvidenceShare:
    share = EvidenceShare(
        school_id=world.school.id,
        evidence_id=evidence.id,
        audience=Audience.PERSON,
        person_id=person.id,
        shared_at=world.at,
    )
    work.add(share)
    work.flush()
    return share


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("student", PlanRole.STUDENT),
        ("coach", PlanRole.COACH),
        ("supervisor", PlanRole.SUPERVISOR),
    ],
)
def test_a_judgement_records_who_said_it_and_as_what(
    work: Session, world: World, name: str, role: PlanRole
) -> None:
    by = getattr(world, name)
    said = judge(work, **words_of(world, by=by))
    assert (said.by_id, said.role) == (by.id, role)
    assert said.placement_id == world.placement.id
    assert (said.observed_on, said.recorded_at) == (world.on, world.at)


def test_a_second_judgement_stands_beside_the_first(work: Session, world: World) -> None:
    before = work.get_one(Judgement, (world.school.id, world.judgement.id))
    kept = (before.level_id, before.words, before.recorded_at)
    second = judge(work, **words_of(world, at=world.at + timedelta(hours=1)))
    work.expire_all()
    assert (before.level_id, before.words, before.recorded_at) == kept
    assert second.id != before.id


@pytest.mark.parametrize("name", ["other_student", "other_coach", "teacher", "administrator"])
def test_who_has_no_place_in_the_plan_cannot_judge(work: Session, world: World, name: str) -> None:
    with pytest.raises(NotAllowed):
        judge(work, **words_of(world, by=getattr(world, name)))


def test_the_core_team_judges_as_what_it_is(work: Session, world: World) -> None:
    join(work, world, world.teacher, PlanRole.TEAM)
    said = judge(work, **words_of(world, by=world.teacher, evidence=None, aspect=Aspect.KNOWLEDGE))
    assert (said.role, said.aspect) == (PlanRole.TEAM, Aspect.KNOWLEDGE)


def waits(work: Session, piece: Evidence, by: Person) -> bool:
    """Tell whether a piece waits for an answer of this person."""
    found = sa.select(Evidence.id).where(Evidence.id == piece.id, *waits_for(by))
    return work.scalar(found) is not None


def test_a_comment_that_was_taken_back_is_no_answer(work: Session, world: World) -> None:
    said: dict[str, Any] = {"by": world.coach, "on": world.on, "at": world.at}
    shared = work.get_one(Evidence, (world.school.id, world.shared.id))
    assert waits(work, shared, world.coach)
    comment = add_comment(work, subject=shared, words="Ik was er niet bij.", **said)
    assert not waits(work, shared, world.coach)
    withdraw_comment(work, comment=comment, **said)
    assert waits(work, shared, world.coach)


def test_who_declined_to_look_owes_no_answer(work: Session, world: World) -> None:
    day: dict[str, Any] = {"on": world.on, "at": world.at}
    shared = work.get_one(Evidence, (world.school.id, world.shared.id))
    asked = ask(work, by=world.student, to=world.coach, subject=shared, words=None, **day)
    assert waits(work, shared, world.coach)
    decline(work, by=world.coach, request=asked, words="Ik was er die dag niet bij.", **day)
    assert not waits(work, shared, world.coach)


def test_who_judged_a_piece_owes_no_answer(work: Session, world: World) -> None:
    shared = work.get_one(Evidence, (world.school.id, world.shared.id))
    judge(work, **words_of(world, evidence=shared))
    assert not waits(work, shared, world.supervisor)
    assert waits(work, shared, world.coach)


def test_a_peer_judges_only_what_was_shown_to_them_by_name(work: Session, world: World) -> None:
    peer = world.other_student
    join(work, world, peer, PlanRole.PEER)
    with pytest.raises(NotAllowed):
        judge(work, **words_of(world, by=peer))
    with pytest.raises(NotAllowed):
        judge(work, **words_of(world, by=peer, evidence=None))
    show(work, world, world.shared, peer)
    assert judge(work, **words_of(world, by=peer)).role is PlanRole.PEER


def test_a_peer_never_sees_what_others_saw(work: Session, world: World) -> None:
    peer = world.other_student
    join(work, world, peer, PlanRole.PEER)
    show(work, world, world.shared, peer)
    assert seen_by(work, world, peer, world.shared) == set()
    judge(work, **words_of(world, by=peer))
    assert seen_by(work, world, peer, world.shared) == {peer.id}


def test_withdrawing_shows_the_school_nothing_that_it_did_not_see_before(
    work: Session, world: World
) -> None:
    minutes = [world.at + timedelta(minutes=number) for number in range(5)]
    piece = log_evidence(
        work,
        key=new_id(),
        by=world.student,
        plan=world.plan,
        text="Alleen voor mijn werk.",
        happened_on=world.on,
        has_people=False,
        placement=world.placement,
        share_with=[Audience.COACHES, Audience.PLACEMENT],
        on=world.on,
        at=minutes[0],
    )
    by: dict[str, Any] = {"by": world.student, "evidence": piece, "on": world.on}
    shares = {share.audience: share for share in open_shares(work, piece, on=world.on)}
    stop_sharing(work, share=shares[Audience.COACHES], at=minutes[1], **by)
    judge(work, **words_of(world, goal=None, evidence=piece, at=minutes[2]))
    assert seen_by(work, world, world.coach, piece) == set()
    withdraw(work, at=minutes[3], **by)
    assert seen_by(work, world, world.coach, piece) == set()


def test_what_the_student_says_after_withdrawing_stays_their_own(
    work: Session, world: World
) -> None:
    shared = work.merge(world.shared)
    withdraw(work, by=world.student, evidence=shared, on=world.on, at=world.at)
    before = judgements_seen(work, plan_id=world.plan.id, person=world.coach, on=world.on)
    later = world.at + timedelta(minutes=1)
    judge(work, **words_of(world, by=world.student, evidence=shared, at=later))
    after = judgements_seen(work, plan_id=world.plan.id, person=world.coach, on=world.on)
    assert [seen.id for seen in after] == [seen.id for seen in before]
    assert world.judgement.id in {seen.id for seen in after}


def test_a_coach_counts_from_the_day_on_which_the_school_was_shown_it(
    work: Session, world: World
) -> None:
    earlier = world.at - timedelta(days=20)
    peer = world.other_student
    join(work, world, peer, PlanRole.PEER)
    work.add(
        EvidenceShare(
            school_id=world.school.id,
            evidence_id=world.shared.id,
            audience=Audience.PERSON,
            person_id=peer.id,
            shared_at=earlier,
        )
    )
    work.flush()
    (row,) = rows_for(
        work, reader=world.coach, school=world.school, on=world.on, plan_id=world.plan.id
    )
    assert row.last_shared_on == world.on


def test_a_student_does_not_judge_another_student(work: Session, world: World) -> None:
    for theirs in ({"plan": world.plan}, {"plan": world.plan, "evidence": None}):
        with pytest.raises(NotAllowed):
            judge(work, **words_of(world, by=world.other_student, **theirs))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ("about nothing", {"goal_id": "judgement.about_nothing"}),
        ("another plan's goal", {"goal_id": "goal.of_other_plan"}),
        ("a goal that the piece is not for", {"goal_id": "goal.not_of_evidence"}),
        ("tomorrow", {"observed_on": "date.in_future"}),
    ],
)
def test_what_cannot_be_judged_is_refused_with_its_code(
    work: Session, world: World, changed: str, code: dict[str, str]
) -> None:
    second_goal = add_goal(
        work,
        by=world.student,
        plan=world.plan,
        question="Hoe?",
        title="Ik werk netjes",
        success="Alles ligt klaar.",
        target_anchor=None,
        target_on=None,
        items=[],
        on=world.on,
        at=world.at,
    )
    wrong: dict[str, dict[str, Any]] = {
        "about nothing": {"goal": None, "evidence": None, "by": world.coach},
        "another plan's goal": {"goal": world.other_goal},
        "a goal that the piece is not for": {"goal": second_goal},
        "tomorrow": {"observed_on": world.on + timedelta(days=1)},
    }
    with pytest.raises(Invalid) as refusal:
        judge(work, **words_of(world, **wrong[changed]))
    assert refusal.value.fields == code


def test_evidence_of_another_plan_cannot_be_judged_here(work: Session, world: World) -> None:
    sent = words_of(world, by=world.other_coach, plan=world.other_plan, goal=None)
    with pytest.raises(Invalid) as refusal:
        judge(work, **sent)
    assert refusal.value.fields == {"evidence_id": "evidence.of_other_plan"}


def test_a_level_of_another_school_is_refused(engine: sa.Engine, world: World) -> None:
    with unit_of_work(engine, school_id=world.elsewhere.school_id, writes=False) as session:
        strange = default_levels(session, school_id=world.elsewhere.school_id)[0]
    with unit_of_work(engine, school_id=world.school.id) as session:
        with pytest.raises(Invalid) as refusal:
            judge(session, **words_of(world, level=strange))
        assert refusal.value.fields == {"level_id": "level.not_for_plan"}


# Framework items, what the piece said, voice, and the request that it answers


def test_a_framework_item_of_the_plan_is_judged_by_itself(work: Session, world: World) -> None:
    item = world.items[1]
    said = judge(work, **words_of(world, by=world.coach, goal=None, evidence=None, item=item))
    assert (said.item_id, said.goal_id, said.evidence_id) == (item.id, None, None)
    seen = judgements_seen(work, plan_id=world.plan.id, person=world.student, on=world.on)
    assert [s.item_code for s in seen if s.id == said.id] == ["B1-K1-W1"]


def test_an_item_of_another_framework_is_refused(work: Session, world: World) -> None:
    framework = Framework(
        school_id=world.school.id,
        source="proef",
        code="25655",
        edition="2026",
        title="Kok",
        level=2,
        crebo="25655",
        created_at=world.at,
    )
    work.add(framework)
    work.flush()
    item = FrameworkItem(
        school_id=world.school.id,
        framework_id=framework.id,
        kind=FrameworkItemKind.WERKPROCES,
        code="B1-K1-W1",
        title="Kookt",
        position=0,
    )
    work.add(item)
    work.flush()
    with pytest.raises(Invalid) as refusal:
        judge(work, **words_of(world, by=world.coach, goal=None, evidence=None, item=item))
    assert refusal.value.fields == {"item_id": "item.of_other_framework"}


def test_a_judgement_records_what_the_piece_said_and_says_when_it_was_edited(
    work: Session, world: World
) -> None:
    said = judge(work, **words_of(world))
    assert said.evidence_version == 1
    work.add(
        EvidenceVersion(
            school_id=world.school.id,
            evidence_id=world.shared.id,
            number=2,
            text="Ik hielp mevrouw twee keer.",
            written_at=world.at,
        )
    )
    work.flush()
    later = judge(work, **words_of(world))
    assert later.evidence_version == 2
    seen = judgements_seen(work, plan_id=world.plan.id, person=world.coach, on=world.on)
    edited = {s.id: s.is_edited for s in seen}
    assert (edited[said.id], edited[later.id]) == (True, False)


def test_who_no_longer_sees_a_piece_no_longer_judges_it(work: Session, world: World) -> None:
    held = find(work, Evidence, world.shared.id, person=world.coach, on=world.on)
    work.execute(
        sa.update(EvidenceShare)
        .where(EvidenceShare.school_id == world.school.id)
        .values(ended_at=world.at)
    )
    with pytest.raises(NotFound):
        judge(work, **words_of(world, by=world.coach, evidence=held))


def test_a_voice_message_goes_with_a_judgement(work: Session, world: World) -> None:
    voice = KeptFile(
        name="tip.m4a", media_type="audio/mp4", size=9, digest="a" * 64, thumbnail_digest=None
    )
    said = judge(work, **words_of(world, voice=voice))
    seen = judgements_seen(work, plan_id=world.plan.id, person=world.student, on=world.on)
    recording = work.scalars(sa.select(Recording)).one()
    assert (recording.judgement_id, recording.name) == (said.id, "tip.m4a")
    assert {s.id: s.recording_id for s in seen}[said.id] == recording.id


def test_what_is_no_sound_is_no_voice_message(work: Session, world: World) -> None:
    photo = KeptFile(
        name="tip.jpg", media_type="image/jpeg", size=9, digest="a" * 64, thumbnail_digest=None
    )
    with pytest.raises(Invalid) as refusal:
        judge(work, **words_of(world, voice=photo))
    assert refusal.value.fields == {"recording": "file.kind_not_allowed"}


def test_judging_answers_what_was_asked_about_the_same_thing_only(
    work: Session, world: World
) -> None:
    other = logged(work, world, Audience.COACHES, Audience.PLACEMENT)
    for evidence in (world.shared, other):
        work.add(
            FeedbackRequest(
                school_id=world.school.id,
                plan_id=world.plan.id,
                evidence_id=evidence.id,
                by_id=world.student.id,
                to_id=world.supervisor.id,
                state=RequestState.OPEN,
                asked_at=world.at,
            )
        )
    work.flush()
    judge(work, **words_of(world))
    states = {request.evidence_id: request.state for request in work.scalars(ASKED)}
    assert states == {world.shared.id: RequestState.ANSWERED, other.id: RequestState.OPEN}


# The supervisor, within the own running placement


def test_a_supervisor_judges_from_the_first_day_to_the_last(work: Session, world: World) -> None:
    placement = world.placement
    for day, may in (
        (placement.from_on - timedelta(days=1), False),
        (placement.from_on, True),
        (placement.until_on - timedelta(days=1), True),
        (placement.until_on, False),
    ):
        sent = words_of(world, on=day, observed_on=min(day, world.on))
        if may:
            assert judge(work, **sent).placement_id == placement.id
        else:
            with pytest.raises(NotAllowed):
                judge(work, **sent)


def test_a_supervisor_stops_judging_when_the_placement_is_cut_short(
    work: Session, world: World
) -> None:
    placement = work.get_one(Placement, (world.school.id, world.placement.id))
    placement.until_on = world.on
    work.flush()
    with pytest.raises(NotAllowed):
        judge(work, **words_of(world))


def test_a_supervisor_stops_judging_when_somebody_else_takes_over(
    work: Session, world: World
) -> None:
    member = work.scalars(
        sa.select(PlanMember).where(
            PlanMember.school_id == world.school.id, PlanMember.person_id == world.supervisor.id
        )
    ).one()
    member.until_on = world.on
    work.flush()
    with pytest.raises(NotAllowed):
        judge(work, **words_of(world))


def test_a_supervisor_judges_nothing_of_another_placement_of_the_same_student(
    work: Session, world: World
) -> None:
    other = add_placement(
        work,
        by=world.administrator,
        plan=world.plan,
        company=world.company,
        from_on=world.on,
        until_on=world.on + timedelta(days=30),
        at=world.at,
    )
    elsewhere = log_evidence(
        work,
        key=new_id(),
        by=world.student,
        plan=world.plan,
        goals=[],
        text="Bij het andere bedrijf.",
        happened_on=world.on,
        has_people=False,
        placement=other,
        share_with=[Audience.PLACEMENT],
        on=world.on,
        at=world.at,
    )
    with pytest.raises(NotFound):
        find(work, Evidence, elsewhere.id, person=world.supervisor, on=world.on)
    with pytest.raises(NotAllowed):
        judge(work, **words_of(world, goal=None, evidence=elsewhere))


def test_a_supervisor_judges_evidence_and_not_a_goal_alone(work: Session, world: World) -> None:
    with pytest.raises(NotAllowed):
        judge(work, **words_of(world, evidence=None))


def test_a_coach_judges_a_goal_without_evidence(work: Session, world: World) -> None:
    said = judge(work, **words_of(world, by=world.coach, evidence=None))
    assert (said.evidence_id, said.placement_id) == (None, None)


def test_a_closed_plan_takes_no_judgement(work: Session, world: World) -> None:
    plan = work.get_one(LearningPlan, (world.school.id, world.plan.id))
    plan.state = PlanState.CLOSED
    work.flush()
    with pytest.raises(Conflict, match=r"plan\.closed"):
        judge(work, **words_of(world, plan=plan))


# Blind at first


def test_a_supervisor_sees_what_others_saw_only_after_looking_first(
    work: Session, world: World
) -> None:
    evidence = logged(work, world, Audience.COACHES, Audience.PLACEMENT)
    judge(work, **words_of(world, by=world.coach, evidence=evidence))
    assert seen_by(work, world, world.supervisor, evidence) == set()
    judge(work, **words_of(world, evidence=evidence))
    everybody = {world.student.id, world.coach.id, world.supervisor.id}
    assert seen_by(work, world, world.supervisor, evidence) == everybody


def test_having_judged_one_piece_opens_no_other(work: Session, world: World) -> None:
    second = logged(work, world, Audience.PLACEMENT)
    assert world.supervisor.id in seen_by(work, world, world.supervisor, world.shared)
    assert seen_by(work, world, world.supervisor, second) == set()


def test_a_student_sees_every_judgement_of_the_own_plan(work: Session, world: World) -> None:
    everybody = {world.student.id, world.supervisor.id}
    assert seen_by(work, world, world.student, world.shared) == everybody


def test_a_judgement_about_a_private_piece_is_the_students_own(work: Session, world: World) -> None:
    private = logged(work, world)
    assert seen_by(work, world, world.student, private) == {world.student.id}
    for reader in (world.coach, world.supervisor, world.administrator):
        assert seen_by(work, world, reader, private) == set()


# A rater who must judge before seeing the others


def blind(work: Session, world: World) -> None:
    school = work.get_one(School, world.school.id)
    set_blind_rating(
        work, by=world.administrator, school=school, blind=True, on=world.on, at=world.at
    )


def test_a_rater_who_must_judge_before_seeing_the_others(work: Session, world: World) -> None:
    everybody = {world.student.id, world.supervisor.id}
    assert seen_by(work, world, world.coach, world.shared) == everybody
    blind(work, world)
    assert seen_by(work, world, world.coach, world.shared) == set()
    judge(work, **words_of(world, by=world.coach))
    assert seen_by(work, world, world.coach, world.shared) == everybody | {world.coach.id}


def test_blind_rating_hides_nothing_from_the_student_or_the_administrator(
    work: Session, world: World
) -> None:
    blind(work, world)
    for reader in (world.student, world.administrator):
        assert seen_by(work, world, reader, world.shared) == {
            world.student.id,
            world.supervisor.id,
        }


def test_a_blind_rater_who_judged_the_goal_sees_what_others_saw_of_the_goal_only(
    work: Session, world: World
) -> None:
    join(work, world, world.teacher, PlanRole.TEAM)
    judge(work, **words_of(world, by=world.teacher, evidence=None))
    blind(work, world)
    about_goal = visible(Judgement, person=world.coach, on=world.on).where(
        Judgement.goal_id == world.goal.id
    )
    assert work.scalars(about_goal).all() == []
    judge(work, **words_of(world, by=world.coach, evidence=None))
    raters = {said.by_id for said in work.scalars(about_goal)}
    assert raters == {world.coach.id, world.teacher.id}


def test_the_overview_of_a_blind_rater_knows_only_the_own_judgements(
    work: Session, world: World
) -> None:
    def overview() -> Row:
        school = work.get_one(School, world.school.id)
        return rows_for(work, reader=world.coach, school=school, on=world.on)[0]

    assert overview().facts.judgements
    blind(work, world)
    row = overview()
    assert row.facts.judgements == []
    assert set(row.names) <= {world.student.id}
    assert not [signal for signal in row.signals if signal.rule in FROM_JUDGEMENTS]
    judge(work, **words_of(world, by=world.coach))
    assert {fact.by_id for fact in overview().facts.judgements} == {
        world.student.id,
        world.supervisor.id,
        world.coach.id,
    }
