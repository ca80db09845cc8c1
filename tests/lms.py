"""An LMS that signs: our own strict LTI 1.3 platform over real HTTP, able to lie in every way.

It serves its key set and its OIDC authentication page, and a course page with a button per person.
It refuses what the specifications refuse, so that a launch that works here works by the rules.
"""

import json
import re
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
LEARNER, INSTRUCTOR = f"{MEMBERSHIP}#Learner", f"{MEMBERSHIP}#Instructor"
Answer = tuple[int, str, bytes] | tuple[int, str, bytes, dict[str, str]]


@cache
def private_key(number: int) -> rsa.RSAPrivateKey:
    """Make a key once for all tests; different numbers, different keys."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_jwk(number: int, kid: str) -> dict[str, Any]:
    """Give a key as a JWK, as a platform publishes it."""
    jwk = json.loads(RSAAlgorithm.to_jwk(private_key(number).public_key()))
    return {"kty": "RSA", "n": jwk["n"], "e": jwk["e"], "kid": kid, "alg": "RS256", "use": "sig"}


def base64url(raw: bytes) -> str:
    """Write bytes as a JWT does."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True)
class User:
    """Somebody with an account here; `number` is the school's own."""

    sub: str
    roles: tuple[str, ...]
    name: str | None = None
    number: str | None = None
    email: str | None = None


class Refusal(Exception):
    """The tool asked for something that the specifications forbid."""


@dataclass
class Lms:
    """One platform with one registration of us; `faults` makes it ill, `keys` are kid -> number."""

    url: str
    tool: str  # our address
    issuer: str = ""
    client_id: str = "tool-1"
    deployment_id: str = "1"
    auth_query: str = ""  # some platforms' authentication address has a query of its own
    keys: dict[str, int] = field(default_factory=lambda: {"kid-1": 1})
    users: dict[str, User] = field(default_factory=dict)
    key_requests: int = 0
    faults: Callable[[], Answer] | None = None
    error: str | None = None  # what the authentication page answers instead of a token
    more_claims: dict[str, Any] = field(default_factory=dict)  # changes to what a launch says
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.issuer = self.issuer or self.url

    @property
    def auth_url(self) -> str:
        return f"{self.url}/auth" + (f"?{self.auth_query}" if self.auth_query else "")

    @property
    def jwks_url(self) -> str:
        return f"{self.url}/jwks"

    def rotate(self) -> None:
        """Publish and use a new key only."""
        number = max(self.keys.values()) + 1
        self.keys = {f"kid-{number}": number}

    def add_user(self, user: User) -> User:
        self.users[user.sub] = user
        return user

    # What starts a login: the parameters of a third-party initiated login.
    def login(self, user: User, **changes: str | None) -> dict[str, str]:
        parameters: dict[str, str | None] = {
            "iss": self.issuer,
            "client_id": self.client_id,
            "login_hint": user.sub,
            "lti_message_hint": '{"cmid":109,"launchid":"ltilaunch1_1516236033"}',
            "lti_deployment_id": self.deployment_id,
            "target_link_uri": f"{self.tool}/lti/launch",
            **changes,
        }
        return {name: value for name, value in parameters.items() if value is not None}

    def claims(self, user: User, *, nonce: Any, **changes: Any) -> dict[str, Any]:
        """Say what a good launch says; a change to None takes a claim out, `__` stands for LTI."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": user.sub,
            "iat": now,
            "exp": now + 60,
            "nonce": nonce,
            LTI + "message_type": "LtiResourceLinkRequest",
            LTI + "version": "1.3.0",
            LTI + "deployment_id": self.deployment_id,
            LTI + "target_link_uri": f"{self.tool}/lti/launch",
            LTI + "roles": list(user.roles),
            LTI + "resource_link": {"id": "link-1", "title": "Mijn voortgang"},
            LTI + "context": {"id": "2", "label": "PR-30", "title": "Praktijkroute"},
        }
        if user.name:
            given, _, family = user.name.partition(" ")
            claims |= {"name": user.name, "given_name": given, "family_name": family}
        if user.email:
            claims["email"] = user.email
        if user.number:
            claims[LTI + "lis"] = {"person_sourcedid": user.number}
        for name, value in {"nonce": nonce, **changes}.items():
            key = LTI + name[2:] if name.startswith("__") else name
            claims[key] = value
            if value is None:
                del claims[key]
        return claims

    def sign(
        self,
        claims: Any,
        *,
        header: Mapping[str, Any] | None = None,
        key: Any = None,
        algorithm: str | None = "RS256",
    ) -> str:
        """Sign with the newest key, unless told otherwise; a header that is None is left out."""
        kid, number = list(self.keys.items())[-1]
        entries = {"typ": "JWT", "alg": algorithm or "none", "kid": kid, **(header or {})}
        head = {name: value for name, value in entries.items() if value is not None}
        text = ".".join(base64url(json.dumps(part).encode()) for part in (head, claims))
        signature = b""
        if algorithm is not None:
            signer = jwt.get_algorithm_by_name(algorithm)
            signature = signer.sign(text.encode(), key or private_key(number))
        return f"{text}.{base64url(signature)}"

    def authenticate(self, asked: Mapping[str, str]) -> dict[str, str]:
        """Answer an authentication request as the specifications say; raises Refusal."""
        fixed = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": self.client_id,
            "redirect_uri": f"{self.tool}/lti/launch",
        }
        for name, value in fixed.items():
            if asked.get(name) != value:
                raise Refusal(f"{name}={asked.get(name)!r}")
        if len(asked.get("state", "")) < 20 or len(asked.get("nonce", "")) < 20:
            raise Refusal("state or nonce can be guessed")
        user = self.users.get(asked.get("login_hint", ""))
        if user is None or self.error:
            return {"state": asked["state"], "error": self.error or "login_required"}
        token = self.sign(self.claims(user, **{"nonce": asked["nonce"], **self.more_claims}))
        return {"state": asked["state"], "id_token": token}


@contextmanager
def running(tool: str, **options: Any) -> Iterator[Lms]:
    """Run an LMS on a free port for as long as the block lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    lms = Lms(url=f"http://127.0.0.1:{server.server_port}", tool=tool, **options)
    _Pages.of[server.server_port] = lms
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield lms
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        del _Pages.of[server.server_port]


