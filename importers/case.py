"""Frameworks as CASE packages (1EdTech CASE 1.0): a document, its items, how these hang together.

What has parts is a heading (kerntaak here), what has none is what goals refer to (werkproces). A
package is never a whole for us: what is not in it stays as it is. Rows are numbered by item.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import orjson

from importers.issues import Column, Finding, Refused, Severity
from importers.readers.cells import LONGEST_KEY
from importers.readers.kept import Kept
from importers.readers.sample import Form, Sample
from importers.records import Origin, Record, RecordKind, Standing
from importers.source import Batch, FileKind, Opening, Stream
from tracker.models import FrameworkItemKind

KIND = "case"
LABEL, CODE = 200, 64
# All of it is in memory at once, as no item can be placed before all associations are known.
MOST_BYTES = 16_000_000
FRAMEWORKS, ITEMS = "document", "items"
CHILD = "isChildOf"
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """An item at its place in the package; `row` counts items from 1."""

    row: int
    key: str
    code: str
    title: str


class Package:
    """A CASE package that the door let in."""

    kind = KIND
    name = "CASE"

    def __init__(self, kept: Kept, opening: Opening) -> None:
        self._kept, self._file = kept, opening.file_name

    def check(self) -> list[Finding]:
        """Check the document, and say which associations and items are of no use to us."""
        try:
            if not _word(self._document, "identifier"):
                return [Finding(code="case.no_document", file=self._file)]
        except Refused as refusal:
            return [refusal.finding]
        findings = [
            self._warning("case.association", value=kind, detail=str(number))
            for kind, number in sorted(self._other_associations.items())
        ]
        if not self._items:
            findings.append(self._warning("file.no_rows"))
        return findings

    def streams(self) -> Sequence[Stream]:
        """Return the document, then its items as a tree."""
        kinds = {FRAMEWORKS: RecordKind.FRAMEWORK, ITEMS: RecordKind.FRAMEWORK_ITEM}
        return [
            Stream(name=name, kind=kind, file=self._file, is_snapshot=False)
            for name, kind in kinds.items()
        ]

    def read(self, stream: Stream, *, after: int, size: int) -> Iterator[Batch]:
        """Yield the records behind the first `after`."""
        told = iter([self._framework()]) if stream.name == FRAMEWORKS else self._tree()
        told = islice(told, after, None)
        while records := list(islice(told, size)):
            after += len(records)
            yield Batch(records, after, is_whole=True)
        yield Batch([], after, is_whole=True)

    @cached_property
    def _package(self) -> Json:
        if self._kept.size > MOST_BYTES:
            detail = f"{MOST_BYTES // 1_000_000} MB"
            raise Refused("file.too_large", file=self._file, detail=detail)
        try:
            found = orjson.loads(self._kept.read())
        except orjson.JSONDecodeError:
            raise Refused("file.unknown_kind", file=self._file) from None
        return found if isinstance(found, dict) else {}

    @property
    def _document(self) -> Json:
        found = self._package.get("CFDocument")
        return found if isinstance(found, dict) else {}

    @cached_property
    def _told(self) -> list[Json]:
        """Return the items as they stand; what is no object stays in as an empty one."""
        return _objects(self._package.get("CFItems"))

    @cached_property
    def _associations(self) -> list[Json]:
        return _objects(self._package.get("CFAssociations"))

    @cached_property
    def _items(self) -> dict[str, Item]:
        """Return the items by their identifiers; a code that several have is none."""
        codes = Counter(_word(item, "humanCodingScheme") for item in self._told)
        found = {}
        for row, item in enumerate(self._told, start=1):
            key, code = _word(item, "identifier"), _word(item, "humanCodingScheme")
            own = code if codes[code] == 1 and len(code) <= CODE else ""
            title = _word(item, "fullStatement")
            if len(title) > LABEL:
                title = _word(item, "abbreviatedStatement") or title
            if key and key not in found:
                found[key] = Item(row, key, (own or key)[:CODE], title)
        return found

    @cached_property
    def _other_associations(self) -> Counter[str]:
        told = Counter(_word(one, "associationType") for one in self._associations)
        return Counter({kind or "?": number for kind, number in told.items() if kind != CHILD})

    @cached_property
    def _parents(self) -> dict[str, list[str]]:
        """Return above which items each item hangs, in the order in which they are told."""
        found: dict[str, list[str]] = {}
        for one in self._associations:
            if _word(one, "associationType") == CHILD:
                found.setdefault(_node(one, "originNodeURI"), []).append(
                    _node(one, "destinationNodeURI")
                )
        return found

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        """Return the items below each, in order: by sequence number, then as they stand."""
        numbers = {
            (_node(one, "originNodeURI"), _node(one, "destinationNodeURI")): one.get(
                "sequenceNumber"
            )
            for one in self._associations
        }
        found: dict[str, list[str]] = {}
        for key in self._items:
            found.setdefault(self._above(key), []).append(key)

        def place(key: str) -> tuple[bool, float]:
            number = numbers.get((key, self._above(key)))
            if isinstance(number, int | float):
                return False, float(number)
            return True, 0.0

        return {above: sorted(keys, key=place) for above, keys in found.items()}

    def _above(self, key: str) -> str:
        """Return what an item hangs below: the first that is there, else the document."""
        top = _word(self._document, "identifier")
        known = (above for above in self._parents.get(key, []) if above in self._items)
        return top if top in self._parents.get(key, []) else next(known, top)

    def _framework(self) -> Record:
        document, findings = self._document, []
        title = _word(document, "title")
        if len(title) > LABEL:
            findings.append(
                self._warning("value.shortened", "title", value=title[:LABEL], detail=str(LABEL))
            )
        data = {
            "source": KIND,
            "code": _word(document, "identifier")[:CODE],
            "crebo": None,
            "edition": _word(document, "version")[:CODE],
            "title": title[:LABEL] or None,
            "level": None,
        }
        return Record(
            kind=RecordKind.FRAMEWORK,
            ext_id=self._key,
            origin=Origin(self._file, 1),
            data=data,
            findings=tuple(findings),
        )

    def _tree(self) -> Iterator[Record]:
        """Yield the items from the top down; what hangs in a circle hangs nowhere."""
        waiting = list(reversed(self._children.get(_word(self._document, "identifier"), [])))
        seen: set[str] = set()
        while waiting:
            key = waiting.pop()
            seen.add(key)
            yield self._item(self._items[key], position=len(seen))
            waiting += reversed(self._children.get(key, []))
        for key, item in self._items.items():
            if key not in seen:
                yield self._item(item, position=0)
        kept = {item.row for item in self._items.values()}
        for row, told in enumerate(self._told, start=1):
            if row not in kept:
                yield self._lost(told, row)

    def _item(self, item: Item, *, position: int) -> Record:
        above = self._above(item.key)
        findings = list(self._oddities(item, is_placed=position > 0))
        is_leaf = item.key not in self._children
        data = {
            "code": item.code,
            "kind": FrameworkItemKind.WERKPROCES if is_leaf else FrameworkItemKind.KERNTAAK,
            "title": item.title[:LABEL],
            "position": position,
        }
        return Record(
            kind=RecordKind.FRAMEWORK_ITEM,
            ext_id=item.key[:LONGEST_KEY],
            origin=Origin(self._file, item.row),
            data=data,
            target=self._key,
            parent=above if above in self._items else None,
            standing=Standing.BAD if any(f.is_error for f in findings) else Standing.GOOD,
            findings=tuple(findings),
        )

    def _oddities(self, item: Item, *, is_placed: bool) -> Iterator[Finding]:
        told = self._told[item.row - 1]
        scheme = _word(told, "humanCodingScheme")
        parents = self._parents.get(item.key, [])
        if not is_placed:
            yield self._error("case.circle", CHILD, row=item.row, value=item.code)
        elif self._above(item.key) not in parents:
            yield self._warning("case.orphan", CHILD, row=item.row, value=item.code)
        elif len(set(parents)) > 1:
            yield self._warning("case.two_parents", CHILD, row=item.row, value=item.code)
        if scheme and scheme != item.code:
            yield self._warning("case.code", "humanCodingScheme", row=item.row, value=scheme)
        if not item.title:
            yield self._error("value.missing", "fullStatement", row=item.row)
        elif len(item.title) > LABEL:
            value, most = item.title[:LABEL], str(LABEL)
            column = "fullStatement"
            yield self._warning("value.shortened", column, row=item.row, value=value, detail=most)

    def _lost(self, told: Json, row: int) -> Record:
        """Return an item without an identifier, or with that of an item before it."""
        key = _word(told, "identifier")
        first = str(self._items[key].row) if key else None
        code = "key.contradictory" if key else "key.missing"
        return Record(
            kind=RecordKind.FRAMEWORK_ITEM,
            ext_id=None,
            origin=Origin(self._file, row),
            data={"identifier": key, "fullStatement": _word(told, "fullStatement")},
            standing=Standing.BAD,
            findings=(self._error(code, "identifier", row=row, value=key or None, detail=first),),
        )

    @property
    def _key(self) -> str:
        """Return the key of the framework, another one for another version."""
        parts = (_word(self._document, "identifier"), _word(self._document, "version"))
        return "/".join(part for part in parts if part)[:LONGEST_KEY]

    def _warning(self, code: str, column: str | None = None, **facts: Any) -> Finding:
        return self._finding(code, column, severity=Severity.WARNING, **facts)

    def _error(self, code: str, column: str | None = None, **facts: Any) -> Finding:
        return self._finding(code, column, severity=Severity.ERROR, **facts)

    def _finding(self, code: str, column: str | None, **facts: Any) -> Finding:
        place = Column(None, column) if column else None
        return Finding(code=code, file=self._file, column=place, **facts)


def _objects(found: object) -> list[Json]:
    told = found if isinstance(found, list) else []
    return [one if isinstance(one, dict) else {} for one in told]


def _word(told: Json, name: str) -> str:
    """Return a text without spaces around it; empty when it is missing or no text."""
    found = told.get(name)
    return " ".join(found.split()) if isinstance(found, str) else ""


def _node(association: Json, name: str) -> str:
    """Return which item an end of an association names; only the identifier counts."""
    found = association.get(name)
    return _word(found, "identifier") if isinstance(found, dict) else ""


def _recognises(sample: Sample) -> bool:
    value = sample.value
    is_package = isinstance(value, dict) and "CFDocument" in value and "CFItems" in value
    return sample.form is Form.JSON and is_package


FILE_KIND = FileKind(kind=KIND, recognises=_recognises, open=Package)
