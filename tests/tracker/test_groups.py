"""From imported group to plans: who coaches whom follows the roster, and nothing else does."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.errors import NotFound
from tracker.group_lists import groups_seen
from tracker.groups import confirm_coach_group, end_coach_group, follow_roster
from tracker.models import (
    AuditEvent,
    CoachGroup,
    Evidence,
    Group,
    GroupRole,
    LearningPlan,
    Membership,
    Person,
    PlanMember,
    PlanRole,
    PlanState,
    SchoolRole,
)
from tracker.people import add_person
from tracker.permissions import find
from tracker.plans import edit_plan, start_own_plan


@pytest.fixture
def group(work: Session, world: World) -> Group:
    """Import a group of two students without a plan, one with a plan, and a teacher."""
    group = Group(school_id=world.school.id, code="cls-2", title="PR-30", created_at=world.at)
    work.add(group)
    work.flush()
    for name in ("Bo Nieuw", "Lot Nieuw"):
        join(work, world, group, student(work, world, name))
    join(work, world, group, world.other_student)
    join(work, world, group, world.teacher, role=GroupRole.TEACHER)
    return group


def student(work: Session, world: World, name: str) -> Person:
    roles = [SchoolRole.STUDENT]
    return add_person(work, by=None, school=world.school, name=name, roles=roles, at=world.at)


def join(
    work: Session,
    world: World,
    group: Group,
    person: Person,
    role: GroupRole = GroupRole.STUDENT,
) -> Membership:
    membership = Membership(
        school_id=world.school.id,
        group_id=group.id,
        person_id=person.id,
        role=role,
        from_on=world.on - timedelta(days=30),
        until_on=None,
    )
    work.add(membership)
    work.flush()
    return membership


def leave(work: Session, world: World, group: Group, person: Person) -> None:
    work.execute(
        sa.update(Membership)
        .where(
            Membership.school_id == world.school.id,
            Membership.group_id == group.id,
            Membership.person_id == person.id,
        )
        .values(until_on=world.on)
    )


def confirm(
    work: Session, world: World, group: Group, *, coach: Person | None = None
) -> CoachGroup:
    return confirm_coach_group(
        work,
        by=world.administrator,
        group=group,
        coach=coach or world.coach,
        on=world.on,
        at=world.at,
    )


def coached(work: Session, confirmed: CoachGroup) -> dict[str, PlanMember]:
    """Return the places that this confirmation opened, by the student's name."""
    rows = work.execute(
        sa.select(Person.name, PlanMember)
        .join(LearningPlan, LearningPlan.student_id == Person.id)
        .join(PlanMember, PlanMember.plan_id == LearningPlan.id)
        .where(PlanMember.coach_group_id == confirmed.id)
    )
    return {name: member for name, member in rows}  # noqa: C416 - rows are not pairs to mypy


def everything(work: Session) -> dict[str, int]:
    models = (LearningPlan, PlanMember, CoachGroup, AuditEvent)
    return {
        model.__tablename__: work.scalar(sa.select(sa.func.count()).select_from(model)) or 0
        for model in models
    }


def test_each_student_without_a_plan_gets_a_draft(
    work: Session, world: World, group: Group
) -> None:
    confirmed = confirm(work, world, group)
    assert set(coached(work, confirmed)) == {"Bo Nieuw", "Lot Nieuw", "Olaf Ander"}
    drafts = work.scalars(sa.select(LearningPlan).where(LearningPlan.state == PlanState.DRAFT))
    plans = {plan.student_id: plan for plan in drafts}
    assert len(plans) == 2
    for student_id, plan in plans.items():
        own = sa.select(PlanMember.person_id).where(
            PlanMember.plan_id == plan.id, PlanMember.role == PlanRole.STUDENT
        )
        assert work.scalar(own) == student_id
        assert find(work, LearningPlan, plan.id, person=world.coach, on=world.on) is plan


def test_an_import_grants_nothing_until_the_school_confirms(
    work: Session, world: World, group: Group
) -> None:
    with pytest.raises(NotFound):
        find(work, LearningPlan, world.other_plan.id, person=world.teacher, on=world.on)
    confirm(work, world, group)
    with pytest.raises(NotFound):
        find(work, LearningPlan, world.other_plan.id, person=world.teacher, on=world.on)


