"""Checking statements part by part, and who they are about: problems by place, never exceptions."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from importers.xapi.values import MAILTO, SHA1, is_iri, is_text

Problem = tuple[str, str]  # where, code
Check = Callable[[Any], bool]
IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")
FORM = "xapi.form"


def parts_of(
    value: Any,
    place: str,
    parts: Mapping[str, Any],
    *,
    required: tuple[str, ...] = (),
    code: str = FORM,
) -> Iterator[Problem]:
    """Check an object: nothing that the standard does not name, and each part as it should be."""
    if not isinstance(value, dict):
        yield place, code
        return
    for name in required:
        if name not in value:
            yield at(place, name), "xapi.missing"
    for name, part in value.items():
        where = at(place, name)
        if name not in parts:
            yield where, "xapi.unknown"
        elif parts[name] is not None:
            yield from parts[name](part, where)


def is_part(check: Check, code: str = FORM) -> Callable[[Any, str], Iterator[Problem]]:
    """Return a check that a part is as it should be."""

    def found(value: Any, place: str) -> Iterator[Problem]:
        if not check(value):
            yield place, code

    return found


def at(place: str, name: str) -> str:
    """Return the place of a part within a place."""
    return f"{place}.{name}" if place else name


def each_of(
    value: Any, place: str, each: Callable[[Any, str], Iterator[Problem]]
) -> Iterator[Problem]:
    """Check a list, and each thing in it."""
    if not isinstance(value, list):
        yield place, FORM
        return
    for number, one in enumerate(value):
        yield from each(one, f"{place}.{number}")


def actor(value: Any, place: str) -> Iterator[Problem]:
    """Check a person or a group."""
    if isinstance(value, dict) and value.get("objectType") == "Group":
        yield from _group(value, place)
    else:
        yield from agent(value, place)


def agent(value: Any, place: str) -> Iterator[Problem]:
    """Check a person: one identifier and no more."""
    parts = {**_WHO, "objectType": is_part(lambda one: one == "Agent", "xapi.actor")}
    yield from parts_of(value, place, parts, code="xapi.actor")
    if isinstance(value, dict) and sum(name in value for name in IDENTIFIERS) != 1:
        yield place, "xapi.actor"


def _group(value: Mapping[str, Any], place: str) -> Iterator[Problem]:
    parts = {
        **_WHO,
        "objectType": None,
        "member": lambda one, where: each_of(one, where, agent),
    }
    yield from parts_of(value, place, parts, code="xapi.actor")
    known = sum(name in value for name in IDENTIFIERS)
    if known > 1 or (not known and not value.get("member")):
        yield place, "xapi.actor"


def only_group(value: Any, place: str) -> Iterator[Problem]:
    """Check a group."""
    if not isinstance(value, dict) or value.get("objectType") != "Group":
        yield place, "xapi.actor"
    else:
        yield from _group(value, place)


def _account(value: Any, place: str) -> Iterator[Problem]:
    parts = {"homePage": is_part(is_iri, "xapi.actor"), "name": is_part(_is_filled, "xapi.actor")}
    yield from parts_of(value, place, parts, required=("homePage", "name"), code="xapi.actor")


def authority(value: Any, place: str) -> Iterator[Problem]:
    """Check who vouches for a statement."""
    yield from actor(value, place)
    if isinstance(value, dict) and value.get("objectType") == "Group":
        members = value.get("member")
        # OAuth: a program and the person for whom it speaks.
        if not isinstance(members, list) or len(members) != 2:  # noqa: PLR2004 - a pair
            yield place, "xapi.actor"


def _is_filled(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


_WHO: dict[str, Any] = {
    "name": is_part(is_text, "xapi.actor"),
    "mbox": is_part(lambda one: is_text(one) and MAILTO.fullmatch(one) is not None, "xapi.mbox"),
    "mbox_sha1sum": is_part(
        lambda one: is_text(one) and SHA1.fullmatch(one) is not None, "xapi.mbox"
    ),
    "openid": is_part(is_iri, "xapi.actor"),
    "account": _account,
}
