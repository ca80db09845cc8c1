"""Every kind of file that can be sent and of system that can be pulled; each source adds a line."""

from importers import (
    caliper,
    canvas,
    case,
    duo,
    kwalificaties,
    moodle,
    moodle_exports,
    oeapi,
    oneroster,
    sheet,
    xapi,
)
from importers.source import FileKind, PullKind

# Of all that recognise a file the first counts; a table of anything comes last.
FILE_KINDS: tuple[FileKind, ...] = (
    oneroster.FILE_KIND,
    *kwalificaties.FILE_KINDS,
    case.FILE_KIND,
    *duo.FILE_KINDS,
    *moodle_exports.FILE_KINDS,
    caliper.FILE_KIND,
    xapi.FILE_KIND,
    sheet.FILE_KIND,
)
PULL_KINDS: dict[str, PullKind] = {
    one.kind: one
    for one in (
        moodle.PULL_KIND,
        canvas.PULL_KIND,
        oeapi.PULL_KIND,
        oneroster.PULL_KIND,
        xapi.PULL_KIND,
    )
}


def file_kind(kind: str | None) -> FileKind | None:
    """Return the kind of file with this name, if there is one."""
    return next((one for one in FILE_KINDS if one.kind == kind), None)
