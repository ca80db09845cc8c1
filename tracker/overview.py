"""Many plans at once, for one reader: what they may know of each, judged purely.

Nobody is ever sorted by how well they do. The number of queries does not depend on the number of
plans (tracker/plan_facts.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
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
from tracker.permissions import (
    TODAY,
    VISIBLE,
    given,
    holds,
    one_of,
    places_of,
    plans_as,
    stand_in,
)
from tracker.plan_facts import SourceActivity, facts_of
from tracker.progress import Measures, Momentum, Trail
from tracker.signals import Rule, Signal
from tracker.snoozes import PutOff, divide, held_off
from tracker.thresholds import thresholds_of


@dataclass(frozen=True)
class Row:
    """What a reader sees of one plan on a day; `names` are people's given names by id.

    `activity` is what each source told in the last half year, the one that told last at the end;
    it never moves a judgement.
    `trails` are what is known of each active goal, by its id.
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
    activity: Sequence[SourceActivity]
    names: Mapping[UUID, str]
    trails: Sequence[Trail]

    @cached_property
    def measures(self) -> Measures:
        """Return what the facts amount to."""
        return progress.measures(
            self.facts, on=self.on, thresholds=self.thresholds, known=self.trails
        )

    @cached_property
    def momentum(self) -> Momentum:
        """Return how the plan moves."""
        return progress.plan_momentum(
            self.facts, self.trails, on=self.on, thresholds=self.thresholds
        )

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
    places = places_of(session, reader, on=on)
    known = facts_of(
        session,
        reader=reader,
        school=school,
        on=on,
        plans=plans,
        in_circle=places.only_guides(plan.id for plan in plans),
    )
    thresholds = thresholds_of(session, school=school)
    snoozes = held_off(session, by=reader, on=on)
    others = [str(plan.id) for plan in plans if plan.student_id != reader.id]
    if others:
        audit.look(session, by=reader, verb="looked at overview", subject=reader, plan_ids=others)
    rows = []
    for plan in plans:
        facts = known.facts[plan.id]
        trails = progress.trails(facts, on=on, thresholds=thresholds)
        fired = rules.signals(facts, on=on, thresholds=thresholds, known=trails)
        if not places.guides(plan.id):
            fired = tuple(signal for signal in fired if _is_told(signal, reader, plan.student_id))
        signals, silent = divide(fired, snoozes.get(plan.id))
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
                trails=trails,
            )
        )
    return rows


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
    query = _plans_asked(
        stand_in(reader),
        tuple(states),
        tuple(roles),
        is_one=plan_id is not None,
        is_group=group_id is not None,
        goes_on=after is not None,
    )
    name, last_id = after or (None, None)
    asked = {"plan": plan_id, "group": group_id, "after_name": name, "after_id": last_id}
    if limit is not None:
        query = query.limit(limit)
    return session.connection().execute(query, {**given(reader, on), **asked}).all()


@lru_cache(maxsize=64)
def _plans_asked(
    reader: Any,
    states: tuple[PlanState, ...],
    roles: tuple[PlanRole, ...],
    *,
    is_one: bool,
    is_group: bool,
    goes_on: bool,
) -> sa.Select[*tuple[Any, ...]]:
    """Select plans: one, those of a group's students, those after a name and plan, or all."""
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
            one_of(LearningPlan.state, states),
            VISIBLE[LearningPlan](reader, TODAY),
        )
        .order_by(Person.name, LearningPlan.id)
    )
    if roles:
        query = query.where(LearningPlan.id.in_(plans_as(reader, TODAY, *roles)))
    if is_one:
        query = query.where(LearningPlan.id == sa.bindparam("plan", type_=sa.Uuid()))
    if is_group:
        students = sa.select(Membership.person_id).where(
            Membership.school_id == reader.school_id,
            Membership.group_id == sa.bindparam("group", type_=sa.Uuid()),
            Membership.role == GroupRole.STUDENT,
            holds(Membership, TODAY),
        )
        query = query.where(LearningPlan.student_id.in_(students))
    if goes_on:
        last = (
            sa.bindparam("after_name", type_=sa.String()),
            sa.bindparam("after_id", type_=sa.Uuid()),
        )
        query = query.where(sa.tuple_(Person.name, LearningPlan.id) > sa.tuple_(*last))
    return query
