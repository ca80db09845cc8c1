"""Scales: what holds for which plan, changing one for a new cohort, and what is no level."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.errors import Conflict, Invalid, NotAllowed
from tracker.judged import judgements_seen
from tracker.judgements import judge
from tracker.models import (
    AuditEvent,
    LearningPlan,
    PlanRole,
    PlanState,
    Scale,
    ScaleLevel,
    School,
)
from tracker.plans import add_member, start_plan
from tracker.scales import (
    Level,
    add_scale,
    change_scale,
    default_levels,
    levels_of,
    scales_for,
    set_blind_rating,
)

THREE = [
    Level("zie ik nog niet", "Iemand doet het voor.", 0),
    Level("groeit", None, 1),
    Level("staat", "Ook als het druk is.", 2),
]


def anchors(work: Session, world: World) -> Scale:
    named = sa.select(Scale).filter_by(school_id=world.school.id, code="anchors", version=1)
    return work.scalars(named).one()


def changed(work: Session, world: World, **other: Any) -> Scale:
    words: dict[str, Any] = {
        "by": world.administrator,
        "scale": anchors(work, world),
        "name": "Drie stappen",
        "levels": THREE,
        "is_default": True,
        "for_plans_from": world.on,
        "on": world.on,
        "at": world.at,
        **other,
    }
    return change_scale(work, **words)


def plan_of_new_cohort(work: Session, world: World) -> LearningPlan:
    plan = start_plan(
        work,
        by=None,
        student=world.other_student,
        state=PlanState.ACTIVE,
        starts_on=world.on,
        at=world.at,
    )
    add_member(
        work,
        by=None,
        plan=plan,
        person=world.coach,
        role=PlanRole.COACH,
        from_on=world.on,
        at=world.at,
    )
    return plan


def test_a_scale_changed_for_a_new_cohort(work: Session, world: World) -> None:
    new = changed(work, world)
    cohort = plan_of_new_cohort(work, world)
    offered = default_levels(work, school_id=world.school.id, plan=cohort)
    assert [(v.label, v.description, v.anchor) for v in offered] == [
        (level.label, level.description, level.anchor) for level in THREE
    ]
    assert (new.code, new.version) == ("anchors", 2)
    # Who started before goes on with the words they know.
    assert default_levels(work, school_id=world.school.id, plan=world.plan) == world_levels(
        work, world
    )
    seen = judgements_seen(work, plan_id=world.plan.id, person=world.student, on=world.on)
    assert {s.label for s in seen} == {"met hulp", "ook in een nieuwe situatie"}


def world_levels(work: Session, world: World) -> list[ScaleLevel]:
    return [work.get_one(ScaleLevel, (world.school.id, level.id)) for level in world.levels]


def test_a_judgement_names_a_level_of_a_scale_in_force_for_the_plan(
    work: Session, world: World
) -> None:
    new = levels_of(work, changed(work, world))
    cohort = plan_of_new_cohort(work, world)
    sent: dict[str, Any] = {
        "by": world.coach,
        "observed_on": world.on,
        "on": world.on,
        "at": world.at,
    }
    with pytest.raises(Invalid) as refusal:
        judge(work, plan=world.plan, goal=world.goal, level=new[0], **sent)
    assert refusal.value.fields == {"level_id": "level.not_for_plan"}
    assert judge(work, plan=world.plan, goal=world.goal, level=world.levels[0], **sent)
    held = {scale.code: scale.version for scale in scales_for(work, cohort)}
    assert held == {"anchors": 2, "practice": 1, "three_words": 1}


def test_plans_that_start_the_day_before_keep_the_old_version(work: Session, world: World) -> None:
    changed(work, world, for_plans_from=world.on + timedelta(days=1))
    cohort = plan_of_new_cohort(work, world)
    assert {scale.code: scale.version for scale in scales_for(work, cohort)}["anchors"] == 1


def test_another_scale_becomes_the_default_from_a_cohort_on(work: Session, world: World) -> None:
    add_scale(
        work,
        by=world.administrator,
        code="ours",
        name="Onze woorden",
        levels=THREE,
        is_default=True,
        for_plans_from=world.on,
        on=world.on,
        at=world.at,
    )
    cohort = plan_of_new_cohort(work, world)
    assert scales_for(work, cohort)[0].code == "ours"
    assert scales_for(work, world.plan)[0].code == "anchors"
    assert "ours" not in {scale.code for scale in scales_for(work, world.plan)}


@pytest.mark.parametrize(
    ("levels", "code"),
    [
        (THREE[:1], "scale.number_of_levels"),
        (THREE * 4, "scale.number_of_levels"),
        (THREE[::-1], "scale.not_rising"),
        ([Level("goed", None, 1), Level("Goed", None, 2)], "scale.same_words"),
        ([Level("nul", None, 0), Level("vier", None, 4)], "anchor.unknown"),
    ],
)
def test_levels_that_cannot_be_are_refused_and_nothing_is_kept(
    work: Session, world: World, levels: list[Level], code: str
) -> None:
    before = work.scalar(sa.select(sa.func.count()).select_from(Scale))
    with pytest.raises(Invalid) as refusal:
        changed(work, world, levels=levels)
    assert refusal.value.fields == {"levels": code}
    assert work.scalar(sa.select(sa.func.count()).select_from(Scale)) == before


def test_a_version_begins_on_or_after_the_one_before(work: Session, world: World) -> None:
    second = changed(work, world)
    with pytest.raises(Invalid) as refusal:
        changed(work, world, scale=second, for_plans_from=world.on - timedelta(days=1))
    assert refusal.value.fields == {"for_plans_from": "scale.before_previous"}
    assert changed(work, world, scale=second).version == 3


def test_who_changes_a_scale_that_was_changed_meanwhile_is_told(
    work: Session, world: World
) -> None:
    changed(work, world)
    with pytest.raises(Conflict, match=r"scale\.changed"):
        changed(work, world)
    with pytest.raises(Conflict, match=r"scale\.code_taken"):
        add_scale(
            work,
            by=world.administrator,
            code="practice",
            name="Nog een",
            levels=THREE,
            is_default=False,
            on=world.on,
            at=world.at,
        )


@pytest.mark.parametrize("name", ["student", "coach", "supervisor", "teacher"])
def test_only_an_administrator_changes_scales(work: Session, world: World, name: str) -> None:
    by = getattr(world, name)
    with pytest.raises(NotAllowed):
        changed(work, world, by=by)
    school = work.get_one(School, world.school.id)
    with pytest.raises(NotAllowed):
        set_blind_rating(work, by=by, school=school, blind=True, on=world.on, at=world.at)


def test_blind_rating_is_switched_once_and_logged(work: Session, world: World) -> None:
    school = work.get_one(School, world.school.id)
    for _ in range(2):
        set_blind_rating(
            work, by=world.administrator, school=school, blind=True, on=world.on, at=world.at
        )
    work.refresh(school)
    assert school.blind_rating
    verbs = sa.select(AuditEvent.verb).where(AuditEvent.verb.startswith("switched blind"))
    assert work.scalars(verbs).all() == ["switched blind rating on"]


def test_not_seen_is_no_level_of_any_shipped_scale(work: Session, world: World) -> None:
    levels = work.scalars(sa.select(ScaleLevel).filter_by(school_id=world.school.id)).all()
    assert not [level.label for level in levels if "gezien" in level.label]
    assert {level.anchor for level in levels} == {0, 1, 2, 3}


def test_without_a_plan_the_newest_default_is_offered(work: Session, world: World) -> None:
    changed(work, world, for_plans_from=world.on + timedelta(days=3000))
    offered = default_levels(work, school_id=world.school.id)
    assert [level.label for level in offered] == [level.label for level in THREE]
