"""Asking somebody to look, and answering: every request is a throw that needs a catcher."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.models import FeedbackRequest, Person, RequestState


def settle(
    session: Session,
    *,
    by: Person,
    at: datetime,
    goal_id: UUID | None = None,
    evidence_id: UUID | None = None,
    question_id: UUID | None = None,
) -> None:
    """Let what somebody says about a thing answer the open requests to them about that thing."""
    about = {
        FeedbackRequest.goal_id: goal_id,
        FeedbackRequest.evidence_id: evidence_id,
        FeedbackRequest.question_id: question_id,
    }
    session.execute(
        sa.update(FeedbackRequest)
        .where(
            FeedbackRequest.school_id == by.school_id,
            FeedbackRequest.to_id == by.id,
            FeedbackRequest.state == RequestState.OPEN,
            sa.or_(*(column == key for column, key in about.items() if key is not None)),
        )
        .values(state=RequestState.ANSWERED, closed_at=at)
    )
