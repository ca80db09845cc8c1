"""What the frame of every page asks: who reads it, and whether it stands inside an LMS."""

from flask import Flask, g, request
from flask import session as cookie

from tracker.clocks import count_waiting
from tracker.models import Person, SchoolRole
from tracker.permissions import roles_of

# Whoever is several things reads as the first of these.
ORDER = (
    SchoolRole.ADMINISTRATOR,
    SchoolRole.COACH,
    SchoolRole.TEACHER,
    SchoolRole.SUPERVISOR,
    SchoolRole.STUDENT,
)


def init_app(app: Flask) -> None:
    """Give every page its frame."""
    app.context_processor(frame)


def frame() -> dict[str, object]:
    """Return the reader (None, or name and role), how many requests wait for them, and our LMS.

    `from_lms`: this browser came in from an LMS last, in a frame or not.
    """
    origins = cookie.get("frame_origins")
    in_frame = bool(origins) and request.headers.get("Sec-Fetch-Dest") == "iframe"
    person = g.get("person")
    return {
        "reader": {"name": person.name, "role": _role(person)} if person else None,
        "waiting_count": _waiting_count(person) if person else 0,
        "from_lms": bool(origins),
        "in_frame": in_frame,
        "lms_origin": origins[0] if in_frame and origins else None,
    }


def _waiting_count(person: Person) -> int:
    """Return what the page counted already (web/feedback.py), or count."""
    counted: int | None = g.get("waiting_count")
    return count_waiting(g.session, person=person, on=g.today) if counted is None else counted


def _role(person: Person) -> SchoolRole:
    roles = roles_of(g.session, person, on=g.today)
    return next((role for role in ORDER if role in roles), SchoolRole.STUDENT)
