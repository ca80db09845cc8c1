"""What each code says to people: what is wrong, and what to do. Everywhere the same words.

The texts are message ids (docs/decisions/0004); the catalogue holds the Dutch.
"""

from typing import Protocol

from flask_babel import gettext

from importers.caliper.sentences import SENTENCES as CALIPER
from importers.canvas.sentences import SENTENCES as CANVAS
from importers.door.sentences import SENTENCES as DOOR
from importers.duo.sentences import SENTENCES as DUO
from importers.engine.sentences import SENTENCES as ENGINE
from importers.moodle.sentences import SENTENCES as MOODLE
from importers.moodle_exports.sentences import SENTENCES as MOODLE_EXPORTS
from importers.oeapi.sentences import SENTENCES as OEAPI
from importers.oneroster.sentences import SENTENCES as ONEROSTER
from importers.people.links import PARKED
from importers.people.sentences import SENTENCES as PEOPLE
from importers.pulls.sentences import SENTENCES as PULLS
from importers.readers.sentences import SENTENCES as READERS
from importers.sheet.sentences import SENTENCES as SHEET
from importers.words import Sentences
from importers.xapi.sentences import SENTENCES as XAPI


class Issue(Protocol):
    """What a sentence may speak of."""

    code: str
    file: str | None
    row: int | None
    column: str | None
    value: str | None
    detail: str | None


SENTENCES: Sentences = {
    **DOOR,
    **READERS,
    **ENGINE,
    **PEOPLE,
    **SHEET,
    **PULLS,
    **XAPI,
    **CALIPER,
    **MOODLE,
    **MOODLE_EXPORTS,
    **ONEROSTER,
    **CANVAS,
    **OEAPI,
    **DUO,
}


def sentences_of(issue: Issue) -> tuple[str, str]:
    """Return what is wrong and what to do, in the language of the reader."""
    code = issue.detail if issue.code == PARKED and issue.detail in SENTENCES else issue.code
    return say(code, file=issue.file, column=issue.column, value=issue.value, detail=issue.detail)


def say(code: str, **facts: str | None) -> tuple[str, str]:
    """Return what a code means and what to do: with its file, column, value and detail, if any."""
    known = {name: facts.get(name) or "" for name in ("file", "column", "value", "detail")}
    message, hint = SENTENCES[code]
    return gettext(message, **known), gettext(hint, **known)


def why_parked(why: str, key: str) -> str:
    """Return what is in the way of knowing somebody, in the language of the reader."""
    return str(gettext(SENTENCES[why][0], value=key))
