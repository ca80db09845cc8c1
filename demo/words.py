"""What people in the demo wondered, asked, answered and talked about."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from demo.scene import Event, Scene
from tracker.comments import add_comment
from tracker.conversations import record_talk
from tracker.models import FeedbackRequest, Goal, LearningQuestion
from tracker.questions import ask_question, become_goal
from tracker.requests import ask, decline


def _talk(scene: Scene, event: Event, on: date, at: datetime) -> None:
    record_talk(
        scene.session,
        by=scene.who(event),
        plan=scene.plan,
        goal=scene.thing(event, Goal) if "about" in event else None,
        held_on=on,
        words=event["words"],
        on=on,
        at=at,
    )


def _ask(scene: Scene, event: Event, on: date, at: datetime) -> FeedbackRequest:
    return ask(
        scene.session,
        by=scene.who(event),
        to=scene.who(event, "to"),
        subject=scene.things[event["about"]],
        words=event["words"],
        on=on,
        at=at,
    )


def _decline(scene: Scene, event: Event, on: date, at: datetime) -> None:
    decline(
        scene.session,
        by=scene.who(event),
        request=scene.thing(event, FeedbackRequest),
        words=event["words"],
        on=on,
        at=at,
    )


def _say(scene: Scene, event: Event, on: date, at: datetime) -> None:
    add_comment(
        scene.session,
        by=scene.who(event),
        subject=scene.things[event["about"]],
        words=event["words"],
        on=on,
        at=at,
    )


def _question(scene: Scene, event: Event, on: date, at: datetime) -> LearningQuestion:
    return ask_question(
        scene.session,
        by=scene.student,
        plan=scene.plan,
        words=event["words"],
        placement=scene.placement if event.get("at_work") else None,
        on=on,
        at=at,
    )


def _became(scene: Scene, event: Event, on: date, at: datetime) -> None:
    become_goal(
        scene.session,
        by=scene.student,
        question=scene.thing(event, LearningQuestion),
        goal=scene.thing(event, Goal, "goal"),
        on=on,
        at=at,
    )


SAYS: dict[str, Callable[[Scene, Event, date, datetime], Any]] = {
    "talk": _talk,
    "ask": _ask,
    "decline": _decline,
    "say": _say,
    "question": _question,
    "became": _became,
}
