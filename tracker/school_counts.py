"""What is counted of a whole school, each count a query over all plans at once.

Counted is what the school may see: what is not shared with the coaches moves nothing. The rules
are those of tracker/rules.py. No plan is looked at one by one, but for declared absence.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.facts import Pause, Rater, Thresholds, waited
from tracker.models import (
    Audience,
    Comment,
    EvidenceShare,
    FeedbackRequest,
    Framework,
    Judgement,
    LearningPlan,
    LearningQuestion,
    Person,
    PersonRole,
    PersonState,
    Placement,
    PlanMember,
    PlanRole,
    PlanState,
    QuestionState,
    RequestState,
    School,
    SchoolRole,
)
from tracker.permissions import Condition, holds

OWED_BY = {PlanRole.COACH: Rater.COACH, PlanRole.SUPERVISOR: Rater.SUPERVISOR}
NOT_COUNTED = (PlanRole.STUDENT, PlanRole.PEER)
GONE = (PersonState.SUSPENDED, PersonState.LEFT)
ONE_DAY = timedelta(days=1)


def is_open(school: School) -> Condition:
    """Whether a plan is the school's, and goes on."""
    return sa.and_(LearningPlan.school_id == school.id, LearningPlan.state != PlanState.CLOSED)


def has_coach(on: date) -> Condition:
    """Whether a plan has a coach on this day."""
    return sa.exists().where(
        of_plan(PlanMember), PlanMember.role == PlanRole.COACH, holds(PlanMember, on)
    )


def ends_soon(on: date, thresholds: Thresholds) -> Condition:
    """Whether a placement runs, and has its last day within the school's limit."""
    last_on = on + timedelta(days=thresholds.placement_ends_days)
    return sa.and_(
        Placement.from_on <= on, Placement.until_on > on, Placement.until_on <= last_on + ONE_DAY
    )


def of_plan(model: Any) -> Condition:
    """Whether a record is of the plan beside it."""
    return sa.and_(model.school_id == LearningPlan.school_id, model.plan_id == LearningPlan.id)


def open_plans(session: Session, school: School) -> dict[str | None, int]:
    """Return the open plans by the name of what they follow; editions of one name together."""
    name = sa.func.coalesce(Framework.title, Framework.code)
    rows = session.execute(
        sa.select(name, sa.func.count())
        .select_from(LearningPlan)
        .outerjoin(
            Framework,
            sa.and_(
                Framework.school_id == LearningPlan.school_id,
                Framework.id == LearningPlan.framework_id,
            ),
        )
        .where(is_open(school))
        .group_by(name)
        .order_by(name)
    )
    return {row[0]: row[1] for row in rows}


def without_plan(session: Session, school: School, on: date) -> int:
    """Count the students of today who have no open plan."""
    open_plan = sa.select(LearningPlan.student_id).where(is_open(school))
    query = sa.select(sa.func.count(sa.distinct(Person.id))).join(
        PersonRole,
        sa.and_(PersonRole.school_id == Person.school_id, PersonRole.person_id == Person.id),
    )
    return count(
        session,
        query.where(
            Person.school_id == school.id,
            Person.state.not_in(GONE),
            Person.id.not_in(open_plan),
            PersonRole.role == SchoolRole.STUDENT,
            holds(PersonRole, on),
        ),
    )


def without_coach(session: Session, school: School, on: date) -> int:
    """Count the open plans without a coach."""
    return count(session, sa.select(sa.func.count()).where(is_open(school), ~has_coach(on)))


def ending(session: Session, school: School, on: date, thresholds: Thresholds) -> tuple[int, int]:
    """Count the open plans with a placement that ends soon; those without a supervisor's view."""
    plans = sa.func.count(sa.distinct(Placement.plan_id))
    query = (
        sa.select(plans, plans.filter(~_has_view(school, on)))
        .join(LearningPlan, of_plan(Placement))
        .where(is_open(school), ends_soon(on, thresholds))
    )
    all_ending, unseen = session.execute(query).one()
    return all_ending, unseen


def _has_view(school: School, on: date) -> Condition:
    """Whether the school knows a supervisor's view from this placement."""
    return sa.exists().where(
        Judgement.school_id == school.id,
        Judgement.placement_id == Placement.id,
        Judgement.role == PlanRole.SUPERVISOR,
        Judgement.observed_on <= on,
        sa.or_(Judgement.evidence_id.is_(None), _is_shared(school, Judgement.evidence_id)),
    )


