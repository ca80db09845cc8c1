"""The goals of a student of a seeded school: their versions, who agreed, and how they ended."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from demo.seed import words
from demo.seed.student import DAY, Aim, Life
from tracker.models import (
    Control,
    Goal,
    GoalAgreement,
    GoalClosing,
    GoalItem,
    GoalKind,
    GoalState,
    GoalVersion,
    Outcome,
    PlanRole,
    Tailoring,
)

FEWEST, MOST = 2, 5


def aim(life: Life) -> None:
    """Let the student set goals, one of which they work at."""
    for _ in range(life.draw.randint(FEWEST, MOST)):
        _goal(life)


def _goal(life: Life) -> None:
    """Add a goal with its versions, who stands behind them, and perhaps its closing."""
    draw = life.draw
    from_on = draw.between(life.starts_on, life.on)
    age = (life.on - from_on).days
    is_closed = bool(life.aims) and age > 90 and draw.chance(0.55)  # noqa: PLR2004 - days
    is_draft = bool(life.aims) and not is_closed and draw.chance(0.06)
    until_on = draw.between(from_on + 60 * DAY, life.on) if is_closed else life.on
    items: Sequence[str] = ()
    if life.programme and draw.chance(0.8):
        wanted = min(draw.randint(1, 2), len(life.programme.item_ids))
        items = sorted(draw.sample(life.programme.item_ids, wanted))
    goal_id = draw.new_id()
    begun_at = life.moment(from_on)
    edits = 1 if is_draft else draw.choice((1, 1, 2, 3))
    written = [begun_at]
    for day in sorted(draw.between(from_on, until_on) for _ in range(edits - 1)):
        written.append(life.moment(day, after=written[-1]))
    said = _versions(life, goal_id, items, written, is_agreed=not is_draft)
    changed_at, ending = written[-1], {}
    if is_closed:
        outcome = draw.choice((Outcome.REACHED, Outcome.REACHED, Outcome.STOPPED, Outcome.MOVED))
        changed_at = life.moment(until_on, after=written[-1])
        ending = {"outcome": outcome.value, "closed_at": changed_at}
        life.add(GoalClosing, goal_id=goal_id, words=draw.choice(words.LEARNED), **ending)
        ending["closing_words"] = draw.choice(words.LEARNED)
    state = GoalState.DRAFT if is_draft else GoalState.CLOSED if is_closed else GoalState.ACTIVE
    life.rows.add(
        Goal,
        id=goal_id,
        plan_id=life.plan_id,
        kind=GoalKind.GOAL.value,
        state=state.value,
        version=len(written),
        created_at=begun_at,
        changed_at=changed_at,
        **said,
        **ending,
    )
    for item_id in items:
        life.rows.add(GoalItem, goal_id=goal_id, item_id=item_id)
    life.aims.append(
        Aim(goal_id, from_on, until_on, is_draft, draw.uniform(0, 1.6), draw.uniform(0.2, 2.2))
    )


def _versions(
    life: Life, goal_id: str, items: Sequence[str], written: Sequence[datetime], *, is_agreed: bool
) -> dict[str, Any]:
    """Add what the goal said from each of these moments on; returns what it says now."""
    draw = life.draw
    title, question = words.goal(draw, life.others)
    control, tailoring = draw.choice(list(Control)), draw.choice(list(Tailoring))
    said: dict[str, Any] = {}
    for number, at in enumerate(written, 1):
        aims_at = draw.random()
        said = {
            "title": title,
            "question": question,
            "success": draw.choice(words.SUCCESS),
            "approach": draw.choice(words.APPROACH),
            "target_anchor": draw.randint(1, 3) if aims_at < 0.8 else None,  # noqa: PLR2004 - a share
            "target_on": at.date() + draw.randint(40, 300) * DAY if aims_at < 0.6 else None,  # noqa: PLR2004 - a share
            "control": control.value,
            "tailoring": tailoring.value,
        }
        life.add(
            GoalVersion,
            goal_id=goal_id,
            number=number,
            by_id=life.student_id,
            items=json.dumps({"ids": [_as_uuid(item) for item in items]}),
            written_at=at,
            **said,
        )
        who = [(life.student_id, PlanRole.STUDENT)]
        if is_agreed:
            who.append((life.guided.coach_id, PlanRole.COACH))
        for person_id, role in who:
            life.add(
                GoalAgreement,
                goal_id=goal_id,
                version=number,
                by_id=person_id,
                role=role.value,
                agreed_at=at + timedelta(minutes=1),
            )
    return said


def _as_uuid(text: str) -> str:
    """Write an id of 32 hexadecimal digits with hyphens, as JSON keeps it here."""
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
