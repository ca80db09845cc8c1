"""What was judged, as one reader sees it: the raw word, who and as what, and what came after."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from tracker.columns import Record
from tracker.db import among
from tracker.models import (
    Aspect,
    Evidence,
    EvidenceState,
    EvidenceVersion,
    FrameworkItem,
    Judgement,
    JudgementPromotion,
    JudgementSignature,
    Person,
    PlanRole,
    Purpose,
    Recording,
    ScaleLevel,
)
from tracker.permissions import TODAY, VISIBLE, given, once_for_reader, stand_in, visible


@dataclass(frozen=True, slots=True)
class SeenJudgement:
    """A judgement with what a reader needs beside it: the raw word, its anchor, who and as what.

    `evidence_version` is what the piece said when it was judged; `is_edited`: it says something
    else now; `is_withdrawn`: the student took it back. `recording_id` is the voice message.
    """

    id: UUID
    goal_id: UUID | None
    item_id: UUID | None
    item_code: str | None
    item_title: str | None
    evidence_id: UUID | None
    evidence_version: int | None
    is_edited: bool
    is_withdrawn: bool
    by_id: UUID
    role: PlanRole
    name: str
    given_name: str
    level_id: UUID
    anchor: int
    label: str
    aspect: Aspect | None
    words: str | None
    observed_on: date
    recorded_at: datetime
    signed_at: datetime | None
    promoted_at: datetime | None
    promotion_reason: str | None
    placement_id: UUID | None
    recording_id: UUID | None

    @property
    def purpose(self) -> Purpose:
        """Return what it counts for: formative, until it was promoted."""
        return Purpose.FORMATIVE if self.promoted_at is None else Purpose.QUALIFYING


def judgements_seen(
    session: Session,
    *,
    plan_id: UUID,
    person: Person,
    on: date,
    ids: Sequence[UUID] | None = None,
    evidence_ids: Sequence[UUID] | None = None,
) -> Sequence[SeenJudgement]:
    """Return the judgements in a plan that this person may see, newest first.

    With `ids` or `evidence_ids` only these, and those of these pieces.
    """
    asked: dict[str, Any] = {**given(person, on), "plan": plan_id}
    if ids is None and evidence_ids is None:
        query = _seen(stand_in(person), TODAY)
    else:
        query = _some(stand_in(person), TODAY, session.get_bind().dialect.name)
        asked |= {"judgements": list(ids or ()), "pieces": list(evidence_ids or ())}
    rows = [row._asdict() for row in session.execute(query, asked)]
    spoken = [row["id"] for row in rows if row.pop("is_spoken")]
    voices = _voices(session, person, on, spoken) if spoken else {}
    return [SeenJudgement(**row, recording_id=voices.get(row["id"])) for row in rows]


@once_for_reader
def _seen(person: Person, on: date) -> sa.Select[Any]:
    """Select the judgements of a plan, its id given as `plan`, newest first."""
    newest = (
        sa.select(sa.func.max(EvidenceVersion.number))
        .where(
            EvidenceVersion.school_id == Judgement.school_id,
            EvidenceVersion.evidence_id == Judgement.evidence_id,
        )
        .correlate(Judgement)
        .scalar_subquery()
    )
    columns: list[Any] = [
        Judgement.id,
        Judgement.goal_id,
        Judgement.item_id,
        FrameworkItem.code.label("item_code"),
        FrameworkItem.title.label("item_title"),
        Judgement.evidence_id,
        Judgement.evidence_version,
        sa.func.coalesce(newest > Judgement.evidence_version, sa.false()).label("is_edited"),
        sa.func.coalesce(Evidence.state == EvidenceState.WITHDRAWN, sa.false()).label(
            "is_withdrawn"
        ),
        Judgement.by_id,
        Judgement.role,
        Person.name,
        Person.given_name,
        Judgement.level_id,
        ScaleLevel.anchor,
        ScaleLevel.label,
        Judgement.aspect,
        Judgement.words,
        Judgement.observed_on,
        Judgement.recorded_at,
        JudgementSignature.signed_at,
        JudgementPromotion.promoted_at,
        JudgementPromotion.reason.label("promotion_reason"),
        Judgement.placement_id,
        sa.exists()
        .where(Recording.school_id == Judgement.school_id, Recording.judgement_id == Judgement.id)
        .label("is_spoken"),
    ]
    found = (
        sa.select(*columns)
        .join(ScaleLevel, _is(ScaleLevel, Judgement.level_id))
        .join(Person, _is(Person, Judgement.by_id))
        .outerjoin(FrameworkItem, _is(FrameworkItem, Judgement.item_id))
        .outerjoin(Evidence, _is(Evidence, Judgement.evidence_id))
        .outerjoin(JudgementSignature, _of(JudgementSignature))
        .outerjoin(JudgementPromotion, _of(JudgementPromotion))
        .where(
            Judgement.school_id == person.school_id,
            Judgement.plan_id == sa.bindparam("plan", type_=sa.Uuid()),
            VISIBLE[Judgement](person, on),
        )
    )
    newest_first = (
        Judgement.observed_on.desc(),
        Judgement.recorded_at.desc(),
        Judgement.id.desc(),
    )
    return found.order_by(*newest_first)


@once_for_reader
def _some(person: Person, on: date, dialect: str) -> sa.Select[Any]:
    """Select those whose ids are given as `judgements`, and those of the given `pieces`."""
    return _seen(person, on).where(
        sa.or_(
            among(Judgement.id, "judgements", dialect),
            among(Judgement.evidence_id, "pieces", dialect),
        )
    )


def by_subject(seen: Sequence[SeenJudgement]) -> dict[UUID, list[SeenJudgement]]:
    """Return the judgements about each goal, item and piece, in the order in which they came."""
    found: dict[UUID, list[SeenJudgement]] = defaultdict(list)
    for judgement in seen:
        for key in (judgement.goal_id, judgement.item_id, judgement.evidence_id):
            if key is not None:
                found[key].append(judgement)
    return found


def _is(model: type[Record], key: InstrumentedAttribute[Any]) -> sa.ColumnElement[bool]:
    return sa.and_(model.school_id == Judgement.school_id, model.id == key)


def _of(
    model: type[JudgementSignature | JudgementPromotion],
) -> sa.ColumnElement[bool]:
    return sa.and_(model.school_id == Judgement.school_id, model.judgement_id == Judgement.id)


def _voices(
    session: Session, person: Person, on: date, judgement_ids: Sequence[UUID]
) -> dict[UUID, UUID]:
    """Return the voice messages that this person may hear, by judgement."""
    rows = session.scalars(
        visible(Recording, person=person, on=on).where(Recording.judgement_id.in_(judgement_ids))
    )
    return {recording.judgement_id: recording.id for recording in rows}
