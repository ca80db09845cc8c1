"""Drafts of judgements: their author's only, changed at will, and judgements once sent."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.drafts import (
    delete_draft,
    drafts_of,
    edit_draft,
    hold_draft,
    publish_draft,
    save_draft,
)
from tracker.errors import Invalid, NotAllowed, NotFound
from tracker.models import (
    EvidenceShare,
    FeedbackRequest,
    Judgement,
    JudgementDraft,
    PlanMember,
    RequestState,
)
from tracker.permissions import find


def kept(work: Session, world: World, **other: Any) -> JudgementDraft:
    said: dict[str, Any] = {
        "by": world.coach,
        "plan": world.plan,
        "goal": world.goal,
        "evidence": world.shared,
        "level": world.levels[2],
        "words": "Nog even over denken.",
        "observed_on": world.on,
        "on": world.on,
        "at": world.at,
        **other,
    }
    return save_draft(work, **said)


def count(work: Session) -> int:
    return work.scalar(sa.select(sa.func.count()).select_from(Judgement)) or 0


def states(work: Session) -> list[RequestState]:
    return list(work.scalars(sa.select(FeedbackRequest.state)))


def test_a_draft_is_its_authors_only(work: Session, world: World) -> None:
    draft = kept(work, world)
    assert drafts_of(work, by=world.coach, plan_id=world.plan.id, on=world.on) == [draft]
    for reader in (world.student, world.supervisor, world.administrator, world.other_coach):
        assert drafts_of(work, by=reader, plan_id=world.plan.id, on=world.on) == []
        with pytest.raises(NotFound):
            find(work, JudgementDraft, draft.id, person=reader, on=world.on)


def test_a_draft_is_no_judgement_and_answers_nothing(work: Session, world: World) -> None:
    request = FeedbackRequest(
        school_id=world.school.id,
        plan_id=world.plan.id,
        evidence_id=world.shared.id,
        by_id=world.student.id,
        to_id=world.coach.id,
        state=RequestState.OPEN,
        asked_at=world.at,
    )
    work.add(request)
    before = count(work)
    draft = kept(work, world, level=None)
    assert count(work) == before
    assert states(work) == [RequestState.OPEN]
    draft = hold_draft(work, draft.id, by=world.coach, on=world.on)
    edit_draft(
        work,
        by=world.coach,
        draft=draft,
        level=world.levels[1],
        aspect=None,
        words="Met hulp, en rustig.",
        observed_on=world.on,
        on=world.on,
        at=world.at,
    )
    said = publish_draft(work, by=world.coach, draft=draft, on=world.on, at=world.at)
    assert (said.level_id, said.words) == (world.levels[1].id, "Met hulp, en rustig.")
    assert (said.goal_id, said.evidence_id) == (world.goal.id, world.shared.id)
    assert states(work) == [RequestState.ANSWERED]
    assert drafts_of(work, by=world.coach, plan_id=world.plan.id, on=world.on) == []


def test_a_draft_without_a_level_is_not_sent(work: Session, world: World) -> None:
    draft = kept(work, world, level=None)
    with pytest.raises(Invalid) as refusal:
        publish_draft(work, by=world.coach, draft=draft, on=world.on, at=world.at)
    assert refusal.value.fields == {"level_id": "draft.without_level"}


def test_a_draft_follows_the_rules_of_a_judgement(work: Session, world: World) -> None:
    for wrong, fields in (
        ({"goal": None, "evidence": None}, {"goal_id": "judgement.about_nothing"}),
        ({"goal": world.other_goal}, {"goal_id": "goal.of_other_plan"}),
        ({"observed_on": world.on + timedelta(days=1)}, {"observed_on": "date.in_future"}),
    ):
        with pytest.raises(Invalid) as refusal:
            kept(work, world, **wrong)
        assert refusal.value.fields == fields
    with pytest.raises(NotAllowed):
        kept(work, world, by=world.other_coach)


def test_a_draft_about_a_piece_that_was_taken_back_cannot_be_sent(
    work: Session, world: World
) -> None:
    draft = kept(work, world)
    work.execute(
        sa.update(EvidenceShare)
        .where(EvidenceShare.school_id == world.school.id)
        .values(ended_at=world.at)
    )
    with pytest.raises(NotFound):
        publish_draft(work, by=world.coach, draft=draft, on=world.on, at=world.at)


def test_a_draft_is_thrown_away(work: Session, world: World) -> None:
    draft = kept(work, world)
    delete_draft(work, by=world.coach, draft=draft, at=world.at)
    assert work.scalars(sa.select(JudgementDraft)).all() == []


def test_a_former_coach_no_longer_finds_the_own_draft(work: Session, world: World) -> None:
    draft = kept(work, world)
    work.execute(
        sa.update(PlanMember)
        .where(PlanMember.school_id == world.school.id, PlanMember.person_id == world.coach.id)
        .values(until_on=world.on)
    )
    with pytest.raises(NotFound):
        hold_draft(work, draft.id, by=world.coach, on=world.on)
