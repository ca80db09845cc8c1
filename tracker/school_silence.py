"""What a whole school shared lately, and in how many placements nothing was shared for long."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.facts import Pause, PauseKind, Thresholds, waited
from tracker.models import (
    Absence,
    Audience,
    Conversation,
    Evidence,
    EvidenceShare,
    LearningPlan,
    Placement,
    School,
)
from tracker.permissions import Condition, holds
from tracker.school_counts import is_open, latest, midnight, of_plan


def shared_pieces(session: Session, school: School, on: date, days: int) -> tuple[int, int]:
    """Count the pieces shared with the coaches in so many days, and the plans they are of."""
    since = on - timedelta(days=days)
    shares = _shares(school, since, on).add_columns(EvidenceShare.evidence_id).distinct().subquery()
    pieces, plans = session.execute(
        sa.select(sa.func.count(), sa.func.count(sa.distinct(shares.c.plan_id))).select_from(shares)
    ).one()
    return pieces, plans


def nothing_shared(
    session: Session, school: School, on: date, thresholds: Thresholds, pauses: Sequence[Pause]
) -> int:
    """Count the open plans with a running placement, where nothing was shared or said for long.

    Own absence stops a student's clock: only those who declared any are looked at one by one.
    """
    days = thresholds.nothing_shared_days
    since = latest(days, on, pauses)
    running = (
        sa.select(Placement.plan_id, sa.func.min(Placement.from_on).label("from_on"))
        .where(Placement.school_id == school.id, holds(Placement, on))
        .group_by(Placement.plan_id)
        .having(sa.func.min(Placement.from_on) <= since)
        .subquery()
    )
    talked = sa.select(Conversation.plan_id).where(
        Conversation.school_id == school.id,
        Conversation.held_on > since,
        Conversation.held_on <= on,
    )
    away = sa.exists().where(
        of_plan(Absence),
        Absence.withdrawn_at.is_(None),
        Absence.from_on < on,
        Absence.until_on > running.c.from_on,
    )
    quiet = (
        sa.select(LearningPlan.id)
        .join(running, running.c.plan_id == LearningPlan.id)
        .where(
            is_open(school),
            LearningPlan.id.not_in(_shares(school, since, on)),
            LearningPlan.id.not_in(talked),
        )
    )
    found = session.execute(quiet.add_columns(running.c.from_on, away)).all()
    known_away = {plan_id: from_on for plan_id, from_on, is_away in found if is_away}
    at_hand = len(found) - len(known_away)
    return at_hand + _quiet_though_away(session, school, on, days, pauses, known_away)


def _shares(school: School, since: date, on: date) -> sa.Select[UUID]:
    """Select the plans of the pieces shared with the coaches after a day, until another.

    Each piece is looked up by its id: a join would have PostgreSQL read all that was ever made.
    """
    plan_id = (
        sa.select(Evidence.plan_id)
        .where(
            Evidence.school_id == EvidenceShare.school_id,
            Evidence.id == EvidenceShare.evidence_id,
        )
        .scalar_subquery()
    )
    return sa.select(plan_id.label("plan_id")).where(_is_shown(school, since, on))


def _is_shown(school: School, since: date, on: date) -> Condition:
    """Whether a piece was shared with the coaches after a day, until another, and still is."""
    return sa.and_(
        EvidenceShare.school_id == school.id,
        EvidenceShare.audience == Audience.COACHES,
        EvidenceShare.ended_at.is_(None),
        EvidenceShare.shared_at >= midnight(since, school),
        EvidenceShare.shared_at < midnight(on, school),
    )


def _quiet_though_away(
    session: Session,
    school: School,
    on: date,
    days: int,
    pauses: Sequence[Pause],
    since: dict[UUID, date],
) -> int:
    """Count those of these plans that are quiet for long, also without declared absence.

    `since` are the first days of their placements.
    """
    if not since:
        return 0
    first_on, plan_ids = min(since.values()), list(since)
    shared_at = sa.func.max(EvidenceShare.shared_at, type_=EvidenceShare.shared_at.type)
    zone = ZoneInfo(school.timezone)
    for plan_id, moment in session.execute(
        sa.select(Evidence.plan_id, shared_at)
        .join(
            EvidenceShare,
            sa.and_(
                EvidenceShare.school_id == Evidence.school_id,
                EvidenceShare.evidence_id == Evidence.id,
            ),
        )
        .where(Evidence.plan_id.in_(plan_ids), _is_shown(school, first_on, on))
        .group_by(Evidence.plan_id)
    ):
        since[plan_id] = max(since[plan_id], moment.astimezone(zone).date())
    for plan_id, held_on in session.execute(
        sa.select(Conversation.plan_id, sa.func.max(Conversation.held_on))
        .where(
            Conversation.school_id == school.id,
            Conversation.plan_id.in_(plan_ids),
            Conversation.held_on <= on,
        )
        .group_by(Conversation.plan_id)
    ):
        since[plan_id] = max(since[plan_id], held_on)
    still: dict[UUID, list[Pause]] = {plan_id: list(pauses) for plan_id in since}
    for plan_id, from_on, until_on in session.execute(
        sa.select(Absence.plan_id, Absence.from_on, Absence.until_on).where(
            Absence.school_id == school.id,
            Absence.plan_id.in_(plan_ids),
            Absence.withdrawn_at.is_(None),
        )
    ):
        still[plan_id].append(Pause(PauseKind.ABSENCE, from_on, until_on))
    return sum(waited(day, on=on, pauses=still[plan_id]) >= days for plan_id, day in since.items())
