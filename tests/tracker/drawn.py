"""One goal, drawn for tests: people, days, and judgements by hand."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from tracker.facts import (
    JudgementFact,
    PlacementFact,
    Rater,
    Thresholds,
)
from tracker.spoor import Drawing, Ribbon, Size, draw

ON = date(2026, 11, 19)
SELF, COACH, SUPERVISOR, SECOND_SUPERVISOR, TEACHER = (UUID(int=number) for number in range(11, 16))
ROLES = {
    SELF: Rater.SELF,
    COACH: Rater.COACH,
    SUPERVISOR: Rater.SUPERVISOR,
    SECOND_SUPERVISOR: Rater.SUPERVISOR,
    TEACHER: Rater.OTHER,
}
LIMITS = Thresholds()
GOAL = UUID(int=2)
EDGE = {Size.MINI: (7, 101), Size.LIST: (2, 98), Size.LARGE: (1.6, 98.4)}
ROWS = {Size.MINI: (30, 22, 14, 6), Size.LIST: (54, 39, 24, 9), Size.LARGE: (166, 126, 86, 46)}
numbers = count(1000)


def ago(days: int) -> date:
    return ON - timedelta(days)


def judgement(by: UUID, anchor: int, days: int) -> JudgementFact:
    number = next(numbers)
    return JudgementFact(
        id=UUID(int=number),
        by=ROLES[by],
        by_id=by,
        anchor=anchor,
        label="goed",
        observed_on=ago(days),
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
        goal_ids=frozenset({GOAL}),
    )


def drawn(*judgements: JudgementFact, size: Size = Size.LIST, **more: Any) -> Drawing:
    return draw(judgements, on=ON, limits=LIMITS, size=size, **more)


def stay(since: int, until: int, company: str = "De Es") -> PlacementFact:
    return PlacementFact(UUID(int=3), company, ago(since), ago(until))


def points(ribbon: Ribbon) -> list[tuple[float, float]]:
    """Return every point of an outline, control points too."""
    assert re.fullmatch(r"M[-\d. ]+([LC][-\d. ]+)+Z", ribbon.path)
    values = [float(number) for number in re.findall(r"-?[\d.]+", ribbon.path)]
    return list(zip(values[::2], values[1::2], strict=True))
