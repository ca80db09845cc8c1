"""Deep Linking 2.0: what a platform lets a teacher place, and our signed answer, given once.

Norm: 1EdTech LTI Deep Linking 2.0; what a claim means stands there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

import jwt
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti.connecting.registrations import wrong_with_url
from lti.edge import app_settings
from lti.keys import signing_key
from lti.launching.claims import DEEP_LINKING, DEPLOYMENT_ID, MESSAGE_TYPE, VERSION, LaunchClaims
from lti.launching.landing import Page
from lti.launching.refusals import Refused
from lti.models import Context, DeepLinkRequest, Deployment, Registration
from lti.text import one_line
from tracker.errors import NotFound
from tracker.models import Person, School

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
LINK = "ltiResourceLink"
LIFE = timedelta(hours=1)
KEPT_EXPIRED = timedelta(days=1)  # so that who comes late hears that it was late
KEPT_ANSWERED = timedelta(days=60)  # a link may wait so long for somebody to open it
ANSWER_LIFE = timedelta(minutes=5)
LONGEST_RETURN_URL = 8 * 1024  # some platforms keep a token of their own in it
LONGEST_DATA = 64 * 1024
LONGEST_TEXT = 1000
FRAME = {"width": 1000, "height": 800}  # pixels
WINDOW = {"targetName": "leerspoor", "width": 1200, "height": 900}


@dataclass(frozen=True)
class Asked:
    """What a platform takes: where the answer goes, and what may be in it.

    `takes_links`: links to us at all. `targets` are `iframe`, `window` and the like. `data` goes
    back as it came, and only if it came.
    """

    return_url: str
    takes_links: bool
    takes_several: bool
    takes_columns: bool
    targets: frozenset[str]
    text: str | None
    data: str | None


@dataclass(frozen=True)
class Item:
    """One link to place: what it opens (`ref`: which lesson), and how it reads in the course.

    `is_graded`: with a column in the gradebook, 1 for who followed the lesson.
    """

    page: Page
    title: str
    text: str
    ref: UUID | None = None
    is_graded: bool = False


def read_settings(sent: Mapping[str, Any], *, allow_loopback: bool) -> Asked:
    """Read deep_linking_settings; raises Refused with the name of what is wrong in it.

    The platform's `title` is left aside: Moodle sends the tool's own name there.
    """
    return_url = sent.get("deep_link_return_url")
    if return_url is None:
        raise _refused("deep_link_return_url", "claim_missing")
    if wrong_with_url(return_url, allow_loopback=allow_loopback, longest=LONGEST_RETURN_URL):
        raise _refused("deep_link_return_url")
    data = sent.get("data")
    if data is not None and (not isinstance(data, str) or len(data) > LONGEST_DATA):
        raise _refused("data")
    text = sent.get("text")
    if text is not None and not isinstance(text, str):
        raise _refused("text")
    return Asked(
        return_url=str(return_url),
        takes_links=LINK in _words(sent, "accept_types"),
        takes_several=_flag(sent, "accept_multiple", default=False),
        takes_columns=_flag(sent, "accept_lineitem", default=True),
        targets=_words(sent, "accept_presentation_document_targets"),
        text=one_line(text or "", LONGEST_TEXT) or None,
        data=data,
    )


def _refused(name: str, code: str = "claim_invalid") -> Refused:
    return Refused(code, f"{DEEP_LINKING}#{name}")


def _words(sent: Mapping[str, Any], name: str) -> frozenset[str]:
    words = sent.get(name)
    if words is None:
        raise _refused(name, "claim_missing")
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise _refused(name)
    return frozenset(words)


def _flag(sent: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = sent.get(name)
    if value is not None and not isinstance(value, bool):
        raise _refused(name)
    return default if value is None else value


def begin(
    session: Session,
    *,
    school: School,
    registration: Registration,
    deployment: Deployment,
    context: Context | None,
    person: Person,
    claims: LaunchClaims,
    at: datetime,
) -> str:
    """Remember what the platform asked, for an hour, and return the path of the picker.

    The request is for the session that starts with this launch, at this moment. Raises Refused.
    """
    sent = dict(claims.deep_linking or {})
    read_settings(sent, allow_loopback=app_settings().is_demo)
    session.execute(
        sa.delete(DeepLinkRequest).where(
            DeepLinkRequest.school_id == school.id,
            sa.or_(
                sa.and_(
                    DeepLinkRequest.answered_at.is_(None),
                    DeepLinkRequest.expires_at < at - KEPT_EXPIRED,
                ),
                DeepLinkRequest.answered_at < at - KEPT_ANSWERED,
            ),
        )
    )
    found = DeepLinkRequest(
        school_id=school.id,
        registration_id=registration.id,
        deployment_id=deployment.id,
        context_id=context.id if context else None,
        person_id=person.id,
        settings=sent,
        expires_at=at + LIFE,
        answered_at=None,
    )
    session.add(found)
    session.flush()
    return f"/lti/deep-link?request={found.id}"


def find_request(
    session: Session, key: UUID, *, person: Person, started_at: datetime, at: datetime
) -> DeepLinkRequest:
    """Return a request of this person that waits for its answer; raises NotFound or Refused.

    started_at: when the person's session started; the launch that asked started that very one.
    """
    found = session.scalar(
        sa.select(DeepLinkRequest).where(
            DeepLinkRequest.school_id == person.school_id,
            DeepLinkRequest.id == key,
            DeepLinkRequest.person_id == person.id,
            DeepLinkRequest.expires_at == started_at + LIFE,
        )
    )
    if found is None:
        raise NotFound("deep link request not found")
    if found.answered_at is not None:
        raise Refused("deep_link_answered")
    if at >= found.expires_at:
        raise Refused("deep_link_expired")
    return found


def use_up(session: Session, found: DeepLinkRequest, *, at: datetime) -> None:
    """Let this be the answer, the only one; raises Refused when another was first."""
    taken = session.execute(
        sa.update(DeepLinkRequest)
        .where(
            DeepLinkRequest.school_id == found.school_id,
            DeepLinkRequest.id == found.id,
            DeepLinkRequest.answered_at.is_(None),
        )
        .values(answered_at=at)
        .returning(DeepLinkRequest.id)
    )
    if taken.first() is None:
        raise Refused("deep_link_answered")


def content_item(item: Item, asked: Asked, *, us: str) -> dict[str, Any]:
    """Write one link as the platform keeps it (Deep Linking 2.0, 3.2).

    us: our own origin. A description that the teacher wrote in the platform stays.
    """
    custom = {"page": item.page.value} | ({"ref": str(item.ref)} if item.ref else {})
    written: dict[str, Any] = {
        "type": LINK,
        # Blackboard needs it; without a query, for platforms compare it with what we registered.
        "url": f"{us}/lti/launch",
        "title": item.title,
        "text": asked.text or item.text,
        "custom": custom,
    }
    if "iframe" in asked.targets:
        written["iframe"] = dict(FRAME)
    if "window" in asked.targets:
        written["window"] = dict(WINDOW)
    if item.is_graded and asked.takes_columns:
        written["lineItem"] = {
            "label": item.title,
            "scoreMaximum": 1,
            "tag": item.page.value,
            "resourceId": str(item.ref),
        }
    return written


def signed_answer(
    session: Session,
    found: DeepLinkRequest,
    *,
    items: Sequence[Mapping[str, Any]],
    said: str,
    is_error: bool = False,
    encryption_keys: Sequence[str],
    at: datetime,
) -> str:
    """Return the JWT for the platform: no items mean that the teacher cancelled.

    said: what the platform may show its user, about what was placed or, `is_error`, went wrong.
    """
    registration = session.get_one(Registration, found.registration_id)
    deployment = session.get_one(Deployment, found.deployment_id)
    claims: dict[str, Any] = {
        "iss": registration.client_id,
        "aud": registration.issuer,
        "iat": int(at.timestamp()),
        "exp": int((at + ANSWER_LIFE).timestamp()),
        "nonce": token_urlsafe(32),
        DEPLOYMENT_ID: deployment.lti_id,
        MESSAGE_TYPE: "LtiDeepLinkingResponse",
        VERSION: "1.3.0",
        f"{DL}content_items": list(items),
        DL + ("errormsg" if is_error else "msg"): said,
    }
    if found.settings.get("data") is not None:
        claims[f"{DL}data"] = found.settings["data"]
    kid, private = signing_key(session, encryption_keys=encryption_keys)
    return jwt.encode(claims, private, algorithm="RS256", headers={"kid": kid})
