"""Putting a signal off: for oneself, until a day, with a reason."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.columns import Record
from tracker.errors import Conflict, Invalid, NotAllowed
from tracker.models import (
    FeedbackRequest,
    FrameworkItem,
    Goal,
    LearningPlan,
    LearningQuestion,
    Person,
    Placement,
    Snooze,
)
from tracker.permissions import (
    TODAY,
    Action,
    given,
    lock,
    once_for_reader,
    require,
    stand_in,
    visible,
)
from tracker.plans import check_open
from tracker.signals import Rule, Signal

LONGEST_DAYS = 90
LONGEST_REASON = 500
# What a signal of each rule is about; nothing here: the plan as a whole.
ABOUT: dict[Rule, tuple[type[Record], ...]] = {
    Rule.UNANSWERED: (FeedbackRequest, LearningQuestion),
    Rule.RATERS_APART: (Goal, FrameworkItem),
    Rule.NOTHING_SHARED: (),
    Rule.GOAL_UNTOUCHED: (Goal,),
    Rule.PLACEMENT_ENDS: (Placement,),
    Rule.NO_WORKPLACE: (FrameworkItem,),
    Rule.FIRST_INDEPENDENT: (Goal,),
    Rule.TRANSFER_SHOWN: (Goal,),
}


def snooze(
    session: Session,
    *,
    by: Person,
    plan: LearningPlan,
    rule: Rule,
    about: UUID | None,
    until_on: date,
    reason: str,
    on: date,
    at: datetime,
) -> Snooze:
    """Put one signal of a plan off for oneself, until a day (exclusive).

    Coach, core team and supervisor may. `about` is `Signal.about`: something of this plan that one
    sees. Putting it off again ends the earlier time.
    """
    require(session, by, Action.SNOOZE, on=on, plan_id=plan.id)
    lock(session, plan)  # one at a time, so that one runs at most
    check_open(plan)
    if until_on <= on:
        raise Invalid(until_on="date.not_in_future")
    if until_on - on > timedelta(days=LONGEST_DAYS):
        raise Invalid(until_on="snooze.too_long")
    if not _is_there(session, by, plan, rule, about, on):
        raise Invalid(about="signal.not_there")
    earlier = held_off(session, by=by, on=on).get(plan.id, {}).get((rule, about))
    if earlier is not None:
        _end(session, by, session.get_one(Snooze, (plan.school_id, earlier[0])), at)
    put_off = Snooze(
        school_id=plan.school_id,
        plan_id=plan.id,
        by_id=by.id,
        rule=rule,
        about=about,
        until_on=until_on,
        reason=reason,
        created_at=at,
        ended_at=None,
    )
    session.add(put_off)
    session.flush()
    audit.record(session, by=by, verb="snoozed", subject=put_off, plan_id=plan.id, at=at)
    session.flush()
    return put_off


def end_snooze(session: Session, *, by: Person, snooze: Snooze, on: date, at: datetime) -> None:
    """Let a signal speak again, for who put it off; raises Conflict when it does already."""
    require(session, by, Action.SNOOZE, on=on, plan_id=snooze.plan_id)
    if snooze.by_id != by.id:
        raise NotAllowed("put off by somebody else")
    lock(session, snooze)
    if snooze.ended_at is not None or snooze.until_on <= on:
        raise Conflict("snooze.ended")
    _end(session, by, snooze, at)
    session.flush()


def _end(session: Session, by: Person, snooze: Snooze, at: datetime) -> None:
    snooze.ended_at = at
    audit.record(session, by=by, verb="ended snooze", subject=snooze, plan_id=snooze.plan_id, at=at)


def _is_there(
    session: Session, by: Person, plan: LearningPlan, rule: Rule, about: UUID | None, on: date
) -> bool:
    """Whether a signal of this rule can be about this, in this plan, for this reader."""
    kinds = ABOUT[rule]
    if about is None or not kinds:
        return about is None and not kinds
    for kind in kinds:
        table: Any = kind
        of_plan = (
            table.framework_id == plan.framework_id
            if kind is FrameworkItem
            else table.plan_id == plan.id
        )
        query = visible(kind, person=by, on=on).where(of_plan, kind.id == about)
        if session.scalar(query) is not None:
            return True
    return False


@dataclass(frozen=True, slots=True)
class PutOff:
    """A signal that the reader put off: until when (exclusive), and why."""

    id: UUID
    signal: Signal
    until_on: date
    reason: str


Snoozes = dict[tuple[str, UUID | None], tuple[UUID, date, str]]


def held_off(session: Session, *, by: Person, on: date) -> dict[UUID, Snoozes]:
    """Return what a person put off that holds today: by plan, then by rule and what it is about."""
    found: dict[UUID, Snoozes] = {}
    rows = session.connection().execute(_running(stand_in(by), TODAY), given(by, on))
    for plan_id, rule, about, *put in rows:
        id_, until_on, reason = put
        found.setdefault(plan_id, {})[rule, about] = id_, until_on, reason
    return found


def divide(
    signals: tuple[Signal, ...], snoozes: Snoozes | None
) -> tuple[tuple[Signal, ...], tuple[PutOff, ...]]:
    """Return the signals that speak, and those that were put off."""
    if not snoozes:
        return signals, ()
    speaking, silent = [], []
    for signal in signals:
        put = snoozes.get((signal.rule, signal.about))
        if put is None:
            speaking.append(signal)
        else:
            id_, until_on, reason = put
            silent.append(PutOff(id_, signal, until_on, reason))
    return tuple(speaking), tuple(silent)


@once_for_reader
def _running(by: Person, on: date) -> sa.Select[*tuple[Any, ...]]:
    """Select what somebody put off that holds on a day, the newest last."""
    return (
        sa.select(
            Snooze.plan_id, Snooze.rule, Snooze.about, Snooze.id, Snooze.until_on, Snooze.reason
        )
        .where(
            Snooze.school_id == by.school_id,
            Snooze.by_id == by.id,
            Snooze.until_on > on,
            Snooze.ended_at.is_(None),
        )
        .order_by(Snooze.created_at, Snooze.id)
    )
