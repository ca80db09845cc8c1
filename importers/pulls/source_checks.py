"""What an administrator may say of a system: its address, name, key and options, checked."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers import bsn
from importers.models import ImportSource
from lti import keys
from tracker.errors import Invalid
from tracker.models import School

LONGEST_NAME, LONGEST_URL, LONGEST_SECRET, LONGEST_OPTIONS = 200, 2000, 4000, 10_000


def checked_url(url: str) -> str:
    """Return the address without what is no part of it; raises Invalid."""
    text = url.strip()
    if not text or len(text) > LONGEST_URL or not text.isprintable():
        raise Invalid(url="source.url")
    try:
        parts = urlsplit(text)
        is_near = parts.scheme == "http" and _is_loopback(parts.hostname or "")
        is_right = (parts.scheme == "https" or is_near) and parts.hostname and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right or "@" in parts.netloc or parts.query or parts.fragment or " " in text:
        raise Invalid(url="source.url")
    return text


def server_of(url: str) -> tuple[str, str | None, int | None]:
    """Return which server an address is of."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _is_loopback(host: str) -> bool:
    """Whether a host is this computer; the demo may ask it, and nobody else."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def checked_name(session: Session, school: School, name: str) -> str:
    """Return a name that readers may see and no other source has; raises Invalid."""
    text = bsn.drop_text(" ".join(name.split()))
    if not text or len(text) > LONGEST_NAME or "\0" in text:
        raise Invalid(name="required" if not text else "too_long")
    taken = sa.exists().where(ImportSource.school_id == school.id, ImportSource.name == text)
    if session.scalar(sa.select(taken)):
        raise Invalid(name="source.name_taken")
    return text


def checked_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options without BSN; raises Invalid for more than anybody means to say."""
    told = dict(bsn.drop_in(options))
    if len(orjson.dumps(told)) > LONGEST_OPTIONS:
        raise Invalid(options="too_long")
    return told


def sealed(secret: str | None, encryption_keys: Sequence[str]) -> str | None:
    """Return a secret encrypted; raises Invalid for what no header can hold."""
    text = (secret or "").strip()
    if len(text) > LONGEST_SECRET or not text.isascii() or not (text.isprintable()):
        raise Invalid(secret="source.secret")  # noqa: S106 - a code
    return keys.seal(text, encryption_keys).decode() if text else None
