"""Every way in which the bridge says no: code -> status, and what the page tells its reader."""

from flask_babel import lazy_gettext as _

_AGAIN = _("This page stood open too long, or was opened twice.")
_PLATFORM = _("Your learning environment sent us something we cannot use.")
_SET_UP = _("This connection is not set up right. Ask the administrator.")

REFUSALS: dict[str, tuple[int, object]] = {
    # Starting a login.
    "not_secure": (400, _("This connection is not secure. Ask the administrator.")),
    "login_incomplete": (400, _PLATFORM),
    "login_invalid": (400, _PLATFORM),
    "platform_unknown": (400, _("We do not know this learning environment.")),
    "client_ambiguous": (400, _SET_UP),
    "target_foreign": (400, _SET_UP),
    # Coming back from the platform.
    "open_again": (405, _AGAIN),
    "too_large": (413, _PLATFORM),
    "state_missing": (401, _AGAIN),
    "state_used": (401, _AGAIN),
    "state_expired": (401, _("This page stood open too long.")),
    "cookies_blocked": (401, _("Your browser keeps us from recognising you here.")),
    "platform_login_required": (401, _("You are signed out of your learning environment.")),
    "platform_error": (401, _("Your learning environment refused to open this.")),
    # The token.
    "token_missing": (401, _PLATFORM),
    "token_malformed": (401, _PLATFORM),
    "algorithm_refused": (401, _PLATFORM),
    "no_kid": (401, _PLATFORM),
    "unknown_kid": (401, _("Your learning environment changed its keys. Try again in a minute.")),
    "keys_unavailable": (503, _("We cannot reach your learning environment. Try again soon.")),
    "bad_signature": (401, _PLATFORM),
    "wrong_issuer": (401, _SET_UP),
    "wrong_audience": (401, _SET_UP),
    "wrong_nonce": (401, _AGAIN),
    "token_expired": (401, _AGAIN),
    "token_too_old": (401, _AGAIN),
    "token_from_future": (401, _("The clock of your learning environment is not right.")),
    "claim_missing": (401, _PLATFORM),
    "claim_invalid": (401, _PLATFORM),
    "wrong_version": (401, _PLATFORM),
    "wrong_message_type": (401, _("Leerspoor cannot be opened in this way.")),
    "wrong_target": (401, _SET_UP),
    "wrong_deployment": (401, _SET_UP),
    # The people.
    "deployment_inactive": (403, _("The school has not switched on this connection yet.")),
    "person_inactive": (403, _("Your account is closed at the moment. Ask your coach.")),
}


class Refused(Exception):
    """A login or launch is refused; `detail` (a claim's name, never its value) is for the log."""

    def __init__(self, code: str, detail: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
