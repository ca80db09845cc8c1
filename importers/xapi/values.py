"""The values that xAPI statements are made of: addresses, ids, languages, moments, numbers."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

# RFC 3987: a scheme, and no spaces or brackets behind it.
IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
MAILTO = re.compile(r"mailto:[^@\s]+@[^@\s]+", re.IGNORECASE)
SHA1 = re.compile(r"[0-9a-fA-F]{40}")
SHA2 = re.compile(r"[0-9a-fA-F]{56,128}")
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# RFC 5646, as far as its form goes.
LANGUAGE = re.compile(r"(?:[A-Za-z]{2,8}|[xi])(?:-[A-Za-z0-9]{1,8})*")
MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?P<zone>[Zz]|[+-]\d\d(?::?\d\d)?)?"
)
# ISO 8601: a length of time; weeks stand alone.
_PART = r"\d+(?:[.,]\d+)?"
DURATION = re.compile(
    rf"P(?:{_PART}W|(?=.)(?:{_PART}Y)?(?:{_PART}M)?(?:{_PART}D)?"
    rf"(?:T(?=\d)(?:{_PART}H)?(?:{_PART}M)?(?:{_PART}S)?)?)"
)


def is_iri(value: Any) -> bool:
    """Whether a value is a whole address, with a scheme."""
    return isinstance(value, str) and IRI.fullmatch(value) is not None


def is_uuid(value: Any) -> bool:
    """Whether a value is an id as RFC 4122 writes it."""
    return isinstance(value, str) and UUID.fullmatch(value) is not None


def is_text(value: Any) -> bool:
    """Whether a value is text."""
    return isinstance(value, str)


def is_number(value: Any) -> bool:
    """Whether a value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_language(value: Any) -> bool:
    """Whether a value names a language."""
    return isinstance(value, str) and LANGUAGE.fullmatch(value) is not None


def is_language_map(value: Any) -> bool:
    """Whether a value gives texts by language."""
    return isinstance(value, dict) and all(
        is_language(name) and is_text(text) for name, text in value.items()
    )


def is_extensions(value: Any) -> bool:
    """Whether a value is an object whose names are addresses; anything may stand in it."""
    return isinstance(value, dict) and all(is_iri(name) for name in value)


def is_duration(value: Any) -> bool:
    """Whether a value is a length of time (ISO 8601)."""
    return isinstance(value, str) and DURATION.fullmatch(value) is not None


def is_moment(value: Any) -> bool:
    """Whether a value is a moment (RFC 3339); one without a zone is said to be so by `has_zone`."""
    return read_moment(value, ZoneInfo("UTC")) is not None


def has_zone(value: str) -> bool:
    """Whether a moment says in which zone it is."""
    found = MOMENT.fullmatch(value)
    return found is not None and found["zone"] is not None


def read_moment(value: Any, zone: ZoneInfo) -> datetime | None:
    """Return a moment in UTC; one that names no zone is taken in this one. None for no moment."""
    found = MOMENT.fullmatch(value) if isinstance(value, str) else None
    # RFC 3339 leaves -00:00 to moments whose place nobody knows; xAPI refuses it.
    if found is None or (found["zone"] or "").replace(":", "") in {"-00", "-0000"}:
        return None
    try:
        moment = datetime.fromisoformat(value.upper().replace(",", ".").replace(" ", "T"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def was_twice(value: str, zone: ZoneInfo) -> bool:
    """Whether a moment without a zone came twice, or never: the clock was set back, or forward."""
    naive = datetime.fromisoformat(value.upper().replace(",", ".").replace(" ", "T"))
    return naive.replace(tzinfo=zone).utcoffset() != naive.replace(tzinfo=zone, fold=1).utcoffset()


def text_of(texts: Any) -> str | None:
    """Return the text in the language that our readers like best: Dutch, then English, then any."""
    if not isinstance(texts, Mapping):
        return None
    given = {name.lower(): text.strip() for name, text in texts.items() if text and text.strip()}
    ranked = sorted(given, key=lambda name: (_rank(name), name))
    return given[ranked[0]] if ranked else None


def _rank(language: str) -> int:
    base = language.split("-", maxsplit=1)[0]
    return {"nl": 0, "en": 1}.get(base, 2)
