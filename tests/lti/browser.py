"""A browser without scripts that keeps Secure cookies on loopback, as Chromium does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.lms import Lms, User, address, query_of
from tests.servers import NO_TLS

SESSION = "__Host-leerspoor"
PATIENCE = 90  # seconds
_CODE = re.compile(r'<meta name="leerspoor-error" content="([^"]*)">')
_INPUT = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


@dataclass(frozen=True)
class Started:
    """A login that waits for the platform's answer."""

    state: str
    nonce: str
    auth_url: str


class Browser:
    """Keeps cookies by path; follows no redirect by itself."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.cookies: dict[str, tuple[str, str]] = {}  # name -> value, path
        self.http = httpx.Client(timeout=PATIENCE, trust_env=False, verify=NO_TLS)

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_error: object) -> None:
        self.http.close()

    def get(self, url: str) -> httpx.Response:
        return self.send("GET", url)

    def post(self, url: str, fields: Mapping[str, str]) -> httpx.Response:
        return self.send("POST", url, data=dict(fields))

    def send(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Ask an address (a path is one of ours), with our cookies if it is ours."""
        url = self.site + url if url.startswith("/") else url
        headers = dict(options.pop("headers", {}))
        is_ours = url.startswith(self.site)
        if is_ours:
            path = urlsplit(url).path
            sent = [f"{n}={v}" for n, (v, where) in self.cookies.items() if path.startswith(where)]
            headers |= {"Cookie": "; ".join(sent)} if sent else {}
        response = self.http.request(method, url, headers=headers, **options)
        if is_ours:
            for line in response.headers.get_list("set-cookie"):
                self._keep(line)
        return response

    def _keep(self, line: str) -> None:
        pair, *attributes = [part.strip() for part in line.split(";")]
        name, _, value = pair.partition("=")
        path = next((a[5:] for a in attributes if a.lower().startswith("path=")), "/")
        if any(attribute.lower() == "max-age=0" for attribute in attributes):
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = (value, path)

    @property
    def is_signed_in(self) -> bool:
        return SESSION in self.cookies

    def link(self, response: httpx.Response, word: str) -> str:
        """Find where the link with this word leads."""
        links = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', response.text, re.DOTALL)
        return next(unescape(href) for href, inner in links if word in inner)

    def start(self, lms: Lms, user: User, **changes: str | None) -> Started:
        """Click the link in the LMS, up to where the platform is asked who this is."""
        response = self.get(address(f"{self.site}/lti/login", lms.login(user, **changes)))
        assert response.status_code == 302, (response.status_code, code_of(response))
        url = response.headers["location"]
        query = query_of(url)
        return Started(query["state"][0], query["nonce"][0], url)

    def come_back(self, started: Started, id_token: str) -> httpx.Response:
        """Post the platform's answer to us."""
        return self.post("/lti/launch", {"state": started.state, "id_token": id_token})

    def launch(self, lms: Lms, user: User, **changes: Any) -> httpx.Response:
        """Launch with a well-signed token that says what the changes make it say."""
        started = self.start(lms, user)
        claims = lms.claims(user, **{"nonce": started.nonce, **changes})
        return self.come_back(started, lms.sign(claims))

    def click(self, lms: Lms, user: User) -> httpx.Response:
        """Go the whole way over the platform's own pages."""
        started = self.start(lms, user)
        page = self.get(started.auth_url)
        assert page.status_code == 200, page.text
        fields = {unescape(name): unescape(value) for name, value in _INPUT.findall(page.text)}
        return self.post("/lti/launch", fields)


def verdict(response: httpx.Response) -> tuple[int, str | None]:
    """Read what a launch came to: the status, and the code of a refusal."""
    return response.status_code, code_of(response)


def code_of(response: httpx.Response) -> str | None:
    """Read why a page says no."""
    found = _CODE.search(response.text)
    return found[1] if found else None
