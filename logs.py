"""Log lines: one JSON object each, for machines first; never what people wrote."""

import logging
import sys
from traceback import extract_tb

import structlog


def configure(level: str) -> None:
    """Let every log line of this process be one JSON object on standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def trace(error: BaseException) -> dict[str, object]:
    """Return what may be told of an error: its kinds and places, not its text.

    The text of a database error repeats values, and those are people's.
    """
    kinds = []
    cause: BaseException | None = error
    while cause is not None:
        kinds.append(type(cause).__name__)
        cause = cause.__cause__
    places = [f"{f.filename}:{f.lineno} {f.name}" for f in extract_tb(error.__traceback__)]
    return {"error": " < ".join(kinds), "trace": places[-12:]}
