"""What the uploader says of the columns: plain JSON, checked here, remembered by the source.

{"person": "Leerlingnummer", "person_pattern": "S{:06d}", "people": "link" | "make",
 "date": "Datum" | "2026-11-20", "snapshot": false, "repeats": false, "thousands": "." | null,
 "columns": {"Cijfer": {"means": "result", "item": "Toets 1", "scale": "1-10", "decimal": ","}}}
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

from importers.sheet.columns import Means
from importers.sheet.dates import read_day
from importers.sheet.values import SCALES
from tracker.errors import Invalid

LONGEST_NAME = 200
MOST_COLUMNS = 500
PEOPLE = ("link", "make")
DECIMALS = (",", ".")
THOUSANDS = (".", ",", " ", "'")
# One number between words without braces: `S{:06d}`. Never handed to str.format.
PATTERN = re.compile(r"(?P<before>[^{}]{0,20})\{:0?(?P<width>[0-9]{1,2})d\}(?P<behind>[^{}]{0,20})")
OF_COLUMN = ("means", "item", "scale", "decimal")
Plain = dict[str, Any]


def _is_text(value: object) -> TypeGuard[str]:
    """Whether a database can keep it: no NUL, no half of a surrogate pair."""
    if not isinstance(value, str) or "\0" in value:
        return False
    return value.encode("utf-8", "ignore").decode() == value


def _is_name(value: object) -> bool:
    return _is_text(value) and 0 < len(value.strip()) <= LONGEST_NAME


def _is_pattern(value: object) -> bool:
    return _is_text(value) and PATTERN.fullmatch(value) is not None


def _is_truth(value: object) -> bool:
    return isinstance(value, bool)


# What may be said of the sheet as a whole: whether it is right, and the code if it is not.
OF_SHEET: dict[str, tuple[Callable[[object], bool], str]] = {
    "person": (_is_name, "mapping.no_name"),
    "person_pattern": (_is_pattern, "mapping.pattern"),
    "people": (lambda value: value in PEOPLE, "mapping.choice"),
    "date": (_is_name, "mapping.no_name"),
    "snapshot": (_is_truth, "mapping.not_yes_or_no"),
    "repeats": (_is_truth, "mapping.not_yes_or_no"),
    "thousands": (lambda value: value in THOUSANDS, "mapping.choice"),
}
TOP = (*OF_SHEET, "columns")


def checked(raw: object) -> Plain:
    """Return a mapping that can be followed; raises Invalid with the path of each wrong field."""
    if not isinstance(raw, Mapping):
        raise Invalid(mapping="mapping.form")
    wrong = {f"mapping.{name}": "mapping.unknown_field" for name in raw if name not in TOP}
    for name, (is_right, code) in OF_SHEET.items():
        if raw.get(name) is not None and not is_right(raw[name]):
            wrong[f"mapping.{name}"] = code
    wrong |= _wrong_columns(raw.get("columns", {}))
    if wrong:
        raise Invalid(**wrong)
    return _as_plain(raw)


def formatted(pattern: str | None, key: str) -> str:
    """Return a person's key as the school writes it: `S{:06d}` makes 701 S000701."""
    match = PATTERN.fullmatch(pattern) if pattern else None
    if match is None or not (key.isascii() and key.isdigit()):
        return key
    return match["before"] + key.zfill(int(match["width"])) + match["behind"]


def fixed_day(mapping: Mapping[str, Any]) -> str | None:
    """Return the day that holds for the whole sheet, as ISO text, if the uploader gave one."""
    given = mapping.get("date")
    day = read_day(given).day if given else None
    return day.isoformat() if day else None


def _wrong_columns(columns: object) -> dict[str, str]:
    if not isinstance(columns, Mapping) or len(columns) > MOST_COLUMNS:
        return {"mapping.columns": "mapping.form"}
    wrong: dict[str, str] = {}
    for header, said in columns.items():
        path = f"mapping.columns.{header}"
        if not _is_name(header) or not isinstance(said, Mapping):
            wrong[path] = "mapping.form"
            continue
        for name, value in said.items():
            code = _fault(name, value)
            if code is not None:
                wrong[f"{path}.{name}"] = code
        if "means" not in said:
            wrong[f"{path}.means"] = "mapping.choice"
    return wrong


def _fault(name: object, value: object) -> str | None:
    """Return what is wrong with one thing that is said of a column."""
    if name not in OF_COLUMN:
        return "mapping.unknown_field"
    if name == "item":
        return None if value is None or _is_name(value) else "mapping.no_name"
    choices: tuple[object, ...] = {
        "means": tuple(means.value for means in Means),
        "scale": (*SCALES, None),
        "decimal": (*DECIMALS, None),
    }[str(name)]
    return None if value in choices else "mapping.choice"


def _as_plain(raw: Mapping[str, Any]) -> Plain:
    """Return it as plain dictionaries; YAML reads an unquoted day as a date, JSON has none."""
    plain: Plain = {name: raw[name] for name in TOP if raw.get(name) is not None}
    plain["columns"] = {
        header.strip(): dict(said) for header, said in raw.get("columns", {}).items()
    }
    return plain
