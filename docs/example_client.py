"""A small program for the API of Leerspoor: read, log evidence safely, edit without overwriting.

    ./bin/leerspoor token add meetpunt --name proefprogramma --scope write
    python docs/example_client.py http://127.0.0.1:8000 <token>

It needs the library `requests`. Everything that the API knows: <address>/api/docs.
"""

import sys
import time
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import requests

GOAL = (
    *("title", "question", "success", "approach", "target_anchor", "target_on"),
    *("control", "tailoring", "item_ids", "parent_id", "unit_id"),
)
EVIDENCE = ("text", "goal_ids", "item_ids")


def sign_in(address: str, token: str) -> requests.Session:
    """Return a session that sends the token with every request."""
    session = requests.Session()
    session.headers.update({"Authorization": f"Bearer {token}", "Accept-Language": "nl"})
    me = session.get(f"{address}/api/me", timeout=30)
    me.raise_for_status()
    print("Ik ben", me.json()["person"]["name"])
    return session


def everything(session: requests.Session, url: str) -> Iterator[dict[str, Any]]:
    """Yield every item of a list, page after page: the `Link` header names the next one."""
    while url:
        page = session.get(url, timeout=30)
        page.raise_for_status()
        yield from page.json()["items"]
        url = page.links.get("next", {}).get("url", "")


def log_evidence(
    session: requests.Session, address: str, plan_id: str, evidence: dict[str, Any]
) -> dict[str, Any]:
    """Log a piece of evidence once, however often the network fails: the key stays the same."""
    url = f"{address}/api/plans/{plan_id}/evidence"
    key = str(uuid4())
    waits = [1, 5, 25]
    while True:
        try:
            answer = session.post(url, json=evidence, headers={"Idempotency-Key": key}, timeout=30)
            break
        except requests.ConnectionError:
            if not waits:
                raise
            time.sleep(waits.pop(0))
    if answer.status_code == requests.codes.unprocessable:
        raise ValueError(answer.json()["errors"])  # {"happened_on": ["date.in_future"]}
    answer.raise_for_status()
    return dict(answer.json())


def change_words(session: requests.Session, url: str, **words: str) -> dict[str, Any]:
    """Change what a goal or a piece says; raises ValueError when somebody was first."""
    there = session.get(url, timeout=30)
    there.raise_for_status()
    editable = GOAL if "/goals/" in url else EVIDENCE
    body = {name: there.json()[name] for name in editable} | words
    answer = session.put(url, json=body, headers={"If-Match": there.headers["ETag"]}, timeout=30)
    if answer.status_code == requests.codes.precondition_failed:
        told = answer.json()
        raise ValueError(f"{told['message']} Nu: {told['current']}. Van jou: {told['sent']}.")
    answer.raise_for_status()
    return dict(answer.json())


def main(address: str, token: str) -> None:
    """Show the plans of the token's person; a student logs a piece and finds a better word."""
    session = sign_in(address, token)
    for plan in everything(session, f"{address}/api/plans?limit=100"):
        print(plan["student"]["name"], plan["title"] or "")
        goals = list(everything(session, f"{address}/api/plans/{plan['id']}/goals?state=active"))
        for goal in goals:
            print("  ", goal["title"])
        if "student" in session.get(f"{address}/api/me", timeout=30).json()["roles"]:
            piece = {
                "text": "Ik hielp mevrouw met opstaan.",
                "happened_on": date.today().isoformat(),
                "has_people": False,
                "goal_ids": [goal["id"] for goal in goals[:1]],
                "share_with": ["coaches"],
            }
            logged = log_evidence(session, address, plan["id"], piece)
            url = f"{address}/api/evidence/{logged['id']}"
            change_words(session, url, text="Ik hielp mevrouw rustig met opstaan.")
            print("   Bewaard:", url)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
