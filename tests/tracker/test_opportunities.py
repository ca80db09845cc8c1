"""What a placement offers: said by who is there, and its gap is never the student's."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.errors import Conflict, Invalid, NotAllowed, NotFound
from tracker.models import (
    AuditEvent,
    Company,
    Framework,
    FrameworkItem,
    FrameworkItemKind,
    LearningPlan,
    Opportunity,
    Person,
    PersonRole,
    Placement,
    PlanRole,
    PlanState,
    SchoolRole,
)
from tracker.opportunities import opportunities_of, say_opportunity
from tracker.overview import rows_for
from tracker.permissions import find
from tracker.placements import add_placement
from tracker.plans import add_member
from tracker.signals import FactKind, Rule, Signal


def plan_in(work: Session, world: World) -> LearningPlan:
    return work.get_one(LearningPlan, (world.school.id, world.plan.id))


def say(
    work: Session,
    world: World,
    by: Person,
    *,
    is_possible: bool,
    placement: Placement | None = None,
    item: FrameworkItem | None = None,
    later: int = 0,
) -> Opportunity:
    """Say it of the world's placement and werkproces, so many days from now."""
    named = item or world.items[1]
    return say_opportunity(
        work,
        by=by,
        placement=placement or work.get_one(Placement, (world.school.id, world.placement.id)),
        item=work.get_one(FrameworkItem, (world.school.id, named.id)),
        is_possible=is_possible,
        on=world.on + timedelta(days=later),
        at=world.at + timedelta(days=later),
    )


def second_placement(work: Session, world: World, *, ahead: int = 0) -> Placement:
    """Add another placement of the plan, beginning so many days from now."""
    return add_placement(
        work,
        by=None,
        plan=plan_in(work, world),
        company=work.get_one(Company, (world.school.id, world.company.id)),
        from_on=world.on + timedelta(days=ahead),
        until_on=world.on + timedelta(days=ahead + 60),
        at=world.at,
    )


def heard(work: Session, world: World, person: Person, *placements: Placement) -> list[Opportunity]:
    keys = [placement.id for placement in placements or (world.placement,)]
    return list(opportunities_of(work, placement_ids=keys, person=person, on=world.on))


def gap(work: Session, world: World, *, later: int = 0) -> Signal | None:
    """Return the coach's signal that no placement offers it, if it speaks."""
    on = world.on + timedelta(days=later)
    (row,) = rows_for(work, reader=world.coach, school=world.school, on=on)
    return next((signal for signal in row.signals if signal.rule is Rule.NO_WORKPLACE), None)


@pytest.mark.parametrize("who", ["student", "coach", "supervisor"])
def test_student_coach_and_supervisor_say_what_a_placement_offers(
    work: Session, world: World, who: str
) -> None:
    by = getattr(world, who)
    said = say(work, world, by, is_possible=False)
    assert (said.by_id, said.is_possible, said.said_at) == (by.id, False, world.at)
    for reader in (world.student, world.coach, world.supervisor, world.administrator):
        assert heard(work, world, reader) == [said]


@pytest.mark.parametrize("who", ["administrator", "teacher", "other_coach", "other_student"])
def test_nobody_else_says_it(work: Session, world: World, who: str) -> None:
    with pytest.raises(NotAllowed):
        say(work, world, getattr(world, who), is_possible=False)
    assert work.scalars(sa.select(Opportunity)).all() == []


def test_the_core_team_hears_it_and_does_not_say_it(work: Session, world: World) -> None:
    add_member(
        work,
        by=None,
        plan=plan_in(work, world),
        person=world.teacher,
        role=PlanRole.TEAM,
        from_on=world.on,
        at=world.at,
    )
    said = say(work, world, world.supervisor, is_possible=True)
    assert heard(work, world, world.teacher) == [said]
    with pytest.raises(NotAllowed):
        say(work, world, world.teacher, is_possible=False)


@pytest.mark.parametrize("who", ["teacher", "other_coach", "other_student"])
def test_who_has_no_place_in_the_plan_hears_nothing(work: Session, world: World, who: str) -> None:
    said = say(work, world, world.supervisor, is_possible=True)
    reader = getattr(world, who)
    assert heard(work, world, reader) == []
    with pytest.raises(NotFound):
        find(work, Opportunity, said.id, person=reader, on=world.on)


def test_a_supervisor_speaks_and_hears_of_the_own_placement_only(
    work: Session, world: World
) -> None:
    other = second_placement(work, world)
    said = say(work, world, world.coach, is_possible=True, placement=other)
    assert heard(work, world, world.supervisor, other) == []
    assert heard(work, world, world.coach, other) == [said]
    with pytest.raises(NotAllowed):
        say(work, world, world.supervisor, is_possible=False, placement=other)


def test_to_see_every_placement_is_not_to_speak_for_it(work: Session, world: World) -> None:
    """A supervisor who is administrator as well sees both, and works at one."""
    work.add(
        PersonRole(
            school_id=world.school.id,
            person_id=world.supervisor.id,
            role=SchoolRole.ADMINISTRATOR,
            from_on=world.on,
            until_on=None,
        )
    )
    other = second_placement(work, world)
    found = find(work, Placement, other.id, person=world.supervisor, on=world.on)
    with pytest.raises(NotAllowed):
        say(work, world, world.supervisor, is_possible=False, placement=found)


