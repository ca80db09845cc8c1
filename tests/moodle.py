"""A Moodle that gives the recorded answers over real HTTP, and nothing else.

A question must be one that was recorded: function and parameters alike. Any other is answered as
Moodle does, and fails the test. Who is enrolled where is played by the rules of Moodle's own
source, from the recorded people: pages, chosen fields, suspended people, an account that sees no
groups. A test may change what is known here, and let single questions go wrong.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from tests import systems
from tests.systems import Answer, Asked, serving

RECORDED = Path(__file__).parent / "importers" / "data" / "moodle-ws"
TOKEN = "b6e1b2f4a7c84d0f9f0a3e2d1c0b9a88"
PATH = "/webservice/rest/server.php"
ENROLLED = "core_enrol_get_enrolled_users"
COURSES = "core_course_get_courses"
BY_FIELD = "core_course_get_courses_by_field"
THEIR_COURSES = "core_enrol_get_users_courses"
GRADES = "gradereport_user_get_grade_items"
COMPLETION = "core_completion_get_activities_completion_status"
OPTIONS = {"limitfrom", "limitnumber", "userfields", "onlyactive"}
PAGED = {"limitfrom": "0", "limitnumber": "0", "userfields": "", "onlyactive": "0"}
# What Moodle gives whatever fields are asked for.
ALWAYS = {"id", "fullname"}
Params = Mapping[str, str]
Question = tuple[str, frozenset[tuple[str, str]]]


def recorded(name: str) -> Any:
    """Return the body of a recorded answer."""
    return json.loads((RECORDED / f"{name}.json").read_text())["response"]["body"]


def error(name: str) -> Any:
    """Return a recorded error."""
    return recorded(f"errors/{name}")


@dataclass
class Trouble:
    """What goes wrong with a function from its `after`th question on, so many `times`."""

    function: str
    answer: Answer
    after: int
    times: int | None
    params: Params


@dataclass
class Moodle:
    """What this Moodle knows; `calls` are the questions that came, `strange` those it knows not.

    `hidden` are courses whose people the account does not see; `suspended` is by course.
    """

    url: str = ""
    token: str | None = TOKEN
    courses: list[dict[str, Any]] = field(default_factory=list)
    enrolled: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    suspended: dict[int, set[int]] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    given: dict[Question, Any] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    strange: list[Any] = field(default_factory=list)

    def counted(self) -> Counter[str]:
        """Return how often each function was called."""
        return Counter(function for function, _ in self.calls)

    def give(self, function: str, body: Any, **params: Any) -> None:
        """Know the answer to one more question."""
        self.given[_question(function, dict(_flat(params)))] = body

    def answer_of(self, function: str, **params: Any) -> Any:
        """Return what is known as an answer, to change it."""
        return self.given[_question(function, dict(_flat(params)))]

    def fail(
        self,
        function: str,
        answer: Answer | Any,
        *,
        after: int = 0,
        times: int | None = None,
        **params: Any,
    ) -> None:
        """Let a function fail: with an error's body, or with an answer of tests.systems."""
        told = answer if callable(answer) else systems.page(answer)
        self.troubles.append(Trouble(function, told, after, times, dict(_flat(params))))

    def add_students(self, course: int, number: int, *, like: int) -> list[int]:
        """Enrol more students who did just what this one did; returns their numbers."""
        template = next(user for user in self.enrolled[course] if user["id"] == like)
        grades = self.answer_of(GRADES, courseid=course)
        of_one = next(one for one in grades["usergrades"] if one["userid"] == like)
        done = self.answer_of(COMPLETION, courseid=course, userid=like)
        added = [20_000 + one for one in range(number)]
        for one in added:
            changed = {"id": one, "idnumber": f"S{one:06}", "fullname": f"Student {one}"}
            self.enrolled[course].append(template | changed)
            self.give(COMPLETION, done, courseid=course, userid=one)
            self.give(
                GRADES,
                {"usergrades": [of_one | {"userid": one}], "warnings": []},
                courseid=course,
                userid=one,
            )
        return added

    def reply(self, asked: Asked) -> Answer:
        """Answer one question."""
        form = dict(parse_qsl(asked.body.decode(), keep_blank_values=True))
        function, told_token = form.pop("wsfunction", ""), form.pop("wstoken", "")
        is_json = form.pop("moodlewsrestformat", "") == "json"
        if (asked.method, asked.path) != ("POST", PATH) or not is_json:
            self.strange.append(asked)
            return systems.raw(200, b"<?xml version='1.0'?><EXCEPTION/>")
        self.calls.append((function, form))
        if told_token != self.token:
            return systems.page(error("invalid_token"))
        for trouble in self.troubles:
            if trouble.function == function and trouble.params.items() <= form.items():
                trouble.after -= 1
                if trouble.after < 0 and (trouble.times is None or trouble.after >= -trouble.times):
                    return trouble.answer
        return systems.page(self._known(function, form))

    def _known(self, function: str, form: dict[str, str]) -> Any:
        played: dict[str, Callable[[dict[str, str]], Any]] = {
            ENROLLED: self._enrolled,
            COURSES: self._courses,
            BY_FIELD: self._by_field,
            THEIR_COURSES: self._their_courses,
        }
        if function in played:
            return played[function](form)
        question = _question(function, form)
        if question not in self.given:
            self.strange.append((function, form))
            return error("unknown_function")
        return self.given[question]

    def _enrolled(self, form: dict[str, str]) -> Any:
        course, options = int(form["courseid"]), PAGED | _options(form)
        if set(options) != OPTIONS:
            self.strange.append((ENROLLED, form))
        if course not in self.enrolled:
            return error("unknown_record")
        if course in self.hidden:
            return []
        away = self.suspended.get(course, set()) if options["onlyactive"] == "1" else set()
        found = [user for user in self.enrolled[course] if user["id"] not in away]
        start, number = int(options["limitfrom"]), int(options["limitnumber"])
        page = found[start : start + number] if number else found[start:]
        fields = set(filter(None, options["userfields"].split(",")))
        if not fields:
            return page
        kept = fields | ALWAYS
        return [{name: user[name] for name in user if name in kept} for user in page]

    def _courses(self, form: dict[str, str]) -> Any:
        ids = {int(value) for name, value in form.items() if name.startswith("options[ids][")}
        if len(ids) != len(form):
            self.strange.append((COURSES, form))
        return [course for course in self.courses if not ids or course["id"] in ids]

    def _by_field(self, form: dict[str, str]) -> Any:
        if form.get("field") != "category" or set(form) != {"field", "value"}:
            self.strange.append((BY_FIELD, form))
        found = [one for one in self.courses if str(one["categoryid"]) == form["value"]]
        return {"courses": found, "warnings": []}

    def _their_courses(self, form: dict[str, str]) -> Any:
        if set(form) != {"userid"}:
            self.strange.append((THEIR_COURSES, form))
        template = recorded("core_enrol_get_users_courses_u3")[0]
        return [
            template | {"id": course, "enrolledusercount": len(users)}
            for course, users in self.enrolled.items()
            if any(str(user["id"]) == form["userid"] for user in users)
        ]


