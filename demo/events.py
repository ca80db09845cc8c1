"""What students in the demo set, changed, showed and closed, and what was agreed and judged."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from demo.lessons import CHOOSES
from demo.scene import Event, Scene
from demo.words import SAYS
from tracker.absences import declare_absence
from tracker.db import new_id
from tracker.drafts import save_draft
from tracker.evidence import log_evidence
from tracker.goal_states import close_goal
from tracker.goals import add_goal, agree_goal, edit_goal
from tracker.judgements import judge
from tracker.models import (
    Audience,
    Control,
    Evidence,
    EvidenceContext,
    EvidenceKind,
    FrameworkItem,
    Goal,
    GoalItem,
    GoalKind,
    Judgement,
    LearningUnit,
    Outcome,
)
from tracker.opportunities import say_opportunity
from tracker.plans import start_own_plan
from tracker.sharing import withdraw
from tracker.signals import Rule
from tracker.signing import promote, sign
from tracker.snoozes import snooze
from tracker.units import add_unit

READERS = {"c": Audience.COACHES, "p": Audience.PLACEMENT}


def happen(scene: Scene, event: Event) -> None:
    """Let one event happen as the story tells it; what it makes is known by its `as`."""
    on = scene.year.ago(event["days"])
    made = DOES[event["does"]](scene, event, on, scene.at(on, hours=5))
    if made is not None and "as" in event:
        scene.things[event["as"]] = made


def _goal(scene: Scene, event: Event, on: date, at: datetime) -> Goal:
    return add_goal(
        scene.session,
        by=scene.student,
        plan=scene.things["own plan"] if event.get("own_plan") else scene.plan,
        question=event["question"],
        title=event["title"],
        success=event["success"],
        approach=event.get("approach"),
        target_anchor=event.get("aim", 2),
        target_on=on + timedelta(weeks=event.get("weeks", 12)),
        items=scene.served(event),
        kind=GoalKind(event.get("kind", "goal")),
        parent=scene.things[event["part_of"]] if "part_of" in event else None,
        unit=scene.things[event["unit"]] if "unit" in event else None,
        control=Control(event.get("control", "student")),
        on=on,
        at=at,
    )


def _agree(scene: Scene, event: Event, on: date, at: datetime) -> None:
    for goal in scene.goals(event):
        agree_goal(
            scene.session, by=scene.people["c"], goal=goal, version=goal.version, on=on, at=at
        )


def _edit(scene: Scene, event: Event, on: date, at: datetime) -> None:
    """Change what the event names; all else stays as it is."""
    goal = scene.thing(event, Goal)
    served = sa.select(FrameworkItem).join(GoalItem, GoalItem.item_id == FrameworkItem.id)
    items = scene.session.scalars(served.where(GoalItem.goal_id == goal.id)).all()
    edit_goal(
        scene.session,
        by=scene.student,
        goal=goal,
        version=goal.version,
        question=event.get("question", goal.question),
        title=event.get("title", goal.title),
        success=event.get("success", goal.success),
        approach=goal.approach,
        target_anchor=goal.target_anchor,
        target_on=goal.target_on,
        control=goal.control,
        tailoring=goal.tailoring,
        items=items,
        parent=None,
        unit=scene.things[event["unit"]] if "unit" in event else None,
        on=on,
        at=at,
    )


def _close(scene: Scene, event: Event, on: date, at: datetime) -> None:
    close_goal(
        scene.session,
        by=scene.student,
        goal=scene.thing(event, Goal),
        outcome=Outcome(event["outcome"]),
        words=event["words"],
        on=on,
        at=at,
    )


def _unit(scene: Scene, event: Event, on: date, at: datetime) -> LearningUnit:
    return add_unit(
        scene.session,
        by=scene.student,
        plan=scene.plan,
        title=event["title"],
        from_on=on,
        weeks=event["weeks"],
        on=on,
        at=at,
    )


def _plan(scene: Scene, event: Event, on: date, at: datetime) -> None:
    """Start a plan without a qualification; the one at school stays the newest."""
    plan = start_own_plan(
        scene.session, by=scene.student, title=event["title"], starts_on=on, on=on, at=at
    )
    plan.starts_on = scene.plan.starts_on - timedelta(weeks=1)
    scene.things["own plan"] = plan


def _evidence(scene: Scene, event: Event, on: date, at: datetime) -> Evidence:
    context = EvidenceContext(event.get("where", "workplace"))
    return log_evidence(
        scene.session,
        key=new_id(),
        by=scene.student,
        plan=scene.plan,
        kind=EvidenceKind(event.get("kind", "work")),
        goals=scene.goals(event),
        items=scene.served(event),
        text=event["words"],
        happened_on=on,
        has_people=False,
        context=context,
        placement=scene.placement,
        share_with=[READERS[who] for who in event.get("to", "")],
        files=[scene.pictures[event["photo"]]] if "photo" in event else [],
        on=on,
        at=at,
    )


def _withdraw(scene: Scene, event: Event, on: date, at: datetime) -> None:
    withdraw(scene.session, by=scene.student, evidence=scene.thing(event, Evidence), on=on, at=at)


def _judge(scene: Scene, event: Event, on: date, at: datetime) -> Judgement:
    about = scene.things[event["about"]]
    goals = scene.goals(event)
    return judge(
        scene.session,
        by=scene.who(event),
        plan=scene.plan,
        goal=about if isinstance(about, Goal) else next(iter(goals), None),
        evidence=about if isinstance(about, Evidence) else None,
        level=scene.levels[event["step"]],
        words=event.get("words"),
        observed_on=on,
        on=on,
        at=at,
    )


def _away(scene: Scene, event: Event, on: date, at: datetime) -> None:
    """Say that the student is away, from and until so many days from today."""
    declare_absence(
        scene.session,
        by=scene.student,
        plan=scene.plan,
        from_on=scene.today + timedelta(days=event["from"]),
        until_on=scene.today + timedelta(days=event["until"]),
        on=on,
        at=at,
    )


def _offers(scene: Scene, event: Event, on: date, at: datetime) -> None:
    say_opportunity(
        scene.session,
        by=scene.who(event),
        placement=scene.placement,
        item=scene.items[event["item"]],
        is_possible=event["possible"],
        on=on,
        at=at,
    )


def _later(scene: Scene, event: Event, on: date, at: datetime) -> None:
    """Let the coach put a signal about the whole plan off."""
    snooze(
        scene.session,
        by=scene.people["c"],
        plan=scene.plan,
        rule=Rule(event["rule"]),
        about=None,
        until_on=scene.today + timedelta(days=event["until"]),
        reason=event["words"],
        on=on,
        at=at,
    )


def _draft(scene: Scene, event: Event, on: date, at: datetime) -> None:
    save_draft(
        scene.session,
        by=scene.people["c"],
        plan=scene.plan,
        goal=scene.thing(event, Goal),
        level=scene.levels[event["step"]],
        words=event["words"],
        observed_on=on,
        on=on,
        at=at,
    )


def _sign(scene: Scene, event: Event, on: date, at: datetime) -> None:
    sign(
        scene.session,
        by=scene.who(event),
        judgement=scene.thing(event, Judgement),
        on=on,
        at=at,
    )


def _promote(scene: Scene, event: Event, on: date, at: datetime) -> None:
    promote(
        scene.session,
        by=scene.people["c"],
        judgement=scene.thing(event, Judgement),
        reason=event["words"],
        on=on,
        at=at,
    )


DOES: dict[str, Callable[[Scene, Event, date, datetime], Any]] = {
    **SAYS,
    **CHOOSES,
    "goal": _goal,
    "agree": _agree,
    "edit": _edit,
    "close": _close,
    "unit": _unit,
    "plan": _plan,
    "evidence": _evidence,
    "withdraw": _withdraw,
    "judge": _judge,
    "away": _away,
    "offers": _offers,
    "later": _later,
    "draft": _draft,
    "sign": _sign,
    "promote": _promote,
}
