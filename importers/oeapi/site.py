"""One OEAPI system while it is read: its offerings of the last year, and who takes part in them.

Of an association only the person, the role, the state, the result and the attendance are used;
what it says of a person's needs (extra time, reading aloud) never comes in.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from importers.oeapi.client import Client, NotAnswered
from importers.readers.answers import plain, without_bsn
from importers.source import Asking, Unavailable
from tracker.errors import Invalid

# Without a day only offerings that are still to come are told; a school year and what hangs over.
BACK = timedelta(days=400)
LONGEST_NUMBER = 64
GROUPS = {"course", "program"}
ROLES = {"student": "student", "lecturer": "teacher", "teaching assistant": "teacher"}
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class Offering:
    """Something that is given to a group at some time; `raw` is as the system tells it."""

    id: str
    kind: str
    title: str
    code: str | None
    raw: Mapping[str, Any]

    @property
    def is_group(self) -> bool:
        """Whether people are in it for longer: a course or a programme, and no single test."""
        return self.kind in GROUPS


@dataclass(frozen=True)
class Listing:
    """Who takes part in an offering; `refusal` is the status of a refusal."""

    rows: list[dict[str, Any]]
    is_steady: bool = True
    refusal: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether absence proves anything."""
        return self.is_steady and self.refusal is None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who takes part in something."""

    id: str
    name: str
    email: str | None
    number: str | None
    has_bsn: bool


@dataclass
class Site:
    """A system that is being read; what was asked is remembered."""

    client: Client
    organization: str | None
    code_types: tuple[str, ...]
    zone: ZoneInfo
    at: datetime
    offerings: list[Offering] | None = None
    is_steady: bool = True
    listings: dict[str, Listing] = field(default_factory=dict)


def site_of(asking: Asking) -> Site:
    """Return a system of which nothing was asked yet; raises Invalid for an odd option.

    Options: "organization" (the id of one; else all offerings), "number" (the kinds of code that
    are the school's own number, with commas between), "token_url" and "scope".
    """
    told = asking.options
    organization = str(told.get("organization") or "") or None
    if organization is not None and not _ID.fullmatch(organization):
        raise Invalid(**{"options.organization": "option.unknown"})
    code_types = str(told.get("number") or "studentNumber").split(",")
    return Site(
        client=Client(
            asking,
            token_url=str(told.get("token_url") or "") or None,
            scope=str(told.get("scope") or ""),
        ),
        organization=organization,
        code_types=tuple(one.strip() for one in code_types),
        zone=asking.zone,
        at=asking.at,
    )


def offerings_of(site: Site) -> list[Offering]:
    """Return the offerings of the last year, by id; raises Unavailable."""
    if site.offerings is None:
        path = "offerings"
        if site.organization is not None:
            path = f"organizations/{site.organization}/offerings"
        since = (site.at - BACK).astimezone(site.zone).date().isoformat()
        try:
            asked = {"since": since, "sort": "offeringId"}
            rows, site.is_steady = site.client.list_of(path, "offeringId", asked)
        except NotAnswered as refusal:
            code = "source.not_found" if refusal.status == "404" else "source.refused"
            raise Unavailable(code, detail=refusal.status, is_final=True) from None
        site.offerings = [_offering(row) for row in rows]
    return site.offerings


def listing_of(site: Site, offering: Offering) -> Listing:
    """Return who takes part in an offering; raises Unavailable."""
    if offering.id not in site.listings:
        path = f"offerings/{offering.id}/associations"
        asked = {"sort": "associationId", "expand": "person"}
        try:
            rows, is_steady = site.client.list_of(path, "associationId", asked)
            site.listings[offering.id] = Listing(rows, is_steady)
        except NotAnswered as refusal:
            site.listings[offering.id] = Listing([], refusal=refusal.status)
    return site.listings[offering.id]


def people_in(site: Site, offerings: Iterable[Offering]) -> dict[str, Person]:
    """Return who takes part in offerings with a role that counts here, by id."""
    found: dict[str, Person] = {}
    for offering in offerings:
        for row in listing_of(site, offering).rows:
            person = row.get("person")
            if row.get("role") in ROLES and isinstance(person, dict) and person.get("personId"):
                found.setdefault(str(person["personId"]), _person(site, person))
    return {one: found[one] for one in sorted(found)}


def person_of(association: Mapping[str, Any]) -> str | None:
    """Return the id of the person of an association, whether it is spelled out or not."""
    person = association.get("person")
    found = person.get("personId") if isinstance(person, dict) else person
    return str(found) if found else None


def in_dutch(told: Any) -> str:
    """Return a text that is given in languages: Dutch if there is, else the first."""
    texts = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    dutch = [one for one in texts if str(one.get("language", "")).lower().startswith("nl")]
    chosen: dict[str, Any] = next(iter([*dutch, *texts]), {})
    return plain(chosen.get("value") if texts else told)


def _offering(row: Mapping[str, Any]) -> Offering:
    code = row.get("primaryCode")
    return Offering(
        id=str(row["offeringId"]),
        kind=str(row.get("offeringType")),
        title=in_dutch(row.get("name")) or "–",
        code=plain(code.get("code"), most=64) or None if isinstance(code, dict) else None,
        raw=row,
    )


def _person(site: Site, told: Mapping[str, Any]) -> Person:
    codes = [told.get("primaryCode"), *(told.get("otherCodes") or [])]
    known = [
        plain(one.get("code"), most=LONGEST_NUMBER)
        for kind in site.code_types
        for one in codes
        if isinstance(one, dict) and one.get("codeType") == kind
    ]
    written = next(iter(filter(None, known)), "")
    parts = (told.get("givenName"), told.get("surnamePrefix"), told.get("surname"))
    name = plain(told.get("displayName")) or plain(" ".join(str(one) for one in parts if one))
    return Person(
        id=str(told["personId"]),
        name=name,
        email=without_bsn(plain(told.get("mail"))),
        number=without_bsn(written),
        has_bsn=bool(written) and without_bsn(written) is None,
    )
