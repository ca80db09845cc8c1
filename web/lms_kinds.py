"""The kinds of LMS that an administrator connects: their own words, steps and usual addresses.

Moodle's are those of a running Moodle; the others come from documentation (docs/lms/).
"""

from dataclasses import dataclass, field

from flask_babel import lazy_gettext as _

LAUNCH, LOGIN, KEYS = "/lti/launch", "/lti/login", "/lti/jwks"


@dataclass(frozen=True)
class Kind:
    """One kind of LMS.

    invite_steps: how its administrator uses our invitation, empty when it knows none.
    hand_steps: how they add us by hand. ours: its label -> our path ("" is our host).
    theirs: our field -> its label. usual: our field -> its usual address.
    """

    name: str
    invite_steps: tuple[object, ...] = ()
    hand_steps: tuple[object, ...] = ()
    ours: dict[str, str] = field(default_factory=dict)
    theirs: dict[str, str] = field(default_factory=dict)
    usual: dict[str, str] = field(default_factory=dict)


KINDS: dict[str, Kind] = {
    "moodle": Kind(
        name="Moodle",
        invite_steps=(
            _("In Moodle, open Site administration, Plugins, External tool, Manage tools."),
            _("Paste the invitation under Tool URL and choose Add LTI Advantage."),
            _("Click Connect on the page that appears."),
            _("Choose Activate on the tool that now stands there."),
            _("Come back here and switch the connection on."),
        ),
        hand_steps=(
            _("In Moodle, choose Configure a tool manually under Manage tools."),
            _("Choose LTI 1.3 and Keyset URL, and copy our addresses."),
            _("Under Services, allow names and grades. Under Privacy, share the name."),
            _("Save. Copy the tool's configuration details into the form below."),
        ),
        ours={
            "Tool URL": LAUNCH,
            "Public keyset": KEYS,
            "Initiate login URL": LOGIN,
            "Redirection URI(s)": LAUNCH,
        },
        theirs={
            "issuer": "Platform ID",
            "client_id": "Client ID",
            "deployment": "Deployment ID",
            "jwks_url": "Public keyset URL",
            "token_url": "Access token URL",
            "auth_url": "Authentication request URL",
        },
    ),
    "canvas": Kind(
        name="Canvas",
        invite_steps=(
            _("In Canvas, open Admin, Developer Keys, and add an LTI Registration."),
            _("Paste the invitation as Dynamic Registration URL."),
            _("Click Connect on the page that appears, and then Enable & Close."),
            _("Add the app to your account, so that courses see it."),
            _("Open Leerspoor once from Canvas, and switch the connection on here."),
        ),
        hand_steps=(
            _("In Canvas, open Admin, Developer Keys, and add an LTI Key by hand."),
            _("Copy our addresses. Choose Public JWK URL as method."),
            _("Allow the services for names and the gradebook. Set privacy to public."),
            _("Switch the key on, and add the app with its Client ID."),
            _("Copy the Client ID and the Deployment ID into the form below."),
        ),
        ours={
            "Target Link URI": LAUNCH,
            "OpenID Connect Initiation URL": LOGIN,
            "Redirect URIs": LAUNCH,
            "Public JWK URL": KEYS,
        },
        theirs={"client_id": "Client ID", "deployment": "Deployment ID"},
        usual={
            "issuer": "https://canvas.instructure.com",
            "auth_url": "https://sso.canvaslms.com/api/lti/authorize_redirect",
            "token_url": "https://sso.canvaslms.com/login/oauth2/token",
            "jwks_url": "https://sso.canvaslms.com/api/lti/security/jwks",
        },
    ),
    "brightspace": Kind(
        name="Brightspace",
        invite_steps=(
            _("In Brightspace, open Manage Extensibility, LTI Advantage, Register Tool."),
            _("Choose Dynamic, and paste the invitation."),
            _("Click Connect on the page that appears, and switch the tool on."),
            _("Make a deployment, with names, grades and deep linking."),
            _("Open Leerspoor once from Brightspace, and switch the connection on here."),
        ),
        hand_steps=(
            _("In Brightspace, open Manage Extensibility, LTI Advantage, Register Tool."),
            _("Choose Standard, and copy our addresses."),
            _("Under Extensions, choose grades, deep linking and names."),
            _("Save. Copy what Brightspace then shows into the form below."),
            _("Make a deployment, share the user's name, and copy its Deployment ID."),
        ),
        ours={
            "Domain": "",
            "Redirect URLs": LAUNCH,
            "OpenID Connect Login URL": LOGIN,
            "Target Link URI": LAUNCH,
            "Keyset URL": KEYS,
        },
        theirs={
            "issuer": "Issuer",
            "client_id": "Client Id",
            "deployment": "Deployment Id",
            "auth_url": "OpenID Connect Authentication Endpoint",
            "jwks_url": "Brightspace Keyset URL",
            "token_url": "Brightspace OAuth2 Access Token URL",
            "audience": "Brightspace OAuth2 Audience",
        },
        usual={
            "token_url": "https://auth.brightspace.com/core/connect/token",
            "audience": "https://api.brightspace.com/auth/token",
        },
    ),
    "itslearning": Kind(
        name="itslearning",
        hand_steps=(
            _("Ask itslearning to add Leerspoor to its app library, with our addresses."),
            _("Ask for the privacy level that shares names: the usual one shares none."),
            _("Ask for deep linking, grades and names, if you want those."),
            _("Copy what itslearning tells you into the form below."),
        ),
        ours={
            "Login URI": LOGIN,
            "Redirection URI": LAUNCH,
            "Target Link URI": LAUNCH,
            "JWK Set URI": KEYS,
        },
        theirs={"deployment": "Deployment ID"},
    ),
    "other": Kind(
        name="LTI 1.3",
        invite_steps=(
            _("Paste the invitation where your LMS asks for a registration URL."),
            _("Click Connect on the page that appears."),
            _("Switch Leerspoor on in your LMS, and the connection here."),
        ),
        hand_steps=(
            _("Copy our addresses into your LMS."),
            _("Copy what your LMS shows then into the form below."),
        ),
        ours={
            "Target link URI": LAUNCH,
            "Initiate login URI": LOGIN,
            "Redirect URI": LAUNCH,
            "JWKS URI": KEYS,
        },
    ),
}


def kind_of(product: str | None) -> Kind:
    """Return the kind that an LMS says to be; Brightspace calls itself desire2learn."""
    names = {"desire2learn": "brightspace", "d2l": "brightspace"}
    return KINDS.get(names.get(product or "", product or ""), KINDS["other"])


def ours(kind: Kind, us: str) -> dict[str, str]:
    """Return our addresses under the labels of this kind of LMS. us: our own origin."""
    return {label: us + path for label, path in kind.ours.items()}
