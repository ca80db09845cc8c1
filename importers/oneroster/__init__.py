"""OneRoster: 1.1 and 1.2 bundles of CSV, whole or changes only, and the 1.2 REST service."""

from importers.oneroster.bundle import Bundle
from importers.oneroster.files import KIND, known_name
from importers.oneroster.service import PULL_KIND
from importers.readers.sample import Form, Sample
from importers.source import FileKind

__all__ = ["FILE_KIND", "KIND", "PULL_KIND", "Bundle", "known_name"]


def _recognises(sample: Sample) -> bool:
    return sample.form is Form.ZIP and any(known_name(path) for path in sample.names)


FILE_KIND = FileKind(
    kind=KIND,
    recognises=_recognises,
    open=Bundle,
    entry_name=known_name,
)
