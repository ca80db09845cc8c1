"""Files that Moodle itself exports: the gradebook, completion of activities, and its log."""

from importers.moodle_exports import completion, grades, logs, logstore

__all__ = ["FILE_KINDS"]

FILE_KINDS = (
    grades.FILE_KIND,
    *completion.FILE_KINDS,
    logs.FILE_KIND,
    logstore.FILE_KIND,
)
