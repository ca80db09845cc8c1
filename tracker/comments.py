"""Talking about one thing in writing: comments are added, perhaps taken back, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.clocks import SeenRequest, requests_seen
from tracker.errors import Conflict, NotAllowed
from tracker.models import Comment, Evidence, FeedbackRequest, Goal, Person, PlanRole
from tracker.permissions import VISIBLE, Action, Condition, find, lock, require
from tracker.plans import check_open, plan_of
from tracker.requests import IN_SCHOOL, Subject, about, settle


def add_comment(
    session: Session, *, by: Person, subject: Subject, words: str, on: date, at: datetime
) -> Comment:
    """Say something about a thing that one sees; it answers the open requests to the writer.

    What is said about a goal stays in the school; others speak of the piece they were shown.
    """
    plan = plan_of(session, subject)
    granted = require(session, by, Action.COMMENT, on=on, plan_id=plan.id)
    role = next(role for role in PlanRole if role in granted)
    if isinstance(subject, Goal) and role not in IN_SCHOOL:
        raise NotAllowed("said about a goal in the school only")
    check_open(plan)
    if isinstance(subject, Evidence):
        # Its student takes it back before or after, never in between.
        lock(session, subject)
        find(session, Evidence, subject.id, person=by, on=on)
    comment = Comment(
        school_id=plan.school_id,
        plan_id=plan.id,
        by_id=by.id,
        role=role,
        words=words,
        written_at=at,
        **about(subject),
    )
    session.add(comment)
    session.flush()
    settle(session, by=by, at=at, **about(subject))
    audit.record(session, by=by, verb="commented", subject=comment, plan_id=plan.id, at=at)
    session.flush()
    return comment


def withdraw_comment(
    session: Session, *, by: Person, comment: Comment, on: date, at: datetime
) -> None:
    """Take back an own comment: its words are shown to nobody any more."""
    require(session, by, Action.COMMENT, on=on, plan_id=comment.plan_id)
    if comment.by_id != by.id:
        raise NotAllowed("somebody else's comment")
    lock(session, comment)
    if comment.withdrawn_at is not None:
        raise Conflict("comment.withdrawn")
    comment.withdrawn_at = at
    audit.record(
        session, by=by, verb="took back comment", subject=comment, plan_id=comment.plan_id, at=at
    )
    session.flush()


@dataclass(frozen=True, slots=True)
class SeenComment:
    """A comment with its writer; `words` is None once it was taken back."""

    id: UUID
    plan_id: UUID
    goal_id: UUID | None
    evidence_id: UUID | None
    question_id: UUID | None
    by_id: UUID
    name: str
    given_name: str
    role: PlanRole
    words: str | None
    written_at: datetime
    withdrawn_at: datetime | None

    @property
    def at(self) -> datetime:
        """Return when it was written, its place in a thread."""
        return self.written_at


def comments_seen(
    session: Session, *, person: Person, on: date, where: Sequence[Condition]
) -> Sequence[SeenComment]:
    """Return the comments that this person may see, oldest first; in one query."""
    rows = session.execute(
        sa.select(Comment, Person.name, Person.given_name)
        .join(Person, sa.and_(Person.school_id == Comment.school_id, Person.id == Comment.by_id))
        .where(Comment.school_id == person.school_id, VISIBLE[Comment](person, on), *where)
        .order_by(Comment.written_at, Comment.id)
    )
    return [
        SeenComment(
            id=comment.id,
            plan_id=comment.plan_id,
            goal_id=comment.goal_id,
            evidence_id=comment.evidence_id,
            question_id=comment.question_id,
            by_id=comment.by_id,
            name=name,
            given_name=given_name,
            role=comment.role,
            words=None if comment.withdrawn_at else comment.words,
            written_at=comment.written_at,
            withdrawn_at=comment.withdrawn_at,
        )
        for comment, name, given_name in rows
    ]


def thread(
    session: Session, *, subject: Subject, person: Person, on: date
) -> list[SeenComment | SeenRequest]:
    """Return what was asked and said about a thing, as far as this person may see; oldest first."""
    ((name, key),) = about(subject).items()
    comments = comments_seen(session, person=person, on=on, where=[getattr(Comment, name) == key])
    requests = requests_seen(
        session, person=person, on=on, where=[getattr(FeedbackRequest, name) == key]
    )
    return sorted([*comments, *requests], key=lambda entry: (entry.at, entry.id))
