"""The contents of the tables that imports fill, in words that are the same in every run."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from importers.models import ExternalRef, Statement
from tracker.models import (
    Activity,
    ActivityItem,
    Company,
    Framework,
    FrameworkItem,
    Group,
    LearningPlan,
    Membership,
    Person,
    PersonRole,
    Placement,
    PlanMember,
    SupportLesson,
)

Read = Callable[[Any], Any]


def contents_of(read: Read, school_id: UUID) -> dict[str, list[tuple[Any, ...]]]:
    """Return, by table, the rows of one school in order: numbers and codes instead of ids."""
    owner = sa.orm.aliased(Person)
    selects = {
        "people": sa.select(
            Person.number, Person.name, Person.given_name, Person.email
        ).add_columns(Person.state),
        "roles": sa.select(
            Person.number, PersonRole.role, PersonRole.from_on, PersonRole.until_on
        ).join(PersonRole, PersonRole.person_id == Person.id),
        "groups": sa.select(Group.code, Group.title),
        "memberships": sa.select(
            Person.number,
            Group.code,
            Membership.role,
            Membership.from_on,
            Membership.until_on,
        )
        .join(Membership, Membership.person_id == Person.id)
        .join(Group, Group.id == Membership.group_id),
        "items": sa.select(
            ActivityItem.title,
            Group.code,
            ActivityItem.value_min,
            ActivityItem.value_max,
            ActivityItem.due_on,
        ).outerjoin(Group, Group.id == ActivityItem.group_id),
        "activity": sa.select(
            Person.number,
            Group.code,
            ActivityItem.title,
            Activity.kind,
            Activity.occurred_at,
            Activity.occurred_on,
            Activity.value,
            Activity.text,
            Activity.ended_at.is_(None),
        )
        .join(Activity, Activity.person_id == Person.id)
        .outerjoin(ActivityItem, ActivityItem.id == Activity.item_id)
        .outerjoin(Group, Group.id == ActivityItem.group_id),
        "companies": sa.select(Company.number, Company.name, Company.city),
        "placements": sa.select(
            Person.number,
            Company.number,
            Placement.from_on,
            Placement.until_on,
            Placement.planned_hours,
        )
        .join(LearningPlan, LearningPlan.student_id == Person.id)
        .join(Placement, Placement.plan_id == LearningPlan.id)
        .join(Company, Company.id == Placement.company_id),
        "lessons": sa.select(
            SupportLesson.title, SupportLesson.from_on, SupportLesson.until_on
        ).add_columns(SupportLesson.url),
        "frameworks": sa.select(Framework.code, Framework.edition, Framework.title).add_columns(
            Framework.level
        ),
        "framework items": sa.select(
            Framework.code, FrameworkItem.code, FrameworkItem.kind, FrameworkItem.title
        ).join(FrameworkItem, FrameworkItem.framework_id == Framework.id),
        "plans": sa.select(Person.number, LearningPlan.state).join(
            LearningPlan, LearningPlan.student_id == Person.id
        ),
        "places": sa.select(Person.number, owner.number, PlanMember.role, PlanMember.until_on)
        .join(PlanMember, PlanMember.person_id == Person.id)
        .join(LearningPlan, LearningPlan.id == PlanMember.plan_id)
        .join(owner, owner.id == LearningPlan.student_id),
        "refs": sa.select(
            ExternalRef.kind, ExternalRef.ext_id, ExternalRef.digest, ExternalRef.gone_at.is_(None)
        ),
        "statements": sa.select(
            Statement.statement_id, Statement.part, Statement.digest, Statement.key
        ),
    }
    return {
        name: sorted((tuple(row) for row in read(_in(select, school_id))), key=repr)
        for name, select in selects.items()
    }


def _in(select: sa.Select[Any], school_id: UUID) -> sa.Select[Any]:
    table: Any = select.columns_clause_froms[0]
    return select.where(table.c.school_id == school_id)