def test_the_newest_word_holds_and_the_earlier_one_stays(work: Session, world: World) -> None:
    say(work, world, world.supervisor, is_possible=False)
    newest = say(work, world, world.student, is_possible=True, later=1)
    assert heard(work, world, world.coach) == [newest]
    kept = work.scalars(sa.select(Opportunity.is_possible).order_by(Opportunity.said_at)).all()
    assert kept == [False, True]


def test_the_same_word_again_changes_nothing_and_holds_since_the_first_time(
    work: Session, world: World
) -> None:
    first = say(work, world, world.supervisor, is_possible=False)
    assert say(work, world, world.supervisor, is_possible=False, later=1) is first
    assert say(work, world, world.coach, is_possible=False, later=2) is first
    signal = gap(work, world, later=5)
    assert signal is not None
    assert signal.since == world.on
    assert len(work.scalars(sa.select(Opportunity)).all()) == 1


def test_only_a_werkproces_of_the_plans_kwalificatie_is_offered(
    work: Session, world: World
) -> None:
    framework = Framework(
        school_id=world.school.id,
        source="proef",
        code="25500",
        edition="2026",
        title="Iets anders",
        created_at=world.at,
    )
    work.add(framework)
    work.flush()
    elsewhere = FrameworkItem(
        school_id=world.school.id,
        framework_id=framework.id,
        kind=FrameworkItemKind.WERKPROCES,
        code="B1-K1-W1",
        title="Iets anders doen",
        position=0,
    )
    work.add(elsewhere)
    work.flush()
    for item in (elsewhere, world.items[0]):
        with pytest.raises(Invalid) as refusal:
            say(work, world, world.coach, is_possible=True, item=item)
        assert refusal.value.fields == {"item_id": "item.of_other_framework"}


def test_a_placement_to_come_is_spoken_of_and_one_that_is_over_is_not(
    work: Session, world: World
) -> None:
    coming = second_placement(work, world, ahead=10)
    say(work, world, world.coach, is_possible=True, placement=coming)
    over = second_placement(work, world, ahead=-60)
    with pytest.raises(Conflict) as refusal:
        say(work, world, world.coach, is_possible=True, placement=over)
    assert refusal.value.code == "placement.over"


def test_a_closed_plan_takes_no_word_any_more(work: Session, world: World) -> None:
    plan_in(work, world).state = PlanState.CLOSED
    work.flush()
    with pytest.raises(Conflict) as refusal:
        say(work, world, world.coach, is_possible=True)
    assert refusal.value.code == "plan.closed"


def test_what_was_said_is_remembered_with_the_plan(work: Session, world: World) -> None:
    said = say(work, world, world.supervisor, is_possible=False)
    (event,) = work.scalars(sa.select(AuditEvent).where(AuditEvent.subject_kind == "opportunity"))
    assert (event.verb, event.by_id, event.subject_id, event.plan_id) == (
        "said opportunity",
        world.supervisor.id,
        said.id,
        world.plan.id,
    )


def test_nothing_said_is_no_gap(work: Session, world: World) -> None:
    assert gap(work, world) is None


def test_a_werkproces_that_no_placement_offers_is_a_gap_of_the_placements(
    work: Session, world: World
) -> None:
    say(work, world, world.supervisor, is_possible=False)
    signal = gap(work, world)
    assert signal is not None
    assert (signal.item_id, signal.goal_id) == (world.items[1].id, None)
    (fact,) = signal.facts
    assert (fact.kind, fact.placement_id) == (FactKind.NOT_POSSIBLE, world.placement.id)


def test_the_newest_word_opens_and_closes_a_gap(work: Session, world: World) -> None:
    say(work, world, world.supervisor, is_possible=False)
    say(work, world, world.student, is_possible=True, later=1)
    assert gap(work, world, later=1) is None
    say(work, world, world.supervisor, is_possible=False, later=2)
    signal = gap(work, world, later=2)
    assert signal is not None
    assert signal.since == world.on + timedelta(days=2)


def test_one_placement_that_may_still_offer_it_is_enough(work: Session, world: World) -> None:
    say(work, world, world.supervisor, is_possible=False)
    coming = second_placement(work, world, ahead=10)
    assert gap(work, world) is None  # nobody said anything of the other one
    say(work, world, world.coach, is_possible=True, placement=coming)
    assert gap(work, world) is None
    say(work, world, world.coach, is_possible=False, placement=coming, later=1)
    assert gap(work, world, later=1) is not None


def test_a_gap_moves_no_measure_of_the_student(work: Session, world: World) -> None:
    def measured() -> object:
        (row,) = rows_for(work, reader=world.coach, school=world.school, on=world.on)
        return row.measures

    before = measured()
    say(work, world, world.supervisor, is_possible=False)
    assert measured() == before
