"""Evidence after it was logged: new versions, other readers, taken back, erased."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.db import new_id
from tracker.erasing import erase
from tracker.errors import Conflict, Invalid, NotAllowed
from tracker.evidence import KeptFile, edit_evidence, log_evidence
from tracker.judgements import judge
from tracker.models import (
    Audience,
    AuditEvent,
    Evidence,
    EvidenceGoal,
    EvidenceItem,
    EvidenceShare,
    EvidenceState,
    EvidenceVersion,
    FeedbackRequest,
    Goal,
    Judgement,
    JudgementSignature,
    LearningPlan,
    PlanRole,
    PlanState,
    RequestState,
)
from tracker.permissions import visible
from tracker.plans import add_member
from tracker.shares import open_shares
from tracker.sharing import share_evidence, stop_sharing, withdraw


@pytest.fixture
def private(work: Session, world: World) -> Evidence:
    """Take the student's private piece."""
    return work.get_one(Evidence, (world.school.id, world.private.id))


@pytest.fixture
def shared(work: Session, world: World) -> Evidence:
    """Take the piece that coach and supervisor see, and the supervisor judged."""
    return work.get_one(Evidence, (world.school.id, world.shared.id))


def edit(work: Session, world: World, evidence: Evidence, text: str) -> EvidenceVersion:
    return edit_evidence(
        work,
        by=world.student,
        evidence=evidence,
        text=text,
        goals=[],
        items=[world.items[1]],
        on=world.on,
        at=world.at,
    )


def verbs(work: Session, evidence: Evidence) -> list[str]:
    query = sa.select(AuditEvent.verb).filter_by(subject_id=evidence.id)
    return list(work.scalars(query.order_by(AuditEvent.at, AuditEvent.id)))


def test_an_edit_adds_a_version_and_changes_goals_and_work(
    work: Session, world: World, private: Evidence
) -> None:
    assert edit(work, world, private, "Anders.").number == 2
    assert edit(work, world, private, "Anders.").number == 2
    texts = sa.select(EvidenceVersion.text).filter_by(evidence_id=private.id)
    assert set(work.scalars(texts)) == {"Alleen voor mij.", "Anders."}
    goals = sa.select(EvidenceGoal.goal_id).filter_by(evidence_id=private.id)
    assert work.scalars(goals).all() == []
    items = sa.select(EvidenceItem.item_id).filter_by(evidence_id=private.id)
    assert work.scalars(items).all() == [world.items[1].id]
    assert verbs(work, private)[-1] == "edited evidence"


def test_words_may_go_only_beside_a_file(work: Session, world: World, private: Evidence) -> None:
    with pytest.raises(Invalid) as refusal:
        edit(work, world, private, "")
    assert refusal.value.fields == {"text": "evidence.empty"}


def test_an_edit_keeps_to_the_goals_and_work_of_its_plan(
    work: Session, world: World, private: Evidence
) -> None:
    other_goal = work.get_one(Goal, (world.school.id, world.other_goal.id))
    with pytest.raises(Invalid) as refusal:
        edit_evidence(
            work,
            by=world.student,
            evidence=private,
            text="Anders.",
            goals=[other_goal],
            items=[],
            on=world.on,
            at=world.at,
        )
    assert refusal.value.fields == {"goal_ids": "goal.of_other_plan"}


def test_nobody_else_edits_shares_takes_back_or_erases(
    work: Session, world: World, shared: Evidence
) -> None:
    on, at = world.on, world.at
    share = open_shares(work, shared, on=world.on)[0]
    for by in (world.coach, world.supervisor, world.administrator, world.other_student):
        with pytest.raises(NotAllowed):
            edit_evidence(work, by=by, evidence=shared, text="x", goals=[], items=[], on=on, at=at)
        with pytest.raises(NotAllowed):
            share_evidence(work, by=by, evidence=shared, audience=Audience.COACHES, on=on, at=at)
        with pytest.raises(NotAllowed):
            stop_sharing(work, by=by, evidence=shared, share=share, on=on, at=at)
        with pytest.raises(NotAllowed):
            withdraw(work, by=by, evidence=shared, on=on, at=at)
        with pytest.raises(NotAllowed):
            erase(work, by=by, evidence=shared, on=on, at=at)


