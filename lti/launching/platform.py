"""The only file that knows PyLTI1p3: strict subclasses over our tables, never its defaults.

PyLTI1p3 2.0.0 leads each message through its steps and its message validators. Where it would let
a bad one pass (docs of each class below), the step is ours. Nothing is stored by it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from hmac import compare_digest
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pylti1p3 import registration as pylti_registration
from pylti1p3.cookie import CookieService
from pylti1p3.deployment import Deployment as PyltiDeployment
from pylti1p3.exception import LtiException, OIDCException
from pylti1p3.message_launch import MessageLaunch
from pylti1p3.oidc_login import OIDCLogin
from pylti1p3.redirect import Redirect
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config.abstract import ToolConfAbstract

from identity.sessions import digest_of
from lti.launching.claims import LaunchClaims, MessageType
from lti.launching.refusals import Refused
from lti.launching.token import (
    ALGORITHM,
    LONGEST_TOKEN,
    check_audience,
    check_times,
    signing_kid,
    verified_body,
)
from lti.models import LoginState, Registration
from lti.text import is_sound

KeyFor = Callable[[str], RSAPublicKey]


def login_url(
    registration: Registration, sent: Mapping[str, str], *, secrets: Mapping[str, str], us: str
) -> str:
    """Return where the browser goes to prove who it is (OIDC authentication request).

    sent: what the platform sent to start the login. secrets: our `state` and `nonce`.
    us: the address to come back to, registered with the platform; never one from the request.
    """
    try:
        return _Login(registration, sent, secrets).url(us)
    except OIDCException as error:
        raise Refused("login_incomplete") from error


def validated(
    id_token: str,
    *,
    login: LoginState,
    registration: Registration,
    key_for: KeyFor,
    at: datetime,
) -> LaunchClaims:
    """Return what a launch says, after every check but the deployment's state; raises Refused.

    login: the login row, consumed, whose browser was recognised. key_for: kid -> the platform's
    public key.
    """
    if not id_token:
        raise Refused("token_missing")
    if len(id_token) > LONGEST_TOKEN:
        raise Refused("token_malformed", "length")
    launch = _Launch(id_token, login, registration, key_for, at)
    try:
        launch.validate()
    except LtiException as error:
        raise Refused("token_malformed", type(error).__name__) from error
    return launch.claims


class _Sent(Request):
    """The parameters of one request."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self.parameters = parameters

    def is_secure(self) -> bool:
        """Whether the request came safely; the edge refuses the others (lti/views.py)."""
        return True

    def get_param(self, key: str) -> str:
        """Return a parameter, empty when it was not sent."""
        return self.parameters.get(key, "")


class _OneRegistration(ToolConfAbstract[Request]):
    """The row that the login found. PyLTI1p3 keeps issuers in a class-wide dict: never here."""

    def __init__(self, row: Registration) -> None:
        self.row = row

    def check_iss_has_one_client(self, _iss: str) -> bool:
        """Have every registration looked up by issuer and client together."""
        return False

    def check_iss_has_many_clients(self, _iss: str) -> bool:
        """Have every registration looked up by issuer and client together."""
        return True

    def find_registration_by_issuer(
        self, iss: str, *_args: object, **_kwargs: object
    ) -> pylti_registration.Registration:
        """Refuse: an issuer alone does not say which school is meant."""
        raise Refused("client_ambiguous", iss)

    def find_deployment(self, _iss: str, _deployment_id: str) -> PyltiDeployment:
        """Refuse: an issuer alone does not say which school is meant."""
        raise Refused("client_ambiguous")

    def find_registration_by_params(
        self, iss: str, client_id: str, *_args: object, **_kwargs: object
    ) -> pylti_registration.Registration:
        """Return our registration as PyLTI1p3 knows one; raises Refused for any other."""
        if iss != self.row.issuer:
            raise Refused("wrong_issuer", "iss")
        if client_id != self.row.client_id:
            raise Refused("wrong_audience", "aud")
        return (
            pylti_registration.Registration()
            .set_issuer(self.row.issuer)
            .set_client_id(self.row.client_id)
            .set_auth_login_url(self.row.auth_url.partition("?")[0])
        )

    def find_deployment_by_params(
        self,
        iss: str,  # noqa: ARG002 - PyLTI1p3's signature
        deployment_id: str,
        client_id: str,  # noqa: ARG002 - PyLTI1p3's signature
        *_args: object,
        **_kwargs: object,
    ) -> PyltiDeployment:
        """Accept every deployment id: its state is decided after the signature (launch.py)."""
        return PyltiDeployment().set_deployment_id(deployment_id)


class _LoginRow(SessionService):
    """The login row in place of a session: PyLTI1p3 never ties nonce to state, nor uses them up."""

    def __init__(self, request: Request, nonce_digest: str) -> None:
        super().__init__(request)
        self.nonce_digest = nonce_digest

    def save_nonce(self, nonce: str) -> None:
        """Do nothing: the row keeps the digest."""

    def check_nonce(self, nonce: object) -> bool:
        """Whether this is the nonce of this very login."""
        return is_sound(nonce) and compare_digest(digest_of(str(nonce)), self.nonce_digest)

    def check_state_is_valid(self, _state: str, _id_token_hash: str) -> bool:
        """Say yes: the row was found by this state, consumed, and its browser recognised."""
        return True


