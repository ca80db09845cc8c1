"""A OneRoster 1.2 service as a source (1EdTech REST Binding): everything now and then, and changes.

The first reading, and one a week, is of everything, so that what is missing is closed; the others
ask only what changed. Keys and records are those of a bundle, so that a school may send a bundle
and have its service read under one name.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from importers.issues import Column, Finding, Severity
from importers.oneroster import rows
from importers.oneroster.access import GRADE_SCOPES, ROSTER_SCOPES, access_to
from importers.oneroster.entities import COLLECTIONS, GRADES, Collection, Entity, standing_of
from importers.oneroster.files import KIND
from importers.oneroster.life import Life, life_of_change
from importers.oneroster.listing import Ask, Page, pages
from importers.readers.answers import END, note
from importers.readers.cells import Line
from importers.readers.granted import has_two_parts
from importers.readers.rest import Json
from importers.records import Op, Record, RecordKind
from importers.source import Asking, Batch, PullKind, Stream, Unavailable
from tracker.errors import Invalid

# A pull a week later, though it begins a little earlier in its night, reads everything.
ALL_EVERY = timedelta(days=6, hours=12)
# The service's clock is not ours, and some note a change before others can see it.
MARGIN = timedelta(hours=1)
BOUNDS_AT_ONCE = 500
_YES, _NO = {"yes", "ja", "true", "1"}, {"no", "nee", "false", "0"}


class Service:
    """A school's OneRoster 1.2 service; nothing is asked before `check` or `read`."""

    kind = KIND
    name = "OneRoster"

    def __init__(self, asking: Asking) -> None:
        self._asking, options = asking, asking.options
        self._has_grades = _is_yes(options, "grades")
        self._has_changes = _is_yes(options, "changes")
        scopes = ROSTER_SCOPES + (GRADE_SCOPES if self._has_grades else ())
        self._access = access_to(
            asking,
            token_url=str(options.get("token_url") or "") or None,
            scope=str(options.get("scope") or " ".join(scopes)),
        )

    def check(self) -> list[Finding]:
        """Look whether the service gives a token, and a row of each list."""
        if not has_two_parts(self._asking.secret):
            return [Finding(code="oneroster.secret")]
        try:
            self._access.open()
        except Unavailable as reason:
            if not reason.is_final:
                raise
            return [Finding(code=reason.code, detail=reason.detail)]
        return [finding for name in self._names for finding in self._look(COLLECTIONS[name])]

    def streams(self) -> Sequence[Stream]:
        """Return the lists that are read; one of which only changes are asked closes nobody."""
        return [
            Stream(
                name=name,
                kind=COLLECTIONS[name].kind,
                file=COLLECTIONS[name].path,
                is_snapshot=self._is_all(name),
                columns={
                    "ext_id": Column(None, "sourcedId"),
                    **{role: Column(None, at) for role, at in COLLECTIONS[name].refers.items()},
                },
            )
            for name in self._names
        ]

    def read(self, stream: Stream, *, after: Any, size: int) -> Iterator[Batch]:
        """Yield what a list tells; `after` is the last batch's, 0 at the beginning."""
        if after == END:
            return
        collection = COLLECTIONS[stream.name]
        for page in pages(self._ask(stream), collection.name, after=after, size=size):
            found, is_whole = self._records(collection, page, is_delta=not stream.is_snapshot)
            if page.has_moved:
                found.append(note(stream, "oneroster.moved"))
            since = self._since(stream.name) if page.after == END else None
            yield Batch(found, page.after, is_whole and not page.has_moved, since)

    @property
    def _names(self) -> list[str]:
        return [name for name in COLLECTIONS if self._has_grades or name not in GRADES]

    def _look(self, collection: Collection) -> Iterator[Finding]:
        try:
            self._access.get(collection.path, {"limit": 1, "offset": 0})
        except Unavailable as reason:
            if not reason.is_final:
                raise
            is_needed = collection.kind is RecordKind.PERSON
            yield Finding(
                code="oneroster.list_refused",
                severity=Severity.ERROR if is_needed else Severity.WARNING,
                file=collection.path,
                value=collection.name,
                detail=reason.detail,
            )

    def _ask(self, stream: Stream) -> Ask:
        """Return what asks for a page of a list: of all of it, or of what changed."""
        path = COLLECTIONS[stream.name].path
        if stream.is_snapshot:
            return lambda params: self._access.get(path, params)
        since = datetime.fromisoformat(self._asking.since[stream.name]["at"]) - MARGIN
        written = since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return lambda params: self._changed(path, params, f"dateLastModified>'{written}'")

    def _changed(self, path: str, params: Mapping[str, Any], changed: str) -> Json:
        try:
            return self._access.get(path, {**params, "filter": changed})
        except Unavailable as reason:
            if reason.code != "source.not_understood":
                raise
            raise Unavailable("oneroster.no_changes", is_final=True) from None

    def _records(
        self, collection: Collection, page: Page, *, is_delta: bool
    ) -> tuple[list[Record], bool]:
        """Return the records of a page, and whether each row told at least which one it is."""
        found, is_whole = [], True
        for row, entity in page.rows:
            around = self._around(collection, entity)
            for line in collection.lines(entity, row, is_delta=is_delta, zone=self._asking.zone):
                found.append(_record(line, collection, around, is_delta=is_delta))
                is_whole = is_whole and not line.is_broken
        return found, is_whole

    def _around(self, collection: Collection, entity: Entity) -> rows.Around:
        user, standing = str(entity.get("sourcedId")), None
        if collection.kind is RecordKind.PERSON:
            standing = standing_of(entity)
        return rows.Around(
            zone=self._asking.zone,
            bounds=self._bounds if collection.kind is RecordKind.RESULT else {},
            others={user} if standing == "other" else frozenset(),
            unclear={user} if standing == "unclear" else frozenset(),
        )

    @cached_property
    def _bounds(self) -> dict[str, rows.Bounds]:
        """Return the lowest and highest value of each line item; asked of all, once."""
        items, zone = COLLECTIONS["lineItems"], self._asking.zone

        def ask(params: Mapping[str, Any]) -> Json:
            return self._access.get(items.path, params)

        found: dict[str, rows.Bounds] = {}
        for page in pages(ask, items.name, after=0, size=BOUNDS_AT_ONCE):
            for row, entity in page.rows:
                for line in items.lines(entity, row, is_delta=False, zone=zone):
                    bounds = line.number("resultValueMin"), line.number("resultValueMax")
                    found[line.text("sourcedId") or ""] = bounds
        return found

    def _is_all(self, name: str) -> bool:
        """Whether this run reads all of a list."""
        told = self._asking.since.get(name)
        if not told or not self._has_changes:
            return True
        return self._asking.at - datetime.fromisoformat(told["all_at"]) >= ALL_EVERY

    def _since(self, name: str) -> dict[str, Any]:
        """Return what the next run must know: when this one began, and when all was read."""
        at = self._asking.at.isoformat()
        return {
            "at": at,
            "all_at": at if self._is_all(name) else self._asking.since[name]["all_at"],
        }


def _record(line: Line, collection: Collection, around: rows.Around, *, is_delta: bool) -> Record:
    key = line.key("sourcedId")
    told = life_of_change(line, around.zone)
    life = told if is_delta else Life(told.op)
    if life.op is Op.CLOSE and not line.is_bad:
        return rows.closing(line, key, life, collection.kind)
    return rows.read_row(line, key, life, collection.read(line, around), collection.kind)


def _is_yes(options: Mapping[str, Any], name: str) -> bool:
    """Return a choice that is yes or no, and yes when it was not made; raises Invalid."""
    told = options.get(name)
    word = "yes" if told is None else str(told).lower()
    if word not in _YES | _NO:
        raise Invalid(**{f"options.{name}": "option.unknown"})
    return word in _YES


PULL_KIND = PullKind(kind=KIND, open=Service)
