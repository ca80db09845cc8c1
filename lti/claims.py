"""An id_token's claims -> LaunchClaims, once: here dicts stop.

Each claim that a platform may send is required, optional or declared unchecked, by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lti.refusals import Refused
from lti.text import LONGEST_ID, can_be_kept, is_sound, one_line

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
VERSION = LTI + "version"
MESSAGE_TYPE = LTI + "message_type"
DEPLOYMENT_ID = LTI + "deployment_id"
TARGET = LTI + "target_link_uri"
ROLES = LTI + "roles"
RESOURCE_LINK = LTI + "resource_link"
CONTEXT = LTI + "context"
LIS = LTI + "lis"
CUSTOM = LTI + "custom"
MENTORED = LTI + "role_scope_mentor"

# lti/platform.py checks the first six; OIDC's exp, iat and nonce and LTI's version too.
REQUIRED = frozenset(
    {
        *("iss", "aud", "exp", "iat", "nonce", "sub"),
        *(VERSION, MESSAGE_TYPE, DEPLOYMENT_ID, TARGET, ROLES, RESOURCE_LINK),
    }
)
OPTIONAL = frozenset(
    {"azp", "nbf", "name", "given_name", "family_name", CONTEXT, LIS, CUSTOM, MENTORED}
)
# Nothing is decided on these, and nothing of them is kept.
UNCHECKED = frozenset(
    {
        *("email", "email_verified", "middle_name", "picture", "locale", "jti", "at_hash"),
        *(LTI + name for name in ("tool_platform", "launch_presentation", "lti1p1", "for_user")),
        *(LTI + name for name in ("ext", "lti11_legacy_user_id")),
        "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint",
        "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice",
        "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice",
        "https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome",
        "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings",
    }
)
LONGEST_URL = 2000
LONGEST_TITLE = 200


@dataclass(frozen=True)
class ContextClaim:
    """The course a launch came from."""

    lti_id: str
    title: str | None
    label: str | None


@dataclass(frozen=True)
class LaunchClaims:
    """What a validated launch says; texts are sound, ids at most 255 characters.

    `custom` and `person_sourcedid` hold no value that the platform left unresolved (`$...`).
    """

    subject: str
    deployment_lti_id: str
    target: str
    roles: tuple[str, ...]
    resource_link_id: str
    resource_link_title: str | None
    context: ContextClaim | None
    name: str | None
    given_name: str | None
    person_sourcedid: str | None
    custom: Mapping[str, str]
    mentored: tuple[str, ...] | None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "LaunchClaims":
        """Read the claims of a resource link launch; raises Refused with the claim's name."""
        _check_texts(body)
        if body.get(VERSION) != "1.3.0":
            raise Refused("wrong_version", VERSION)
        if _id(body, MESSAGE_TYPE) != "LtiResourceLinkRequest":
            raise Refused("wrong_message_type", MESSAGE_TYPE)
        resource_link = _object(body, RESOURCE_LINK)
        if resource_link is None:
            raise Refused("claim_missing", RESOURCE_LINK)
        names = [_line(body, name) for name in ("name", "given_name", "family_name")]
        return cls(
            subject=_id(body, "sub"),
            deployment_lti_id=_id(body, DEPLOYMENT_ID),
            target=_id(body, TARGET, LONGEST_URL),
            roles=_required_texts(body, ROLES),
            resource_link_id=_id(resource_link, "id"),
            resource_link_title=_line(resource_link, "title"),
            context=_context(body),
            name=names[0] or " ".join(name for name in names[1:] if name) or None,
            given_name=names[1],
            person_sourcedid=_resolved((_object(body, LIS) or {}).get("person_sourcedid")),
            custom=_custom(body),
            mentored=_texts(body, MENTORED),
        )

    def number(self, claim: str) -> str | None:
        """Return the school's number in the claim that the school trusts for it, if sent.

        claim: `lis.person_sourcedid` or `custom.<name>`.
        """
        of_platform = claim == "lis.person_sourcedid"
        value = self.person_sourcedid if of_platform else self.custom.get(claim[len("custom.") :])
        return value if is_sound(value) else None


def _check_texts(body: Mapping[str, Any]) -> None:
    """Refuse text that no database holds, however deep it lies."""
    waiting: list[Any] = [body]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and not can_be_kept(value):
            raise Refused("claim_invalid", "text")


def _id(claims: Mapping[str, Any], name: str, longest: int = LONGEST_ID) -> str:
    value = claims.get(name)
    if value is None:
        raise Refused("claim_missing", name)
    if not is_sound(value, longest) or not value.strip():
        raise Refused("claim_invalid", name)
    return str(value)


def _object(claims: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    value = claims.get(name)
    if value is not None and not isinstance(value, dict):
        raise Refused("claim_invalid", name)
    return value


def _texts(claims: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise Refused("claim_invalid", name)
    return tuple(value)


def _required_texts(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = _texts(claims, name)
    if value is None:
        raise Refused("claim_missing", name)
    return value


def _line(claims: Mapping[str, Any], name: str) -> str | None:
    """Return a name or title in one line; JSON null (Moodle's privacy) is absent."""
    value = claims.get(name)
    if value is not None and not isinstance(value, str):
        raise Refused("claim_invalid", name)
    return one_line(value or "", LONGEST_TITLE) or None


def _context(body: Mapping[str, Any]) -> ContextClaim | None:
    context = _object(body, CONTEXT)
    if context is None:
        return None
    return ContextClaim(_id(context, "id"), _line(context, "title"), _line(context, "label"))


def _custom(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the custom parameters that say something; platforms send null for what they lack."""
    custom = {name: _resolved(value) for name, value in (_object(body, CUSTOM) or {}).items()}
    return {name: value for name, value in custom.items() if value is not None}


def _resolved(value: object) -> str | None:
    """Return the value, unless the platform left its variable unresolved (`$Person.sourcedId`)."""
    if not isinstance(value, str) or "$" in value:
        return None
    return value.strip() or None
