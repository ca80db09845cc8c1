"""An id_token's claims -> LaunchClaims, once: here dicts stop.

Each claim that a platform may send is required, optional or declared unchecked, by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from lti.launching.refusals import Refused
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
FOR_USER = LTI + "for_user"
PLATFORM = LTI + "tool_platform"
PRESENTATION = LTI + "launch_presentation"
ENDPOINT = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
ROSTER = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"

# For a resource link launch; a deep linking request may leave out the last three.
# lti/launching/platform.py checks the first six; OIDC's exp, iat and nonce and LTI's version too.
REQUIRED = frozenset(
    {
        *("iss", "aud", "exp", "iat", "nonce", "sub"),
        *(VERSION, MESSAGE_TYPE, DEPLOYMENT_ID, TARGET, ROLES, RESOURCE_LINK),
    }
)
OPTIONAL = frozenset(
    {
        *("azp", "nbf", "name", "given_name", "family_name", CONTEXT, LIS, CUSTOM, MENTORED),
        *(FOR_USER, PLATFORM, PRESENTATION, ENDPOINT, ROSTER, DEEP_LINKING),
    }
)
# Nothing is decided on these, and nothing of them is kept.
UNCHECKED = frozenset(
    {
        *("email", "email_verified", "middle_name", "picture", "locale", "jti", "at_hash"),
        *(LTI + name for name in ("lti1p1", "ext", "lti11_legacy_user_id")),
        "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice",
        "https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome",
    }
)
LONGEST_URL = 2000
LONGEST_TITLE = 200
LONGEST_PRODUCT = 60


class MessageType(StrEnum):
    """What a platform may ask of us, each on the way of a launch."""

    RESOURCE_LINK = "LtiResourceLinkRequest"
    DEEP_LINKING = "LtiDeepLinkingRequest"
    SUBMISSION_REVIEW = "LtiSubmissionReviewRequest"


@dataclass(frozen=True)
class ContextClaim:
    """The course a launch came from."""

    lti_id: str
    title: str | None
    label: str | None


@dataclass(frozen=True)
class Endpoint:
    """What the platform grants for grades here (Assignment and Grade Services 2.0, 3.6.1)."""

    scopes: tuple[str, ...]
    lineitems: str | None
    lineitem: str | None


@dataclass(frozen=True)
class LaunchClaims:
    """What a validated launch says; texts are sound, ids at most 255 characters, URLs http(s).

    `custom` and `person_sourcedid` hold no value that the platform left unresolved (`$...`).
    `target` and `resource_link_id` may be None in a deep linking request only, the latter in a
    submission review too. `for_user` is whose work is reviewed. `deep_linking` is as it was sent.
    """

    message_type: MessageType
    subject: str
    deployment_lti_id: str
    target: str | None
    roles: tuple[str, ...]
    resource_link_id: str | None
    resource_link_title: str | None
    context: ContextClaim | None
    name: str | None
    given_name: str | None
    person_sourcedid: str | None
    custom: Mapping[str, str]
    mentored: tuple[str, ...] | None
    endpoint: Endpoint | None
    memberships_url: str | None
    deep_linking: Mapping[str, Any] | None
    for_user: str | None
    product: str | None
    return_url: str | None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "LaunchClaims":
        """Read the claims of a launch; raises Refused with the claim's name."""
        _check_texts(body)
        if body.get(VERSION) != "1.3.0":
            raise Refused("wrong_version", VERSION)
        if _id(body, MESSAGE_TYPE) not in set(MessageType):
            raise Refused("wrong_message_type", MESSAGE_TYPE)
        message_type = MessageType(body[MESSAGE_TYPE])
        _check_complete(body, message_type)
        resource_link = _object(body, RESOURCE_LINK)
        names = [_line(body, name) for name in ("name", "given_name", "family_name")]
        for_user = _object(body, FOR_USER)
        is_review = message_type is MessageType.SUBMISSION_REVIEW
        return cls(
            message_type=message_type,
            subject=_id(body, "sub"),
            deployment_lti_id=_id(body, DEPLOYMENT_ID),
            target=None if body.get(TARGET) is None else _id(body, TARGET, LONGEST_URL),
            roles=_texts(body, ROLES) or (),
            resource_link_id=_id(resource_link, "id") if resource_link is not None else None,
            resource_link_title=_line(resource_link or {}, "title"),
            context=_context(body),
            name=names[0] or " ".join(name for name in names[1:] if name) or None,
            given_name=names[1],
            person_sourcedid=_resolved((_object(body, LIS) or {}).get("person_sourcedid")),
            custom=_custom(body),
            mentored=_texts(body, MENTORED),
            endpoint=_endpoint(body),
            memberships_url=_url(_object(body, ROSTER) or {}, "context_memberships_url"),
            deep_linking=_object(body, DEEP_LINKING),
            for_user=_id(for_user, "user_id") if for_user is not None and is_review else None,
            product=_product(body),
            return_url=_url(_object(body, PRESENTATION) or {}, "return_url"),
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


def _check_complete(body: Mapping[str, Any], message_type: MessageType) -> None:
    """Refuse a message without what its own specification asks of it."""
    required = {
        MessageType.RESOURCE_LINK: (TARGET, ROLES, RESOURCE_LINK),
        MessageType.DEEP_LINKING: (DEEP_LINKING,),
        MessageType.SUBMISSION_REVIEW: (TARGET, ROLES, FOR_USER, ENDPOINT),
    }
    for name in required[message_type]:
        if body.get(name) is None:
            raise Refused("claim_missing", name)


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


def _line(claims: Mapping[str, Any], name: str) -> str | None:
    """Return a name or title in one line; JSON null (Moodle's privacy) is absent."""
    value = claims.get(name)
    if value is not None and not isinstance(value, str):
        raise Refused("claim_invalid", name)
    return one_line(value or "", LONGEST_TITLE) or None


def _url(claims: Mapping[str, Any], name: str) -> str | None:
    """Return an address of the platform's, absent when empty; nothing but http(s) is one."""
    value = claims.get(name)
    if value is None or value == "":
        return None
    try:
        is_address = is_sound(value, LONGEST_URL) and value.isascii() and value.isprintable()
        parts = urlsplit(value) if is_address else None
        if parts is not None and parts.scheme in {"http", "https"} and parts.hostname:
            return str(value)
    except ValueError:  # a port or an IPv6 address that is none
        pass
    raise Refused("claim_invalid", name)


def _endpoint(body: Mapping[str, Any]) -> Endpoint | None:
    endpoint = _object(body, ENDPOINT)
    if endpoint is None:
        return None
    return Endpoint(
        scopes=_texts(endpoint, "scope") or (),
        lineitems=_url(endpoint, "lineitems"),
        lineitem=_url(endpoint, "lineitem"),
    )


def _product(body: Mapping[str, Any]) -> str | None:
    """Return what kind of platform this is, such as "moodle"; a hint, so nothing is refused."""
    product = (_object(body, PLATFORM) or {}).get("product_family_code")
    return str(product).strip().lower() if is_sound(product, LONGEST_PRODUCT) else None


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