def _is_shared(school: School, evidence_id: Any) -> Condition:
    """Whether a piece was ever shared with the coaches, looked up for each row that asks.

    Of few rows: with EXISTS beside an OR, PostgreSQL reads all shares instead.
    """
    one = sa.select(sa.literal(1)).where(
        EvidenceShare.school_id == school.id,
        EvidenceShare.evidence_id == evidence_id,
        EvidenceShare.audience == Audience.COACHES,
    )
    return one.limit(1).scalar_subquery().is_not(None)


def waiting(
    session: Session, school: School, on: date, thresholds: Thresholds, pauses: Sequence[Pause]
) -> Mapping[Rater, int]:
    """Return the open plans in which an answer waits too long, by what who owes it is to the plan.

    Not what the student owes: that clock stops in each one's own absence. What a student asked a
    fellow student is between the two of them. An open learning question that nobody said anything
    to, nor was asked to, is the coach's.
    """
    since = latest(thresholds.unanswered_days + 1, on, pauses)
    before = midnight(since, school)
    asked = sa.select(FeedbackRequest.plan_id, _role_of_asked(school, on).label("role")).where(
        FeedbackRequest.school_id == school.id,
        FeedbackRequest.state == RequestState.OPEN,
        FeedbackRequest.asked_at < before,
        sa.or_(
            FeedbackRequest.evidence_id.is_(None), _is_shared(school, FeedbackRequest.evidence_id)
        ),
    )
    wondered = sa.select(
        LearningQuestion.plan_id, sa.literal(PlanRole.COACH, PlanMember.role.type)
    ).where(
        LearningQuestion.school_id == school.id,
        LearningQuestion.state == QuestionState.OPEN,
        LearningQuestion.asked_at < before,
        *_nobody_took_up(school),
    )
    owing = sa.union_all(asked, wondered).subquery()
    # A condition on the role would have each role looked up twice: those not counted go last.
    of_somebody = sa.case(
        *((owing.c.role == role, rater) for role, rater in OWED_BY.items()),
        (owing.c.role.in_(NOT_COUNTED), Rater.SELF),
        else_=Rater.OTHER,
    )
    rows = session.execute(
        sa.select(of_somebody, sa.func.count(sa.distinct(owing.c.plan_id)))
        .join(LearningPlan, LearningPlan.id == owing.c.plan_id)
        .where(is_open(school))
        .group_by(of_somebody)
    )
    found = {Rater(rater): number for rater, number in rows}
    found.pop(Rater.SELF, None)
    return found


def _role_of_asked(school: School, on: date) -> sa.ScalarSelect[PlanRole | None]:
    """Select what who was asked is to the plan: a fellow student if ever, else of this day."""
    is_peer = sa.func.max(sa.case((PlanMember.role == PlanRole.PEER, 1), else_=0)) == 1
    of_today = sa.case((holds(PlanMember, on), PlanMember.role))
    role = sa.case(
        (is_peer, sa.literal(PlanRole.PEER, PlanMember.role.type)), else_=sa.func.min(of_today)
    )
    return (
        sa.select(role)
        .where(
            PlanMember.school_id == school.id,
            PlanMember.plan_id == FeedbackRequest.plan_id,
            PlanMember.person_id == FeedbackRequest.to_id,
        )
        .scalar_subquery()
    )


def _nobody_took_up(school: School) -> tuple[Condition, Condition]:
    """Whether nobody said anything to a learning question, and nobody was asked about it."""
    return (
        ~sa.exists().where(
            Comment.school_id == school.id,
            Comment.question_id == LearningQuestion.id,
            Comment.by_id != LearningQuestion.by_id,
            Comment.withdrawn_at.is_(None),
        ),
        ~sa.exists().where(
            FeedbackRequest.school_id == school.id,
            FeedbackRequest.question_id == LearningQuestion.id,
            FeedbackRequest.state.in_((RequestState.OPEN, RequestState.ANSWERED)),
        ),
    )


def count(session: Session, query: sa.Select[int]) -> int:
    """Return what a query counts."""
    return session.scalar(query) or 0


def midnight(day: date, school: School) -> datetime:
    """Return the moment at which a day ends in the school."""
    return datetime.combine(day + ONE_DAY, time(), ZoneInfo(school.timezone))


def latest(days: int, on: date, pauses: Sequence[Pause]) -> date:
    """Return the latest day since which something waits for so many days."""
    day = on - timedelta(days=days)
    # A day earlier is at most a day more to wait, so this never goes too far.
    while (missing := days - waited(day, on=on, pauses=pauses)) > 0:
        day -= timedelta(days=missing)
    return day
