"""Ondersteunende lessen: what the school offers, and what students choose from it.

The list says nothing about students. A choice is seen as its plan is in the school, and by the
lesson's own teacher.
"""

from collections.abc import Sequence
from datetime import date, datetime
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Conflict, Invalid, NotAllowed
from tracker.models import Goal, LearningPlan, LessonChoice, LessonKind, Person, SupportLesson
from tracker.permissions import (
    ADMINISTRATOR,
    ALLOWED,
    STAFF,
    Action,
    Condition,
    lock,
    require,
    roles_of,
)
from tracker.plans import check_open, plan_of

LONGEST_URL = 2000
UNSAFE = frozenset(' \\"<>')


def add_lesson(
    session: Session,
    *,
    by: Person,
    title: str,
    about: str | None,
    url: str | None,
    teacher: Person | None,
    on: date,
    at: datetime,
) -> SupportLesson:
    """Offer a lesson from today on; `url` is a web address, `teacher` a coach or teacher."""
    require(session, by, Action.KEEP_LESSONS, on=on)
    _check(session, url, teacher, on)
    lesson = SupportLesson(
        school_id=by.school_id,
        title=title,
        about=about,
        url=url,
        teacher_id=teacher.id if teacher else None,
        from_on=on,
        until_on=None,
        created_at=at,
    )
    session.add(lesson)
    session.flush()
    audit.record(session, by=by, verb="added lesson", subject=lesson, at=at)
    session.flush()
    return lesson


def edit_lesson(
    session: Session,
    *,
    by: Person,
    lesson: SupportLesson,
    title: str,
    about: str | None,
    url: str | None,
    teacher: Person | None,
    on: date,
    at: datetime,
) -> SupportLesson:
    """Change what a lesson says, or who gives it; its teacher and the administrator may."""
    hold_lesson(session, by=by, lesson=lesson, on=on)
    teacher_id = teacher.id if teacher else None
    said = {"title": title, "about": about, "url": url, "teacher_id": teacher_id}
    changed = [name for name, value in said.items() if getattr(lesson, name) != value]
    if not changed:
        return lesson
    _check(session, url, teacher if "teacher_id" in changed else None, on)
    for name in changed:
        setattr(lesson, name, said[name])
    audit.record(session, by=by, verb="edited lesson", subject=lesson, at=at, changed=changed)
    session.flush()
    return lesson


def close_lesson(
    session: Session, *, by: Person, lesson: SupportLesson, on: date, at: datetime
) -> None:
    """Take a lesson off the list from today on; who chose it keeps it."""
    hold_lesson(session, by=by, lesson=lesson, on=on)
    if is_offered(lesson, on):
        lesson.until_on = on
        audit.record(session, by=by, verb="closed lesson", subject=lesson, at=at)
        session.flush()


def reopen_lesson(
    session: Session, *, by: Person, lesson: SupportLesson, on: date, at: datetime
) -> None:
    """Offer a closed lesson again."""
    hold_lesson(session, by=by, lesson=lesson, on=on)
    if not is_offered(lesson, on):
        lesson.until_on = None
        audit.record(session, by=by, verb="reopened lesson", subject=lesson, at=at)
        session.flush()


def hold_lesson(session: Session, *, by: Person, lesson: SupportLesson, on: date) -> None:
    """Hold a lesson until this unit of work ends, for who may change it; raises NotAllowed."""
    lock(session, lesson)  # first, for who gives it may change
    check_keeper(session, by=by, lesson=lesson, on=on)


def check_keeper(session: Session, *, by: Person, lesson: SupportLesson, on: date) -> None:
    """Raise NotAllowed for who may not change a lesson."""
    if not may_edit(session, by=by, lesson=lesson, on=on):
        raise NotAllowed("may not edit this lesson")


def may_edit(session: Session, *, by: Person, lesson: SupportLesson, on: date) -> bool:
    """Whether somebody may change a lesson: its teacher and the administrator.

    Others of the staff may not: who makes a lesson theirs would see who chose it.
    """
    roles = roles_of(session, by, on=on)
    return ADMINISTRATOR in roles or (lesson.teacher_id == by.id and bool(roles & STAFF))


