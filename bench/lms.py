"""The LMS of the measurement, in a process of its own: one site that many schools use.

It prints its address, then reads one line of JSON: our address, and per school the client id, the
deployment id and the students' numbers. It signs as any LMS does, while somebody waits.
"""

import json
import sys
from html import escape
from typing import Any

from tests.lms import LEARNER, Answer, Asked, Lms, Refusal, User, page, private_key, running

CLIENTS: dict[str, Lms] = {}


@page("GET", "/cloud/auth")
def _authenticate(_lms: Lms, asked: Asked) -> Answer:
    """Answer an authentication request of any school with a page that posts itself."""
    client = CLIENTS.get(asked.query.get("client_id", ""))
    if client is None:
        return 400, "text/plain", b"unknown client"
    try:
        fields = client.authenticate(asked.query)
    except Refusal as refusal:
        return 400, "text/plain", f"refused: {refusal}".encode()
    inputs = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    body = f'<form method="post" action="{escape(client.tool)}/lti/launch">{inputs}</form>'
    return 200, "text/html; charset=utf-8", body.encode()


def services(url: str) -> dict[str, Any]:
    """Say what Moodle grants with every launch: the course's roster, and its gradebook."""
    of_grades = "https://purl.imsglobal.org/spec/lti-ags/scope"
    return {
        "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": {
            "context_memberships_url": f"{url}/course/memberships",
            "service_versions": ["1.0", "2.0"],
        },
        "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {
            "scope": [f"{of_grades}/{name}" for name in ("lineitem", "result.readonly", "score")],
            "lineitems": f"{url}/course/lineitems?type_id=1",
        },
    }


def main() -> None:
    """Serve until standard input ends."""
    private_key(1)  # made before anybody asks: two who ask at once would each make one
    with running("") as lms:
        print(lms.url, flush=True)
        told = json.loads(sys.stdin.readline())
        for client in told["clients"]:
            made = CLIENTS[client["client_id"]] = Lms(
                url=lms.url,
                tool=told["tool"],
                client_id=client["client_id"],
                deployment_id=client["deployment_id"],
                more_claims=services(lms.url),
            )
            for number in client["numbers"]:
                made.add_user(User(number, (LEARNER,), name=f"Student {number}", number=number))
        print("ready", flush=True)
        while sys.stdin.readline():
            pass


if __name__ == "__main__":
    main()
