"""LTI roles: those in the course decide."""

import pytest

from lti.people.roles import LaunchRole, launch_role

COURSE = "http://purl.imsglobal.org/vocab/lis/v2/membership"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ([], LaunchRole.NONE),
        ([f"{COURSE}#Learner"], LaunchRole.LEARNER),
        ([f"{COURSE}/Learner#GuestLearner"], LaunchRole.LEARNER),
        (["Learner"], LaunchRole.LEARNER),
        ([f"{COURSE}#Instructor"], LaunchRole.STAFF),
        ([f"{COURSE}/Instructor#PrimaryInstructor"], LaunchRole.STAFF),
        ([f"{COURSE}/Instructor#TeachingAssistant"], LaunchRole.STAFF),
        ([f"{COURSE}#Administrator"], LaunchRole.STAFF),
        ([f"{COURSE}#Mentor"], LaunchRole.MENTOR),
        ([f"{COURSE}#ContentDeveloper"], LaunchRole.DEVELOPER),
        ([f"{COURSE}#Manager", f"{COURSE}#Member", f"{COURSE}#Officer"], LaunchRole.NONE),
        ([f"{INSTITUTION}Instructor", f"{COURSE}#Learner"], LaunchRole.LEARNER),
        ([f"{INSTITUTION}Administrator", f"{SYSTEM}SysAdmin"], LaunchRole.NONE),
        ([f"{INSTITUTION}Student"], LaunchRole.NONE),
        ([f"{COURSE}#Learner", f"{COURSE}#Instructor"], LaunchRole.STAFF),
        ([f"{COURSE}#Learner", f"{COURSE}#Mentor"], LaunchRole.LEARNER),
        ([f"{COURSE}#Learner", TEST_USER], LaunchRole.TEST_USER),
        (["http://example.com/membership#Instructor"], LaunchRole.NONE),
        ([f"{COURSE}#instructor", "", "#", f"{COURSE}#", f"{COURSE}/"], LaunchRole.NONE),
    ],
)
def test_what_somebody_comes_as_follows_from_the_roles_in_the_course(
    roles: list[str], expected: LaunchRole
) -> None:
    assert launch_role(roles) is expected
