"""Demo sign-in: without any password, so on this computer only."""

from ipaddress import ip_address
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from flask import Request
from sqlalchemy.orm import Session

from settings import LOOPBACK_NAMES, Settings
from tracker.db import enter_school
from tracker.models import Person, School
from tracker.people import person_by_number

PEOPLE = Path(__file__).parent.parent / "demo" / "people.yaml"


def is_open(request: Request, settings: Settings) -> bool:
    """Whether this request may use what only the demo offers: it came from this computer itself."""
    if not settings.is_demo or settings.trusted_proxies:
        return False
    names = [name.lower() for name, _ in request.headers]
    if any(name == "forwarded" or name.startswith("x-forwarded-") for name in names):
        return False
    host = request.host.rpartition(":")[0] if not request.host.endswith("]") else request.host
    try:
        is_near = ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
    return is_near and (host or request.host).strip("[]") in LOOPBACK_NAMES


def people() -> dict[str, Any]:
    """Return the demo's school slug and its people: slug -> {number, role, words: {nl, en}}."""
    loaded: dict[str, Any] = yaml.safe_load(PEOPLE.read_text("utf-8"))
    return loaded


def person_with_slug(session: Session, slug: str) -> tuple[Person, School] | None:
    """Return the demo person behind a slug, with the school; entering the school on the way."""
    demo = people()
    entry = demo["people"].get(slug)
    school = session.scalar(sa.select(School).where(School.slug == demo["school"]))
    if entry is None or school is None:
        return None
    enter_school(session, school.id)
    person = person_by_number(session, school_id=school.id, number=entry["number"])
    return (person, school) if person is not None else None
