"""Many plans at once, for one reader: what they may know of each, judged purely.

Nobody is ever sorted by how well they do. The number of queries does not depend on the number of
plans (tracker/plan_facts.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit, progress, rules
from tracker.facts import PlanFacts, Thresholds
from tracker.lesson_lists import SeenChoice, choices_seen
from tracker.lessons import waits
from tracker.models import (
    Framework,
    GroupRole,
    LearningPlan,
    Membership,
    Person,
    PlanRole,
    PlanState,
    School,
    SupportLesson,
)
from tracker.permissions import ADMINISTRATOR, VISIBLE, holds, plans_as, roles_of
from tracker.plan_facts import ActivityDay, facts_of
from tracker.progress import Measures, Trail
from tracker.signals import Rule, Signal
from tracker.snoozes import PutOff, divide, put_off
from tracker.thresholds import thresholds_of


@dataclass(frozen=True)
class Row:
    """What a reader sees of one plan on a day; `names` are people's given names by id.

    `activity` holds the last half year of signals, oldest first; it never moves a judgement.
    `signals` are those that speak, `put_off` those that the reader put off.
    """

    plan_id: UUID
    student_id: UUID
    name: str
    given_name: str
    programme: str | None
    facts: PlanFacts
    on: date
    thresholds: Thresholds
    signals: tuple[Signal, ...]
    put_off: tuple[PutOff, ...]
    activity: Sequence[ActivityDay]
    names: Mapping[UUID, str]

    @cached_property
    def trails(self) -> list[Trail]:
        """Return what is known of each active goal."""
        return progress.trails(self.facts, on=self.on)

    @cached_property
    def measures(self) -> Measures:
        """Return what the facts amount to."""
        return progress.measures(self.facts, on=self.on, thresholds=self.thresholds)

    @property
    def last_shared_on(self) -> date | None:
        """Return the day on which the newest piece was shared."""
        return max((fact.shared_on for fact in self.facts.shared), default=None)

    @property
    def last_talk_on(self) -> date | None:
        """Return the day of the last talk."""
        return max(self.facts.talked_on, default=None)


def for_coach(
    session: Session, *, coach: Person, school: School, on: date, group_id: UUID | None = None
) -> list[Row]:
    """Return the open plans that this person guides, as coach or core team, by name."""
    roles = (PlanRole.COACH, PlanRole.TEAM)
    return rows_for(session, reader=coach, school=school, on=on, roles=roles, group_id=group_id)


def for_supervisor(session: Session, *, supervisor: Person, school: School, on: date) -> list[Row]:
    """Return the open plans with a placement of this supervisor, by name."""
    roles = (PlanRole.SUPERVISOR,)
    return rows_for(session, reader=supervisor, school=school, on=on, roles=roles)


def for_student(
    session: Session, *, plan: LearningPlan, person: Person, school: School, on: date
) -> Row:
    """Return a student's own plan, also when it is closed: the own past and goals only."""
    (row,) = rows_for(
        session, reader=person, school=school, on=on, plan_id=plan.id, with_closed=True
    )
    return row


def for_teacher(session: Session, *, teacher: Person, on: date) -> Sequence[SeenChoice]:
    """Return who chose a lesson of this teacher and did not follow it yet, newest first.

    That choice and nothing else of the plan.
    """
    return choices_seen(
        session, person=teacher, on=on, where=[SupportLesson.teacher_id == teacher.id, waits()]
    )


