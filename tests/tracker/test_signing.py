"""Signing one's own judgement, and letting a signed one count for the exam."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.errors import Conflict, NotAllowed
from tracker.judged import judgements_seen
from tracker.judgements import judge
from tracker.models import AuditEvent, Judgement, Person, PlanRole, Purpose
from tracker.signing import promote, sign


def promoted(work: Session, world: World, by: Person, judgement: Judgement) -> None:
    reason = "Gezien in een echte dienst."
    promote(work, by=by, judgement=judgement, reason=reason, on=world.on, at=world.at)


def test_only_its_author_signs_a_judgement_and_signing_twice_is_once(
    work: Session, world: World
) -> None:
    for other in (world.coach, world.student):
        with pytest.raises(NotAllowed):
            sign(work, by=other, judgement=world.judgement, on=world.on, at=world.at)
    first = sign(work, by=world.supervisor, judgement=world.judgement, on=world.on, at=world.at)
    later = world.at + timedelta(hours=1)
    again = sign(work, by=world.supervisor, judgement=world.judgement, on=world.on, at=later)
    assert again.signed_at == first.signed_at == world.at
    seen = judgements_seen(work, plan_id=world.plan.id, person=world.student, on=world.on)
    assert {s.by_id: s.signed_at for s in seen}[world.supervisor.id] == world.at


def test_a_judgement_counts_for_the_exam_only_after_an_explicit_logged_promotion(
    work: Session, world: World
) -> None:
    sign(work, by=world.supervisor, judgement=world.judgement, on=world.on, at=world.at)
    promoted(work, world, world.coach, world.judgement)
    seen = judgements_seen(work, plan_id=world.plan.id, person=world.student, on=world.on)
    assert {s.by_id: s.purpose for s in seen} == {
        world.student.id: Purpose.FORMATIVE,
        world.supervisor.id: Purpose.QUALIFYING,
    }
    assert {s.promotion_reason for s in seen} == {None, "Gezien in een echte dienst."}
    logged = sa.select(AuditEvent).where(AuditEvent.verb == "promoted")
    assert work.scalars(logged).one().subject_id == world.judgement.id


def test_what_is_not_signed_does_not_count(work: Session, world: World) -> None:
    with pytest.raises(Conflict, match=r"judgement\.not_signed"):
        promoted(work, world, world.coach, world.judgement)


def test_a_judgement_is_promoted_once(work: Session, world: World) -> None:
    sign(work, by=world.supervisor, judgement=world.judgement, on=world.on, at=world.at)
    promoted(work, world, world.coach, world.judgement)
    with pytest.raises(Conflict, match=r"judgement\.promoted"):
        promoted(work, world, world.coach, world.judgement)


def test_the_students_own_judgement_never_counts(work: Session, world: World) -> None:
    own = judge(
        work,
        by=world.student,
        plan=world.plan,
        goal=world.goal,
        level=world.levels[3],
        observed_on=world.on,
        on=world.on,
        at=world.at,
    )
    assert own.role is PlanRole.STUDENT
    sign(work, by=world.student, judgement=own, on=world.on, at=world.at)
    with pytest.raises(Conflict, match=r"judgement\.of_student"):
        promoted(work, world, world.coach, own)


@pytest.mark.parametrize("name", ["student", "supervisor", "teacher", "administrator"])
def test_only_a_coach_of_the_plan_promotes(work: Session, world: World, name: str) -> None:
    sign(work, by=world.supervisor, judgement=world.judgement, on=world.on, at=world.at)
    with pytest.raises(NotAllowed):
        promoted(work, world, getattr(world, name), world.judgement)
