"""Settings, read once from the environment; a wrong or missing one stops the start."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from itertools import pairwise
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class SettingsError(Exception):
    """A setting is missing or wrong; the text is one sentence for the person who starts us."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that differs between one installation and another (docs/settings.md)."""

    database_url: str
    database_owner_url: str
    redis_url: str | None
    evidence_url: str
    secret_key: str
    encryption_keys: tuple[str, ...]
    public_url: str
    files_url: str
    clamd_url: str | None
    timezone: str
    is_demo: bool
    trusted_proxies: tuple[str, ...]
    log_level: str

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings from environment variables; raises SettingsError with one sentence."""
        database_url = _database("DATABASE_URL", _required(environ, "DATABASE_URL"))
        is_demo = _flag(environ, "LEERSPOOR_DEMO")
        trusted_proxies = tuple(environ.get("TRUSTED_PROXIES", "").replace(",", " ").split())
        public_url = _origin("PUBLIC_URL", _required(environ, "PUBLIC_URL"))
        is_near = urlsplit(public_url).hostname in LOOPBACK_NAMES
        if is_demo and not is_near:
            raise SettingsError(
                "LEERSPOOR_DEMO works on this computer only: unset it, or let PUBLIC_URL be "
                "http://127.0.0.1:<port>."
            )
        if is_demo and trusted_proxies:
            raise SettingsError("LEERSPOOR_DEMO does not go with TRUSTED_PROXIES: unset one.")
        if urlsplit(public_url).scheme != "https" and not is_near:
            raise SettingsError("PUBLIC_URL must begin with https:// outside this computer.")
        _check_proxies(trusted_proxies)
        owner_url = _database(
            "DATABASE_OWNER_URL", environ.get("DATABASE_OWNER_URL", "").strip() or database_url
        )
        if urlsplit(owner_url).scheme != urlsplit(database_url).scheme:
            raise SettingsError("DATABASE_OWNER_URL is the same database as DATABASE_URL.")
        return cls(
            database_url=database_url,
            database_owner_url=owner_url,
            redis_url=_redis_url(environ.get("REDIS_URL", "").strip()),
            evidence_url=_evidence_url(_required(environ, "EVIDENCE_URL")),
            secret_key=_secret(environ),
            encryption_keys=_encryption_keys(environ),
            public_url=public_url,
            files_url=_files_url(environ, public_url),
            clamd_url=_clamd_url(environ.get("CLAMD_URL", "").strip()),
            timezone=_timezone(environ.get("TIMEZONE", "").strip() or "Europe/Amsterdam"),
            is_demo=is_demo,
            trusted_proxies=trusted_proxies,
            log_level=_log_level(environ.get("LOG_LEVEL", "").strip() or "INFO"),
        )


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise SettingsError(f"{name} is not set; see docs/settings.md for what it holds.")
    return value


def _flag(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "").strip()
    if value not in {"", "0", "1"}:
        raise SettingsError(f"{name} is 1 or 0, not {value!r}.")
    return value == "1"


def _split(name: str, url: str) -> SplitResult:
    """Split an address; the value itself stays out of the sentence, for it may hold a password."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # read late, and only then refused
    except ValueError:
        raise SettingsError(f"{name} is not an address; see docs/settings.md.") from None
    return parts


def _database(name: str, url: str) -> str:
    parts = _split(name, url)
    if parts.scheme in {"postgresql", "postgres", "postgresql+psycopg"}:
        return "postgresql+psycopg" + url[len(parts.scheme) :]
    # In memory each connection would have a database of its own.
    if parts.scheme == "sqlite" and parts.path not in {"", "/", "/:memory:"}:
        return url
    raise SettingsError(f"{name} begins with postgresql:// or sqlite:///, with a path or a name.")


def _redis_url(url: str) -> str | None:
    if url and _split("REDIS_URL", url).scheme not in {"redis", "rediss", "unix"}:
        raise SettingsError("REDIS_URL begins with redis://, rediss:// or unix://.")
    return url or None


def _evidence_url(url: str) -> str:
    parts = _split("EVIDENCE_URL", url)
    if parts.scheme not in {"file", "s3"} or not (parts.netloc + parts.path).strip("/"):
        raise SettingsError("EVIDENCE_URL is file:///folder or s3://bucket/prefix.")
    return url


