"""Scales: the school's own words, each mapped to one of four anchors.

The anchors make scales comparable without pretending they are one: 0 nog niet, 1 met hulp,
2 zelfstandig, 3 ook in een nieuwe situatie. "Nog niet gezien" is no level: it is no judgement.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracker import audit
from tracker.errors import Conflict, Invalid
from tracker.models import LearningPlan, Person, Scale, ScaleLevel, School
from tracker.permissions import Action, require

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
FEWEST_LEVELS, MOST_LEVELS = 2, 10
# No version comes before the one before it, so a day by mistake could hold up all later ones.
FARTHEST = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Level:
    """A level as a school writes it: its word, what it means, and its anchor (0-3)."""

    label: str
    description: str | None
    anchor: int


def add_shipped_scales(session: Session, *, school_id: UUID, at: datetime) -> None:
    """Give a new school the shipped scales; the anchors themselves are its default."""
    for code, (name, levels) in SHIPPED.items():
        scale = Scale(
            school_id=school_id,
            code=code,
            version=1,
            name=name,
            is_default=code == "anchors",
            for_plans_from=None,
            created_at=at,
        )
        _add(session, scale, [Level(label, None, anchor) for label, anchor in levels])


def add_scale(
    session: Session,
    *,
    by: Person,
    code: str,
    name: str,
    levels: Sequence[Level],
    is_default: bool,
    for_plans_from: date | None = None,
    on: date,
    at: datetime,
) -> Scale:
    """Add a scale of the school's own, for plans that start on or after a day (None: for all).

    Raises Conflict when the code is taken: a change of that scale is a new version of it.
    """
    require(session, by, Action.CHANGE_SCALES, on=on)
    _check_levels(levels)
    if for_plans_from is not None and for_plans_from > on + FARTHEST:
        raise Invalid(for_plans_from="date.too_far")
    scale = Scale(
        school_id=by.school_id,
        code=code,
        version=1,
        name=name,
        is_default=is_default,
        for_plans_from=for_plans_from,
        created_at=at,
    )
    if not _added(session, scale, levels):
        raise Conflict("scale.code_taken")
    audit.record(session, by=by, verb="added scale", subject=scale, at=at)
    return scale


def change_scale(
    session: Session,
    *,
    by: Person,
    scale: Scale,
    name: str,
    levels: Sequence[Level],
    is_default: bool,
    for_plans_from: date,
    on: date,
    at: datetime,
) -> Scale:
    """Add the next version of a scale, for plans that start on or after a day.

    Plans that started before keep their version, and old judgements keep their words. `scale` is
    the newest version; raises Conflict when it no longer is.
    """
    require(session, by, Action.CHANGE_SCALES, on=on)
    _check_levels(levels)
    if for_plans_from > on + FARTHEST:
        raise Invalid(for_plans_from="date.too_far")
    if scale.for_plans_from is not None and for_plans_from < scale.for_plans_from:
        raise Invalid(for_plans_from="scale.before_previous")
    changed = Scale(
        school_id=scale.school_id,
        code=scale.code,
        version=scale.version + 1,
        name=name,
        is_default=is_default,
        for_plans_from=for_plans_from,
        created_at=at,
    )
    if not _added(session, changed, levels):
        raise Conflict("scale.changed")
    audit.record(
        session, by=by, verb="changed scale", subject=changed, at=at, version=changed.version
    )
    return changed


def _check_levels(levels: Sequence[Level]) -> None:
    if not FEWEST_LEVELS <= len(levels) <= MOST_LEVELS:
        raise Invalid(levels="scale.number_of_levels")
    if any(level.anchor not in range(len(ANCHORS)) for level in levels):
        raise Invalid(levels="anchor.unknown")
    anchors = [level.anchor for level in levels]
    if anchors != sorted(anchors):
        raise Invalid(levels="scale.not_rising")
    if len({level.label.casefold() for level in levels}) < len(levels):
        raise Invalid(levels="scale.same_words")


def _added(session: Session, scale: Scale, levels: Sequence[Level]) -> bool:
    """Add a scale unless this version of this code is there already; says whether it did."""
    try:
        with session.begin_nested():
            _add(session, scale, levels)
    except IntegrityError:
        return False
    return True


def _add(session: Session, scale: Scale, levels: Sequence[Level]) -> None:
    session.add(scale)
    session.flush()
    session.add_all(
        ScaleLevel(
            school_id=scale.school_id,
            scale_id=scale.id,
            position=number,
            label=level.label,
            description=level.description,
            anchor=level.anchor,
        )
        for number, level in enumerate(levels)
    )
    session.flush()


def set_blind_rating(
    session: Session, *, by: Person, school: School, blind: bool, on: date, at: datetime
) -> None:
    """Let raters in the school look for themselves before they see what others saw, or not."""
    require(session, by, Action.CHANGE_SCALES, on=on)
    if school.blind_rating == blind:
        return
    session.execute(sa.update(School).where(School.id == by.school_id).values(blind_rating=blind))
    verb = "switched blind rating on" if blind else "switched blind rating off"
    audit.record(session, by=by, verb=verb, subject=by, at=at)


def all_scales(session: Session, *, school_id: UUID) -> Sequence[Scale]:
    """Return every version of every scale of a school, by code, oldest version first."""
    return session.scalars(
        sa.select(Scale).where(Scale.school_id == school_id).order_by(Scale.code, Scale.version)
    ).all()


def scales_for(session: Session, plan: LearningPlan) -> Sequence[Scale]:
    """Return the scales in force for a plan, one version of each code; the default first.

    A version holds for plans that start on or after its day, until a newer version does.
    """
    return in_force(all_scales(session, school_id=plan.school_id), starts_on=plan.starts_on)


def in_force(scales: Iterable[Scale], *, starts_on: date) -> Sequence[Scale]:
    """Return which of a school's scales hold for plans that start on this day; default first.

    Of several defaults the one with the newest cohort day counts.
    """
    newest: dict[str, Scale] = {}
    for scale in sorted(scales, key=lambda scale: (scale.code, scale.version)):
        if scale.for_plans_from is None or scale.for_plans_from <= starts_on:
            newest[scale.code] = scale
    holding = list(newest.values())
    defaults = [scale for scale in holding if scale.is_default]
    if defaults:
        default = max(defaults, key=lambda s: (s.for_plans_from or date.min, s.created_at, s.id))
        holding.sort(key=lambda scale: scale is not default)
    return holding


def default_levels(
    session: Session, *, school_id: UUID, plan: LearningPlan | None = None
) -> Sequence[ScaleLevel]:
    """Return the levels that pages offer for a plan, lowest first.

    Without a plan: those for a plan that would start after every cohort day.
    """
    starts_on = plan.starts_on if plan else date.max
    found = in_force(all_scales(session, school_id=school_id), starts_on=starts_on)
    return levels_of(session, found[0]) if found else []


def levels_of(session: Session, *scales: Scale) -> Sequence[ScaleLevel]:
    """Return the levels of scales, lowest first."""
    return session.scalars(
        sa.select(ScaleLevel)
        .where(
            ScaleLevel.school_id.in_({scale.school_id for scale in scales}),
            ScaleLevel.scale_id.in_([scale.id for scale in scales]),
        )
        .order_by(ScaleLevel.scale_id, ScaleLevel.position)
    ).all()
