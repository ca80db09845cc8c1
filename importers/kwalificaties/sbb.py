"""Kwalificatiedossiers as SBB publishes them: XML, `sbb > dossiers > dossier`.

Of each crebo in each dossier one kwalificatie: the dossier's basis, and the profile that the
crebo stands for. A crebo may stand in several dossiers: they are kept apart, and that is said.
A whole publication is never a whole for us: what is not in it stays as it is.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from xml.etree.ElementTree import Element  # only as a record; readers/xml.py does the parsing

from importers.issues import Column, Finding, Severity
from importers.kwalificaties.listed import CODE, CREBO, LABEL
from importers.readers.cells import LONGEST_KEY
from importers.readers.kept import Kept
from importers.readers.sample import Form, Sample
from importers.readers.xml import elements
from importers.records import Origin, Record, RecordKind, Standing
from importers.source import Batch, FileKind, Opening, Stream
from tracker.models import FrameworkItemKind

KIND = "sbb"
LEVEL = re.compile(r"[1-4]")
FINAL = "vastgesteld"
FRAMEWORKS, ITEMS = "dossiers", "kerntaken"
BASIS_TASKS, PROFILE_TASKS = ".//basiskerntaken/kerntaak", "./profielkerntaken/kerntaak"


@dataclass(frozen=True, slots=True)
class Place:
    """A crebo in a dossier: one kwalificatie. `number` counts dossiers in the file, from 1."""

    number: int
    dossier: str
    version: str
    crebo: str
    profile: str | None

    @property
    def name(self) -> str:
        """Return how people would call it."""
        return " ".join(part for part in (self.dossier, self.version, self.profile) if part)


class Dossiers:
    """A file of SBB that the door let in; rows are numbered by dossier."""

    kind = KIND
    name = "SBB"

    def __init__(self, kept: Kept, opening: Opening) -> None:
        self._kept, self._file = kept, opening.file_name
        self._places: dict[str, list[Place]] | None = None

    def check(self) -> list[Finding]:
        """See whether there is a kwalificatie in it, and that all of it can be read."""
        if not self._by_crebo():
            return [Finding(code="sbb.no_dossiers", file=self._file)]
        return []

    def streams(self) -> Sequence[Stream]:
        """Return the kwalificaties, then their kerntaken and werkprocessen, as they stand."""
        kinds = {FRAMEWORKS: RecordKind.FRAMEWORK, ITEMS: RecordKind.FRAMEWORK_ITEM}
        return [
            Stream(name=name, kind=kind, file=self._file, is_snapshot=False)
            for name, kind in kinds.items()
        ]

    def read(self, stream: Stream, *, after: int, size: int) -> Iterator[Batch]:
        """Yield the records behind the first `after`."""
        tell = self._frameworks if stream.name == FRAMEWORKS else self._items
        told = islice(tell(), after, None)
        while records := list(islice(told, size)):
            after += len(records)
            yield Batch(records, after, is_whole=True)
        yield Batch([], after, is_whole=True)

    def _dossiers(self) -> Iterator[tuple[Element, list[tuple[Place, Element | None]]]]:
        """Yield each dossier with its places, and the profile that each of them stands for."""
        with self._kept.open() as content:
            found = elements(content, "dossier", file=self._file)
            for number, dossier in enumerate(found, start=1):
                yield dossier, list(_places_in(dossier, number))

    def _by_crebo(self) -> dict[str, list[Place]]:
        if self._places is None:
            self._places = {}
            for _, places in self._dossiers():
                for place, _ in places:
                    self._places.setdefault(place.crebo, []).append(place)
        return self._places

    def _frameworks(self) -> Iterator[Record]:
        for dossier, places in self._dossiers():
            for place, profile in places:
                yield self._framework(dossier, place, profile)

    def _framework(self, dossier: Element, place: Place, profile: Element | None) -> Record:
        findings = list(self._oddities(dossier, place))
        level = _text(profile, "niveau")
        if level and not LEVEL.fullmatch(level):
            findings.append(self._finding("level.form", place, "niveau", level))
            level = ""
        title = _text(profile, "titel") or _text(dossier, "titel")
        if title and len(title) > LABEL:
            findings.append(self._finding("value.shortened", place, "titel", title, str(LABEL)))
            title = title[:LABEL]
        data = {
            "source": KIND,
            "code": place.crebo,
            "crebo": place.crebo,
            "edition": self._edition(place),
            "title": title,
            "level": int(level) if level else None,
        }
        return self._record(RecordKind.FRAMEWORK, _key(place), place, data, findings)

    def _oddities(self, dossier: Element, place: Place) -> Iterator[Finding]:
        if not place.dossier:
            yield self._finding("key.missing", place, "nr", None, severity=Severity.ERROR)
        if not CREBO.fullmatch(place.crebo):
            error = Severity.ERROR
            yield self._finding("crebo.form", place, "crebo", place.crebo, severity=error)
        others = self._by_crebo()[place.crebo]
        if len(others) > 1:
            names = ", ".join(other.name for other in others)
            yield self._finding("crebo.ambiguous", place, "crebo", place.crebo, names)
        status = _text(dossier, "status")
        if status and status.casefold() != FINAL:
            yield self._finding("sbb.not_final", place, "status", status)

    def _edition(self, place: Place) -> str:
        """Return the version; with the dossier where one crebo has several of that version."""
        same = [p for p in self._by_crebo()[place.crebo] if p.version == place.version]
        if len(same) == 1:
            return place.version[:CODE]
        return f"{place.version} {place.dossier} {place.profile or ''}".strip()[:CODE]

    def _items(self) -> Iterator[Record]:
        for dossier, places in self._dossiers():
            basis = dossier.findall(BASIS_TASKS)
            for place, profile in places:
                own = [] if profile is None else profile.findall(PROFILE_TASKS)
                if CREBO.fullmatch(place.crebo) and place.dossier:
                    yield from self._tree(place, [*basis, *own])

    def _tree(self, place: Place, tasks: Sequence[Element]) -> Iterator[Record]:
        position = 0
        for task in tasks:
            position += 1
            yield self._item(place, task, FrameworkItemKind.KERNTAAK, position, None)
            for process in task.iterfind(".//werkproces"):
                position += 1
                yield self._item(place, process, FrameworkItemKind.WERKPROCES, position, task)

    def _item(
        self,
        place: Place,
        element: Element,
        kind: FrameworkItemKind,
        position: int,
        above: Element | None,
    ) -> Record:
        code, title = _text(element, "nr"), _text(element, "titel")
        findings = []
        error = Severity.ERROR
        if not code:
            findings.append(self._finding("key.missing", place, "nr", None, severity=error))
        elif len(code) > CODE:
            findings.append(
                self._finding("value.too_long", place, "nr", code, str(CODE), severity=error)
            )
        if not title:
            findings.append(self._finding("value.missing", place, "titel", None, severity=error))
        elif len(title) > LABEL:
            findings.append(self._finding("value.shortened", place, "titel", title, str(LABEL)))
        data = {
            "code": code,
            "kind": kind,
            "title": title[:LABEL] if title else None,
            "position": position,
        }
        return self._record(
            RecordKind.FRAMEWORK_ITEM,
            _key(place, code) if code else None,
            place,
            data,
            findings,
            target=_key(place),
            parent=_key(place, _text(above, "nr")) if above is not None else None,
        )

    def _record(
        self,
        kind: RecordKind,
        key: str | None,
        place: Place,
        data: Mapping[str, object],
        findings: Sequence[Finding],
        *,
        target: str | None = None,
        parent: str | None = None,
    ) -> Record:
        is_bad = any(finding.is_error for finding in findings)
        return Record(
            kind=kind,
            ext_id=key,
            origin=Origin(self._file, place.number),
            data=data,
            target=target,
            parent=parent,
            standing=Standing.BAD if is_bad else Standing.GOOD,
            findings=tuple(findings),
        )

    def _finding(
        self,
        code: str,
        place: Place,
        attribute: str,
        value: str | None,
        detail: str | None = None,
        *,
        severity: Severity = Severity.WARNING,
    ) -> Finding:
        return Finding(
            code=code,
            severity=severity,
            file=self._file,
            row=place.number,
            column=Column(None, attribute),
            value=value[:LABEL] if value else None,
            detail=detail,
        )


def _places_in(dossier: Element, number: int) -> Iterator[tuple[Place, Element | None]]:
    """Yield the crebos of the profiles, then those that the dossier has without a profile."""
    nr, version = _text(dossier, "nr"), _text(dossier, "versie")
    profiles = [
        (crebo, profile)
        for profile in dossier.iterfind("./profielen/profiel")
        for crebo in _crebos(profile, "./creboinformatie/crebo")
    ]
    in_profiles = [crebo for crebo, _ in profiles]
    for crebo, profile in profiles:
        is_twice = in_profiles.count(crebo) > 1
        own = _text(profile, "nr") if is_twice else None
        yield Place(number, nr, version, crebo, own), profile
    for crebo in _crebos(dossier, "./dossiercrebos/dossiercrebo"):
        if crebo not in in_profiles:
            yield Place(number, nr, version, crebo, None), None


def _crebos(element: Element, path: str) -> list[str]:
    """Return the crebos at a path, each once, in their order."""
    found = ((one.text or "").strip() for one in element.iterfind(path))
    return list(dict.fromkeys(crebo for crebo in found if crebo))


def _text(element: Element | None, attribute: str) -> str:
    return "" if element is None else " ".join((element.get(attribute) or "").split())


def _key(place: Place, code: str | None = None) -> str:
    """Return a key that stays when other dossiers come: `25655/D25655/2025/B1-K1-W2`."""
    parts = (place.crebo, place.dossier, place.version, place.profile, code)
    return "/".join(part for part in parts if part)[:LONGEST_KEY]


def _recognises(sample: Sample) -> bool:
    return sample.form is Form.XML and sample.root == "sbb"


FILE_KIND = FileKind(kind=KIND, recognises=_recognises, open=Dossiers)
