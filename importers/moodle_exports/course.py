"""Of which course an export is: Moodle says it in the name of the file, and nowhere in it.

A school may have `Startopdracht 1` in each of its courses; so without a course no item has a key.
Moodle writes the short name in two ways (`PR-30 Grades-20261121_2016.csv`, `progress.pr-30.csv`);
both are the same course here.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from importers.issues import Finding, Refused, Severity

# What Moodle, browsers, and we ourselves put around the short name.
_AROUND = re.compile(
    r"foute[ _-]rijen|grade[ _-]?exports?|activity[ _-]?completion|completion[ _-]?report"
    r"|(?<![a-z])(?:grades?|cijfers?|progress|completion|voortgang|voltooiing|export)(?![a-z])"
    r"|(?:comma|semicolon|tab|colon)_separated|\d{8}[_-]\d{4}(?:\d\d)?(?!\d)|\(\d{1,3}\)",
    re.IGNORECASE,
)
_SIGNS = " ._-–()[]"
LONGEST, SHORT = 64, 12


@dataclass(frozen=True, slots=True)
class Course:
    """A course by its short name, as far as the file's name tells it."""

    code: str  # as Moodle writes it in the name of a file: small letters, digits, - and _

    @property
    def key(self) -> str:
        """Return its key among the groups."""
        return f"course:{self.code}"

    @property
    def title(self) -> str:
        """Return how it is shown, the same for each of Moodle's ways of writing it."""
        shown = self.code.replace("_", " ")
        return shown.upper() if len(shown) <= SHORT else shown.capitalize()


def course_of(file: str) -> Course:
    """Return the course that the name of a file tells; raises Refused when it tells none."""
    found = _AROUND.sub(" ", PurePosixPath(file).stem)
    bare = re.sub(r"[\s_]+", " ", found).strip(_SIGNS)[:LONGEST]
    code = re.sub(r"[^a-z0-9-]", "_", bare.casefold())
    if not any(letter.isalnum() for letter in code):
        raise Refused("export.no_course", file=file)
    return Course(code)


def said(course: Course, file: str) -> Finding:
    """Return that we read it so, for people to see."""
    return Finding(code="export.course", severity=Severity.WARNING, file=file, value=course.title)
