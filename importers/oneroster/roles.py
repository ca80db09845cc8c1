"""Who of the users of a bundle are ours: students and teachers, and nobody else.

Looked up before any user is read, in roles.csv, or in users.csv itself (version 1.1).
"""

from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass

from importers.oneroster.rows import OTHER_ROLES, SCHOOL_ROLES
from importers.readers.cells import Line

OTHERS = {role.casefold() for role in OTHER_ROLES}
OURS = {role.casefold() for role, meaning in SCHOOL_ROLES.items() if meaning is not None}
# Opens a table anew: a million users are not kept in memory to find a few parents among them.
Open = Callable[[], Iterator[Line | None]]


@dataclass(frozen=True)
class Users:
    """Users with other roles only, and users of whose roles none can be read."""

    others: Set[str] = frozenset()
    unclear: Set[str] = frozenset()


def users_of(table: Open, column: str) -> Users:
    """Go through a table of roles; `column` names its user."""
    others: set[str] = set()
    unclear: set[str] = set()
    for user, role in _roles(table(), column):
        if role not in OURS:
            (others if role in OTHERS else unclear).add(user)
    if others or unclear:
        for user, role in _roles(table(), column):
            if role in OURS:
                others.discard(user)
                unclear.discard(user)
    return Users(others, unclear - others)


def ours_in(table: Iterable[Line | None], column: str) -> set[str]:
    """Return the users of whom a table says that they are student or teacher."""
    return {user for user, role in _roles(table, column) if role in OURS}


def _roles(table: Iterable[Line | None], column: str) -> Iterator[tuple[str, str]]:
    for line in table:
        if line is not None and (user := line.text(column)) and (role := line.text("role")):
            yield user, role.casefold()
