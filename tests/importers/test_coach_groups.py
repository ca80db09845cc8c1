"""A confirmed coach group follows the roster: places in plans open and close with it."""

import pytest
import sqlalchemy as sa

from importers.models import ImportRun
from tests.importers.bundles import bundle, only
from tests.importers.importing import Importing
from tracker.db import unit_of_work, utc_now
from tracker.groups import confirm_coach_group
from tracker.models import Group, LearningPlan, Person, PlanMember, PlanRole


@pytest.fixture
def confirmed(importing: Importing, imported: ImportRun) -> None:
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        group = session.scalars(sa.select(Group).where(Group.code == "PR-30")).one()
        coach = session.scalars(sa.select(Person).where(Person.number == "C900001")).one()
        confirm_coach_group(
            session, by=None, group=group, coach=coach, on=importing.today(), at=utc_now()
        )


def places(importing: Importing) -> dict[str, bool]:
    """Return whether the coach's place is open, by the student's number."""
    found = importing.read(
        sa.select(Person.number, PlanMember.until_on)
        .join(LearningPlan, LearningPlan.student_id == Person.id)
        .join(PlanMember, PlanMember.plan_id == LearningPlan.id)
        .where(PlanMember.role == PlanRole.COACH)
    )
    return {row.number: row.until_on is None for row in found}


def test_each_student_of_a_confirmed_group_has_a_plan_with_the_coach(
    importing: Importing, confirmed: None
):
    assert places(importing) == {f"S9000{n:02}": True for n in range(1, 31)}


def test_the_coach_loses_a_student_who_leaves_the_group_and_nobody_else(
    importing: Importing, confirmed: None
):
    importing.bring(
        bundle({"enrollments.csv": only(lambda row: row["userSourcedId"] != "S900007")})
    )
    found = places(importing)
    assert [number for number, is_open in found.items() if not is_open] == ["S900007"]
    assert len(found) == 30


def test_a_student_who_joins_the_group_gets_a_plan_with_the_coach(importing: Importing):
    without = bundle({"enrollments.csv": only(lambda row: row["userSourcedId"] != "S900007")})
    importing.bring(without)
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        group = session.scalars(sa.select(Group).where(Group.code == "PR-30")).one()
        coach = session.scalars(sa.select(Person).where(Person.number == "C900001")).one()
        confirm_coach_group(
            session, by=None, group=group, coach=coach, on=importing.today(), at=utc_now()
        )
    assert "S900007" not in places(importing)
    importing.bring(bundle())
    assert places(importing)["S900007"]


def test_importing_the_same_file_again_opens_no_second_place(importing: Importing, confirmed: None):
    before = importing.contents()
    importing.bring(bundle())
    assert importing.contents() == before
