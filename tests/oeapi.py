"""An OEAPI 5 system over real HTTP, as its specification says it answers, and nothing else."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests import systems
from tests.systems import Answer, Asked, serving

TOKEN = "een-kenmerk-voor-oeapi"
SIZES = {10, 20, 50, 100, 250}
KNOWN = {
    r"offerings|organizations/org-1/offerings": ({"since", "sort"}, "offeringId"),
    r"offerings/[\w-]+/associations": ({"sort", "expand"}, "associationId"),
}
PAGING = {"pageSize", "pageNumber"}
Rows = list[dict[str, Any]]


@dataclass
class Oeapi:
    """What this system knows; `troubles` are (path, page) -> answers instead."""

    offerings: Rows = field(default_factory=list)
    associations: Rows = field(default_factory=list)
    url: str = ""
    most: int = 250  # rows in one answer, whatever is asked
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    calls: list[tuple[str, int]] = field(default_factory=list)
    strange: list[Asked] = field(default_factory=list)
    troubles: dict[tuple[str, int], list[Answer]] = field(default_factory=dict)

    def fail(self, path: str, page: int, answer: Answer, times: int = 1) -> None:
        """Let a page answer this, so many times."""
        self.troubles[path, page] = [answer] * times

    def association(self, key: str) -> dict[str, Any]:
        """Return an association, to be changed."""
        return next(one for one in self.associations if one["associationId"] == key)

    def reply(self, asked: Asked) -> Answer:
        """Answer one question."""
        path = asked.path.removeprefix("/ooapi/")
        if path == "token":
            self.tokens.add("granted")
            return systems.page({"access_token": "granted", "expires_in": 300})
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return problem(401)
        known = next((KNOWN[one] for one in KNOWN if re.fullmatch(one, path)), None)
        size, number = asked.number("pageSize"), asked.number("pageNumber")
        if known is None or asked.query.keys() - known[0] - PAGING or size not in SIZES:
            self.strange.append(asked)
            return problem(400)
        self.calls.append((path, number))
        if self.troubles.get((path, number)):
            return self.troubles[path, number].pop(0)
        found = self.offerings
        if path.endswith("associations"):
            offering = path.split("/")[1]
            found = [one for one in self.associations if one["offering"] == offering]
        found = sorted(found, key=lambda row: str(row[known[1]]))
        size = min(size, self.most)
        return systems.page(
            {
                "pageSize": size,
                "pageNumber": number,
                "hasPreviousPage": number > 1,
                "hasNextPage": number * size < len(found),
                "totalPages": -(-len(found) // size),
                "items": found[(number - 1) * size : number * size],
            }
        )


def problem(status: int) -> Answer:
    """Answer as RFC 7807 has it."""
    said = {"status": status, "title": "Problem", "detail": "over Aylin Bos"}
    headers = {"Content-Type": "application/problem+json"}
    return systems.page(said, status=status, headers=headers)


def filled(students: int = 6) -> Oeapi:
    """Return a course with its students and a lecturer, and a test in it that they took."""
    system = Oeapi()
    system.offerings = [
        {
            "offeringId": "course-1",
            "offeringType": "course",
            "primaryCode": {"codeType": "offeringCode", "code": "REK3"},
            "name": [
                {"language": "en-GB", "value": "Maths"},
                {"language": "nl-NL", "value": "Rekenen 3F"},
            ],
            "resultExpected": False,
        },
        {
            "offeringId": "test-1",
            "offeringType": "component",
            "primaryCode": {"codeType": "offeringCode", "code": "REK3-T"},
            "name": [{"language": "nl-NL", "value": "Toets rekenen"}],
            "resultExpected": True,
            "resultValueType": "0.0-10.0",
            "startDateTime": "2026-10-05T12:45:00",
            "endDateTime": "2026-10-05T13:45:00",
            "courseOffering": "course-1",
        },
    ]
    for number in range(students + 1):
        is_lecturer = number == students
        kind = "employeeNumber" if is_lecturer else "studentNumber"
        person = {
            "personId": f"person-{number}",
            "primaryCode": {"codeType": kind, "code": f"{'D' if is_lecturer else 'S'}{number:03}"},
            "otherCodes": [{"codeType": "eckid", "code": "00000"}],
            "givenName": "Persoon",
            "surnamePrefix": "van",
            "surname": str(number),
            "displayName": f"Persoon van {number}",
            "mail": f"p{number}@school.example",
        }
        role = "lecturer" if is_lecturer else "student"
        system.associations.append(_association("course-1", number, person, role))
        if not is_lecturer:
            told = _association("test-1", number, person, role)
            told["consumers"] = [
                {
                    "consumerKey": "nl-test-admin",
                    "attendance": "present" if number % 2 == 0 else "notPresent",
                    "personalNeeds": ["extraTime"],
                }
            ]
            if number % 2 == 0:
                told["result"] = {
                    "state": "completed",
                    "pass": "passed",
                    "score": "7,5",
                    "resultDate": "2026-10-08",
                    "comment": "over deze student",
                }
            system.associations.append(told)
    return system


def _association(offering: str, number: int, person: Any, role: str) -> dict[str, Any]:
    return {
        "associationId": f"{offering}-{number:03}",
        "associationType": "courseOfferingAssociation",
        "role": role,
        "state": "associated",
        "offering": offering,
        "person": person,
    }


@contextmanager
def playing(system: Oeapi) -> Iterator[Oeapi]:
    """Run a system; fails when it was asked what it does not know."""
    with serving(system.reply) as served:
        system.url = f"{served.url}/ooapi"
        yield system
    assert system.strange == []
