"""Who is this sub? A pure decision: what we know -> linked by number, or new.

Never by e-mail: an address changes, is shared, or is set by its owner.
"""

from dataclasses import dataclass
from enum import StrEnum


class Link(StrEnum):
    """How a launch comes to its person."""

    KNOWN = "known"
    BY_NUMBER = "by number"
    NEW = "new"


@dataclass(frozen=True)
class Candidate:
    """The person of this school who has the number that the platform sent."""

    is_linked: bool  # to another sub of the same registration
    is_administrator: bool


@dataclass(frozen=True)
class Decision:
    """The way to the person; `number` is what a new person may take along."""

    link: Link
    number: str | None = None


def decide(*, number: str | None, candidate: Candidate | None) -> Decision:
    """Choose the person for a sub that is linked to nobody, or to a stand-in only.

    number: the trusted number, if sent. candidate: who has that number. An administrator is never
    reached through an LMS's word.
    """
    if candidate is None:
        return Decision(Link.NEW, number)
    if candidate.is_linked or candidate.is_administrator:
        return Decision(Link.NEW)
    return Decision(Link.BY_NUMBER)
