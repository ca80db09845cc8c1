"""Who a statement is about: a person as the source names them, by one identifier and no more."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from importers.bsn import MARK
from importers.readers.cells import LONGEST_KEY

MAILTO = "mailto:"
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody; `key` is their identifier as text, `number` an account's name.

    Of an address its letters are compared without capitals. `has_bsn` says that the identifier
    held a BSN, which is gone: several people may have the same key then.
    """

    key: str
    name: str | None
    number: str | None
    email: str | None
    has_bsn: bool = False


def agents_of(actor: Mapping[str, Any]) -> list[Agent]:
    """Return the people of a valid actor: one, or each member of a group once, in their order.

    A group that is known by an identifier and names no members is nobody.
    """
    if actor.get("objectType") != "Group":
        return [agent_of(actor)]
    found = {agent.key: agent for agent in map(agent_of, actor.get("member") or ())}
    return list(found.values())


def agent_of(told: Mapping[str, Any]) -> Agent:
    """Return one person of a valid statement."""
    name = (told.get("name") or "").strip()[:LONGEST_NAME] or None
    number = email = None
    if "mbox" in told:
        email = told["mbox"][len(MAILTO) :].strip().lower()
        key = MAILTO + email
    elif "mbox_sha1sum" in told:
        key = f"sha1:{told['mbox_sha1sum'].lower()}"
    elif "openid" in told:
        key = told["openid"]
    else:
        number = told["account"]["name"].strip()
        key = f"{told['account']['homePage']}|{number}"
    return Agent(short(key), name, number, email, has_bsn=MARK in key)


def short(key: str) -> str:
    """Return a key that fits a column: a digest of one that is longer."""
    if len(key) <= LONGEST_KEY:
        return key
    return f"long:{blake2b(key.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"
