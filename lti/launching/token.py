"""Our own strict reading of an id_token: algorithm, key id, audience, signature, times.

After OpenID Connect Core 3.1.3.7 and the IMS Security Framework 1.0, 5.1.3; the moment is given.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from lti.launching.refusals import Refused
from lti.text import is_sound

ALGORITHM = "RS256"
LEEWAY_SECONDS = 60
IAT_SECONDS = 300  # how old or how far ahead a token may say it was made
LONGEST_TOKEN = 64 * 1024
_REQUIRED = ("exp", "iat", "nonce", "sub", "iss", "aud")
# Checked here or against the login, not by PyJWT: against the given time and the right row.
_UNCHECKED = ("exp", "iat", "nbf", "aud", "iss", "sub", "jti")


def signing_kid(header: Mapping[str, Any]) -> str:
    """Return the id of the key that the header names; raises Refused unless it is RS256."""
    if header.get("alg") != ALGORITHM:
        raise Refused("algorithm_refused", "alg")
    kid = header.get("kid")
    if kid is None or kid == "":
        raise Refused("no_kid", "kid")
    if not is_sound(kid):
        raise Refused("unknown_kid", "kid")
    return str(kid)


def check_audience(body: Mapping[str, Any], *, client_id: str) -> None:
    """Refuse a token that is not for this client, or that several audiences share without azp."""
    audience, azp = body.get("aud"), body.get("azp")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or not all(isinstance(one, str) for one in audiences):
        raise Refused("claim_missing" if audience is None else "claim_invalid", "aud")
    if client_id not in audiences:
        raise Refused("wrong_audience", "aud")
    if azp != client_id and (azp is not None or len(audiences) > 1):
        raise Refused("wrong_audience", "azp")


def verified_body(id_token: str, key: RSAPublicKey) -> dict[str, Any]:
    """Return the claims if this key signed them and the required ones are there."""
    options: Any = {
        "require": list(_REQUIRED),
        **{f"verify_{name}": False for name in _UNCHECKED},
    }
    try:
        body: dict[str, Any] = jwt.decode(id_token, key, algorithms=[ALGORITHM], options=options)
    except jwt.MissingRequiredClaimError as error:
        raise Refused("claim_missing", str(error.claim)) from error
    except jwt.InvalidSignatureError as error:
        raise Refused("bad_signature") from error
    except (jwt.PyJWTError, RecursionError, ValueError) as error:
        raise Refused("token_malformed", type(error).__name__) from error
    return body


def check_times(body: Mapping[str, Any], *, at: datetime) -> None:
    """Refuse a token that ended, or that was made long ago or in the future."""
    now = at.timestamp()
    exp, iat = _moment(body, "exp"), _moment(body, "iat")
    if exp <= now - LEEWAY_SECONDS:
        raise Refused("token_expired", "exp")
    if iat < now - IAT_SECONDS:
        raise Refused("token_too_old", "iat")
    if iat > now + IAT_SECONDS:
        raise Refused("token_from_future", "iat")
    if body.get("nbf") is not None and _moment(body, "nbf") > now + LEEWAY_SECONDS:
        raise Refused("token_from_future", "nbf")


def _moment(body: Mapping[str, Any], name: str) -> float:
    """Return a NumericDate (RFC 7519, 2): a JSON number, and finite."""
    value = body[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused("claim_invalid", name)
    try:
        moment = float(value)
    except OverflowError:
        raise Refused("claim_invalid", name) from None
    if not math.isfinite(moment):
        raise Refused("claim_invalid", name)
    return moment


def issuer_and_client(id_token: str) -> tuple[str, str] | None:
    """Return whom an unverified token names; good for choosing who may frame a refusal only."""
    try:
        body = jwt.decode(id_token, options={"verify_signature": False})
    except (jwt.PyJWTError, RecursionError, ValueError):
        return None
    audience, issuer = body.get("aud"), body.get("iss")
    client = audience[0] if isinstance(audience, list) and audience else audience
    return (str(issuer), str(client)) if is_sound(issuer) and is_sound(client) else None
