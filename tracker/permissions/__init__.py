"""Who may see what (visible.py), and do what (actions.py).

Grounds for seeing are one predicate for each kind of record, used for lists and single reads
alike; they follow from where a person stands (places.py).
`until_on` is exclusive everywhere: the first day on which something no longer holds.
"""

from tracker.permissions.actions import (
    ADMINISTRATOR,
    ALLOWED,
    RATING_IN_SCHOOL,
    STAFF,
    Action,
    Role,
)
from tracker.permissions.conditions import (
    TODAY,
    Condition,
    given,
    holds,
    once_for_reader,
    one_of,
    stand_in,
)
from tracker.permissions.places import Places, places_of, plans_as
from tracker.permissions.roles import require, roles_of
from tracker.permissions.visible import CIRCLE, VISIBLE, RecordT, find, lock, visible

__all__ = [
    "ADMINISTRATOR",
    "ALLOWED",
    "CIRCLE",
    "RATING_IN_SCHOOL",
    "STAFF",
    "TODAY",
    "VISIBLE",
    "Action",
    "Condition",
    "Places",
    "RecordT",
    "Role",
    "find",
    "given",
    "holds",
    "lock",
    "once_for_reader",
    "one_of",
    "places_of",
    "plans_as",
    "require",
    "roles_of",
    "stand_in",
    "visible",
]
