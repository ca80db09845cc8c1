"""What fires in an overview, some days from now."""

from datetime import date, timedelta

from sqlalchemy.orm import Session

from tests.world import World
from tracker.models import Person
from tracker.overview import rows_for
from tracker.signals import Rule, Signal


def days(world: World, count: int) -> date:
    return world.on + timedelta(days=count)


def fired(work: Session, world: World, reader: Person, count: int) -> dict[Rule, Signal]:
    """Return what fires for a reader so many days from now."""
    (row,) = rows_for(work, reader=reader, school=world.school, on=days(world, count))
    return {signal.rule: signal for signal in row.signals}