def _question(function: str, params: Params) -> Question:
    return function, frozenset(params.items())


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield recorded parameters as they go over the line."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in pairs:
            yield from _flat(one, f"{name}[{key}]" if name else str(key))
    else:
        yield name, str(value)


def _options(form: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    while f"options[{len(found)}][name]" in form:
        number = len(found)
        found[form[f"options[{number}][name]"]] = form[f"options[{number}][value]"]
    return found


def _filled() -> Moodle:
    moodle = Moodle()
    for file in sorted(RECORDED.glob("*.json")):
        said = json.loads(file.read_text())
        function, params = said["request"]["wsfunction"], said["request"]["params"]
        body = said["response"]["body"]
        if function == ENROLLED:
            moodle.enrolled[params["courseid"]] = sorted(body, key=lambda user: int(user["id"]))
        elif function == COURSES:
            moodle.courses = body
        elif function != THEIR_COURSES:
            moodle.give(function, body, **params)
    for course in moodle.enrolled:
        # Of the answer about a whole course, each part is the answer about one student.
        for one in moodle.answer_of(GRADES, courseid=course)["usergrades"]:
            told = {"usergrades": [one], "warnings": []}
            moodle.give(GRADES, told, courseid=course, userid=one["userid"])
    return moodle


@contextmanager
def playing() -> Iterator[Moodle]:
    """Run the Moodle that was recorded; fails when it was asked what it does not know."""
    moodle = _filled()
    with serving(moodle.reply) as system:
        moodle.url = system.url
        yield moodle
    assert moodle.strange == []
