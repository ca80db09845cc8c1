"""The four ways in which the tracker says no: codes, never sentences."""


class TrackerError(Exception):
    """Base of every refusal that a caller may show to a person."""

    code = "refused"


class NotFound(TrackerError):
    """The record does not exist, or not for this person."""

    code = "not_found"


class NotAllowed(TrackerError):
    """The person may see the record, but not do this with it."""

    code = "not_allowed"


class Invalid(TrackerError):
    """A rule is broken; `fields` says where and which: {"happened_on": "date.in_future"}."""

    code = "invalid"

    def __init__(self, **fields: str) -> None:
        super().__init__(", ".join(f"{name}: {code}" for name, code in fields.items()))
        self.fields = fields


class Conflict(TrackerError):
    """The record is not what the caller thinks it is; `code` says in which way."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
