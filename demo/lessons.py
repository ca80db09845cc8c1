"""What the demo's school offers beside the programmes, and what its students chose from it."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from demo.scene import Event, Scene
from tracker.lessons import add_lesson, choose_lesson, confirm_choice, drop_choice
from tracker.models import Goal, LessonChoice, LessonKind, Person, SupportLesson
from tracker.people import person_by_number


def offer_lessons(
    session: Session, told: dict[str, dict[str, Any]], *, by: Person, on: date, at: datetime
) -> dict[str, SupportLesson]:
    """Add the lessons that the story tells of, as the administrator would; returns them by name."""
    return {
        name: add_lesson(
            session,
            by=by,
            title=lesson["title"],
            about=lesson.get("about"),
            url=lesson.get("url"),
            teacher=person_by_number(session, school_id=by.school_id, number=lesson["teacher"])
            if "teacher" in lesson
            else None,
            on=on,
            at=at,
        )
        for name, lesson in told.items()
    }


def _choose(scene: Scene, event: Event, on: date, at: datetime) -> LessonChoice:
    return choose_lesson(
        scene.session,
        by=scene.student,
        plan=scene.plan,
        lesson=scene.thing(event, SupportLesson, "lesson"),
        goal=scene.thing(event, Goal) if "about" in event else None,
        kind=LessonKind(event["kind"]),
        reason=event.get("words"),
        on=on,
        at=at,
    )


def _followed(scene: Scene, event: Event, on: date, at: datetime) -> None:
    choice = scene.thing(event, LessonChoice)
    confirm_choice(scene.session, by=scene.who(event), choice=choice, on=on, at=at)


def _drop(scene: Scene, event: Event, on: date, at: datetime) -> None:
    choice = scene.thing(event, LessonChoice)
    drop_choice(scene.session, by=scene.student, choice=choice, on=on, at=at)


CHOOSES: dict[str, Callable[[Scene, Event, date, datetime], Any]] = {
    "choose": _choose,
    "followed": _followed,
    "drop": _drop,
}
