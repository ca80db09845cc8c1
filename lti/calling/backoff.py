"""When to ask an LMS again that could not or would not answer: later each time, up to a point."""

from datetime import datetime, timedelta

from lti.calling.services import ServiceError

TRIES = 8  # then it is given up and shown
FIRST, LONGEST = timedelta(minutes=1), timedelta(hours=12)
# While a worker asks, nobody else does; if it was killed, somebody does after so long.
LEASE = timedelta(minutes=3)
# What is wrong with all that we ask there, not with one score.
EVERYWHERE = frozenset(
    {
        "unreachable",
        "rate_limited",
        "unauthorized",
        "token_refused",
        "jwks_unreachable",
        "scope_missing",
        "own_key_unreadable",
    }
)


def is_worth_a_try(error: ServiceError) -> bool:
    """Whether the same question may be answered later."""
    return error.passes or error.code in EVERYWHERE


def next_try(error: ServiceError, *, attempts: int, at: datetime) -> datetime | None:
    """Return when to ask again after so many attempts; None: no more.

    1, 3, 9, 27 and 81 minutes, 4 hours, 12 hours; at least as late as the LMS says.
    """
    if attempts >= TRIES:
        return None
    wait = min(FIRST * 3 ** (attempts - 1), LONGEST)
    return at + max(wait, timedelta(seconds=error.retry_after or 0))
