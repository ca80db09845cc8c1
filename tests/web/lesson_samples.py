"""What the pages of support lessons are given, for the same invented student; no database."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from tracker.models import LessonKind

NOW = datetime(2026, 11, 19, 8, 44, tzinfo=UTC)
PLAN, GOAL = UUID(int=10), UUID(int=21)
LESSON: dict[str, Any] = {
    "id": UUID(int=90),
    "title": "Dubbele controle bij medicijnen",
    "about": "Elke dinsdag om 10 uur, lokaal 2.14. Neem de weekdoos van je bpv-plek mee.",
    "url": "http://localhost/medicijnen",
    "host": "localhost",
    "teacher": "Tess Willems",
    "is_offered": True,
}
PLAIN = LESSON | {
    "id": UUID(int=91),
    "title": "Bellen met familie",
    "about": None,
    "url": None,
    "host": None,
    "teacher": None,
}
LONG = LESSON | {
    "id": UUID(int=92),
    "title": "Zorgtechnologiebegeleidingsvaardigheden " * 4,
    "about": "Wat neem je mee? " * 60,
    "is_offered": False,
}
CHOICE: dict[str, Any] = {
    "id": UUID(int=95),
    "lesson_id": LESSON["id"],
    "title": LESSON["title"],
    "student": "Amira Bouzian",
    "kind": LessonKind.REPEAT,
    "reason": "Marja vroeg nog om de tweede controle.",
    "goal_title": "Ik deel medicijnen uit met dubbele controle",
    "chosen_at": NOW - timedelta(days=6),
    "confirmed_at": None,
    "confirmed_by": None,
    "may_confirm": False,
}
FOLLOWED = CHOICE | {
    "id": UUID(int=96),
    "lesson_id": PLAIN["id"],
    "title": PLAIN["title"],
    "kind": LessonKind.ENRICH,
    "reason": None,
    "goal_title": None,
    "confirmed_at": NOW - timedelta(days=1),
    "confirmed_by": "Joost van Dalen",
}
CHOSEN = [CHOICE, FOLLOWED]
WAITING = [CHOICE | {"may_confirm": True}, FOLLOWED]
ROUTE = {
    "id": PLAN,
    "title": "Verzorgende IG",
    "starts_on": date(2026, 2, 2),
    "is_open": True,
}
LESSONS: dict[str, Any] = {
    "plan": ROUTE,
    "plans": [ROUTE],
    "plan_id": None,
    "goal_id": None,
    "chosen": CHOSEN,
    "lessons": [LESSON, PLAIN, LONG | {"is_offered": True}],
}
ONE: dict[str, Any] = {
    "lesson": LESSON,
    "plan_id": PLAN,
    "chosen": [],
    "is_student": True,
    "is_staff": False,
    "plan_is_open": True,
    "goals": [{"value": GOAL, "label": "Ik deel medicijnen uit met dubbele controle"}],
    "values": {"goal_id": str(GOAL)},
    "errors": {},
}
KEPT: dict[str, Any] = {
    "keeps_all": False,
    "mine": [LESSON, LONG],
    "others": [PLAIN],
    "chosen": WAITING[:1],
}
TAUGHT: dict[str, Any] = {
    "lesson": LESSON,
    "may_edit": True,
    "is_teacher": True,
    "chosen": [row | {"goal_title": None} for row in WAITING],
}
FORM: dict[str, Any] = {"lesson": None, "teachers": [], "values": {}, "errors": {}}
PEOPLE = [{"value": UUID(int=6), "label": "Tess Willems"}]
WRONG = {
    "values": {"title": "", "url": "medicijnen"},
    "errors": {"title": "Vul dit in.", "url": "Dit is geen heel webadres."},
}
PAGES: dict[str, tuple[str | None, str, dict[str, Any]]] = {
    "lessons": ("student", "student/lessons.html", LESSONS),
    "lessons-none": (
        "student",
        "student/lessons.html",
        LESSONS | {"plan": None, "plans": [], "chosen": [], "lessons": []},
    ),
    "lesson": ("student", "student/lesson.html", ONE),
    "lesson-again": ("student", "student/lesson.html", ONE | {"chosen": [FOLLOWED]}),
    "lesson-chosen": ("student", "student/lesson.html", ONE | {"chosen": CHOSEN, "plan_id": None}),
    "lesson-wrong": (
        "student",
        "student/lesson.html",
        ONE | {"lesson": PLAIN, "errors": {"kind": "Kies een van deze."}},
    ),
    "lesson-closed": (
        "coach",
        "student/lesson.html",
        ONE | {"lesson": LONG, "is_student": False, "is_staff": True, "goals": []},
    ),
    "lessons-kept": ("coach", "coach/lessons.html", KEPT),
    "lessons-kept-all": (
        "administrator",
        "coach/lessons.html",
        KEPT | {"keeps_all": True, "mine": [LESSON, PLAIN], "others": [], "chosen": []},
    ),
    "lessons-kept-none": (
        "coach",
        "coach/lessons.html",
        KEPT | {"mine": [], "others": [], "chosen": []},
    ),
    "lesson-given": ("coach", "coach/lesson.html", TAUGHT),
    "lesson-of-others": (
        "coach",
        "coach/lesson.html",
        TAUGHT | {"lesson": PLAIN, "may_edit": False, "is_teacher": False, "chosen": []},
    ),
    "lesson-given-closed": (
        "administrator",
        "coach/lesson.html",
        TAUGHT | {"lesson": LONG, "is_teacher": False, "chosen": []},
    ),
    "lesson-new": ("coach", "coach/lesson_edit.html", FORM),
    "lesson-edit": (
        "administrator",
        "coach/lesson_edit.html",
        FORM
        | {
            "lesson": {"id": LESSON["id"], "title": LESSON["title"]},
            "teachers": PEOPLE,
            "values": {
                "title": LESSON["title"],
                "about": LESSON["about"],
                "url": LESSON["url"],
                "teacher_id": str(PEOPLE[0]["value"]),
                "read": "b1946ac9",
            },
        },
    ),
    "lesson-edit-wrong": ("coach", "coach/lesson_edit.html", FORM | WRONG),
}
