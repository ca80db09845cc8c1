"""Every way in which the bridge says no: code -> status, and what the page tells its reader.

What a student reads, what somebody of the school reads instead, and what an administrator does.
"""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _

_AGAIN = _("This page stood open too long, or was opened twice.")
_PLATFORM = _("Your learning environment sent us something we cannot use.")
_SET_UP = _("This connection is not set up right.")
_COMPARE = _("Compare the addresses and ids of this connection with those in the LMS.")
_CLAIMS = _("The LMS leaves out or misspells a part. Update it, or ask its supplier.")
_KEYS = _("Check the key set address in Leerspoor, and whether the LMS answers there.")


@dataclass(frozen=True)
class Refusal:
    """One way to say no.

    `reason` for everybody, `for_staff` instead for teachers and coaches; `fix` is what an
    administrator can do about it, None when opening it again is the whole answer.
    """

    status: int
    reason: object
    for_staff: object | None = None
    fix: object | None = None


REFUSALS: dict[str, Refusal] = {
    # Starting a login.
    "not_secure": Refusal(
        400,
        _("This connection is not secure."),
        fix=_("Serve Leerspoor over https, and use that address in the LMS."),
    ),
    "login_incomplete": Refusal(400, _PLATFORM, fix=_CLAIMS),
    "login_invalid": Refusal(400, _PLATFORM, fix=_CLAIMS),
    "platform_unknown": Refusal(
        400,
        _("We do not know this learning environment."),
        fix=_("Add this LMS in Leerspoor, under LMS, with this very issuer and client id."),
    ),
    "client_ambiguous": Refusal(
        400, _SET_UP, fix=_("Use the login address with the connection's own id in the LMS.")
    ),
    "target_foreign": Refusal(
        400, _SET_UP, fix=_("Use only addresses of this Leerspoor as target link in the LMS.")
    ),
    # Coming back from the platform.
    "open_again": Refusal(405, _AGAIN),
    "too_large": Refusal(413, _PLATFORM, fix=_CLAIMS),
    "state_missing": Refusal(401, _AGAIN),
    "state_used": Refusal(401, _AGAIN),
    "state_expired": Refusal(401, _("This page stood open too long.")),
    "cookies_blocked": Refusal(401, _("Your browser keeps us from recognising you here.")),
    "storage_mismatch": Refusal(403, _("This is not the window in which you started.")),
    "platform_login_required": Refusal(401, _("You are signed out of your learning environment.")),
    "platform_error": Refusal(
        401,
        _("Your learning environment refused to open this."),
        fix=_("Look in the log of the LMS: it refused before Leerspoor was asked."),
    ),
    # The token.
    "token_missing": Refusal(401, _PLATFORM, fix=_CLAIMS),
    "token_malformed": Refusal(401, _PLATFORM, fix=_CLAIMS),
    "algorithm_refused": Refusal(401, _PLATFORM, fix=_("Let the LMS sign with RS256.")),
    "no_kid": Refusal(401, _PLATFORM, fix=_("Let the LMS name the key with which it signs.")),
    "unknown_kid": Refusal(
        401,
        _("Your learning environment changed its keys. Try again in a minute."),
        fix=_KEYS,
    ),
    "keys_unavailable": Refusal(
        503, _("We cannot reach your learning environment. Try again soon."), fix=_KEYS
    ),
    "bad_signature": Refusal(401, _PLATFORM, fix=_KEYS),
    "wrong_issuer": Refusal(401, _SET_UP, fix=_COMPARE),
    "wrong_audience": Refusal(401, _SET_UP, fix=_COMPARE),
    "wrong_nonce": Refusal(401, _AGAIN),
    "token_expired": Refusal(401, _AGAIN),
    "token_too_old": Refusal(401, _AGAIN),
    "token_from_future": Refusal(
        401,
        _("The clock of your learning environment is not right."),
        fix=_("Set the clocks of both servers by the same time server."),
    ),
    "claim_missing": Refusal(401, _PLATFORM, fix=_CLAIMS),
    "claim_invalid": Refusal(401, _PLATFORM, fix=_CLAIMS),
    "wrong_version": Refusal(401, _PLATFORM, fix=_("Add Leerspoor to the LMS as an LTI 1.3 tool.")),
    "wrong_message_type": Refusal(
        401,
        _("Leerspoor cannot be opened in this way."),
        fix=_("Use resource links, deep linking or submission review only."),
    ),
    "wrong_target": Refusal(401, _SET_UP, fix=_COMPARE),
    "wrong_deployment": Refusal(401, _SET_UP, fix=_COMPARE),
    # The people.
    "deployment_inactive": Refusal(
        403,
        _("The school has not switched on this connection yet."),
        fix=_("Switch this deployment on in Leerspoor, under LMS."),
    ),
    "person_inactive": Refusal(
        403,
        _("Your account is closed at the moment. Ask your coach."),
        for_staff=_("Your account is closed at the moment. Ask your administrator."),
    ),
    "not_placing": Refusal(403, _("Only teachers place parts of Leerspoor in a course.")),
    "deep_link_expired": Refusal(410, _("This page stood open too long.")),
    "deep_link_answered": Refusal(409, _("Your choice went to your learning environment already.")),
    "review_unrelated": Refusal(
        404,
        _("This is not a student of yours in Leerspoor."),
        for_staff=_("You do not coach this student in Leerspoor. Ask the school for access."),
    ),
}


class Refused(Exception):
    """A login or launch is refused; `detail` (a claim's name, never its value) is for the log."""

    def __init__(self, code: str, detail: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
