"""What each student's column should hold now: one row per column and person, the latest wish.

Numbers go only of students whom the teacher who chose guides (or whose chosen lesson that teacher
gives): a role in the LMS alone tells nothing of a student, in its gradebook neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask_babel import force_locale, gettext, ngettext
from sqlalchemy.orm import Session, aliased

from lti.gradebook.gradebook import LEFT, NUMBERS, OFF, switched_on, teaches
from lti.models import (
    Context,
    Deployment,
    GradeMode,
    LineItem,
    LineItemState,
    LtiIdentity,
    ResourceLink,
    ScorePush,
    ScoreState,
)
from tracker import gradebook
from tracker.gradebook import WHOLE, Count, PlanFacts
from tracker.models import (
    GroupRole,
    LearningPlan,
    Membership,
    Person,
    PersonState,
    School,
    SupportLesson,
)
from tracker.people import today_at
from tracker.permissions import RATING_IN_SCHOOL, holds, plans_as

LOOK_AGAIN = timedelta(minutes=5)
RUNNING, DONE = "InProgress", "Completed"
LANGUAGE = "nl"  # of who never chose one


@dataclass(frozen=True, slots=True)
class Learner:
    """A student of a course as the LMS knows them: `since` is when they (again) came into it."""

    person_id: UUID
    subject: str
    locale: str | None
    since: date


@dataclass(frozen=True, slots=True)
class Wish:
    """What a column should hold for one student."""

    value: Decimal
    maximum: Decimal
    activity_progress: str
    comment: str


def refresh_next(session: Session, *, school_id: UUID, at: datetime) -> bool:
    """Look again at the values of the next column that is due; returns whether there was one."""
    item = session.scalars(
        sa.select(LineItem)
        .where(
            LineItem.school_id == school_id,
            LineItem.state == LineItemState.ACTIVE,
            LineItem.due_at <= at,
            LineItem.context_id.in_(switched_on(school_id)),
        )
        .order_by(LineItem.due_at, LineItem.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if item is None:
        return False
    link = session.get_one(ResourceLink, (school_id, item.resource_link_id))
    if link.mode not in NUMBERS:
        item.due_at = None
        return True
    item.due_at = at + LOOK_AGAIN
    school = session.get_one(School, school_id)
    _refresh(session, item, link, on=today_at(school, at), at=at)
    return True


def _refresh(
    session: Session, item: LineItem, link: ResourceLink, *, on: date, at: datetime
) -> None:
    context = session.get_one(Context, (item.school_id, item.context_id))
    learners = {learner.person_id: learner for learner in learners_of(session, context, on)}
    facts = facts_told(session, context, link, learners, on)
    rows = {
        row.person_id: row
        for row in session.scalars(
            sa.select(ScorePush)
            .where(ScorePush.school_id == item.school_id, ScorePush.line_item_id == item.id)
            .order_by(ScorePush.id)
            .with_for_update()
        )
    }
    for person_id, row in rows.items():
        if person_id not in facts and row.state is ScoreState.WAITING:
            row.state, row.due_at, row.error = ScoreState.SUPERSEDED, None, OFF
    for person_id, of_student in facts.items():
        learner = learners[person_id]
        count = count_of(link, of_student)
        wish = _wish(link, of_student, count, learner.locale)
        if person_id in rows:
            _wish_again(rows[person_id], learner, wish, at)
        elif count.is_seen:
            session.add(_first_wish(item, learner, wish, at))
    session.flush()


def learners_of(session: Session, context: Context, on: date) -> list[Learner]:
    """Return the active learners of a course today whom its LMS knows by a launch or its roster.

    Who also teaches there is none, and a test user is never known.
    """
    deployment = session.get_one(Deployment, context.deployment_id)
    teaching = aliased(Membership)
    rows = session.execute(
        sa.select(Person.id, LtiIdentity.subject, Person.locale, Membership.from_on)
        .join(Membership, _of(Membership.school_id, Membership.person_id))
        .join(LtiIdentity, _of(LtiIdentity.school_id, LtiIdentity.person_id))
        .where(
            Person.school_id == context.school_id,
            Person.state == PersonState.ACTIVE,
            LtiIdentity.registration_id == deployment.registration_id,
            Membership.group_id == context.group_id,
            Membership.role == GroupRole.STUDENT,
            holds(Membership, on),
            ~sa.exists().where(
                teaching.school_id == Person.school_id,
                teaching.person_id == Person.id,
                teaching.group_id == context.group_id,
                teaching.role == GroupRole.TEACHER,
                holds(teaching, on),
            ),
        )
        .order_by(LtiIdentity.created_at, LtiIdentity.id)
    )
    # Under the name by which the LMS knew them last.
    return list({row.id: Learner(*row) for row in rows}.values())


def _of(school_id: Any, person_id: Any) -> sa.ColumnElement[bool]:
    return sa.and_(school_id == Person.school_id, person_id == Person.id)


def facts_told(
    session: Session,
    context: Context,
    link: ResourceLink,
    learners: Mapping[UUID, Learner],
    on: date,
) -> dict[UUID, PlanFacts]:
    """Return the facts of the learners of whom the teacher who chose may tell a number."""
    key = (link.school_id, link.chosen_by_id)
    teacher = session.get(Person, key) if link.chosen_by_id is not None else None
    if teacher is None or teacher.state is not PersonState.ACTIVE:
        return {}
    if not teaches(session, teacher, context, on):
        return {}
    facts = gradebook.facts_of(session, school_id=link.school_id, student_ids=learners)
    if link.mode is GradeMode.LESSON and _gives(session, teacher, link):
        return facts
    guided = set(session.scalars(plans_as(teacher, on, *RATING_IN_SCHOOL)))
    return {key: of_plan for key, of_plan in facts.items() if of_plan.plan_id in guided}


def guided_learners(session: Session, context: Context, teacher: Person, on: date) -> int:
    """Return how many learners whom the LMS knows a teacher of this course guides today."""
    ids = [learner.person_id for learner in learners_of(session, context, on)]
    students = sa.select(sa.func.count(LearningPlan.student_id.distinct())).where(
        LearningPlan.school_id == context.school_id,
        LearningPlan.student_id.in_(ids),
        LearningPlan.id.in_(plans_as(teacher, on, *RATING_IN_SCHOOL)),
    )
    return session.scalar(students) or 0


def _gives(session: Session, teacher: Person, link: ResourceLink) -> bool:
    lesson = session.get(SupportLesson, (link.school_id, link.lesson_id))
    return lesson is not None and lesson.teacher_id == teacher.id


def count_of(link: ResourceLink, facts: PlanFacts) -> Count:
    """Return what is confirmed of what, as the link asks."""
    if link.mode is GradeMode.EVIDENCE:
        return gradebook.evidence(facts, pieces=link.pieces or 1)
    if link.mode is GradeMode.LESSON and link.lesson_id is not None:
        return gradebook.lesson(facts, lesson_id=link.lesson_id)
    return gradebook.progress(facts)


def _wish(link: ResourceLink, facts: PlanFacts, count: Count, locale: str | None) -> Wish:
    is_share = link.mode is GradeMode.PROGRESS
    with force_locale(locale or LANGUAGE):
        warning = gettext("This does not count towards a grade.")  # Babel reads no f-strings
        comment = f"{_words(link, count)} {warning}"
    return Wish(
        value=Decimal(count.percentage if is_share else count.confirmed),
        maximum=Decimal(WHOLE if is_share else count.of),
        activity_progress=DONE if facts.is_closed else RUNNING,
        comment=comment,
    )


def _words(link: ResourceLink, count: Count) -> str:
    """Say what the number counts, to the student and the teacher in the LMS."""
    numbers = {"confirmed": count.confirmed, "of": count.of}
    if link.mode is GradeMode.LESSON:
        return gettext("Followed.") if count.confirmed else gettext("Not confirmed yet.")
    if link.mode is GradeMode.EVIDENCE:
        return ngettext(
            "Confirmed: %(confirmed)s of 1 agreed piece.",
            "Confirmed: %(confirmed)s of %(of)s agreed pieces.",
            count.of,
            **numbers,
        )
    return ngettext(
        "Confirmed: %(confirmed)s of 1 goal of your own.",
        "Confirmed: %(confirmed)s of %(of)s goals of your own.",
        count.of,
        **numbers,
    )


def _first_wish(item: LineItem, learner: Learner, wish: Wish, at: datetime) -> ScorePush:
    return ScorePush(
        school_id=item.school_id,
        line_item_id=item.id,
        person_id=learner.person_id,
        subject=learner.subject,
        value=wish.value,
        maximum=wish.maximum,
        activity_progress=wish.activity_progress,
        comment=wish.comment,
        wish=1,
        sent_wish=0,
        state=ScoreState.WAITING,
        due_at=at,
        attempts=0,
    )


def _wish_again(row: ScorePush, learner: Learner, wish: Wish, at: datetime) -> None:
    """Take over a newer wish, and send it: at once, or when the LMS lets us.

    Somebody who was no learner there is tried again when they came back into the course. The same
    wish is not sent twice, unless it was called off.
    """
    before = (row.subject, row.value, row.maximum, row.activity_progress, row.comment)
    now = (learner.subject, wish.value, wish.maximum, wish.activity_progress, wish.comment)
    is_new = before != now
    if is_new:
        row.subject, row.value, row.maximum, row.activity_progress, row.comment = now
        row.wish += 1
    if row.state is ScoreState.WAITING:
        return  # when it is due, the newest wish goes
    if row.state is ScoreState.INACTIVE:
        is_back = row.tried_at is None or learner.since > row.tried_at.date()
        if not is_back and row.error != LEFT:
            return
    elif not is_new and row.error != OFF:
        return
    row.state, row.due_at, row.attempts, row.error = ScoreState.WAITING, at, 0, None
