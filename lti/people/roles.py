"""LTI roles -> what somebody comes as. Roles in the course decide, roles in the institution never.

Canvas, for one, sends institution#Instructor along with a teacher who is a student in this course.
"""

from collections.abc import Iterable
from enum import StrEnum

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"


class LaunchRole(StrEnum):
    """What somebody comes as; it says where they land, and shows no student by itself."""

    LEARNER = "learner"
    STAFF = "staff"
    MENTOR = "mentor"
    DEVELOPER = "developer"
    TEST_USER = "test_user"
    NONE = "none"


# In this order: who teaches and learns in one course comes to teach.
_PRINCIPALS = {
    "Instructor": LaunchRole.STAFF,
    "Administrator": LaunchRole.STAFF,
    "TeachingAssistant": LaunchRole.STAFF,
    "Learner": LaunchRole.LEARNER,
    "Mentor": LaunchRole.MENTOR,
    # Who makes course content places our links, and sees nobody.
    "ContentDeveloper": LaunchRole.DEVELOPER,
}
PLACING = frozenset({LaunchRole.STAFF, LaunchRole.DEVELOPER})


def launch_role(roles: Iterable[str]) -> LaunchRole:
    """Return what these roles make of somebody; unknown roles make nothing."""
    roles = list(roles)
    if TEST_USER in roles:
        return LaunchRole.TEST_USER
    held = {_principal(role) for role in roles}
    return next((role for name, role in _PRINCIPALS.items() if name in held), LaunchRole.NONE)


def is_administrator(roles: Iterable[str]) -> bool:
    """Whether the platform calls somebody its administrator; only the words of a page follow it."""
    return any(role.endswith(("#Administrator", "#SysAdmin")) for role in roles)


def _principal(role: str) -> str | None:
    """Return the principal role in the course: of `membership/Learner#GuestLearner`, Learner."""
    if role.startswith(f"{MEMBERSHIP}#"):
        return role.removeprefix(f"{MEMBERSHIP}#")
    if role.startswith(f"{MEMBERSHIP}/"):
        return role.removeprefix(f"{MEMBERSHIP}/").partition("#")[0]
    # A bare name is a role in the course too (LTI 1.3 core, A.2.3.1).
    return role if role.isalpha() else None
