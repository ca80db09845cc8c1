"""What the school chose for a Moodle source: which courses, whose keys, what else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tracker.errors import Invalid

PROFILE = "profile:"
_YES, _NO = {"yes", "ja", "true", "1"}, {"no", "nee", "false", "0", ""}


@dataclass(frozen=True, kw_only=True)
class Options:
    """The choices; without any: all courses the account sees, people linked and never made.

    `course_ids` and `category_id` choose courses. `number_field` is where the school's own number
    of a person stands: "idnumber", "username", or "profile:" and a profile field's short name.
    """

    course_ids: tuple[int, ...] = ()
    category_id: int | None = None
    makes_people: bool = False
    has_cohorts: bool = False
    has_competencies: bool = False
    number_field: str = "idnumber"


def options_of(told: Mapping[str, Any]) -> Options:
    """Read a source's options; raises Invalid for one that cannot be.

    "courses" is "all", "category:3", or ids: [2, 5] or "2,5"; "people" is "link" or "make";
    "cohorts" and "competencies" are yes or no; "number" is as Options.number_field.
    """
    courses = told.get("courses") or "all"
    ids: tuple[int, ...] = ()
    category = None
    if isinstance(courses, str) and courses.startswith("category:"):
        category = _ids([courses.removeprefix("category:")])[0]
    elif courses != "all":
        ids = _ids(courses.split(",") if isinstance(courses, str) else courses)
    return Options(
        course_ids=ids,
        category_id=category,
        makes_people=_one_of(told, "people", ("link", "make")) == "make",
        has_cohorts=_is_yes(told, "cohorts"),
        has_competencies=_is_yes(told, "competencies"),
        number_field=_number_field(told),
    )


def _ids(found: Any) -> tuple[int, ...]:
    if isinstance(found, int):
        found = [found]
    texts = [str(one).strip() for one in found] if isinstance(found, Iterable) else []
    if not texts or not all(text.isascii() and text.isdigit() for text in texts):
        raise _wrong("courses")
    return tuple(sorted({int(text) for text in texts}))


def _one_of(told: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
    value = told.get(name) or known[0]
    if value not in known:
        raise _wrong(name)
    return str(value)


def _is_yes(told: Mapping[str, Any], name: str) -> bool:
    word = str(told.get(name) or "").lower()
    if word not in _YES | _NO:
        raise _wrong(name)
    return word in _YES


def _number_field(told: Mapping[str, Any]) -> str:
    field = str(told.get("number") or "idnumber")
    is_profile = field.startswith(PROFILE) and len(field) > len(PROFILE)
    if field not in {"idnumber", "username"} and not is_profile:
        raise _wrong("number")
    return field


def _wrong(name: str) -> Invalid:
    return Invalid(**{f"options.{name}": "option.unknown"})
