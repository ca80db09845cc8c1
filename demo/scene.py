"""What every part of one student's story needs: the people, the plan, and what was made so far."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from tracker.evidence import KeptFile
from tracker.models import FrameworkItem, Goal, LearningPlan, Person, Placement, ScaleLevel
from tracker.people import person_by_number

Event = dict[str, Any]
ThingT = TypeVar("ThingT")
NOON = time(11, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Scene:
    """One student at work: around whom the story goes, and by which names it knows things.

    `people` has s (student), c (coach) and p (praktijkopleider); `levels` the steps 0-3.
    """

    session: Session
    today: date
    student: Person
    plan: LearningPlan
    placement: Placement
    people: dict[str, Person]
    pictures: dict[str, KeptFile]
    items: dict[str, FrameworkItem]
    levels: dict[int, ScaleLevel]
    things: dict[str, Any] = field(default_factory=dict)

    def on(self, weeks: int) -> date:
        """Return the day so many weeks ago, a different weekday for each student."""
        weekday = int(self.student.number[-2:]) % 5 if self.student.number else 0
        return self.today - timedelta(weeks=weeks) + timedelta(days=min(weekday, weeks))

    def at(self, on: date) -> datetime:
        """Return a moment of that day."""
        return datetime.combine(on, NOON)

    def who(self, event: Event, key: str = "by") -> Person:
        """Return who does it: one around the plan by letter, or a fellow student by number."""
        name = event.get(key, "s")
        if name in self.people:
            return self.people[name]
        found = person_by_number(self.session, school_id=self.plan.school_id, number=name)
        if found is None:
            raise LookupError(f"the demo's files have no {name}")
        return found

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
