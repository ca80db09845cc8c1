"""The statements that read what stands around the goals of many plans, grouped as in plan_queries.

Placements and what they offer, what waits for an answer, talks, absence, and activity elsewhere.
"""

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from tracker.models import (
    Absence,
    Activity,
    ActivityKind,
    ActivitySource,
    Comment,
    Company,
    Conversation,
    FeedbackRequest,
    LearningQuestion,
    Opportunity,
    Placement,
    PlanMember,
    QuestionState,
    RequestState,
)
from tracker.permissions import TODAY, holds, one_of
from tracker.plan_queries import FIRST_MONDAY, STUDENTS, Reading, Statement, same

# --- placements, and what they offer ---------------------------------------------------------


def placements(to: Reading) -> Statement:
    """Select placements with the name of their company, by first day."""
    return (
        sa.select(
            Placement.plan_id, Placement.id, Company.name, Placement.from_on, Placement.until_on
        )
        .join(Company, same(Company, Placement.company_id, Placement.school_id))
        .where(*to.of(Placement, Placement.plan_id))
        .order_by(Placement.from_on, Placement.id)
    )


def opportunities(to: Reading) -> Statement:
    """Select what was said of whether placements offer an item, oldest first."""
    return (
        sa.select(
            Placement.plan_id,
            Opportunity.placement_id,
            Opportunity.item_id,
            Opportunity.is_possible,
            to.in_utc(Opportunity.said_at),
        )
        .join(Placement, same(Placement, Opportunity.placement_id, Opportunity.school_id))
        .where(*to.of(Opportunity, Placement.plan_id))
        .order_by(Opportunity.said_at, Opportunity.id)
    )


# --- what waits, and what was heard ----------------------------------------------------------


def requests(to: Reading) -> Statement:
    """Select the open requests, with what the asked person is to the plan today."""
    role = (
        sa.select(sa.func.min(PlanMember.role, type_=PlanMember.role.type))
        .where(
            PlanMember.school_id == FeedbackRequest.school_id,
            PlanMember.plan_id == FeedbackRequest.plan_id,
            PlanMember.person_id == FeedbackRequest.to_id,
            holds(PlanMember, TODAY),
        )
        .scalar_subquery()
    )
    return sa.select(
        FeedbackRequest.plan_id,
        FeedbackRequest.id,
        FeedbackRequest.goal_id,
        FeedbackRequest.by_id,
        FeedbackRequest.to_id,
        FeedbackRequest.asked_at,
        role.label("role"),
    ).where(
        FeedbackRequest.state == RequestState.OPEN, *to.of(FeedbackRequest, FeedbackRequest.plan_id)
    )


def questions(to: Reading) -> Statement:
    """Select the open learning questions to which nobody said anything, nor was asked to."""
    asked, said = aliased(FeedbackRequest), aliased(Comment)
    return sa.select(
        LearningQuestion.plan_id,
        LearningQuestion.id,
        LearningQuestion.asked_at,
        LearningQuestion.placement_id,
    ).where(
        LearningQuestion.state == QuestionState.OPEN,
        *to.of(LearningQuestion, LearningQuestion.plan_id),
        ~sa.exists().where(
            asked.school_id == LearningQuestion.school_id,
            asked.question_id == LearningQuestion.id,
            one_of(asked.state, (RequestState.OPEN, RequestState.ANSWERED)),
        ),
        ~sa.exists().where(
            said.school_id == LearningQuestion.school_id,
            said.question_id == LearningQuestion.id,
            said.by_id != LearningQuestion.by_id,
            said.withdrawn_at.is_(None),
        ),
    )


def talks(to: Reading) -> Statement:
    """Select the day of the last talk."""
    return (
        sa.select(Conversation.plan_id, sa.func.max(Conversation.held_on))
        .where(Conversation.held_on <= TODAY, *to.of(Conversation, Conversation.plan_id))
        .group_by(Conversation.plan_id)
    )


def absences(to: Reading) -> Statement:
    """Select the days that students said to be away."""
    return sa.select(Absence.plan_id, Absence.from_on, Absence.until_on).where(
        Absence.withdrawn_at.is_(None), *to.of(Absence, Absence.plan_id)
    )


def activity(to: Reading) -> Statement:
    """Select what each source told of each student in the last half year, by its newest day.

    How many signals, in which weeks (bit n is week n after `first_monday`), and when the source was
    last heard of. Days are counted to weeks there: a page of 30 has 7,000 signals.
    """
    days: sa.ColumnElement[int]
    if to.on_postgresql:
        days = sa.type_coerce(Activity.occurred_on - FIRST_MONDAY, sa.Integer())
    else:
        begin, end = sa.func.julianday(FIRST_MONDAY), sa.func.julianday(Activity.occurred_on)
        days = sa.cast(end - begin, sa.Integer())
    week = sa.literal(1, sa.Integer()).bitwise_lshift(days // 7)
    weeks = sa.func.bit_or(week) if to.on_postgresql else sa.func.sum(sa.distinct(week))
    told = (
        sa.select(
            Activity.person_id,
            Activity.source_id,
            sa.func.max(Activity.occurred_on).label("newest_on"),
            sa.func.count().label("signals"),
            weeks.label("weeks"),
        )
        .where(
            Activity.school_id == to.reader.school_id,
            to.among(Activity.person_id, STUDENTS),
            Activity.ended_at.is_(None),
            # To be enrolled, or to be absent, is nothing that a student did.
            Activity.kind != ActivityKind.PARTICIPATION,
            sa.or_(Activity.kind != ActivityKind.ATTENDANCE, Activity.value != 0),
            Activity.occurred_on.between(FIRST_MONDAY, TODAY),
            to.sees(Activity),
        )
        .group_by(Activity.person_id, Activity.source_id)
        .subquery()
    )
    source = ActivitySource
    return (
        sa.select(
            told.c.person_id,
            source.name,
            told.c.newest_on,
            told.c.signals,
            told.c.weeks,
            source.last_import_at,
        )
        .join(source, same(source, told.c.source_id, to.reader.school_id))
        .order_by(told.c.newest_on, source.name)
    )
