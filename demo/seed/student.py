"""One student of a seeded school: the plan, who is around it, and its placements."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from demo.seed import words
from demo.seed.draw import Draw, Rows
from demo.seed.people import add_person
from demo.seed.scenery import Guided, Programme, Scenery
from tracker.models import (
    GroupRole,
    LearningPlan,
    Membership,
    Opportunity,
    Placement,
    PlanMember,
    PlanRole,
    PlanState,
    SchoolRole,
)

DAY = timedelta(days=1)
FEWEST_DAYS = 21  # since the plan began
HOURS_A_DAY = 5


@dataclass(frozen=True, slots=True)
class Stay:
    """A placement and its supervisor, until a day (exclusive)."""

    id: str
    supervisor_id: str
    from_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class Aim:
    """A goal in the making: from its first day until its last; `is_draft` shows it to nobody yet.

    `begins` and `pace` say how the student grows in it, in anchors and anchors a year.
    """

    id: str
    from_on: date
    until_on: date
    is_draft: bool
    begins: float
    pace: float

    def anchor(self, draw: Draw, on: date) -> int:
        """Return what somebody sees on a day: growth, and how people differ."""
        grown = self.begins + self.pace * (on - self.from_on).days / 365
        return max(0, min(3, int(grown + draw.uniform(-0.7, 0.7))))


@dataclass(slots=True)
class Life:
    """One student's plan as it is being made; `on` is the last day on which something happened."""

    draw: Draw
    rows: Rows
    scenery: Scenery
    guided: Guided
    student_id: str
    plan_id: str
    starts_on: date
    on: date
    levels: Sequence[str]
    programme: Programme | None
    others: tuple[str, ...]
    stays: list[Stay] = field(default_factory=list)
    aims: list[Aim] = field(default_factory=list)

    def moment(self, on: date, after: datetime | None = None) -> datetime:
        """Return a moment of a day, but not before another one."""
        at = self.draw.moment(on)
        return at if after is None or at > after else after + timedelta(minutes=5)

    def add(self, model: Any, **values: Any) -> str:
        """Add a row of the plan under a new id; returns that."""
        row_id = self.draw.new_id()
        self.rows.add(model, id=row_id, **values)
        return row_id

    def stay_on(self, on: date) -> Stay | None:
        """Return the placement that runs on a day."""
        return next((stay for stay in self.stays if stay.from_on <= on < stay.until_on), None)

    def aims_on(self, on: date) -> list[Aim]:
        """Return the goals that the student works at on a day."""
        return [aim for aim in self.aims if aim.from_on <= on <= aim.until_on and not aim.is_draft]


def begin(draw: Draw, rows: Rows, scenery: Scenery, guided: Guided, number: int) -> Life:
    """Let a student come, on a day of their own, with a plan and placements."""
    yesterday = scenery.on - DAY
    starts_on = draw.between(scenery.began_on, scenery.on - FEWEST_DAYS * DAY)
    student_id, _ = add_person(
        draw, rows, scenery.slug, f"gezaaid-{number:06}", SchoolRole.STUDENT, starts_on
    )
    rows.add(
        Membership,
        id=draw.new_id(),
        group_id=guided.group_id,
        person_id=student_id,
        role=GroupRole.STUDENT.value,
        from_on=starts_on,
    )
    is_orientation = draw.chance(0.15)
    programme = None if is_orientation else draw.choice(scenery.programmes)
    # One in five stopped doing things some weeks ago.
    quiet = draw.randint(10, 70) if draw.chance(0.2) else 0
    life = Life(
        draw=draw,
        rows=rows,
        scenery=scenery,
        guided=guided,
        student_id=student_id,
        plan_id=draw.new_id(),
        starts_on=starts_on,
        on=max(yesterday - quiet * DAY, starts_on),
        levels=draw.choice(scenery.scales),
        programme=programme,
        others=programme.others if programme else words.TRADES[number % 3][1],
    )
    _plan(life, life.plan_id, PlanState.ACTIVE, starts_on)
    if draw.chance(0.08):  # who began with something else
        _plan(life, draw.new_id(), PlanState.CLOSED, starts_on)
    _placements(life)
    return life


def _plan(life: Life, plan_id: str, state: PlanState, starts_on: date) -> None:
    is_open, at = state is PlanState.ACTIVE, life.draw.moment(starts_on)
    title = None
    if not is_open or life.programme is None:
        title = life.draw.choice(words.FINDING_OUT)
    elif life.draw.chance(0.3):
        title = "Mijn eigen route"
    life.rows.add(
        LearningPlan,
        id=plan_id,
        student_id=life.student_id,
        framework_id=life.programme.framework_id if is_open and life.programme else None,
        title=title,
        state=state.value,
        starts_on=starts_on,
        created_at=at,
    )
    for person_id, role in (
        (life.student_id, PlanRole.STUDENT),
        (life.guided.coach_id, PlanRole.COACH),
    ):
        life.add(
            PlanMember,
            plan_id=plan_id,
            person_id=person_id,
            role=role.value,
            coach_group_id=life.guided.coach_group_id if role is PlanRole.COACH else None,
            from_on=starts_on,
            created_at=at,
        )


def _placements(life: Life) -> None:
    """Add placements one after another, into the coming months."""
    draw, today = life.draw, life.scenery.on
    from_on = life.starts_on + draw.randint(45, 200) * DAY
    while from_on < today + 60 * DAY:
        until_on = from_on + draw.randint(60, 160) * DAY
        company_id, supervisor_id = draw.choice(life.scenery.companies)
        at = draw.moment(max(life.starts_on, min(from_on, today) - 14 * DAY))
        at = min(at, draw.moment(today - DAY))
        placement_id = life.add(
            Placement,
            plan_id=life.plan_id,
            company_id=company_id,
            from_on=from_on,
            until_on=until_on,
            planned_hours=HOURS_A_DAY * (until_on - from_on).days,
            created_at=at,
        )
        life.add(
            PlanMember,
            plan_id=life.plan_id,
            person_id=supervisor_id,
            role=PlanRole.SUPERVISOR.value,
            placement_id=placement_id,
            from_on=from_on,
            until_on=until_on,
            created_at=at,
        )
        stay = Stay(placement_id, supervisor_id, from_on, until_on)
        life.stays.append(stay)
        if life.programme and from_on < today and draw.chance(0.4):
            _opportunities(life, stay, life.programme)
        from_on = until_on + draw.randint(20, 150) * DAY


def _opportunities(life: Life, stay: Stay, programme: Programme) -> None:
    said_at = life.moment(min(stay.from_on + 3 * DAY, life.scenery.on - DAY))
    for item_id in life.draw.sample(programme.item_ids, min(4, len(programme.item_ids))):
        life.add(
            Opportunity,
            placement_id=stay.id,
            item_id=item_id,
            is_possible=life.draw.chance(0.8),
            by_id=stay.supervisor_id,
            said_at=said_at,
        )