def rows_for(
    session: Session,
    *,
    reader: Person,
    school: School,
    on: date,
    roles: Sequence[PlanRole] = (),
    plan_id: UUID | None = None,
    group_id: UUID | None = None,
    with_closed: bool = False,
    after: tuple[str, UUID] | None = None,
    limit: int | None = None,
) -> list[Row]:
    """Return what the reader may see of each open plan, by the student's name; logs the look.

    With `roles` only plans in which the reader has one of these; with `group_id` only those of its
    students today; with `plan_id` only that plan, `with_closed` also when it is closed.
    `after` is the name and plan id of the last row of an earlier page. Never sorted by how well a
    student does. Students and supervisors are told the signals that are theirs (`_is_told`).
    """
    states = [state for state in PlanState if with_closed or state is not PlanState.CLOSED]
    plans = _plans(session, reader, on, states, roles, plan_id, group_id, after, limit)
    known = facts_of(session, reader=reader, school=school, on=on, plans=plans)
    inside = _inside(session, reader, on, roles, [plan.id for plan in plans])
    thresholds = thresholds_of(session, school=school)
    snoozes = put_off(session, by=reader, on=on, plan_ids=[plan.id for plan in plans])
    others = [str(plan.id) for plan in plans if plan.student_id != reader.id]
    if others:
        audit.look(session, by=reader, verb="looked at overview", subject=reader, plan_ids=others)
    rows = []
    for plan in plans:
        facts = known.facts[plan.id]
        fired = rules.signals(facts, on=on, thresholds=thresholds)
        if plan.id not in inside:
            fired = tuple(signal for signal in fired if _is_told(signal, reader, plan.student_id))
        signals, silent = divide(fired, snoozes.get(plan.id, {}))
        rows.append(
            Row(
                plan_id=plan.id,
                student_id=plan.student_id,
                name=plan.name,
                given_name=plan.given_name,
                programme=plan.programme,
                facts=facts,
                on=on,
                thresholds=thresholds,
                signals=signals,
                put_off=silent,
                activity=known.activity[plan.student_id],
                names={**known.names, plan.student_id: plan.given_name},
            )
        )
    return rows


def _inside(
    session: Session, reader: Person, on: date, roles: Sequence[PlanRole], plan_ids: list[UUID]
) -> frozenset[UUID]:
    """Return the plans that the reader sees as the school does: as coach, team, administrator."""
    guides = (PlanRole.COACH, PlanRole.TEAM)
    if roles and set(roles) <= set(guides):
        return frozenset(plan_ids)
    if ADMINISTRATOR in roles_of(session, reader, on=on):
        return frozenset(plan_ids)
    return frozenset(session.scalars(plans_as(reader, on, *guides)))


def _is_told(signal: Signal, reader: Person, student_id: UUID) -> bool:
    """Whether a signal is for the student, or for a supervisor, who sees one placement only.

    What somebody else owes an answer to is no signal for the student. A supervisor is told the own
    debts: an answer, and a view before the placement ends; the rest stays in the school.
    """
    if student_id == reader.id:
        return signal.rule is not Rule.UNANSWERED
    if signal.rule is Rule.UNANSWERED:
        return signal.owed_by_id == reader.id
    return signal.rule is Rule.PLACEMENT_ENDS


def _plans(
    session: Session,
    reader: Person,
    on: date,
    states: Sequence[PlanState],
    roles: Sequence[PlanRole],
    plan_id: UUID | None,
    group_id: UUID | None,
    after: tuple[str, UUID] | None,
    limit: int | None,
) -> Sequence[Any]:
    query = (
        sa.select(
            LearningPlan.id,
            LearningPlan.student_id,
            LearningPlan.starts_on,
            Person.name,
            Person.given_name,
            sa.func.coalesce(LearningPlan.title, Framework.title, Framework.code).label(
                "programme"
            ),
        )
        .join(
            Person,
            sa.and_(
                Person.school_id == LearningPlan.school_id, Person.id == LearningPlan.student_id
            ),
        )
        .outerjoin(
            Framework,
            sa.and_(
                Framework.school_id == LearningPlan.school_id,
                Framework.id == LearningPlan.framework_id,
            ),
        )
        .where(
            LearningPlan.school_id == reader.school_id,
            LearningPlan.state.in_(states),
            VISIBLE[LearningPlan](reader, on),
        )
        .order_by(Person.name, LearningPlan.id)
    )
    if roles:
        query = query.where(LearningPlan.id.in_(plans_as(reader, on, *roles)))
    if plan_id is not None:
        query = query.where(LearningPlan.id == plan_id)
    if group_id is not None:
        students = sa.select(Membership.person_id).where(
            Membership.school_id == reader.school_id,
            Membership.group_id == group_id,
            Membership.role == GroupRole.STUDENT,
            holds(Membership, on),
        )
        query = query.where(LearningPlan.student_id.in_(students))
    if after is not None:
        query = query.where(sa.tuple_(Person.name, LearningPlan.id) > after)
    return session.execute(query.limit(limit)).all()
