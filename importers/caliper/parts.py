"""The parts of a Caliper event: which of them we use, and how each is read.

Nothing but these parts is kept of an event (`used`): senders put much more in it, such as what
somebody handed in, or from which computer. Whatever stands in the place of a part, reading it
raises nothing: a part that is not as it should be is no part.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from importers.bsn import MARK
from importers.readers.cells import LONGEST_KEY
from importers.xapi.actors import LONGEST_NAME, MAILTO, Agent, short
from importers.xapi.meaning import LONGEST_TITLE, Item, number_text
from importers.xapi.values import is_number

# Of an event, and of the entities in it.
OF_EVENT = {"id", "type", "action", "eventTime", "actor", "object", "generated"}
OF_ENTITY = {"id", "type", "name", "maxScore", "scoreGiven", "identifier", "identifierType"}
ENTITIES = {"actor", "object", "generated", "assignee", "assignable", "attempt", "isPartOf"}
LISTS = {"otherIdentifiers"}
# Where makers put the school's own number of a person, before 1.2 had a place for it.
NUMBERS = {
    "com.instructure.canvas": ("user_sis_id", "sis_id"),
    "bb:user.externalId": (),
}
# By which of the identifiers of 1.2 a school knows its people; the first that is there counts.
SCHOOLS_OWN = ("SisSourcedId", "AccountUserName")
EMAIL = "EmailAddress"
# An address that is no address of anything but the number itself.
PLAIN = re.compile(r"[^:/@]+")
DEEPEST = 4
LONGEST_TEXT = 4000
# Who cannot be a student.
NOBODY = {"SoftwareApplication", "Organization", "CourseOffering", "CourseSection", "Group"}


def used(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event with nothing but the parts that we use; doing it twice changes nothing."""
    kept = {name: _kept(name, event[name]) for name in sorted(OF_EVENT & set(event))}
    # Who gave a grade is of no use here.
    return {name: part for name, part in kept.items() if (name, event.get("type")) != GRADER}


GRADER = ("actor", "GradeEvent")


def _kept(name: str, value: Any, depth: int = 0) -> Any:
    if name in ENTITIES and isinstance(value, Mapping):
        return _entity(value, depth + 1) if depth < DEEPEST else {}
    if name in LISTS and isinstance(value, list):
        return [_entity(one, DEEPEST) for one in value[:20] if isinstance(one, Mapping)]
    if isinstance(value, Mapping | list):
        return None
    return value[:LONGEST_TEXT] if isinstance(value, str) else value


def _entity(value: Mapping[str, Any], depth: int) -> dict[str, Any]:
    names = (OF_ENTITY | ENTITIES | LISTS) & set(value)
    kept = {name: _kept(name, value[name], depth) for name in sorted(names)}
    extensions = value.get("extensions")
    if isinstance(extensions, Mapping):
        numbers = {name: _numbers(name, extensions[name]) for name in NUMBERS if name in extensions}
        kept |= {"extensions": numbers} if numbers else {}
    return kept


def _numbers(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {one: text_of(value[one]) for one in NUMBERS[name] if one in value}
    return text_of(value)


def text_of(value: Any) -> str | None:
    """Return a text without spaces around it; None for no text, or an empty one."""
    return (value.strip() or None) if isinstance(value, str) else None


def entity(value: Any) -> Mapping[str, Any]:
    """Return an entity: a whole one, or one that is only named by its address."""
    if isinstance(value, str):
        return {"id": value}
    return value if isinstance(value, Mapping) else {}


def person_of(value: Any) -> Agent | None:
    """Return who a person is, if that is said: by the address that the sender has for them.

    Their number is one that the sender says to be the school's; two that differ are none.
    """
    person = entity(value)
    key = text_of(person.get("id"))
    if key is None:
        return None
    told = list(_identifiers(person))
    number = next(filter(None, (_only(told, kind) for kind in SCHOOLS_OWN)), None)
    email = _only(told, EMAIL)
    if key.lower().startswith(MAILTO):
        key = key.lower()
        email = email or key.removeprefix(MAILTO)
    return Agent(
        key=short(key),
        name=(text_of(person.get("name")) or "")[:LONGEST_NAME] or None,
        number=_clean(number if number or not PLAIN.fullmatch(key) else key),
        email=_clean(email.lower() if email else None),
        has_bsn=MARK in key,
    )


def _identifiers(person: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    others = person.get("otherIdentifiers")
    for one in others if isinstance(others, list) else ():
        kind, value = entity(one).get("identifierType"), text_of(entity(one).get("identifier"))
        if isinstance(kind, str) and value:
            yield kind, value
    extensions = person.get("extensions")
    for name, places in NUMBERS.items():
        told = extensions.get(name) if isinstance(extensions, Mapping) else None
        inner = [told.get(place) for place in places] if isinstance(told, Mapping) else [told]
        for value in filter(None, map(text_of, inner)):
            yield SCHOOLS_OWN[0], value


def _only(told: list[tuple[str, str]], kind: str) -> str | None:
    found = {value for one, value in told if one == kind}
    return found.pop() if len(found) == 1 else None


def _clean(value: str | None) -> str | None:
    return value if value is None or (MARK not in value and len(value) <= LONGEST_KEY) else None


def work_of(value: Any) -> Mapping[str, Any]:
    """Return what an attempt is at, or of a question the test; else the thing itself."""
    found = entity(value)
    for _ in range(DEEPEST):
        if entity(found.get("assignable")).get("id"):
            found = entity(found["assignable"])
        elif found.get("type") in {"AssessmentItem", "Attempt"} and entity(
            found.get("isPartOf")
        ).get("id"):
            found = entity(found["isPartOf"])
        else:
            break
    return found


def item_of(value: Any, *, highest: Any = None) -> Item | None:
    """Return what an event is about; None when it has no address."""
    work = work_of(value)
    key = text_of(work.get("id"))
    if key is None:
        return None
    title = text_of(work.get("name"))
    limits = filter(_is_limit, (highest, work.get("maxScore")))
    return Item(
        key=short(key),
        address=key[:LONGEST_TITLE],
        title=title[:LONGEST_TITLE] if title else None,
        value_min=None,
        value_max=number_text(next(limits, None)),
    )


def _is_limit(value: Any) -> bool:
    return is_number(value) and bool(value > 0)
