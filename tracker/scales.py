"""Scales: the school's own words, each mapped to one of four anchors.

The anchors make scales comparable without pretending they are one: 0 nog niet, 1 met hulp,
2 zelfstandig, 3 ook in een nieuwe situatie. "Nog niet gezien" is no level: it is no judgement.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.models import Scale, ScaleLevel

# Shipped with every school. The labels are data of the school, so in its language.
ANCHORS = ("nog niet", "met hulp", "zelfstandig", "ook in een nieuwe situatie")
SHIPPED: dict[str, tuple[str, Sequence[tuple[str, int]]]] = {
    "anchors": ("De vier stappen", [(label, anchor) for anchor, label in enumerate(ANCHORS)]),
    "practice": (
        "Nooit tot goed",
        [("nooit", 0), ("oefenen", 1), ("voldoende", 2), ("goed", 3)],
    ),
    "three_words": ("Drie woorden", [("onvoldoende", 1), ("voldoende", 2), ("goed", 3)]),
}


def add_shipped_scales(session: Session, *, school_id: UUID, at: datetime) -> None:
    """Give a new school the shipped scales; the anchors themselves are its default."""
    for code, (name, levels) in SHIPPED.items():
        scale = Scale(
            school_id=school_id,
            code=code,
            version=1,
            name=name,
            is_default=code == "anchors",
            created_at=at,
        )
        session.add(scale)
        session.flush()
        session.add_all(
            ScaleLevel(
                school_id=school_id, scale_id=scale.id, position=number, label=label, anchor=anchor
            )
            for number, (label, anchor) in enumerate(levels)
        )
    session.flush()


def default_levels(session: Session, *, school_id: UUID) -> Sequence[ScaleLevel]:
    """Return the levels of the school's default scale, lowest first."""
    return session.scalars(
        sa.select(ScaleLevel)
        .join(
            Scale,
            sa.and_(Scale.school_id == ScaleLevel.school_id, Scale.id == ScaleLevel.scale_id),
        )
        .where(Scale.school_id == school_id, Scale.is_default)
        .order_by(ScaleLevel.position)
    ).all()
