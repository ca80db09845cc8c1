"""Who is in a seeded school: invented names, each with a role from a day."""

from datetime import date

from demo.seed import words
from demo.seed.draw import Draw, Rows
from tracker.models import Person, PersonRole, PersonState, SchoolRole


class Staff:
    """Who works in the school or at a company: each with a role from its first day."""

    def __init__(self, draw: Draw, rows: Rows, slug: str, began_on: date) -> None:
        self.draw, self.rows, self.slug, self.began_on = draw, rows, slug, began_on

    def add(self, kind: str, number: int, role: SchoolRole) -> str:
        """Add a person with an invented name; returns the id."""
        return add_person(
            self.draw, self.rows, self.slug, f"gezaaid-{kind}-{number:05}", role, self.began_on
        )[0]


def add_person(
    draw: Draw, rows: Rows, slug: str, number: str, role: SchoolRole, from_on: date
) -> tuple[str, str]:
    """Add a person with an invented name and a role from a day; returns the id and the name."""
    name, given_name = words.person(draw)
    person_id, at = draw.new_id(), draw.moment(from_on)
    rows.add(
        Person,
        id=person_id,
        name=name,
        given_name=given_name,
        email=f"{number}@{slug}.example",
        number=number,
        state=PersonState.ACTIVE.value,
        created_at=at,
    )
    rows.add(PersonRole, id=draw.new_id(), person_id=person_id, role=role.value, from_on=from_on)
    return person_id, name
