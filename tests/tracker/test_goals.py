"""Goals: a student's own, in the own plan, towards an anchor and a day that make sense."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.servers import on_postgresql
from tests.world import World
from tracker.audience import viewers_of_goal
from tracker.conversations import record_talk, talks_of
from tracker.db import new_id, unit_of_work
from tracker.errors import Conflict, Invalid, NotAllowed
from tracker.evidence import log_evidence
from tracker.goal_lists import goals_seen
from tracker.goal_states import close_goal, closings_of, reopen_goal, start_goal
from tracker.goal_versions import is_agreed, versions_of
from tracker.goals import add_goal, agree_goal, edit_goal
from tracker.judgements import judge
from tracker.models import (
    Audience,
    Control,
    EvidenceGoal,
    Framework,
    FrameworkItem,
    FrameworkItemKind,
    Goal,
    GoalItem,
    GoalKind,
    GoalState,
    Outcome,
    Person,
    PlanRole,
    PlanState,
)
from tracker.overview import rows_for
from tracker.units import add_unit


def written(world: World, **changed: Any) -> dict[str, Any]:
    """Return what a student writes, with some of it changed."""
    return {
        "by": world.student,
        "plan": world.plan,
        "question": "Hoe vraag ik door?",
        "title": "Ik vraag door",
        "success": "Ik weet wat iemand wil.",
        "target_anchor": 2,
        "target_on": world.on,
        "items": [world.items[1]],
        "on": world.on,
        "at": world.at,
        **changed,
    }


def test_a_goal_serves_each_item_once(work: Session, world: World) -> None:
    goal = add_goal(work, **written(world, items=[world.items[1], world.items[0], world.items[1]]))
    served = work.scalars(sa.select(GoalItem.item_id).where(GoalItem.goal_id == goal.id))
    assert set(served) == {item.id for item in world.items}


@pytest.mark.parametrize("name", ["coach", "supervisor", "administrator", "other_student"])
def test_nobody_sets_a_goal_for_the_student(work: Session, world: World, name: str) -> None:
    with pytest.raises(NotAllowed):
        add_goal(work, **written(world, by=getattr(world, name)))


@pytest.mark.parametrize("anchor", [-1, 4, 10])
def test_a_target_is_one_of_the_four_anchors(work: Session, world: World, anchor: int) -> None:
    with pytest.raises(Invalid) as refusal:
        add_goal(work, **written(world, target_anchor=anchor))
    assert refusal.value.fields == {"target_anchor": "anchor.unknown"}


def test_a_goal_may_do_without_target_and_items(work: Session, world: World) -> None:
    sent = written(world, target_anchor=None, target_on=None, items=[])
    assert add_goal(work, **sent).target_anchor is None


def test_a_goal_aims_at_today_or_later(work: Session, world: World) -> None:
    assert add_goal(work, **written(world, target_on=world.on))
    with pytest.raises(Invalid) as refusal:
        add_goal(work, **written(world, target_on=world.on - timedelta(days=1)))
    assert refusal.value.fields == {"target_on": "date.in_past"}


def test_an_item_of_another_framework_is_refused(work: Session, world: World) -> None:
    other = Framework(
        school_id=world.school.id,
        source="proef",
        code="25655",
        edition="2026",
        title=None,
        level=None,
        crebo=None,
        created_at=world.at,
    )
    work.add(other)
    work.flush()
    item = FrameworkItem(
        school_id=world.school.id,
        framework_id=other.id,
        kind=FrameworkItemKind.WERKPROCES,
        code="B1-K1-W1",
        title="Iets anders",
        position=0,
    )
    work.add(item)
    work.flush()
    with pytest.raises(Invalid) as refusal:
        add_goal(work, **written(world, items=[world.items[1], item]))
    assert refusal.value.fields == {"item_ids": "item.of_other_framework"}


def test_a_closed_plan_takes_no_goal(work: Session, world: World) -> None:
    plan = work.merge(world.plan)
    plan.state = PlanState.CLOSED
    work.flush()
    with pytest.raises(Conflict, match=r"plan\.closed"):
        add_goal(work, **written(world, plan=plan))


def edited(world: World, goal: Goal, **changed: Any) -> dict[str, Any]:
    """Return a goal as its student sends it back, with some of it changed."""
    names = ("question", "title", "success", "approach", "target_anchor", "target_on")
    return {
        **{name: getattr(goal, name) for name in (*names, "control", "tailoring", "version")},
        "by": world.student,
        "goal": goal,
        "items": [world.items[1]],
        "parent": None,
        "unit": None,
        "on": world.on,
        "at": world.at + timedelta(hours=1),
        **changed,
    }


def agreed_by_coach(work: Session, world: World, goal: Goal, version: int | None = None) -> None:
    agree_goal(
        work,
        by=world.coach,
        goal=goal,
        version=version or goal.version,
        on=world.on,
        at=world.at + timedelta(minutes=5),
    )


def test_an_edit_is_a_new_version_and_the_first_one_stays_readable(
    work: Session, world: World
) -> None:
    goal = add_goal(work, **written(world))
    later = world.on + timedelta(days=14)
    edit_goal(work, **edited(world, goal, title="Ik vraag rustig door", target_on=later))
    versions = versions_of(work, goal=goal, person=world.student, on=world.on)
    assert [(seen.version.number, seen.version.title) for seen in versions] == [
        (2, "Ik vraag rustig door"),
        (1, "Ik vraag door"),
    ]
    assert [seen.version.target_on for seen in versions] == [later, world.on]
    assert [item.id for item in versions[0].items] == [world.items[1].id]
    assert (goal.version, goal.title, goal.target_on) == (2, "Ik vraag rustig door", later)


def test_saving_a_goal_unchanged_makes_no_version(work: Session, world: World) -> None:
    goal = add_goal(work, **written(world))
    edit_goal(work, **edited(world, goal))
    assert goal.version == 1
    assert goal.changed_at == world.at


def test_changed_work_alone_is_a_new_version_too(work: Session, world: World) -> None:
    goal = add_goal(work, **written(world))
    edit_goal(work, **edited(world, goal, items=[]))
    assert goal.version == 2
    assert (
        goals_seen(work, plan_id=world.plan.id, person=world.student, on=world.on)[goal.id].items
        == []
    )


def test_an_edit_of_another_version_than_was_read_is_refused(work: Session, world: World) -> None:
    goal = add_goal(work, **written(world))
    edit_goal(work, **edited(world, goal, title="Ik was eerst"))
    with pytest.raises(Conflict, match=r"goal\.changed"):
        edit_goal(work, **edited(world, goal, version=1, title="Ik was later"))
    assert goal.title == "Ik was eerst"


@pytest.mark.parametrize("name", ["coach", "supervisor", "administrator", "other_student"])
def test_nobody_but_the_student_edits_a_goal(work: Session, world: World, name: str) -> None:
    goal = add_goal(work, **written(world))
    with pytest.raises(NotAllowed):
        edit_goal(work, **edited(world, goal, by=getattr(world, name), title="Anders"))


def test_a_target_day_that_passed_may_stay_but_not_be_chosen(work: Session, world: World) -> None:
    goal = add_goal(work, **written(world))
    after = world.on + timedelta(days=10)
    edit_goal(work, **edited(world, goal, on=after, title="Nog steeds"))
    day = after - timedelta(days=1)
    with pytest.raises(Invalid) as refusal:
        edit_goal(work, **edited(world, goal, on=after, target_on=day))
    assert refusal.value.fields == {"target_on": "date.in_past"}


def test_a_target_day_lies_within_ten_years(work: Session, world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        add_goal(work, **written(world, target_on=world.on + timedelta(days=5000)))
    assert refusal.value.fields == {"target_on": "date.too_far"}


def test_a_version_is_agreed_when_a_coach_stands_behind_it_beside_the_student(
    work: Session, world: World
) -> None:
    goal = add_goal(work, **written(world))
    assert not is_agreed(work, goal=goal)
    agreed_by_coach(work, world, goal)
    assert is_agreed(work, goal=goal)
    seen = goals_seen(work, plan_id=world.plan.id, person=world.student, on=world.on)[goal.id]
    assert seen.agreed is not None
    assert seen.agreed.name == world.coach.name
    edit_goal(work, **edited(world, goal, success="Ik weet het zeker."))
    assert not is_agreed(work, goal=goal)
    assert goal.state is GoalState.ACTIVE
    versions = versions_of(work, goal=goal, person=world.coach, on=world.on)
    assert [seen.agreed is not None for seen in versions] == [False, True]


def test_agreeing_twice_is_agreeing_once(work: Session, world: World) -> None:
    goal = add_goal(work, **written(world))
    agreed_by_coach(work, world, goal)
    agreed_by_coach(work, world, goal)
    (version,) = versions_of(work, goal=goal, person=world.coach, on=world.on)
    assert [agreed.role for agreed in version.agreements] == [PlanRole.STUDENT, PlanRole.COACH]


def test_a_coach_who_read_an_older_version_has_to_look_again(work: Session, world: World) -> None:
    goal = add_goal(work, **written(world))
    edit_goal(work, **edited(world, goal, title="Ik vraag rustig door"))
    with pytest.raises(Conflict, match=r"goal\.changed"):
        agreed_by_coach(work, world, goal, version=1)


@pytest.mark.parametrize("name", ["supervisor", "administrator", "other_coach", "other_student"])
def test_only_student_and_coach_agree_on_a_goal(work: Session, world: World, name: str) -> None:
    goal = add_goal(work, **written(world))
    with pytest.raises(NotAllowed):
        agree_goal(work, by=getattr(world, name), goal=goal, version=1, on=world.on, at=world.at)


@pytest.mark.parametrize("control", [Control.SHARED, Control.SCHOOL])
def test_a_goal_that_is_not_the_students_alone_begins_when_the_coach_agrees(
    work: Session, world: World, control: Control
) -> None:
    goal = add_goal(work, **written(world, control=control))
    assert goal.state is GoalState.DRAFT
    with pytest.raises(Conflict, match=r"goal\.not_agreed"):
        start_goal(work, by=world.student, goal=goal, on=world.on, at=world.at)
    agreed_by_coach(work, world, goal)
    assert goal.state is GoalState.ACTIVE


def test_a_student_begins_with_an_own_draft_whenever_they_want(work: Session, world: World) -> None:
    goal = add_goal(work, **written(world, draft=True))
    agreed_by_coach(work, world, goal)
    assert goal.state is GoalState.DRAFT
    start_goal(work, by=world.student, goal=goal, on=world.on, at=world.at)
    assert goal.state is GoalState.ACTIVE


def test_a_draft_is_seen_by_the_coach_and_by_no_supervisor(work: Session, world: World) -> None:
    goal = add_goal(work, **written(world, draft=True))
    work.add(EvidenceGoal(school_id=goal.school_id, evidence_id=world.shared.id, goal_id=goal.id))
    work.flush()

    def sees(person: Person) -> bool:
        return goal.id in goals_seen(work, plan_id=world.plan.id, person=person, on=world.on)

    def named() -> set[str]:
        return {viewer.name for viewer in viewers_of_goal(work, goal, world.on)}

    assert sees(world.coach)
    assert not sees(world.supervisor)
    assert named() == {world.coach.name}
    start_goal(work, by=world.student, goal=goal, on=world.on, at=world.at)
    assert sees(world.supervisor)
    assert named() == {world.coach.name, world.supervisor.name}


def test_who_looks_from_outside_the_school_reads_only_what_a_goal_says_now(
    work: Session, world: World
) -> None:
    goal = work.merge(world.goal)
    edit_goal(work, **edited(world, goal, question="Iets heel anders?"))
    seen = versions_of(work, goal=goal, person=world.supervisor, on=world.on)
    assert [found.version.number for found in seen] == [2]
    assert len(versions_of(work, goal=goal, person=world.coach, on=world.on)) == 2


def closed(work: Session, world: World, goal: Goal, outcome: Outcome = Outcome.REACHED) -> None:
    close_goal(
        work,
        by=world.student,
        goal=goal,
        outcome=outcome,
        words="Het lukt nu.",
        on=world.on,
        at=world.at,
    )


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_goal_is_closed_as_reached_stopped_or_moved_and_may_go_on(
    work: Session, world: World, outcome: Outcome
) -> None:
    goal = add_goal(work, **written(world))
    closed(work, world, goal, outcome)
    assert (goal.state, goal.outcome, goal.closing_words) == (
        GoalState.CLOSED,
        outcome,
        "Het lukt nu.",
    )
    for refused in (
        lambda: closed(work, world, goal),
        lambda: edit_goal(work, **edited(world, goal, title="Toch anders")),
        lambda: agreed_by_coach(work, world, goal),
    ):
        with pytest.raises(Conflict, match=r"goal\.closed"):
            refused()
    reopen_goal(work, by=world.student, goal=goal, on=world.on, at=world.at)
    assert (goal.state, goal.outcome, goal.closed_at) == (GoalState.ACTIVE, None, None)
    assert [c.words for c in closings_of(work, goal=goal)] == ["Het lukt nu."]
    with pytest.raises(Conflict, match=r"goal\.not_closed"):
        reopen_goal(work, by=world.student, goal=goal, on=world.on, at=world.at)


def test_a_goal_that_nobody_ever_agreed_to_reopens_as_a_draft(work: Session, world: World) -> None:
    goal = add_goal(work, **written(world, control=Control.SHARED))
    closed(work, world, goal, Outcome.STOPPED)
    reopen_goal(work, by=world.student, goal=goal, on=world.on, at=world.at)
    assert goal.state is GoalState.DRAFT


@pytest.mark.parametrize("name", ["coach", "supervisor", "administrator", "other_student"])
def test_nobody_but_the_student_closes_a_goal(work: Session, world: World, name: str) -> None:
    goal = add_goal(work, **written(world))
    with pytest.raises(NotAllowed):
        close_goal(
            work,
            by=getattr(world, name),
            goal=goal,
            outcome=Outcome.STOPPED,
            on=world.on,
            at=world.at,
        )


def test_the_overview_counts_active_goals_only_and_keeps_what_was_seen_of_closed_ones(
    work: Session, world: World
) -> None:
    goal = work.merge(world.goal)
    closed(work, world, goal)
    (row,) = rows_for(
        work,
        reader=world.coach,
        school=world.school,
        on=world.on,
        plan_id=world.plan.id,
    )
    assert [fact.is_active for fact in row.facts.goals] == [False]
    assert {signal.goal_id for signal in row.signals} <= {None}
    assert len(row.facts.judgements) == 2


def test_a_leerwerkprestatie_student_works_on_one_large_goal_with_goals_and_a_talk_of_its_own(
    work: Session, world: World
) -> None:
    """A larger goal has its question, its plan, goals, evidence and a talk; then it is closed."""
    unit = add_unit(
        work,
        by=world.student,
        plan=world.plan,
        title="Periode 2",
        from_on=world.on,
        weeks=10,
        on=world.on,
        at=world.at,
    )
    whole = add_goal(
        work,
        **written(
            world,
            title="Ik organiseer een beweegmiddag",
            question="Hoe krijg ik bewoners in beweging?",
            approach="Eerst vragen wat ze willen, dan proberen, dan de middag.",
            kind=GoalKind.PERFORMANCE,
            control=Control.SHARED,
            unit=unit,
        ),
    )
    agreed_by_coach(work, world, whole)
    part = add_goal(work, **written(world, title="Ik vraag wat bewoners willen", parent=whole))
    piece = log_evidence(
        work,
        key=new_id(),
        by=world.student,
        plan=world.plan,
        goals=[whole, part],
        text="Twaalf bewoners deden mee.",
        happened_on=world.on,
        has_people=False,
        share_with=[Audience.COACHES],
        on=world.on,
        at=world.at,
    )
    judge(
        work,
        by=world.coach,
        plan=world.plan,
        goal=whole,
        evidence=piece,
        level=world.levels[2],
        observed_on=world.on,
        on=world.on,
        at=world.at,
    )
    record_talk(
        work,
        by=world.coach,
        plan=world.plan,
        goal=whole,
        held_on=world.on,
        words="Jij leidde de middag zelf.",
        on=world.on,
        at=world.at,
    )
    closed(work, world, whole)
    seen = goals_seen(work, plan_id=world.plan.id, person=world.coach, on=world.on)
    assert seen[whole.id].parts == [part.id]
    assert seen[part.id].parent_id == whole.id
    assert seen[whole.id].goal.unit_id == unit.id
    assert seen[whole.id].agreed is not None
    assert seen[whole.id].goal.outcome is Outcome.REACHED
    assert seen[part.id].goal.state is GoalState.ACTIVE
    talks = talks_of(work, plan_id=world.plan.id, person=world.student, on=world.on)
    assert [(talk.goal_id, talk.words) for talk in talks] == [
        (whole.id, "Jij leidde de middag zelf.")
    ]


def test_only_a_leerwerkprestatie_of_the_same_plan_has_goals_of_its_own(
    work: Session, world: World
) -> None:
    plain = add_goal(work, **written(world))
    whole = add_goal(work, **written(world, kind=GoalKind.PERFORMANCE))
    elsewhere = add_goal(
        work,
        **written(
            world,
            by=world.other_student,
            plan=world.other_plan,
            kind=GoalKind.PERFORMANCE,
            items=[],
        ),
    )
    for changed, code in (
        ({"parent": plain}, "goal.parent_not_performance"),
        ({"parent": whole, "kind": GoalKind.PERFORMANCE}, "goal.parent_not_performance"),
        ({"parent": elsewhere}, "goal.of_other_plan"),
    ):
        with pytest.raises(Invalid) as refusal:
            add_goal(work, **written(world, **changed))
        assert refusal.value.fields == {"parent_id": code}
    with pytest.raises(Invalid):
        edit_goal(work, **edited(world, whole, parent=whole))


def test_a_unit_of_another_plan_is_refused(work: Session, world: World) -> None:
    unit = add_unit(
        work,
        by=world.other_student,
        plan=world.other_plan,
        title="Van een ander",
        from_on=world.on,
        weeks=1,
        on=world.on,
        at=world.at,
    )
    with pytest.raises(Invalid) as refusal:
        add_goal(work, **written(world, unit=unit))
    assert refusal.value.fields == {"unit_id": "unit.of_other_plan"}


def test_several_goals_serve_one_item_and_one_goal_several_items(
    work: Session, world: World
) -> None:
    first = add_goal(work, **written(world, items=world.items))
    second = add_goal(work, **written(world, items=[world.items[1]]))
    seen = goals_seen(work, plan_id=world.plan.id, person=world.student, on=world.on)
    assert len(seen[first.id].items) == 2
    assert [item.id for item in seen[second.id].items] == [world.items[1].id]


@on_postgresql
def test_of_two_edits_at_once_exactly_one_is_saved(engine: sa.Engine, world: World) -> None:
    """Each of many pairs edits the same version; the second one waits, and is told."""

    def save(number: int) -> str:
        with unit_of_work(engine, school_id=world.school.id) as session:
            goal = session.get_one(Goal, (world.school.id, world.goal.id))
            try:
                version = 1 + number // 2
                edit_goal(session, **edited(world, goal, version=version, title=f"Nr {number}"))
            except Conflict as refusal:
                return refusal.code
            return "saved"

    with ThreadPoolExecutor(2) as both:
        for pair in range(20):
            answers = sorted(both.map(save, (2 * pair, 2 * pair + 1)))
            assert answers == ["goal.changed", "saved"]
    with unit_of_work(engine, school_id=world.school.id) as session:
        goal = session.get_one(Goal, (world.school.id, world.goal.id))
        assert goal.version == 21
        assert len(versions_of(session, goal=goal, person=world.student, on=world.on)) == 21
