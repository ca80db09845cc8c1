"""Putting a signal off: for oneself, until a day, with a reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.db import Record
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
from tracker.permissions import Action, lock, require, visible
from tracker.plans import check_open
from tracker.signals import Rule, Signal

LONGEST_DAYS = 90
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
    for earlier in _running(session, by, on, [plan.id]):
        if (earlier.rule, earlier.about) == (rule, about):
            _end(session, by, earlier, at)
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


def put_off(
    session: Session, *, by: Person, on: date, plan_ids: Sequence[UUID]
) -> dict[UUID, dict[tuple[str, UUID | None], Snooze]]:
    """Return what a person put off that holds today: by plan, then by rule and what it is about."""
    found: dict[UUID, dict[tuple[str, UUID | None], Snooze]] = {}
    for running in _running(session, by, on, plan_ids):
        found.setdefault(running.plan_id, {})[running.rule, running.about] = running
    return found


def divide(
    signals: Iterable[Signal], snoozes: dict[tuple[str, UUID | None], Snooze]
) -> tuple[tuple[Signal, ...], tuple[PutOff, ...]]:
    """Return the signals that speak, and those that were put off."""
    speaking, silent = [], []
    for signal in signals:
        put = snoozes.get((signal.rule, signal.about))
        if put is None:
            speaking.append(signal)
        else:
            silent.append(PutOff(put.id, signal, put.until_on, put.reason))
    return tuple(speaking), tuple(silent)


def _running(session: Session, by: Person, on: date, plan_ids: Sequence[UUID]) -> Sequence[Snooze]:
    return session.scalars(
        sa.select(Snooze)
        .where(
            Snooze.school_id == by.school_id,
            Snooze.by_id == by.id,
            Snooze.until_on > on,
            Snooze.ended_at.is_(None),
            Snooze.plan_id.in_(plan_ids),
        )
        .order_by(Snooze.created_at, Snooze.id)
    ).all()
