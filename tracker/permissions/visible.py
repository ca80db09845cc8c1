"""Who may see which record: `VISIBLE`, a predicate for each kind; `find` turns ids into records."""

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session

from tracker import audit
from tracker.columns import Record
from tracker.errors import NotFound
from tracker.models import (
    Absence,
    Activity,
    ActivityItem,
    Attachment,
    CoachGroup,
    Comment,
    Company,
    Conversation,
    Evidence,
    EvidenceShare,
    FeedbackRequest,
    Framework,
    FrameworkItem,
    Goal,
    Group,
    Holiday,
    ItemMeaning,
    Judgement,
    JudgementDraft,
    LearningPlan,
    LearningQuestion,
    LearningUnit,
    LessonChoice,
    Opportunity,
    Person,
    Placement,
    Recording,
    Scale,
    ScaleLevel,
    Snooze,
    SupportLesson,
)
from tracker.permissions.conditions import TODAY, Condition, given, once_for_reader, stand_in
from tracker.permissions.evidence import (
    piece_in_circle,
    see_attachment,
    see_evidence,
    see_share,
    share_in_circle,
)
from tracker.permissions.judgements import (
    judgement_in_circle,
    see_draft,
    see_judgement,
    see_recording,
)
from tracker.permissions.places import is_administrator
from tracker.permissions.plans import (
    see_activity,
    see_goal,
    see_in_school,
    see_lesson_choice,
    see_opportunity,
    see_person,
    see_placement,
    see_plan,
    see_snooze,
)
from tracker.permissions.threads import request_in_circle, see_comment, see_question, see_request

RecordT = TypeVar("RecordT", bound=Record)


def _see_as_anyone(_person: Person, _on: date) -> Condition:
    return sa.true()


VISIBLE: dict[type[Record], Callable[[Person, date], Condition]] = {
    Person: see_person,
    LearningPlan: see_plan,
    Goal: see_goal,
    Placement: see_placement,
    Evidence: see_evidence,
    EvidenceShare: see_share,
    Attachment: see_attachment,
    Judgement: see_judgement,
    JudgementDraft: see_draft,
    Recording: see_recording,
    LearningUnit: see_in_school(LearningUnit),
    Conversation: see_in_school(Conversation),
    Absence: see_in_school(Absence),
    Opportunity: see_opportunity,
    Snooze: see_snooze,
    LearningQuestion: see_question,
    FeedbackRequest: see_request,
    Comment: see_comment,
    Activity: see_activity,
    LessonChoice: see_lesson_choice,
    Group: is_administrator,
    CoachGroup: is_administrator,
    ActivityItem: is_administrator,
    ItemMeaning: is_administrator,
    # The school's catalogue says nothing about a person.
    Framework: _see_as_anyone,
    FrameworkItem: _see_as_anyone,
    Scale: _see_as_anyone,
    ScaleLevel: _see_as_anyone,
    SupportLesson: _see_as_anyone,
    Company: _see_as_anyone,
    Holiday: _see_as_anyone,
}


# What the school's circle (coach, core team and administrators) sees of a plan that it is known to
# see. `VISIBLE` says the same of them, and asks for each row whether its plan is one of theirs.
CIRCLE: dict[type[Record], Callable[[Person, date], Condition]] = {
    Goal: _see_as_anyone,
    Placement: _see_as_anyone,
    Opportunity: _see_as_anyone,
    EvidenceShare: share_in_circle,
    Evidence: piece_in_circle,
    Judgement: judgement_in_circle,
    LearningQuestion: _see_as_anyone,
    FeedbackRequest: request_in_circle,
    Conversation: _see_as_anyone,
    Absence: _see_as_anyone,
    Activity: _see_as_anyone,  # of the plan's student
}


def visible(model: type[RecordT], *, person: Person, on: date) -> sa.Select[RecordT]:
    """Select the records of one kind that this person may see on this day."""
    return sa.select(model).where(model.school_id == person.school_id, VISIBLE[model](person, on))


def find(session: Session, model: type[RecordT], key: UUID, *, person: Person, on: date) -> RecordT:
    """Return one record that this person may see, and log the look; raises NotFound.

    To hold a record is to be allowed to read it: only here an id from outside becomes a record.
    """
    asked = {**given(person, on), "key": key}
    record: RecordT | None = session.scalar(_named(stand_in(person), TODAY, model), asked)
    if record is None:
        raise NotFound(f"{model.__name__} not found")
    audit.look_at_record(session, by=person, record=record)
    return record


@once_for_reader
def _named(person: Person, on: date, model: type[Record]) -> sa.Select[Any]:
    """Select the one that a reader may see, its id given as `key`."""
    return visible(model, person=person, on=on).where(
        model.id == sa.bindparam("key", type_=sa.Uuid())
    )


def lock(session: Session, record: Record) -> None:
    """Read a record again and hold it until this unit of work ends, so that one edits at a time.

    Raises NotFound when it went while we waited for it.
    """
    try:
        session.refresh(record, with_for_update=True)
    except InvalidRequestError:
        raise NotFound(f"{type(record).__name__} not found") from None
