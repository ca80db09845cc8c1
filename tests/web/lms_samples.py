"""What the pages about LMSs are given; no database."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from lti.connecting.findings import CHECKS, FINDINGS
from lti.connecting.joining import REFUSALS as NOT_JOINED
from lti.connecting.registrations import SOURCED_ID
from web.lms_kinds import KINDS, ours

US = "https://leerspoor.example"
MOMENT = datetime(2026, 11, 18, 13, 5, tzinfo=UTC)
ONE, TWO, COURSE = UUID(int=501), UUID(int=502), UUID(int=503)
LONG = "Praktijkroute assistenten gezondheidszorg, coachgroepbegeleidingsgesprekken 2026"
REFUSALS = [
    {
        "happened_at": MOMENT,
        "platform": "Moodle",
        "reason": "De klok van je leeromgeving staat niet goed.",
        "fix": "Laat beide servers hun klok met NTP gelijkzetten.",
        "registration_id": None,
        "deployment": None,
        "detail": None,
        "help_code": "LS-3F09AC",
    },
    {
        "happened_at": MOMENT,
        "platform": "",
        "reason": "Je leeromgeving stuurde ons iets wat we niet kunnen gebruiken.",
        "fix": None,
        "registration_id": None,
        "deployment": None,
        "detail": "https://purl.imsglobal.org/spec/lti/claim/resource_link",
        "help_code": None,
    },
    {
        "happened_at": MOMENT,
        "platform": "Moodle",
        "reason": "De school heeft deze koppeling nog niet aangezet.",
        "fix": "Zet deze deployment aan in Leerspoor, onder LMS.",
        "registration_id": ONE,
        "deployment": "12:a1b2c3d4e5f60718293a4b5c6d7e8f9012345678",
        "detail": None,
        "help_code": "LS-0C11DE",
    },
    {
        "happened_at": MOMENT,
        "platform": "Moodle",
        "reason": "De school heeft deze koppeling nog niet aangezet.",
        "fix": "Nu staat hij aan.",
        "registration_id": None,
        "deployment": "7",
        "detail": None,
        "help_code": "LS-0C11DF",
    },
]


def _platform(key: UUID, name: str, state: str, issuer: str) -> dict[str, Any]:
    opened = MOMENT if state in {"on", "part", "found"} else None
    return {"id": key, "name": name, "state": state, "issuer": issuer, "launched_at": opened}


def _course(title: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": COURSE,
        "title": title,
        "platform": "Moodle",
        "waiting": 0,
        "held": None,
        "error": None,
        "instructors_are": None,
        "has_roster": True,
        "launched_at": MOMENT,
        **changes,
    }


OVERVIEW: dict[str, Any] = {
    "platforms": [
        _platform(ONE, "Moodle", "on", "https://moodle.meetpunt.example"),
        _platform(TWO, "Canvas", "off", "https://canvas.instructure.com"),
        _platform(TWO, "lange-naam-" * 8 + ".example", "new", "https://lange-naam.example"),
        _platform(TWO, "Brightspace", "found", "https://brightspace.example"),
        _platform(TWO, "itslearning", "part", "https://itslearning.example"),
    ],
    "courses": [
        _course(LONG, waiting=2),
        _course("PR-31", held={"closes": 12, "of": 20}),
        _course("PR-32", instructors_are="coach", error="not_found"),
        _course("PR-33", instructors_are="team"),
        _course("PR-34", has_roster=False, launched_at=None),
        _course("PR-35"),
    ],
    "twins": [("Noor Nieuw", "Noor van Dijk")],
    "refusals": REFUSALS,
}


def _new(product: str, **changes: Any) -> dict[str, Any]:
    kind = KINDS[product]
    return {
        "product": product,
        "kind": kind,
        "ours": ours(kind, US),
        "values": dict(kind.usual),
        "errors": {},
        **changes,
    }


CONNECTION: dict[str, Any] = {
    "registration": SimpleNamespace(
        id=ONE,
        issuer="https://moodle.meetpunt.example",
        client_id="LqvHcXdZEBxLM11",
        auth_url="https://moodle.meetpunt.example/mod/lti/auth.php",
        token_url="https://moodle.meetpunt.example/mod/lti/token.php",
        jwks_url="https://moodle.meetpunt.example/mod/lti/certs.php",
        checked_at=MOMENT,
    ),
    "name": "Moodle",
    "kind": KINDS["moodle"],
    "ours": ours(KINDS["moodle"], US),
    "deployments": [
        SimpleNamespace(id=ONE, lti_id="1", state="active"),
        SimpleNamespace(id=TWO, lti_id="7:" + "0123456789abcdef" * 4, state="inactive"),
    ],
    "checks": [
        {"about": CHECKS["keys"], "finding": None},
        {"about": CHECKS["token"], "finding": FINDINGS["token_our_keys"]},
        {"about": CHECKS["names"], "finding": FINDINGS["services_untested"]},
    ],
    "refusals": REFUSALS,
    "sourced_id": SOURCED_ID,
    "values": {"number_claim": SOURCED_ID, "home_url": "", "audience": ""},
    "errors": {},
}

COURSE_PAGE: dict[str, Any] = {
    "course": SimpleNamespace(
        id=COURSE,
        memberships_url="https://moodle.meetpunt.example/memberships",
        instructors_are=None,
        confirmed_at=None,
    ),
    "title": LONG,
    "registration_id": ONE,
    "teachers": ["Joost van Dalen", "Maria-Magdalena van den Heuvel-Oosterbeek"],
    "learners": 21,
    "pull": SimpleNamespace(held=None, error=None, done_at=MOMENT),
    "requests": [{"id": ONE, "name": "Joost van Dalen", "asked_at": MOMENT}],
    "values": {"instructors_are": ""},
}


def _not_joined(code: str, **changes: Any) -> dict[str, Any]:
    context = {"code": code, "reason": NOT_JOINED[code][1], "is_over": True, "address": None}
    return context | changes


PAGES: dict[str, tuple[str | None, str, dict[str, Any]]] = {
    "lms": ("administrator", "school/lms.html", OVERVIEW),
    "lms-empty": (
        "administrator",
        "school/lms.html",
        {"platforms": [], "courses": [], "twins": [], "refusals": []},
    ),
    "lms-quiet": (
        "administrator",
        "school/lms.html",
        OVERVIEW | {"courses": [], "twins": [], "refusals": []},
    ),
    "lms-choose": ("administrator", "school/lms_choose.html", {"kinds": KINDS}),
    **{
        f"lms-new-{product}": ("administrator", "school/lms_new.html", _new(product))
        for product in KINDS
    },
    "lms-new-errors": (
        "administrator",
        "school/lms_new.html",
        _new(
            "brightspace",
            values={"issuer": "brightspace"},
            errors={"issuer": "Dit is geen adres.", "client_id": "Vul dit in."},
        ),
    ),
    "lms-invite": (
        "administrator",
        "school/lms_invite.html",
        {"kind": KINDS["moodle"], "address": f"{US}/lti/register/" + "q" * 43},
    ),
    "lms-connection": ("administrator", "school/lms_connection.html", CONNECTION),
    "lms-connection-new": (
        "administrator",
        "school/lms_connection.html",
        CONNECTION | {"deployments": [], "checks": [], "refusals": []},
    ),
    "lms-connection-errors": (
        "administrator",
        "school/lms_connection.html",
        CONNECTION
        | {"values": {"number_claim": "email"}, "errors": {"number_claim": "Kies iets anders."}},
    ),
    "lms-course": ("administrator", "school/lms_course.html", COURSE_PAGE),
    "lms-course-held": (
        "administrator",
        "school/lms_course.html",
        COURSE_PAGE
        | {
            "pull": SimpleNamespace(held={"closes": 12, "of": 20}, error=None, done_at=None),
            "requests": [],
            "values": {"instructors_are": "coach"},
        },
    ),
    "lms-course-without-list": (
        "administrator",
        "school/lms_course.html",
        COURSE_PAGE
        | {
            "course": SimpleNamespace(
                id=COURSE, memberships_url=None, instructors_are=None, confirmed_at=None
            ),
            "pull": SimpleNamespace(held=None, error="not_found", done_at=None),
            "teachers": [],
            "learners": 0,
            "requests": [],
        },
    ),
    "lti-join": (
        None,
        "lti/join.html",
        {
            "school": "ROC Meetpunt",
            "host": "moodle.meetpunt.example",
            "invite": "q" * 43,
            "url": "https://moodle.meetpunt.example/openid",
            "token": "t",
        },
    ),
    "lti-joined": (None, "lti/joined.html", {"registration_id": ONE}),
    "lti-not-joined": (None, "lti/not_joined.html", _not_joined("invite_used")),
    "lti-not-joined-by-hand": (
        None,
        "lti/not_joined.html",
        _not_joined("configuration_missing", is_over=False, address=f"{US}/lti/register/qqq"),
    ),
    "lti-not-joined-yet": (
        None,
        "lti/not_joined.html",
        _not_joined("configuration_not_https", is_over=False),
    ),
}
