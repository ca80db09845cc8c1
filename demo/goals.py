"""How goals went: this year as a pattern tells it, in the year before until they were reached."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from demo.scene import Scene
from tracker.db import new_id
from tracker.evidence import log_evidence
from tracker.goal_states import close_goal
from tracker.goals import add_goal, agree_goal
from tracker.judgements import judge
from tracker.models import (
    Audience,
    Evidence,
    EvidenceContext,
    FrameworkItem,
    Goal,
    Outcome,
    Person,
)

WEEKS = 9  # how long ago most goals were set


def tell_goal(scene: Scene, told: dict[str, Any], pattern: dict[str, Any], *, lag: int) -> Goal:
    """Set a goal and let it go as the pattern says, so many days later than the pattern."""

    def days(weeks: int) -> int:
        return weeks * 7 - 6 + lag

    since = days(pattern.get("since", WEEKS))
    on = scene.year.ago(since)
    goal = add_goal(
        scene.session,
        by=scene.student,
        plan=scene.plan,
        question=told["question"],
        title=told["title"],
        success=told["success"],
        target_anchor=pattern.get("aim", 2),
        target_on=scene.today + timedelta(weeks=5),
        items=_served(scene, told),
        on=on,
        at=scene.at(on),
    )
    if pattern.get("agreed", True):
        agreed = scene.year.ago(since - 1)
        agree_goal(
            scene.session,
            by=scene.people["c"],
            goal=goal,
            version=goal.version,
            on=agreed,
            at=scene.at(agreed, hours=1),
        )
    said = iter(told.get("said", []))
    at_work = [weeks for weeks, who, *_ in pattern["views"] if who == "p"]
    moments = sorted({*pattern["evidence"], *at_work}, reverse=True)
    texts = dict(zip(moments, told.get("shows", []), strict=True))
    photo = told.get("photo")
    for weeks in pattern["evidence"]:
        on = scene.year.ago(days(weeks))
        _log(scene, goal, texts[weeks], on=on, photo=photo, to=[Audience.COACHES])
    for weeks, who, step, *words in pattern["views"]:
        on = scene.year.ago(days(weeks))
        # A praktijkopleider looks at a piece that was shown; others look at the goal itself.
        piece = _log(scene, goal, texts[weeks], on=on) if who == "p" else None
        spoken = next(said) if words else None
        _judge(scene, goal, by=scene.people[who], step=step, on=on, words=spoken, piece=piece)
    return goal


def tell_before(scene: Scene, told: dict[str, Any]) -> None:
    """Set a goal in the year before, show it at school and at work, and reach it."""
    learner, coach, supervisor = (scene.people[who] for who in "scp")

    def week(number: int) -> date:
        return scene.year.week(scene.placement.from_on, number) + timedelta(days=number % 4)

    set_on, tried_on, shown_on, closed_on = (week(number) for number in (1, 3, 8, 10))
    goal = add_goal(
        scene.session,
        by=learner,
        plan=scene.plan,
        question=told["question"],
        title=told["title"],
        success=told["success"],
        target_anchor=2,
        target_on=closed_on,
        items=_served(scene, told),
        on=set_on,
        at=scene.at(set_on),
    )
    at = scene.at(set_on, hours=1)
    agree_goal(scene.session, by=coach, goal=goal, version=goal.version, on=set_on, at=at)
    tried, shown = told["shows"]
    _log(scene, goal, tried, on=tried_on, context=EvidenceContext.SCHOOL, to=[Audience.COACHES])
    _judge(scene, goal, by=learner, step=1, on=tried_on)
    piece = _log(scene, goal, shown, on=shown_on)
    _judge(scene, goal, by=supervisor, step=2, on=shown_on, words=told["said"], piece=piece)
    _judge(scene, goal, by=learner, step=2, on=closed_on)
    close_goal(
        scene.session,
        by=learner,
        goal=goal,
        outcome=Outcome.REACHED,
        words=told["words"],
        on=closed_on,
        at=scene.at(closed_on, hours=3),
    )


def _served(scene: Scene, told: dict[str, Any]) -> list[FrameworkItem]:
    return [scene.items[told["item"]]] if "item" in told else []


def _judge(
    scene: Scene,
    goal: Goal,
    *,
    by: Person,
    step: int,
    on: date,
    words: str | None = None,
    piece: Evidence | None = None,
) -> None:
    judge(
        scene.session,
        by=by,
        plan=scene.plan,
        goal=goal,
        evidence=piece,
        level=scene.levels[step],
        words=words,
        observed_on=on,
        on=on,
        at=scene.at(on, hours=2),
    )


def _log(
    scene: Scene,
    goal: Goal,
    text: str,
    *,
    on: date,
    photo: str | None = None,
    context: EvidenceContext = EvidenceContext.WORKPLACE,
    to: Sequence[Audience] = (Audience.COACHES, Audience.PLACEMENT),
) -> Evidence:
    return log_evidence(
        scene.session,
        key=new_id(),
        by=scene.student,
        plan=scene.plan,
        goals=[goal],
        text=text,
        happened_on=on,
        has_people=False,
        context=context,
        placement=scene.placement,
        share_with=to,
        files=[scene.pictures[photo]] if photo else [],
        on=on,
        at=scene.at(on),
    )
