"""Asking a system with a token that is fetched when it is needed (OAuth 2 client credentials).

The secret of the source is "client:secret"; it goes to the address that gives tokens, and nowhere
else (RFC 6749, 4.4).
"""

import time
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote_plus

from importers.readers.rest import Json, Params, Rest
from importers.source import Asking, Unavailable

LASTS = 3600.0  # seconds, when the system does not say
EARLY = 60.0  # before it ends a token is asked for anew
NOT_GIVEN = {"source.refused", "source.not_understood"}


class Granted:
    """The system at `url`; `address` returns where it gives tokens, or raises Unavailable."""

    def __init__(self, asking: Asking, *, url: str, address: Callable[[], str], scope: str) -> None:
        self._asking, self.url, self._address, self._scope = asking, url, address, scope
        self._rest: Rest | None = None
        self._until = 0.0

    def get(self, path: str, params: Params) -> Json:
        """Ask for a page; raises Unavailable. A token that is refused is asked for anew, once."""
        is_old = self._rest is not None
        try:
            return self._opened().get(path, params)
        except Unavailable as reason:
            if not is_old or (reason.code, reason.detail) != ("source.refused", "401"):
                raise
        self._rest = None
        return self._opened().get(path, params)

    def open(self) -> None:
        """Fetch a token, if there is none; raises Unavailable."""
        self._opened()

    def _opened(self) -> Rest:
        if self._rest is None or time.monotonic() > self._until:
            token, lasts = self._token()
            headers = {"Authorization": f"Bearer {token}"}
            self._rest = client(self._asking, self.url, headers)
            self._until = time.monotonic() + max(lasts - EARLY, EARLY)
        return self._rest

    def _token(self) -> tuple[str, float]:
        """Return a token, and how many seconds it lasts."""
        address = self._address()
        headers = {"Authorization": basic(self._asking.secret)}
        form = {"grant_type": "client_credentials"}
        if self._scope:
            form["scope"] = self._scope
        try:
            answer = client(self._asking, address, headers).post(address, form=form).value
        except Unavailable as reason:
            if reason.code not in NOT_GIVEN:
                raise
            raise Unavailable("source.refused", detail=reason.detail, is_final=True) from None
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise Unavailable("source.refused", is_final=True)
        lasts = answer.get("expires_in")
        return token, float(lasts) if isinstance(lasts, int | float) else LASTS


def has_two_parts(secret: str | None) -> bool:
    """Whether a secret is that of a client: its name, a colon, and its own secret."""
    name, _, own = (secret or "").partition(":")
    return bool(name and own)


def basic(secret: str | None) -> str:
    """Return a secret of two parts as HTTP has it (RFC 6749, 2.3.1)."""
    name, _, own = (secret or "").partition(":")
    return f"Basic {b64encode(f'{quote_plus(name)}:{quote_plus(own)}'.encode()).decode()}"


def client(asking: Asking, url: str, headers: dict[str, str]) -> Rest:
    """Return a client for another address than the source's own."""
    return Rest(
        url=url,
        allow_loopback=asking.allow_loopback,
        headers=headers,
        pulse=asking.pulse,
        wait=asking.wait,
    )
