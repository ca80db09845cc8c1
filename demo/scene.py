"""What every part of one student's story needs: the people, the plan, and what was made so far."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from demo.school_year import SchoolYear
from tracker.evidence import KeptFile
from tracker.models import FrameworkItem, Goal, LearningPlan, Person, Placement, ScaleLevel
from tracker.people import person_by_number

Event = dict[str, Any]
ThingT = TypeVar("ThingT")
MORNING, NOON = time(7, 30, tzinfo=UTC), time(11, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Scene:
    """One student at work: around whom the story goes, and by which names it knows things.

    `people` has s (student), c (coach) and p (praktijkopleider); `levels` the steps 0-3.
    """

    session: Session
    year: SchoolYear
    now: datetime
    student: Person
    plan: LearningPlan
    placement: Placement
    people: dict[str, Person]
    pictures: dict[str, KeptFile]
    items: dict[str, FrameworkItem]
    levels: dict[int, ScaleLevel]
    things: dict[str, Any] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """Return the day on which the story ends."""
        return self.year.today

    def at(self, on: date, hours: int = 0) -> datetime:
        """Return a moment of that day, some hours later, another one for each student and day."""
        minutes = int(self.student.number or "0", 36) * 7 % 90 + on.toordinal() * 13 % 60
        after = timedelta(hours=hours, minutes=minutes)
        return min(datetime.combine(on, MORNING) + after, self.now)

    def who(self, event: Event, key: str = "by") -> Person:
        """Return who does it: one around the plan by letter, or a fellow student by number."""
        name = event.get(key, "s")
        if name in self.people:
            return self.people[name]
        return known(self.session, self.plan.school_id, name)

    def thing(self, event: Event, kind: type[ThingT], key: str = "about") -> ThingT:
        """Return what an earlier event made; raises LookupError for a story that is not sound."""
        found = self.things.get(event[key])
        if not isinstance(found, kind):
            raise LookupError(f"{event[key]} is no {kind.__name__}")
        return found

    def goals(self, event: Event) -> list[Goal]:
        """Return the goals that an event names."""
        return [self.things[name] for name in event.get("goals", [])]

    def served(self, event: Event) -> list[FrameworkItem]:
        """Return the parts of the qualification that an event names."""
        return [self.items[code] for code in event.get("items", [])]


def known(session: Session, school_id: UUID, number: str) -> Person:
    """Return the school's person of this number; raises LookupError when no file has it."""
    found = person_by_number(session, school_id=school_id, number=number)
    if found is None:
        raise LookupError(f"the demo's files have no {number}")
    return found