class _NoCookies(CookieService):
    """PyLTI1p3 needs no cookie of its own."""

    def get_cookie(self, _name: str) -> str | None:
        """Return nothing."""
        return None

    def set_cookie(self, name: str, value: str | int, exp: int | None = 3600) -> None:
        """Set nothing; lti/views.py binds the browser."""


class _Login(OIDCLogin[Request, _OneRegistration, _LoginRow, _NoCookies, str]):
    """The authentication request, with our secrets, also for an address that has a query."""

    def __init__(
        self, registration: Registration, sent: Mapping[str, str], secrets: Mapping[str, str]
    ) -> None:
        request = _Sent({**sent, "client_id": registration.client_id})
        row = _LoginRow(request, digest_of(secrets["nonce"]))
        super().__init__(request, _OneRegistration(registration), row, _NoCookies())
        self.secrets = secrets
        self.query = registration.auth_url.partition("?")[2]

    def url(self, us: str) -> str:
        """Return the whole address."""
        url: str = self._prepare_redirect_url(us)
        return f"{url}&{self.query}" if self.query else url

    def get_redirect(self, url: str) -> Redirect[str]:
        """Refuse: lti/views.py redirects."""
        raise OIDCException(url)

    def _get_uuid(self) -> str:
        # PyLTI1p3 puts "state-" before it.
        return self.secrets["state"].removeprefix("state-")

    def _generate_nonce(self) -> str:
        return self.secrets["nonce"]


class _Launch(MessageLaunch[Request, _OneRegistration, _LoginRow, _NoCookies]):
    """A launch, step by step in PyLTI1p3's order, each step made strict."""

    claims: LaunchClaims

    def __init__(
        self,
        id_token: str,
        login: LoginState,
        registration: Registration,
        key_for: KeyFor,
        at: datetime,
    ) -> None:
        request = _Sent({"id_token": id_token, "state": "consumed"})
        row = _LoginRow(request, login.nonce_digest)
        super().__init__(request, _OneRegistration(registration), row, _NoCookies())
        self.login = login
        self.row = registration
        self.key_for = key_for
        self.at = at

    def _get_request_param(self, key: str) -> str:
        return self._request.get_param(key)

    def _get_id_token_hash(self) -> str:
        # PyLTI1p3 makes an MD5 here, to let the same post through twice.
        return ""

    def validate_jwt_format(self) -> "_Launch":
        """Also refuse a header or body that is no object (500 in PyLTI1p3)."""
        super().validate_jwt_format()
        if not all(isinstance(self._jwt.get(part), dict) for part in ("header", "body")):
            raise Refused("token_malformed", "object")
        return self

    def validate_nonce(self) -> "_Launch":
        """Refuse any nonce but this login's."""
        if self._jwt["body"].get("nonce") is None:
            raise Refused("claim_missing", "nonce")
        if not self._session_service.check_nonce(self._jwt["body"]["nonce"]):
            raise Refused("wrong_nonce", "nonce")
        return self

    def get_iss(self) -> str:
        """Return the issuer, which is text."""
        issuer = self._jwt["body"].get("iss")
        if not isinstance(issuer, str):
            raise Refused("claim_missing" if issuer is None else "claim_invalid", "iss")
        return issuer

    def get_client_id(self) -> str:
        """Return our client id if the token is for us; PyLTI1p3 takes the first of several."""
        check_audience(self._jwt["body"], client_id=self.row.client_id)
        return self.row.client_id

    def get_public_key(self) -> tuple[Any, str]:
        """Return the platform's key from our own keeping; PyLTI1p3 fetches at every launch."""
        return self.key_for(signing_kid(self._jwt["header"])), ALGORITHM

    def validate_jwt_signature(self) -> "_Launch":
        """Check signature, claims and times; PyLTI1p3 requires no claim and knows no leeway."""
        key, _ = self.get_public_key()
        body = verified_body(self._get_id_token(), key)
        if body != self._jwt["body"]:  # two readers that disagree
            raise Refused("token_malformed", "body")
        check_times(body, at=self.at)
        return self

    def validate_deployment(self) -> "_Launch":
        """Leave the deployment to launch.py: an unknown one becomes a row that waits."""
        return self

    def validate_message(self) -> "_Launch":
        """Read the claims strictly, hold them against the login, then ask PyLTI1p3's validators."""
        self.claims = LaunchClaims.of(self._jwt["body"])
        # A deep linking request may come without one; every other message must have it.
        if self.claims.target not in {None, self.login.target}:
            raise Refused("wrong_target", "target_link_uri")
        announced = self.login.deployment_lti_id
        if announced is not None and announced != self.claims.deployment_lti_id:
            raise Refused("wrong_deployment", "deployment_id")
        # There PyLTI1p3 refuses who takes no links; placing.py tells the platform so instead.
        if self.claims.message_type is not MessageType.DEEP_LINKING:
            super().validate_message()
        return self

    def save_launch_data(self) -> "_Launch":
        """Save nothing: what a launch leaves is written by launch.py."""
        return self