def test_a_closed_plan_takes_no_edit_and_no_new_reader_but_lets_go(
    work: Session, world: World, shared: Evidence, private: Evidence
) -> None:
    work.get_one(LearningPlan, (world.school.id, world.plan.id)).state = PlanState.CLOSED
    work.flush()
    with pytest.raises(Conflict, match=r"plan\.closed"):
        edit(work, world, private, "Anders.")
    with pytest.raises(Conflict, match=r"plan\.closed"):
        share_evidence(
            work,
            by=world.student,
            evidence=private,
            audience=Audience.COACHES,
            on=world.on,
            at=world.at,
        )
    withdraw(work, by=world.student, evidence=shared, on=world.on, at=world.at)
    assert shared.state is EvidenceState.WITHDRAWN


def test_what_was_not_judged_by_others_becomes_private_again(
    work: Session, world: World, private: Evidence
) -> None:
    share = share_evidence(
        work,
        by=world.student,
        evidence=private,
        audience=Audience.COACHES,
        on=world.on,
        at=world.at,
    )
    assert private.state is EvidenceState.SHARED
    stop_sharing(work, by=world.student, evidence=private, share=share, on=world.on, at=world.at)
    assert (private.state, private.withdrawn_at) == (EvidenceState.PRIVATE, None)
    assert verbs(work, private)[-3:] == [
        "shared evidence",
        "stopped sharing evidence",
        "withdrew evidence",
    ]


def test_evidence_withdrawn_after_a_judgement_keeps_the_judgement_in_the_school(
    work: Session, world: World, shared: Evidence
) -> None:
    withdraw(work, by=world.student, evidence=shared, on=world.on, at=world.at)
    assert (shared.state, shared.withdrawn_at) == (EvidenceState.WITHDRAWN, world.at)

    def sees(model: type[Evidence] | type[Judgement], name: str) -> list[object]:
        person = getattr(world, name)
        return [row.id for row in work.scalars(visible(model, person=person, on=world.on))]

    assert world.judgement.id in sees(Judgement, "coach")
    assert sees(Judgement, "supervisor") == []
    for name in ("coach", "supervisor", "administrator"):
        assert shared.id not in sees(Evidence, name)
    with pytest.raises(Conflict, match=r"evidence\.withdrawn"):
        edit(work, world, shared, "Anders.")
    with pytest.raises(Conflict, match=r"evidence\.judged"):
        erase(work, by=world.student, evidence=shared, on=world.on, at=world.at)


def test_taking_back_takes_back_what_was_asked_about_it(
    work: Session, world: World, shared: Evidence
) -> None:
    request = FeedbackRequest(
        school_id=world.school.id,
        plan_id=world.plan.id,
        evidence_id=shared.id,
        by_id=world.student.id,
        to_id=world.coach.id,
        state=RequestState.OPEN,
        asked_at=world.at,
    )
    work.add(request)
    work.flush()
    withdraw(work, by=world.student, evidence=shared, on=world.on, at=world.at)
    work.refresh(request)
    assert (request.state, request.closed_at) == (RequestState.WITHDRAWN, world.at)


def test_people_in_it_is_no_thing_for_a_fellow_student(work: Session, world: World) -> None:
    plan = work.get_one(LearningPlan, (world.school.id, world.plan.id))
    piece = log_evidence(
        work,
        key=new_id(),
        by=world.student,
        plan=plan,
        text="Met mevrouw.",
        happened_on=world.on,
        has_people=True,
        on=world.on,
        at=world.at,
    )
    add_member(
        work,
        by=world.student,
        plan=plan,
        person=world.other_student,
        role=PlanRole.PEER,
        from_on=world.on,
        at=world.at,
    )
    with pytest.raises(Invalid) as refusal:
        share_evidence(
            work,
            by=world.student,
            evidence=piece,
            audience=Audience.PERSON,
            person=world.other_student,
            on=world.on,
            at=world.at,
        )
    assert refusal.value.fields == {"person_id": "share.has_people"}


