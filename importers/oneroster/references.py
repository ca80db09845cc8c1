"""References that nothing of ours depends on: to courses, terms, organisations and categories.

They are not taken over; what is odd about them is said. The others wait for matching.
"""

from collections.abc import Callable, Iterator, Mapping

from importers.issues import Finding
from importers.oneroster import files
from importers.oneroster.manifest import Mode
from importers.readers.cells import Line

Lines = Callable[..., Iterator[Line | None]]


def check_references(modes: Mapping[str, Mode], lines: Lines) -> Iterator[Finding]:
    """Warn, in whole files, of references to nothing; only there it can be seen."""
    whole = {name for name, mode in modes.items() if mode is Mode.BULK}
    keys = {name: set(_keys(lines(name, after=1))) for name in files.LOOKED_UP if name in whole}
    for name, columns in files.CHECKED_REFERENCES.items():
        if name not in whole:
            continue
        unsaid = {column for column, other in columns.items() if other not in keys}
        for line in lines(name, after=1):
            if line is None:
                continue
            for column, other in columns.items():
                wanted = [key for key in (line.text(column) or "").split(",") if key]
                if wanted and column in unsaid:
                    unsaid.discard(column)  # once: the file is missing for every row
                    line.warn("ref.no_file", column, detail=other)
                    yield line.findings[-1]
                elif other in keys and any(key not in keys[other] for key in wanted):
                    line.warn("ref.unused", column, detail=other)
                    yield line.findings[-1]


def _keys(lines: Iterator[Line | None]) -> Iterator[str]:
    for line in lines:
        if line is not None and (key := line.text("sourcedId")):
            yield key