def test_confirming_or_following_again_changes_nothing(
    work: Session, world: World, group: Group
) -> None:
    confirmed = confirm(work, world, group)
    before = everything(work)
    assert confirm(work, world, group) is confirmed
    follow_roster(work, coach_group=confirmed, on=world.on, at=world.at)
    tomorrow = world.on + timedelta(days=1)
    again = confirm_coach_group(
        work, by=None, group=group, coach=world.coach, on=tomorrow, at=world.at
    )
    assert again is confirmed
    assert everything(work) == before


def test_who_leaves_the_group_leaves_the_coach_that_day(
    work: Session, world: World, group: Group
) -> None:
    confirmed = confirm(work, world, group)
    assert find(work, LearningPlan, world.other_plan.id, person=world.coach, on=world.on)
    leave(work, world, group, world.other_student)
    follow_roster(work, coach_group=confirmed, on=world.on, at=world.at)
    assert coached(work, confirmed)["Olaf Ander"].until_on == world.on
    with pytest.raises(NotFound):
        find(work, LearningPlan, world.other_plan.id, person=world.coach, on=world.on)
    assert find(work, LearningPlan, world.other_plan.id, person=world.other_coach, on=world.on)


def test_who_comes_back_gets_a_new_place_beside_the_old_one(
    work: Session, world: World, group: Group
) -> None:
    confirmed = confirm(work, world, group)
    leave(work, world, group, world.other_student)
    follow_roster(work, coach_group=confirmed, on=world.on, at=world.at)
    later = world.on + timedelta(days=7)
    work.add(
        Membership(
            school_id=world.school.id,
            group_id=group.id,
            person_id=world.other_student.id,
            role=GroupRole.STUDENT,
            from_on=later,
            until_on=None,
        )
    )
    work.flush()
    follow_roster(work, coach_group=confirmed, on=later, at=world.at)
    places = work.scalars(
        sa.select(PlanMember.until_on).where(
            PlanMember.coach_group_id == confirmed.id, PlanMember.plan_id == world.other_plan.id
        )
    ).all()
    assert sorted(places, key=str) == [world.on, None]
    assert find(work, LearningPlan, world.other_plan.id, person=world.coach, on=later)


def test_a_newcomer_is_followed_into_the_group(work: Session, world: World, group: Group) -> None:
    confirmed = confirm(work, world, group)
    join(work, world, group, student(work, world, "Nora Later"))
    follow_roster(work, coach_group=confirmed, on=world.on, at=world.at)
    assert "Nora Later" in coached(work, confirmed)


def test_a_confirmation_that_ended_closes_every_place_it_opened(
    work: Session, world: World, group: Group
) -> None:
    confirmed = confirm(work, world, group)
    confirmed.until_on = world.on
    follow_roster(work, coach_group=confirmed, on=world.on, at=world.at)
    assert {member.until_on for member in coached(work, confirmed).values()} == {world.on}


def test_a_group_can_be_confirmed_anew_after_it_ended(
    work: Session, world: World, group: Group
) -> None:
    first = confirm(work, world, group)
    first.until_on = later = world.on + timedelta(days=30)
    follow_roster(work, coach_group=first, on=later, at=world.at)
    second = confirm_coach_group(
        work, by=None, group=group, coach=world.coach, on=later, at=world.at
    )
    assert second is not first
    assert set(coached(work, second)) == set(coached(work, first))
    assert find(work, LearningPlan, world.other_plan.id, person=world.coach, on=later)


def test_a_closed_plan_is_not_opened_to_the_coach(
    work: Session, world: World, group: Group
) -> None:
    plan = work.get_one(LearningPlan, (world.school.id, world.other_plan.id))
    plan.state = PlanState.CLOSED
    work.flush()
    assert "Olaf Ander" not in coached(work, confirm(work, world, group))


