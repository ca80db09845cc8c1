"""Whether a statement is one, part by part: xAPI 1.0.3 (part two, section 2), IEEE 9274.1.1.

What is wrong is told as codes by place ("result.score.scaled"), never as an exception: a file, a
pull and a program each do something else with it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from importers.xapi.parts import (
    FORM,
    Problem,
    actor,
    agent,
    at,
    authority,
    each_of,
    is_part,
    only_group,
    parts_of,
)
from importers.xapi.values import (
    SHA2,
    has_zone,
    is_duration,
    is_extensions,
    is_iri,
    is_language,
    is_language_map,
    is_moment,
    is_number,
    is_text,
    is_uuid,
)

VOIDED = "http://adlnet.gov/expapi/verbs/voided"
INTERACTIONS = {
    "true-false": (),
    "choice": ("choices",),
    "fill-in": (),
    "long-fill-in": (),
    "matching": ("source", "target"),
    "performance": ("steps",),
    "sequencing": ("choices",),
    "likert": ("scale",),
    "numeric": (),
    "other": (),
}
COMPONENTS = {"choices", "scale", "source", "target", "steps"}


def problems(statement: Any) -> list[Problem]:
    """Return what is wrong with a statement; that it has no id is for who reads it to say."""
    if not isinstance(statement, dict):
        return [("", FORM)]
    return list(_statement(statement))


def problems_when_sent(statement: Any) -> list[Problem]:
    """Return what is wrong with a statement that a program sends: it knows its own zone."""
    found = problems(statement)
    if not found and "timestamp" in statement and not has_zone(statement["timestamp"]):
        found.append(("timestamp", "xapi.time_zone"))
    return found


def _statement(statement: Mapping[str, Any]) -> Iterator[Problem]:
    if "id" in statement and not is_uuid(statement["id"]):
        yield "id", "xapi.bad_id"
    parts: dict[str, Any] = {
        **_PARTS,
        "id": None,
        "stored": is_part(is_moment, "xapi.time"),
        "authority": authority,
        "version": is_part(lambda value: is_text(value) and value.startswith(("1.0", "2.0"))),
    }
    yield from parts_of(statement, "", parts, required=("actor", "verb", "object"))
    verb = statement.get("verb")
    is_voiding = isinstance(verb, dict) and verb.get("id") == VOIDED
    target = statement.get("object")
    if is_voiding and not (isinstance(target, dict) and target.get("objectType") == "StatementRef"):
        yield "object", "xapi.object"
    context = statement.get("context")
    if isinstance(context, dict) and isinstance(target, dict):
        is_activity = target.get("objectType", "Activity") == "Activity"
        for name in ("revision", "platform"):
            if name in context and not is_activity:
                yield f"context.{name}", FORM


# What


def _verb(value: Any, place: str) -> Iterator[Problem]:
    parts = {
        "id": is_part(is_iri, "xapi.verb"),
        "display": is_part(is_language_map, "xapi.language"),
    }
    yield from parts_of(value, place, parts, required=("id",), code="xapi.verb")


def _object(value: Any, place: str) -> Iterator[Problem]:
    kind = value.get("objectType", "Activity") if isinstance(value, dict) else None
    found = _OBJECTS.get(kind) if isinstance(kind, str) else None
    if found is None:
        yield place, "xapi.object"
    else:
        yield from found(value, place)


def _activity(value: Any, place: str) -> Iterator[Problem]:
    parts = {
        "objectType": is_part(lambda one: one == "Activity", "xapi.object"),
        "id": is_part(is_iri, "xapi.object"),
        "definition": _definition,
    }
    yield from parts_of(value, place, parts, required=("id",), code="xapi.object")


def _definition(value: Any, place: str) -> Iterator[Problem]:
    yield from parts_of(value, place, _DEFINITION)
    if not isinstance(value, dict):
        return
    kind = value.get("interactionType")
    if "interactionType" in value and (not isinstance(kind, str) or kind not in INTERACTIONS):
        yield at(place, "interactionType"), FORM
        return
    fitting: tuple[str, ...] = INTERACTIONS[kind] if isinstance(kind, str) else ()
    for name in COMPONENTS & set(value):
        if name not in fitting:
            yield at(place, name), FORM
    if kind is None and "correctResponsesPattern" in value:
        yield at(place, "correctResponsesPattern"), FORM


def _components(value: Any, place: str) -> Iterator[Problem]:
    parts = {"id": is_part(is_text), "description": is_part(is_language_map, "xapi.language")}
    yield from each_of(
        value, place, lambda one, where: parts_of(one, where, parts, required=("id",))
    )
    if isinstance(value, list):
        ids = [str(one.get("id")) for one in value if isinstance(one, dict)]
        if len(set(ids)) != len(ids):
            yield place, FORM


def _reference(value: Any, place: str) -> Iterator[Problem]:
    parts = {
        "objectType": is_part(lambda one: one == "StatementRef", "xapi.object"),
        "id": is_part(is_uuid, "xapi.bad_id"),
    }
    yield from parts_of(value, place, parts, required=("objectType", "id"), code="xapi.object")


def _substatement(value: Any, place: str) -> Iterator[Problem]:
    parts = {**_PARTS, "objectType": None}
    yield from parts_of(value, place, parts, required=("actor", "verb", "object"))
    inner = value.get("object")
    if isinstance(inner, dict) and inner.get("objectType") == "SubStatement":
        yield at(place, "object"), "xapi.object"


_OBJECTS: dict[str, Callable[[Any, str], Iterator[Problem]]] = {
    "Activity": _activity,
    "Agent": agent,
    "Group": only_group,
    "StatementRef": _reference,
    "SubStatement": _substatement,
}
_DEFINITION: dict[str, Any] = {
    "name": is_part(is_language_map, "xapi.language"),
    "description": is_part(is_language_map, "xapi.language"),
    "type": is_part(is_iri),
    "moreInfo": is_part(is_iri),
    "extensions": is_part(is_extensions),
    "interactionType": None,
    "correctResponsesPattern": is_part(
        lambda one: isinstance(one, list) and all(is_text(text) for text in one)
    ),
    **dict.fromkeys(COMPONENTS, _components),
}


# How it went, and around it


def _result(value: Any, place: str) -> Iterator[Problem]:
    yield from parts_of(value, place, _RESULT)


def _score(value: Any, place: str) -> Iterator[Problem]:
    number = is_part(is_number, "xapi.score")
    yield from parts_of(value, place, dict.fromkeys(("scaled", "raw", "min", "max"), number))
    if not isinstance(value, dict) or not all(map(is_number, value.values())):
        return
    lowest, highest = value.get("min"), value.get("max")
    if not -1 <= value.get("scaled", 0) <= 1:
        yield at(place, "scaled"), "xapi.score"
    if lowest is not None and highest is not None and lowest >= highest:
        yield at(place, "max"), "xapi.score"
    raw = value.get("raw")
    is_low = raw is not None and lowest is not None and raw < lowest
    is_high = raw is not None and highest is not None and raw > highest
    if is_low or is_high:
        yield at(place, "raw"), "xapi.score"


def _context(value: Any, place: str) -> Iterator[Problem]:
    yield from parts_of(value, place, _CONTEXT)


def _around(value: Any, place: str) -> Iterator[Problem]:
    def some(one: Any, where: str) -> Iterator[Problem]:
        if isinstance(one, list):
            yield from each_of(one, where, _activity)
        else:
            yield from _activity(one, where)

    yield from parts_of(
        value, place, dict.fromkeys(("parent", "grouping", "category", "other"), some)
    )


def _named(kind: str, check: Callable[[Any, str], Iterator[Problem]]) -> Any:
    """Check a list of contexts of people (IEEE 9274.1.1, 4.2.4.2)."""
    parts = {
        "objectType": None,
        kind: check,
        "relevantTypes": is_part(lambda one: isinstance(one, list) and all(map(is_iri, one))),
    }

    def each(one: Any, where: str) -> Iterator[Problem]:
        return parts_of(one, where, parts, required=("objectType", kind))

    return lambda value, place: each_of(value, place, each)


def _attachment(value: Any, place: str) -> Iterator[Problem]:
    required = ("usageType", "display", "contentType", "length", "sha2")
    yield from parts_of(value, place, _ATTACHMENT, required=required)


_RESULT: dict[str, Any] = {
    "score": _score,
    "success": is_part(lambda one: isinstance(one, bool)),
    "completion": is_part(lambda one: isinstance(one, bool)),
    "response": is_part(is_text),
    "duration": is_part(is_duration, "xapi.duration"),
    "extensions": is_part(is_extensions),
}
_CONTEXT: dict[str, Any] = {
    "registration": is_part(is_uuid, "xapi.bad_id"),
    "instructor": actor,
    "team": only_group,
    "contextActivities": _around,
    "contextAgents": _named("agent", agent),
    "contextGroups": _named("group", only_group),
    "revision": is_part(is_text),
    "platform": is_part(is_text),
    "language": is_part(is_language, "xapi.language"),
    "statement": _reference,
    "extensions": is_part(is_extensions),
}
_ATTACHMENT: dict[str, Any] = {
    "usageType": is_part(is_iri),
    "display": is_part(is_language_map, "xapi.language"),
    "description": is_part(is_language_map, "xapi.language"),
    "contentType": is_part(is_text),
    "length": is_part(lambda one: isinstance(one, int) and not isinstance(one, bool) and one >= 0),
    "sha2": is_part(lambda one: is_text(one) and SHA2.fullmatch(one) is not None),
    "fileUrl": is_part(is_iri),
}
_PARTS: dict[str, Any] = {
    "actor": actor,
    "verb": _verb,
    "object": _object,
    "result": _result,
    "context": _context,
    "timestamp": is_part(is_moment, "xapi.time"),
    "attachments": lambda value, place: each_of(value, place, _attachment),
}
