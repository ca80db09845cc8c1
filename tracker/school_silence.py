"""What a whole school shared lately, and in how many placements nothing was shared for long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.db import among
from tracker.facts import Pause, PauseKind, Thresholds
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
from tracker.school_counts import is_open, latest, midnight


@dataclass(frozen=True, slots=True)
class Shared:
    """Pieces shared lately and the plans they are of; open plans where nothing was for long."""

    pieces: int
    plans: int
    quiet: int


def shared(
    session: Session,
    school: School,
    on: date,
    *,
    days: int,
    thresholds: Thresholds,
    pauses: Sequence[Pause],
) -> Shared:
    """Count what was shared with the coaches in so many days, and where nothing was for long.

    Quiet is an open plan with a running placement in which nothing was shared or said for as long
    as the school allows. Who was away may be quiet for longer: only these are looked at one by one.
    """
    since = latest(thresholds.nothing_shared_days, on, pauses)
    lately = on - timedelta(days=days)
    shares = _shares(school, min(since, lately), on).cte("shares")
    is_late = shares.c.shared_at >= midnight(lately, school)
    quiet = _quiet_plans(school, since, on, shares).cte("quiet")
    totals = sa.select(
        sa.select(sa.func.count(sa.distinct(shares.c.evidence_id)))
        .where(is_late)
        .scalar_subquery()
        .label("pieces"),
        sa.select(sa.func.count(sa.distinct(shares.c.plan_id)))
        .where(is_late)
        .scalar_subquery()
        .label("plans"),
        sa.select(sa.func.count()).where(~quiet.c.was_away).scalar_subquery().label("at_hand"),
    ).subquery("totals")
    # One row of totals, repeated for each quiet plan whose student was away.
    found = session.execute(
        sa.select(totals, quiet.c.plan_id, quiet.c.from_on).outerjoin(quiet, quiet.c.was_away)
    ).all()
    pieces, plans, at_hand, *_ = found[0]
    from_on = {row.plan_id: row.from_on for row in found if row.plan_id is not None}
    still = _pauses_of(session, school, pauses, from_on)
    away = _quiet_though_away(session, school, on, thresholds.nothing_shared_days, still, from_on)
    return Shared(pieces, plans, at_hand + away)


def _shares(school: School, since: date, on: date) -> sa.Select[UUID, UUID, datetime]:
    """Select the plans, pieces and moments of what was shared after a day, until another.

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
    return sa.select(
        plan_id.label("plan_id"), EvidenceShare.evidence_id, EvidenceShare.shared_at
    ).where(_is_shown(school, since, on))


def _quiet_plans(
    school: School, since: date, on: date, shares: sa.CTE
) -> sa.Select[UUID, date, bool]:
    """Select the plans in which nothing was shared or said since a day, though a placement ran.

    With its first day, and whether the student was away meanwhile: absence that ended before is of
    no matter to a clock that has run for long enough since.
    """
    talked = sa.select(Conversation.plan_id).where(
        Conversation.school_id == school.id,
        Conversation.held_on > since,
        Conversation.held_on <= on,
    )
    away = sa.select(Absence.plan_id).where(
        Absence.school_id == school.id,
        Absence.withdrawn_at.is_(None),
        Absence.from_on < on,
        Absence.until_on > since,
    )
    from_on = sa.func.min(Placement.from_on, type_=Placement.from_on.type)
    return (
        sa.select(
            Placement.plan_id,
            from_on.label("from_on"),
            Placement.plan_id.in_(away).label("was_away"),
        )
        .join(LearningPlan, LearningPlan.id == Placement.plan_id)
        .where(
            is_open(school),
            Placement.school_id == school.id,
            holds(Placement, on),
            Placement.plan_id.not_in(
                sa.select(shares.c.plan_id).where(shares.c.shared_at >= midnight(since, school))
            ),
            Placement.plan_id.not_in(talked),
        )
        .group_by(Placement.plan_id)
        .having(from_on <= since)
    )


def _is_shown(school: School, since: date, on: date) -> Condition:
    """Whether a piece was shared with the coaches after a day, until another, and still is."""
    return sa.and_(
        EvidenceShare.school_id == school.id,
        EvidenceShare.audience == Audience.COACHES,
        EvidenceShare.ended_at.is_(None),
        EvidenceShare.shared_at >= midnight(since, school),
        EvidenceShare.shared_at < midnight(on, school),
    )


def _pauses_of(
    session: Session, school: School, pauses: Sequence[Pause], plan_ids: Mapping[UUID, date]
) -> dict[UUID, list[Pause]]:
    """Return when the clocks of these plans stand still: in holidays, and in own absence."""
    still = {plan_id: list(pauses) for plan_id in plan_ids}
    if not still:
        return still
    for plan_id, from_on, until_on in session.execute(
        sa.select(Absence.plan_id, Absence.from_on, Absence.until_on).where(
            Absence.school_id == school.id,
            _is_of(session, Absence.plan_id),
            Absence.withdrawn_at.is_(None),
        ),
        {"plan_ids": list(still)},
    ):
        still[plan_id].append(Pause(PauseKind.ABSENCE, from_on, until_on))
    return still


def _quiet_though_away(
    session: Session,
    school: School,
    on: date,
    days: int,
    still: Mapping[UUID, Sequence[Pause]],
    from_on: Mapping[UUID, date],
) -> int:
    """Count those of these plans that are quiet for long, also without declared absence.

    `still` is when their clocks stand still, `from_on` the first days of their placements.
    """
    since = {plan_id: latest(days, on, pauses) for plan_id, pauses in still.items()}
    if not since:
        return 0
    asked = {"plan_ids": list(since)}
    first_on = min(since.values())
    last: dict[UUID, date] = dict(from_on)
    zone = ZoneInfo(school.timezone)
    for plan_id, moment in session.execute(_last_shares(session, school, first_on, on), asked):
        last[plan_id] = max(last[plan_id], moment.astimezone(zone).date())
    for plan_id, held_on in session.execute(
        sa.select(Conversation.plan_id, sa.func.max(Conversation.held_on))
        .where(
            Conversation.school_id == school.id,
            _is_of(session, Conversation.plan_id),
            Conversation.held_on <= on,
        )
        .group_by(Conversation.plan_id),
        asked,
    ):
        last[plan_id] = max(last[plan_id], held_on)
    return sum(last[plan_id] <= day for plan_id, day in since.items())


def _last_shares(
    session: Session, school: School, first_on: date, on: date
) -> sa.Select[UUID, datetime]:
    """Select when a piece of a plan was last shared after a day, until another, by plan.

    Shares are looked up by piece: what a whole school shared in that time is far more.
    """
    moment = EvidenceShare.shared_at.type
    of_piece = (
        sa.select(sa.func.max(EvidenceShare.shared_at, type_=moment).label("shared_at"))
        .where(
            EvidenceShare.school_id == Evidence.school_id,
            EvidenceShare.evidence_id == Evidence.id,
            _is_shown(school, first_on, on),
        )
        .scalar_subquery()
    )
    last = sa.func.max(of_piece, type_=moment)
    return (
        sa.select(Evidence.plan_id, last)
        .where(Evidence.school_id == school.id, _is_of(session, Evidence.plan_id))
        .group_by(Evidence.plan_id)
        .having(last.is_not(None))
    )


def _is_of(session: Session, plan_id: sa.orm.InstrumentedAttribute[UUID]) -> Condition:
    """Whether a record is of one of the plans that are asked for."""
    return among(plan_id, "plan_ids", session.get_bind().dialect.name)