@pytest.mark.parametrize("role", [PlanRole.COACH, PlanRole.TEAM])
def test_a_student_is_guided_in_every_open_plan_also_one_without_a_qualification(
    work: Session, world: World, group: Group, role: PlanRole
) -> None:
    dream = start_own_plan(
        work,
        by=work.get_one(Person, (world.school.id, world.other_student.id)),
        title="Een eigen zaak",
        starts_on=world.on,
        on=world.on,
        at=world.at,
    )
    confirmed = confirm_coach_group(
        work, by=None, group=group, coach=world.teacher, role=role, on=world.on, at=world.at
    )
    places = work.scalars(
        sa.select(PlanMember.plan_id).where(PlanMember.coach_group_id == confirmed.id)
    ).all()
    assert {dream.id, world.other_plan.id} <= set(places)


def test_a_plan_that_a_student_begins_or_reopens_later_has_the_guides_of_today(
    work: Session, world: World, group: Group
) -> None:
    student = work.get_one(Person, (world.school.id, world.other_student.id))
    confirmed = confirm(work, world, group)
    gone = confirm(work, world, group, coach=world.other_coach)
    end_coach_group(work, by=None, coach_group=gone, on=world.on, at=world.at)

    def guides() -> list[UUID]:
        held = [PlanMember.plan_id == dream.id, PlanMember.until_on.is_(None)]
        places = sa.select(PlanMember.person_id).where(*held, PlanMember.role == PlanRole.COACH)
        return list(work.scalars(places))

    now: dict[str, Any] = {"on": world.on, "at": world.at}
    dream = start_own_plan(work, by=student, title="Een eigen zaak", starts_on=world.on, **now)
    assert guides() == [confirmed.coach_id]
    edit_plan(work, by=student, plan=dream, title=dream.title, goes_on=False, **now)
    follow_roster(work, coach_group=confirmed, **now)
    assert guides() == []
    edit_plan(work, by=student, plan=dream, title=dream.title, goes_on=True, **now)
    assert guides() == [confirmed.coach_id]
    follow_roster(work, coach_group=confirmed, **now)
    assert guides() == [confirmed.coach_id]


def test_two_coaches_of_one_group_each_have_a_place(
    work: Session, world: World, group: Group
) -> None:
    first = confirm(work, world, group)
    second = confirm(work, world, group, coach=world.other_coach)
    assert set(coached(work, first)) == set(coached(work, second))
    drafts = sa.select(sa.func.count()).where(LearningPlan.state == PlanState.DRAFT)
    assert work.scalar(drafts) == 2


def test_a_place_that_a_person_gave_is_not_closed_by_the_roster(
    work: Session, world: World, group: Group
) -> None:
    confirmed = confirm(work, world, group, coach=world.other_coach)
    leave(work, world, group, world.other_student)
    follow_roster(work, coach_group=confirmed, on=world.on, at=world.at)
    assert find(work, LearningPlan, world.other_plan.id, person=world.other_coach, on=world.on)


def test_the_coach_of_a_group_sees_only_what_its_students_share(
    work: Session, world: World, group: Group
) -> None:
    join(work, world, group, world.student)
    confirm(work, world, group, coach=world.other_coach)
    assert find(work, Evidence, world.shared.id, person=world.other_coach, on=world.on)
    with pytest.raises(NotFound):
        find(work, Evidence, world.private.id, person=world.other_coach, on=world.on)


def test_imported_groups_are_the_administrators_to_see(
    work: Session, world: World, group: Group
) -> None:
    confirm(work, world, group)
    assert find(work, Group, group.id, person=world.administrator, on=world.on) is group
    for person in (world.coach, world.teacher, world.other_student, world.supervisor):
        with pytest.raises(NotFound):
            find(work, Group, group.id, person=person, on=world.on)


def test_one_group_is_told_as_the_list_of_all_groups_tells_it(
    work: Session, world: World, group: Group
) -> None:
    confirm(work, world, group)
    other = Group(school_id=group.school_id, code=None, title="PR-31", created_at=world.at)
    work.add(other)
    work.flush()
    join(work, world, other, world.other_student)
    told = {"person": world.administrator, "on": world.on}
    listed = {one.id: one for one in groups_seen(work, **told)}
    assert {group.id, other.id} <= listed.keys()
    for key in (group.id, other.id):
        assert groups_seen(work, group_id=key, **told) == [listed[key]]
