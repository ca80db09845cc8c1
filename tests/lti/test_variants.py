"""1EdTech's valid launches: nine for a teacher and nine for a student, all of which must load.

After the LTI Advantage certification guide of 2024; each one is a test of its own.
"""

from typing import Any

import pytest

from tests.lms import MEMBERSHIP, Lms, User
from tests.lti.browser import Browser
from tests.lti.courses import COURSE

FULL = {"name": "Teun Test", "given_name": "Teun", "family_name": "Test", "email": "t@test.example"}
NO_NAMES = {"name": None, "given_name": None, "family_name": None}
ROLE = "{role}"
SHORT = "{short}"
VARIANTS: dict[str, tuple[dict[str, Any], bool]] = {
    "full": (FULL, True),
    "several roles": ({**FULL, "__roles": [ROLE, f"{MEMBERSHIP}#Member"]}, True),
    "short role": ({**FULL, "__roles": [SHORT]}, True),
    "unknown role": ({**FULL, "__roles": ["http://example.com/roles#Wizard"]}, False),
    "no role": ({**FULL, "__roles": []}, False),
    "email only": ({**NO_NAMES, "email": "t@test.example"}, True),
    "names only": ({**FULL, "email": None}, True),
    "no personal data": (NO_NAMES, True),
    "email without context": ({**NO_NAMES, "email": "t@test.example", "__context": None}, True),
}


# lti.md case 2
@pytest.mark.parametrize("role", ["Instructor", "Learner"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_valid_variant_of_the_certification_loads(
    lms: Lms, browser: Browser, role: str, variant: str
) -> None:
    changes, has_role = VARIANTS[variant]
    said = dict(changes)
    if "__roles" in said:
        said["__roles"] = [
            text.format(role=f"{MEMBERSHIP}#{role}", short=role) for text in said["__roles"]
        ]
    user = lms.add_user(User("cert", (f"{MEMBERSHIP}#{role}",), name="Teun Test"))
    response = browser.launch(lms, user, **said)
    if not has_role:
        assert response.status_code == 200
        assert "geen rol" in response.text
        assert not browser.is_signed_in
        return
    staff = "/coach" if "__context" in said else COURSE
    home = {"Instructor": staff, "Learner": "/student"}[role]
    assert (response.status_code, response.headers["location"]) == (303, home)
    assert browser.get({"Instructor": "/coach", "Learner": "/student"}[role]).status_code == 200
