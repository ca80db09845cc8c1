"""What the page of a course is given, for the coach of the same invented students; no database."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from web.group_table import Column


def course_pages(rows: Sequence[Any], now: datetime) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Return the page in each of its states."""
    names = [f"Student van de Lange Lijst {number}" for number in range(1, 101)]
    seen: dict[str, Any] = {
        "course": {"id": UUID(int=97), "title": "Praktijkroute zorg, periode 2"},
        "columns": [Column("B1-K1", "Bieden van zorg", UUID(int=51)), Column("Doelen", "", None)],
        "rows": rows[:2],
        "since": date(2026, 3, 12),
        "count": 5,
        "others": ["Daan Visser", "Wytske-Marijke van den Bovenkamp-Hoogendijk", "Zonder naam"],
        "others_count": 3,
        "page": 1,
        "pages": 1,
        "is_listed": True,
        "is_confirmed": False,
        "read_at": now - timedelta(hours=3),
        "has_failed": False,
        "asked": None,
        "may_ask": True,
    }
    waiting = {"state": "waiting", "asked_at": now - timedelta(days=1), "closed_at": None}
    declined = {"state": "declined", "asked_at": now, "closed_at": now - timedelta(hours=2)}
    nobody = {"rows": [], "others": [], "others_count": 0, "count": 0}
    states: dict[str, dict[str, Any]] = {
        "coach-course": {},
        "coach-course-waiting": {"rows": [], "asked": waiting, "has_failed": True},
        "coach-course-declined": {"asked": declined},
        "coach-course-long": {
            "others": names,
            "others_count": 230,
            "count": 232,
            "page": 2,
            "pages": 3,
        },
        "coach-course-confirmed": {"is_confirmed": True, "rows": rows},
        "coach-course-new": {**nobody, "read_at": None},
        "coach-course-unread": {**nobody, "read_at": None, "has_failed": True},
        "coach-course-unlisted": {**nobody, "is_listed": False, "read_at": None},
        "coach-course-empty": {**nobody, "course": {"id": UUID(int=97), "title": None}},
    }
    return {
        name: ("coach", "coach/course.html", {**seen, **changes})
        for name, changes in states.items()
    }
