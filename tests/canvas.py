"""A Canvas over real HTTP, as its documentation says it answers, and nothing else.

Pages have links that nobody can count on (`bookmark:`), ten rows when nothing is asked, and never
more than `most`. A question that Leerspoor has no business asking fails the test.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests import systems
from tests.systems import Answer, Asked, serving

TOKEN = "7~a-very-secret-token"
RATE_LIMIT = systems.raw(403, b"403 Forbidden (Rate Limit Exceeded)\n")
TYPES = {"StudentEnrollment": "student", "TeacherEnrollment": "teacher", "TaEnrollment": "ta"}
# What may be asked, and with which parameters.
KNOWN = {
    r"users/self": set(),
    r"courses": {"state[]"},
    r"accounts/\d+/courses": {"state[]"},
    r"courses/\d+": set(),
    r"courses/\d+/users": {"enrollment_type[]", "enrollment_state[]", "include[]"},
    r"courses/\d+/enrollments": {"type[]", "state[]"},
    r"courses/\d+/assignments": set(),
    r"courses/\d+/students/submissions": {"student_ids[]", "graded_since"},
}
PAGING = {"per_page", "page"}
Rows = list[dict[str, Any]]


@dataclass
class Canvas:
    """What this Canvas knows; `troubles` are (path, page) -> answers instead, pages from 1."""

    courses: Rows = field(default_factory=list)
    users: dict[int, dict[str, Any]] = field(default_factory=dict)
    enrollments: Rows = field(default_factory=list)
    assignments: Rows = field(default_factory=list)
    submissions: Rows = field(default_factory=list)
    url: str = ""
    most: int = 100
    has_links: bool = True
    calls: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    strange: list[Asked] = field(default_factory=list)
    troubles: dict[tuple[str, int], list[Answer]] = field(default_factory=dict)

    def fail(self, path: str, page: int, answer: Answer, times: int = 1) -> None:
        """Let a page answer this, so many times."""
        self.troubles[path, page] = [answer] * times

    def submission(self, user: int, assignment: int) -> dict[str, Any]:
        """Return a submission, to be changed."""
        return next(
            one
            for one in self.submissions
            if (one["user_id"], one["assignment_id"]) == (user, assignment)
        )

    def grade(self, user: int, assignment: int, score: float, **told: Any) -> None:
        """Grade a submission and post that."""
        at = "2026-10-02T09:00:00Z"
        graded = {"score": score, "grade": f"{score:g}", "graded_at": at, "posted_at": at}
        state = {"workflow_state": "graded", "grade_matches_current_submission": True}
        self.submission(user, assignment).update({**graded, **state, **told})

    def reply(self, asked: Asked) -> Answer:
        """Answer one question."""
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            said = {"errors": [{"message": "Invalid access token."}]}
            return systems.page(said, status=401, headers={"WWW-Authenticate": "Bearer realm"})
        path = asked.path.removeprefix("/api/v1/")
        known = next((KNOWN[one] for one in KNOWN if re.fullmatch(one, path)), None)
        if known is None or asked.method != "GET" or asked.query.keys() - known - PAGING:
            self.strange.append(asked)
            return systems.page({"errors": []}, status=404)
        self.calls.append((path, asked.query))
        mark = asked.query.get("page", ["bookmark:1"])[0]
        number = int(mark.removeprefix("bookmark:"))
        if self.troubles.get((path, number)):
            return self.troubles[path, number].pop(0)
        found = self._found(path, asked.query)
        if not isinstance(found, list):
            return systems.page(found, status=200 if found.get("id") else 404)
        return self._page(asked, found, number)

    def _page(self, asked: Asked, found: Rows, number: int) -> Answer:
        size = min(asked.number("per_page") or 10, self.most)
        query = [(k, v) for k, v in parse_qsl(_query(asked)) if k != "page"]
        links = [f'<{self.url}{asked.path}?{urlencode(query)}>; rel="current"']
        if number * size < len(found):
            following = urlencode([*query, ("page", f"bookmark:{number + 1}")])
            links.append(f'<{self.url}{asked.path}?{following}>; rel="next"')
        headers = {"Link": ",".join(links)} if self.has_links else {}
        return systems.page(found[(number - 1) * size : number * size], headers=headers)

    def _found(self, path: str, query: dict[str, list[str]]) -> Any:
        parts = path.split("/")
        if path == "users/self":
            return {"id": 1, "name": "Leerspoor"}
        if parts[-1] == "courses":
            return self.courses
        course = int(parts[1])
        if len(parts) == 2:
            return next((one for one in self.courses if one["id"] == course), {})
        return self._of_course(course, parts[2], query)

    def _of_course(self, course: int, what: str, query: dict[str, list[str]]) -> Rows:
        places = [one for one in self.enrollments if one["course_id"] == course]
        if what == "users":
            kinds = set(query["enrollment_type[]"])
            ids = {one["user_id"] for one in places if TYPES.get(one["type"]) in kinds}
            return [self.users[one] for one in sorted(ids)]
        if what == "enrollments":
            return [one for one in places if one["type"] in query["type[]"]]
        tasks = [one for one in self.assignments if one["course_id"] == course]
        return tasks if what == "assignments" else self._submissions(tasks, query)

    def _submissions(self, tasks: Rows, query: dict[str, list[str]]) -> Rows:
        since, ids = query.get("graded_since", [""])[0], {task["id"] for task in tasks}
        return [
            one
            for one in self.submissions
            if one["assignment_id"] in ids and (one["graded_at"] or "") >= since
        ]


def _query(asked: Asked) -> str:
    return urlencode(asked.query, doseq=True)


def filled(students: int = 12) -> Canvas:
    """Return a Canvas of two courses, each with a teacher, three assignments, and the students."""
    canvas = Canvas()
    canvas.courses = [
        {"id": 2, "name": "Kok, leerjaar 2", "course_code": "KOK2", "workflow_state": "available"},
        {
            "id": 5,
            "name": "Praktijk &amp; meer",
            "course_code": "PR",
            "workflow_state": "available",
        },
    ]
    for number in range(students + 2):
        user = 100 + number
        is_teacher = number >= students
        canvas.users[user] = {
            "id": user,
            "name": f"Persoon {number}",
            "sis_user_id": f"{'D' if is_teacher else 'S'}{number:03}",
            "login_id": f"p{number}",
            "email": f"p{number}@school.example",
        }
    for course in (2, 5):
        for user in canvas.users:
            kind = "StudentEnrollment"
            if user >= 100 + students:
                kind = "TeacherEnrollment" if user % 2 else "TaEnrollment"
            canvas.enrollments.append(
                {
                    "id": course * 1000 + user,
                    "course_id": course,
                    "user_id": user,
                    "type": kind,
                    "enrollment_state": "active",
                    "created_at": "2026-08-31T22:30:00Z",
                    "start_at": None,
                }
            )
        for number, (kind, most) in enumerate(
            (("points", 10.0), ("pass_fail", 1.0), ("not_graded", None)), start=1
        ):
            task = course * 10 + number
            canvas.assignments.append(
                {
                    "id": task,
                    "course_id": course,
                    "name": f"Opdracht {number} <b>&amp; meer</b>",
                    "due_at": "2026-10-01T21:59:59Z",
                    "points_possible": most,
                    "grading_type": kind,
                    "published": True,
                }
            )
            for user in range(100, 100 + students):
                canvas.submissions.append(_submission(user, task))
    for user in range(100, 100 + students, 2):
        canvas.grade(user, 21, 7.5)
        canvas.grade(user, 52, 1.0, grade="complete")
    return canvas


def _submission(user: int, task: int) -> dict[str, Any]:
    return {
        "id": task * 1000 + user,
        "user_id": user,
        "assignment_id": task,
        "attempt": 1,
        "score": None,
        "grade": None,
        "graded_at": None,
        "posted_at": None,
        "submitted_at": "2026-10-01T08:00:00Z",
        "workflow_state": "submitted",
        "grade_matches_current_submission": True,
        "excused": None,
        "body": "<p>Mijn eigen tekst</p>",
    }


@contextmanager
def playing(canvas: Canvas) -> Iterator[Canvas]:
    """Run a Canvas; fails when it was asked what it does not know."""
    with serving(canvas.reply) as system:
        canvas.url = system.url
        yield canvas
    assert [urlsplit(one.path) for one in canvas.strange] == []