def choose_lesson(
    session: Session,
    *,
    by: Person,
    plan: LearningPlan,
    lesson: SupportLesson,
    goal: Goal | None,
    kind: LessonKind,
    reason: str | None,
    on: date,
    at: datetime,
) -> LessonChoice:
    """Choose a lesson that is on offer for the own plan, perhaps for one of its goals.

    Raises Conflict while an earlier choice of this lesson waits to be followed; after that it may
    be chosen again.
    """
    require(session, by, Action.CHOOSE_LESSON, on=on, plan_id=plan.id)
    lock(session, plan)  # one choice at a time
    check_open(plan)
    if not is_offered(lesson, on):
        raise Conflict("lesson.not_on_offer")
    if goal is not None and goal.plan_id != plan.id:
        raise Invalid(goal_id="goal.of_other_plan")
    waiting = sa.exists().where(
        LessonChoice.school_id == plan.school_id,
        LessonChoice.plan_id == plan.id,
        LessonChoice.lesson_id == lesson.id,
        waits(),
    )
    if session.scalar(sa.select(waiting)):
        raise Conflict("lesson.chosen_already")
    choice = LessonChoice(
        school_id=plan.school_id,
        plan_id=plan.id,
        lesson_id=lesson.id,
        goal_id=goal.id if goal else None,
        kind=kind,
        reason=reason,
        chosen_at=at,
        dropped_at=None,
        confirmed_by_id=None,
        confirmed_at=None,
    )
    session.add(choice)
    session.flush()
    audit.record(session, by=by, verb="chose lesson", subject=choice, plan_id=plan.id, at=at)
    session.flush()
    return choice


def drop_choice(
    session: Session, *, by: Person, choice: LessonChoice, on: date, at: datetime
) -> None:
    """Take back an own choice that nobody confirmed yet; its teacher no longer sees it."""
    require(session, by, Action.CHOOSE_LESSON, on=on, plan_id=choice.plan_id)
    _hold_waiting(session, choice)
    choice.dropped_at = at
    audit.record(
        session, by=by, verb="dropped lesson", subject=choice, plan_id=choice.plan_id, at=at
    )
    session.flush()


def confirm_choice(
    session: Session, *, by: Person, choice: LessonChoice, on: date, at: datetime
) -> None:
    """Say that the lesson was followed: its teacher, the coach or the core team, and once."""
    if not _may_confirm(session, by, choice, on):
        raise NotAllowed("may not confirm this lesson")
    _hold_waiting(session, choice)
    choice.confirmed_by_id = by.id
    choice.confirmed_at = at
    audit.record(
        session, by=by, verb="confirmed lesson", subject=choice, plan_id=choice.plan_id, at=at
    )
    session.flush()


def _may_confirm(session: Session, by: Person, choice: LessonChoice, on: date) -> bool:
    """Whether somebody may say that a lesson was followed; never who followed it."""
    if plan_of(session, choice).student_id == by.id:
        return False
    if roles_of(session, by, on=on, plan_id=choice.plan_id) & ALLOWED[Action.CONFIRM_LESSON]:
        return True
    lesson = session.get_one(SupportLesson, (choice.school_id, choice.lesson_id))
    return lesson.teacher_id == by.id and bool(roles_of(session, by, on=on) & STAFF)


def _hold_waiting(session: Session, choice: LessonChoice) -> None:
    lock(session, choice)
    check_open(plan_of(session, choice))
    if choice.dropped_at is not None:
        raise Conflict("choice.dropped")
    if choice.confirmed_at is not None:
        raise Conflict("choice.confirmed")


def waits() -> Condition:
    """Whether a choice still waits to be followed."""
    return sa.and_(LessonChoice.dropped_at.is_(None), LessonChoice.confirmed_at.is_(None))


def lessons_on(session: Session, *, school_id: UUID, on: date) -> Sequence[SupportLesson]:
    """Return the lessons that a school offers on a day, by title."""
    return session.scalars(
        sa.select(SupportLesson)
        .where(SupportLesson.school_id == school_id, offered(on))
        .order_by(SupportLesson.title, SupportLesson.id)
    ).all()


def offered(on: date) -> Condition:
    """Whether a lesson is on offer on a day; `is_offered` says it of one."""
    until = SupportLesson.until_on
    return sa.and_(SupportLesson.from_on <= on, sa.or_(until.is_(None), until > on))


def is_offered(lesson: SupportLesson, on: date) -> bool:
    """Whether a lesson can be chosen on a day."""
    return lesson.from_on <= on and (lesson.until_on is None or lesson.until_on > on)


def _check(session: Session, url: str | None, teacher: Person | None, on: date) -> None:
    if url is not None and not _is_web_address(url):
        raise Invalid(url="url.wrong")
    if teacher is not None and not roles_of(session, teacher, on=on) & STAFF:
        raise Invalid(teacher_id="teacher.not_staff")


def _is_web_address(url: str) -> bool:
    """Whether a text is a whole web address that every browser reads as we do."""
    if len(url) > LONGEST_URL or not (url.isascii() and url.isprintable()) or UNSAFE & set(url):
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    # Before an @ stands what looks like a host and is none.
    return parts.scheme in {"http", "https"} and bool(host) and "@" not in parts.netloc
