"""Pages of a launch: those on the way in, and those that say no."""

from typing import Any

REFUSED: dict[str, Any] = {
    "help_code": "LS-2147K0",
    "fix": None,
    "detail": None,
    "is_administrator": False,
    "new_tab_url": None,
    "return_url": None,
}
SWITCH_ON = "Zet deze deployment aan in Leerspoor, bij LMS."
REASONS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("state_used", "Deze pagina stond te lang open, of ging twee keer open.", {}),
    (
        "cookies_blocked",
        "Door je browser herkennen wij je hier niet.",
        {"new_tab_url": "/lti/login", "return_url": "/lms/course"},
    ),
    (
        "deployment_inactive",
        "De school heeft deze koppeling nog niet aangezet.",
        {"fix": SWITCH_ON, "detail": "7"},
    ),
    ("person_inactive", "Je account staat nu dicht. Vraag het aan je coach.", {}),
    ("not_placing", "Alleen docenten plaatsen onderdelen van Leerspoor in een cursus.", {}),
    (
        "review_unrelated",
        "Je begeleidt deze student niet in Leerspoor. Vraag de school om toegang.",
        {},
    ),
)
STORAGE = {
    "frame": "post_message_forwarding",
    "platform_origin": "https://lms.example",
    "key": "lti-0123456789abcdef",
}
PAGES: dict[str, tuple[str | None, str, dict[str, Any]]] = {
    **{
        f"lti-error-{code}": (
            None,
            "lti/error.html",
            {**REFUSED, "code": code, "reason": why, **more},
        )
        for code, why, more in REASONS
    },
    "lti-error-administrator": (
        None,
        "lti/error.html",
        {
            **REFUSED,
            "code": "deployment_inactive",
            "reason": "De school heeft deze koppeling nog niet aangezet.",
            "fix": SWITCH_ON,
            "is_administrator": True,
        },
    ),
    **{
        f"lti-no-role-{role}": (
            None,
            "lti/no_role.html",
            {"role": role, "return_url": "/lms/course"},
        )
        for role in ("none", "test_user", "developer")
    },
    "lti-starting": (
        None,
        "lti/starting.html",
        {
            **STORAGE,
            "next_url": "/lms/auth",
            "new_tab_url": "/lti/login",
            "value": "x" * 43,
        },
    ),
    "lti-confirming": (
        None,
        "lti/confirming.html",
        {**STORAGE, "id_token": "a.b.c", "confirm": "x" * 43},
    ),
}