def _origin(name: str, url: str) -> str:
    parts = _split(name, url)
    is_plain = not parts.path.strip("/") and not parts.query and "@" not in parts.netloc
    if parts.scheme not in {"http", "https"} or not parts.hostname or not is_plain:
        raise SettingsError(f"{name} is an address without a path, such as https://leerspoor.nl.")
    return f"{parts.scheme}://{parts.netloc}"


def _files_url(environ: Mapping[str, str], public_url: str) -> str:
    """Return the origin for uploads: never the pages' own host, whose cookies they must not get.

    This computer has a second name by itself.
    """
    ours = urlsplit(public_url)
    if not environ.get("FILES_URL", "").strip() and ours.hostname in LOOPBACK_NAMES:
        other = "127.0.0.1" if ours.hostname == "localhost" else "localhost"
        port = "" if ours.port is None else f":{ours.port}"
        return f"{ours.scheme}://{other}{port}"
    files_url = _origin("FILES_URL", _required(environ, "FILES_URL")).lower()
    parts = urlsplit(files_url)
    if parts.scheme == "https":
        files_url = files_url.removesuffix(":443")  # as browsers write it
    if parts.hostname == ours.hostname:
        raise SettingsError("FILES_URL must be another host than PUBLIC_URL.")
    if parts.scheme != "https" and parts.hostname not in LOOPBACK_NAMES:
        raise SettingsError("FILES_URL must begin with https:// outside this computer.")
    return files_url


def _clamd_url(url: str) -> str | None:
    if not url:
        return None
    parts = _split("CLAMD_URL", url)
    is_tcp = parts.scheme == "tcp" and parts.hostname and parts.port and not parts.path.strip("/")
    is_unix = parts.scheme == "unix" and not parts.netloc and parts.path.strip("/")
    if not (is_tcp or is_unix):
        raise SettingsError("CLAMD_URL is tcp://host:3310 or unix:///path/of/the/socket.")
    return url


def _secret(environ: Mapping[str, str]) -> str:
    secret = _required(environ, "SECRET_KEY")
    if len(secret) < 32:  # noqa: PLR2004 - 128 bits in hexadecimal
        raise SettingsError("SECRET_KEY is too short: give it at least 32 random characters.")
    return secret


def _encryption_keys(environ: Mapping[str, str]) -> tuple[str, ...]:
    keys = tuple(_required(environ, "ENCRYPTION_KEYS").replace(",", " ").split())
    if not keys or any(len(key) < 32 for key in keys):  # noqa: PLR2004 - 256 bits in base64 is 44
        raise SettingsError("Each of ENCRYPTION_KEYS needs at least 32 random characters.")
    if any(_is_guessable(key) for key in keys):
        raise SettingsError(
            "ENCRYPTION_KEYS holds a key that can be guessed: make one with "
            "`python3 -c 'import secrets; print(secrets.token_urlsafe(32))'`."
        )
    return keys


def _is_guessable(key: str) -> bool:
    """Whether no random source made this: few characters, steps of a kind, a piece twice.

    Of random keys of 32 hexadecimal digits, less than one in 100,000 looks so.
    """
    steps = {ord(after) - ord(before) for before, after in pairwise(key)}
    pieces = [key[start : start + 8] for start in range(len(key) - 7)]
    return len(set(key)) < 8 or len(steps) < 8 or len(set(pieces)) < len(pieces)  # noqa: PLR2004 - see above


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # a folder's name, or one far too long
        raise SettingsError(f"TIMEZONE {name!r} is unknown; Europe/Amsterdam is one.") from None
    return name


def _log_level(level: str) -> str:
    if level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise SettingsError("LOG_LEVEL is DEBUG, INFO, WARNING or ERROR.")
    return level


def _check_proxies(proxies: tuple[str, ...]) -> None:
    for proxy in proxies:
        try:
            ip_network(proxy, strict=False) if "/" in proxy else ip_address(proxy)
        except ValueError:
            raise SettingsError(f"TRUSTED_PROXIES holds {proxy!r}: give addresses.") from None