@dataclass(frozen=True)
class Asked:
    """One request to the LMS."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


Page = Callable[[Lms, Asked], Answer]
PAGES: list[tuple[str, re.Pattern[str], Page]] = []


def page(method: str, path: str) -> Callable[[Page], Page]:
    """Serve a page of every LMS: a method and a regular expression for the whole path."""

    def register(function: Page) -> Page:
        PAGES.append((method, re.compile(path), function))
        return function

    return register


class _Pages(BaseHTTPRequestHandler):
    """The pages of every LMS that runs in this process, by port."""

    of: dict[int, Lms] = {}  # noqa: RUF012 - shared on purpose

    def _serve(self) -> None:
        lms = self.of[self.connection.getsockname()[1]]
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(
            self.command, parts.path, dict(parse_qsl(parts.query)), dict(self.headers), body
        )
        for method, path, function in PAGES:
            if method == self.command and path.fullmatch(parts.path):
                self._answer(function(lms, asked))
                return
        self._answer((404, "text/plain", b"not found"))

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - http.server's names

    def _answer(self, answer: Answer) -> None:
        status, kind, body = answer[:3]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in (answer[3] if len(answer) > 3 else {}).items():
            self.send_header(name, value)
        if status in {301, 302}:
            self.send_header("Location", body.decode())
            body = b""
        self.send_header("Content-Length", str(len(body)))
        with suppress(ConnectionError):  # who asked may be gone
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Stay quiet."""


@page("GET", "/jwks")
def _jwks(lms: Lms, _asked: Asked) -> Answer:
    lms.key_requests += 1
    if lms.faults is not None:
        return lms.faults()
    keys = [public_jwk(number, kid) for kid, number in lms.keys.items()]
    return 200, "application/json", json.dumps({"keys": keys}).encode()


@page("GET", "/auth")
def _auth(lms: Lms, asked: Asked) -> Answer:
    try:
        fields = lms.authenticate(asked.query)
    except Refusal as refusal:
        lms.refused.append(str(refusal))
        return 400, "text/plain", f"refused: {refusal}".encode()
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    action = escape(f"{lms.tool}/lti/launch")
    html = (
        f'<!doctype html><title>Even geduld</title><form method="post" action="{action}">'
        f"{inputs}</form><script>document.forms[0].submit()</script>"
    )
    return 200, "text/html; charset=utf-8", html.encode()


@page("GET", "/course")
def _course(lms: Lms, _asked: Asked) -> Answer:
    """Show a course with a way into the tool for each person, as if signed in as that person."""
    forms = []
    for user in lms.users.values():
        inputs = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in lms.login(user).items()
        )
        forms.append(
            f'<form method="post" action="{escape(lms.tool)}/lti/login">{inputs}'
            f"<button>{escape(user.name or user.sub)}</button></form>"
        )
    html = f"<!doctype html><title>Cursus</title><h1>Cursus</h1>{''.join(forms)}"
    return 200, "text/html; charset=utf-8", html.encode()


def query_of(url: str) -> dict[str, list[str]]:
    """Read the query of an address, each value that was given."""
    return parse_qs(urlsplit(url).query, keep_blank_values=True)


def guessable_state() -> str:
    """Make a state that nobody handed out."""
    return f"state-{token_hex(20)}"


def address(url: str, parameters: Mapping[str, str]) -> str:
    """Write an address with parameters."""
    return f"{url}?{urlencode(parameters)}"
