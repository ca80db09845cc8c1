"""The log as Moodle shows it to people: names and sentences, without any id. It is refused.

Two people may have one name, and two rows of one second may be the same click or two: nothing in
it can be joined to somebody, or recognised when it comes again.
"""

import re

from importers.issues import Refused
from importers.readers.kept import Kept
from importers.readers.sample import Form, Sample
from importers.source import FileKind, Opening, Source

KIND = "moodle_log"
COLUMNS = 9
# Moodle writes these descriptions in English whatever the language of the page.
DESCRIPTION = re.compile(r"The user with id '-?\d+' ")


def recognises(sample: Sample) -> bool:
    """Whether it is the log report: its nine columns, or its descriptions under that many."""
    if sample.form is not Form.TABLE:
        return False
    if sample.has_columns("User full name", "Affected user", "Event context", "Event name"):
        return True
    is_as_wide = len(sample.headers) == COLUMNS
    return is_as_wide and any(DESCRIPTION.match(cell) for row in sample.rows for cell in row)


def refuse(kept: Kept, opening: Opening) -> Source:
    """Refuse it, and say what to use instead; raises Refused."""
    del kept
    raise Refused("export.log", file=opening.file_name)


FILE_KIND = FileKind(kind=KIND, recognises=recognises, open=refuse)
