"""Who is in a course, says the LMS (Names and Role Provisioning Services 2.0): all or nothing.

Whoever is absent has left, so a roster of which one page is missing is no roster.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from lti.calling.paging import pages
from lti.calling.services import Caller, ServiceError
from lti.text import can_be_kept, is_sound, one_line

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
ACCEPT = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
LONGEST_NAME, LONGEST_EMAIL = 200, 254


class MemberStatus(StrEnum):
    """Whether somebody takes part in the course now."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DELETED = "deleted"


@dataclass(frozen=True)
class Member:
    """Somebody on a course's roster; what the platform keeps private is None."""

    user_id: str
    roles: tuple[str, ...]
    status: MemberStatus
    name: str | None
    given_name: str | None
    family_name: str | None
    email: str | None
    person_sourcedid: str | None


def members(caller: Caller, url: str, *, at: datetime) -> tuple[Member, ...]:
    """Return the whole roster behind the context's memberships address; raises ServiceError.

    No filter and no limit is sent: Moodle's next links forget the one, its servers the other.
    """
    found: dict[str, Member] = {}
    for page in pages(caller, url, scopes=[SCOPE], accept=ACCEPT, at=at):
        listed = page.get("members") if isinstance(page, dict) else None
        if not isinstance(listed, list):
            raise ServiceError("malformed")
        for entry in listed:
            member = _member(entry)
            found[member.user_id] = member  # who moved between two pages comes twice
    return tuple(found.values())


def _member(entry: Any) -> Member:
    """Read one member; whoever has no id could be anybody, so then nothing is known."""
    if not isinstance(entry, dict) or not is_sound(entry.get("user_id")):
        raise ServiceError("malformed")
    given, family = _line(entry, "given_name"), _line(entry, "family_name")
    number = _line(entry, "lis_person_sourcedid", 255)
    return Member(
        user_id=entry["user_id"],
        roles=_roles(entry.get("roles")),
        status=_status(entry.get("status")),
        name=_line(entry, "name") or " ".join(part for part in (given, family) if part) or None,
        given_name=given,
        family_name=family,
        email=_line(entry, "email", LONGEST_EMAIL),
        person_sourcedid=None if number is None or "$" in number else number,
    )


def _roles(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    roles = value if isinstance(value, list) else []
    return tuple(role for role in roles if isinstance(role, str))


def _status(value: object) -> MemberStatus:
    """Read a status in any case; unsaid is active (2.3), a word that we do not know is not."""
    if value is None:
        return MemberStatus.ACTIVE
    try:
        return MemberStatus(str(value).strip().lower())
    except ValueError:
        return MemberStatus.INACTIVE


def _line(entry: dict[str, Any], name: str, longest: int = LONGEST_NAME) -> str | None:
    value = entry.get(name)
    if not isinstance(value, str) or not can_be_kept(value):
        return None
    return one_line(value, longest) or None
