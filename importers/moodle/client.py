"""Asking Moodle's web services: one function a question, and every answer is HTTP 200.

What went wrong stands in the body: {exception, errorcode, message}. The names of exceptions differ
between versions, so only the errorcode counts; the message is never kept, for it may name people.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from importers.readers.rest import Rest
from importers.source import Asking, Unavailable

SERVER = "webservice/rest/server.php"

# The key, or the account behind it, is no longer good: nothing else needs to be asked.
_TOKEN = {
    "invalidtoken",
    "invalidtimedtoken",
    "passwordisexpired",
    "wsaccessuserdeleted",
    "wsaccessuserexpired",
    "wsaccessusernologin",
    "wsaccessusersuspended",
    "wsaccessuserunconfirmed",
}
_CODES = {
    "accessexception": "moodle.function_missing",
    "accesstofunctionnotallowed": "moodle.function_missing",
    "invalidiptoken": "moodle.other_address",
    "missingrequiredcapability": "moodle.service",
    "servicenotavailable": "moodle.service",
    "usernotallowed": "moodle.service",
    "sitepolicynotagreed": "moodle.policy",
}
# Moodle itself is out of order for a while.
_PASSING = {
    "dbconnectionfailed",
    "ddlexecuteerror",
    "dmlreadexception",
    "dmlwriteexception",
    "sitemaintenance",
    "upgraderunning",
}
_CODE = re.compile(r"[a-z][a-z0-9_]{0,59}")


class NotAnswered(Exception):
    """Moodle refuses this one question; `code` is its own errorcode. Others may be answered."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Client:
    """One school's Moodle, asked with the key of an account of its own."""

    def __init__(self, asking: Asking) -> None:
        self._rest = Rest.of(asking)
        self._token = asking.secret or ""

    def call(self, function: str, **params: Any) -> Any:
        """Return what a function answers; raises NotAnswered, or Unavailable for all of Moodle."""
        form = {
            "wstoken": self._token,
            "wsfunction": function,
            "moodlewsrestformat": "json",
            **dict(flat(params)),
        }
        answer = self._rest.post(SERVER, form=form).value
        code = _error_of(answer)
        if code == "invalidtoken":
            # Moodle says so of a question that was broken on its way too.
            answer = self._rest.post(SERVER, form=form).value
            code = _error_of(answer)
        if code is not None:
            raise _meant(code, function)
        return answer

    def rows(self, function: str, **params: Any) -> list[dict[str, Any]]:
        """Return a list of objects; raises as `call` does, and Unavailable when it is none."""
        answer = self.call(function, **params)
        if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
            raise odd(function)
        return answer

    def perhaps(self, function: str, **params: Any) -> Any:
        """Return what a function answers that can be done without; None where it does not."""
        try:
            return self.call(function, **params)
        except NotAnswered:
            return None
        except Unavailable as reason:
            if reason.code == "moodle.function_missing":
                return None
            raise

    def object(self, function: str, **params: Any) -> dict[str, Any]:
        """Return one object; raises as `call` does, and Unavailable when it is none."""
        answer = self.call(function, **params)
        if not isinstance(answer, dict):
            raise odd(function)
        return answer


def flat(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield nested parameters as PHP reads them: options[0][name]=limitfrom."""
    for name, value in params.items():
        yield from _flat(name, value)


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _flat(f"{name}[{key}]", one)
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            yield from _flat(f"{name}[{number}]", one)
    else:
        yield name, str(int(value) if isinstance(value, bool) else value)


def odd(function: str) -> Unavailable:
    """Return the error for an answer that is not as Moodle's own description of it."""
    return Unavailable("moodle.odd_answer", detail=function, is_final=True)


def _error_of(answer: Any) -> str | None:
    if not isinstance(answer, dict) or "exception" not in answer:
        return None
    code = str(answer.get("errorcode", ""))
    return code if _CODE.fullmatch(code) else "unknown"


def _meant(code: str, function: str) -> Unavailable | NotAnswered:
    if code in _TOKEN:
        return Unavailable("moodle.token", is_final=True)
    if code in _CODES:
        return Unavailable(_CODES[code], detail=function, is_final=True)
    if code in _PASSING:
        return Unavailable("source.broken", detail=code)
    return NotAnswered(code)