def test_an_own_judgement_goes_with_what_is_erased_unless_it_was_signed(
    work: Session, world: World
) -> None:
    plan = work.get_one(LearningPlan, (world.school.id, world.plan.id))
    kept = KeptFile(
        name="a.jpg",
        media_type="image/jpeg",
        size=3,
        digest="a" * 64,
        thumbnail_digest="b" * 64,
    )

    def log() -> Evidence:
        return log_evidence(
            work,
            key=new_id(),
            by=world.student,
            plan=plan,
            text="Voor mij.",
            happened_on=world.on,
            has_people=False,
            files=[kept],
            own_level=world.levels[1],
            on=world.on,
            at=world.at,
        )

    first, second, signed = log(), log(), log()
    own = work.scalars(sa.select(Judgement).filter_by(evidence_id=signed.id)).one()
    work.add(JudgementSignature(school_id=world.school.id, judgement_id=own.id, signed_at=world.at))
    work.flush()
    with pytest.raises(Conflict, match=r"evidence\.judged"):
        erase(work, by=world.student, evidence=signed, on=world.on, at=world.at)
    for piece in (first, second):
        erase(work, by=world.student, evidence=piece, on=world.on, at=world.at)
        left = sa.select(sa.func.count()).select_from(Judgement).filter_by(evidence_id=piece.id)
        assert work.scalar(left) == 0


def test_a_resend_is_known_after_readers_and_words_changed(work: Session, world: World) -> None:
    plan = work.get_one(LearningPlan, (world.school.id, world.plan.id))
    key = new_id()

    def send(text: str = "Eerst.") -> Evidence:
        return log_evidence(
            work,
            key=key,
            by=world.student,
            plan=plan,
            goals=[world.goal],
            text=text,
            happened_on=world.on,
            has_people=False,
            share_with=[Audience.COACHES],
            on=world.on,
            at=world.at + timedelta(minutes=1),
        )

    first = send()
    edit(work, world, first, "Later.")
    withdraw(work, by=world.student, evidence=first, on=world.on, at=world.at)
    assert send() is first
    with pytest.raises(Conflict, match=r"evidence\.key_used"):
        send("Later.")


def test_judging_a_withdrawn_piece_again_needs_it_to_be_shared_again(
    work: Session, world: World, shared: Evidence
) -> None:
    withdraw(work, by=world.student, evidence=shared, on=world.on, at=world.at)
    share_evidence(
        work,
        by=world.student,
        evidence=shared,
        audience=Audience.COACHES,
        on=world.on,
        at=world.at,
    )
    assert (shared.state, shared.withdrawn_at) == (EvidenceState.SHARED, None)
    plan = work.get_one(LearningPlan, (world.school.id, world.plan.id))
    judged = judge(
        work,
        by=world.coach,
        plan=plan,
        evidence=shared,
        level=world.levels[2],
        observed_on=world.on,
        on=world.on,
        at=world.at,
    )
    assert judged.evidence_version == 1
    shares = sa.select(EvidenceShare).filter_by(evidence_id=shared.id, ended_at=None)
    assert [share.audience for share in work.scalars(shares)] == [Audience.COACHES]


def test_a_supervisor_judges_what_happened_elsewhere_and_was_shown_to_the_placement(
    work: Session, world: World, private: Evidence
) -> None:
    assert private.placement_id is None
    plan = work.get_one(LearningPlan, (world.school.id, world.plan.id))

    def look() -> Judgement:
        return judge(
            work,
            by=world.supervisor,
            plan=plan,
            evidence=private,
            level=world.levels[2],
            observed_on=world.on,
            on=world.on,
            at=world.at,
        )

    with pytest.raises(NotAllowed):
        look()
    share_evidence(
        work,
        by=world.student,
        evidence=private,
        audience=Audience.PLACEMENT,
        placement=world.placement,
        on=world.on,
        at=world.at,
    )
    assert look().placement_id == world.placement.id
