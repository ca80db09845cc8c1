"""The door: what a file is, whether it may come in, and what stays outside (BSN, other files).

Nothing of a file is kept before it has passed here. What is kept is a rewritten copy in UTF-8.
Names are never trusted: what a file is, is judged by what is in it.
"""

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from tempfile import TemporaryFile
from typing import IO, Any

from importers import bsn
from importers.door.rewriting import Choose, Rewritten, rewrite
from importers.issues import Finding, Refused, Severity
from importers.kinds import FILE_KINDS, file_kind
from importers.readers import zipbundle
from importers.readers.dialect import Dialect
from importers.readers.kept import Kept
from importers.readers.sample import Form, Sample
from importers.readers.shapes import Shape, shape_of
from importers.source import FileKind, Opening, Source

KINDS = tuple(one.kind for one in FILE_KINDS)
MOST_BYTES = 256_000_000
PART = 1_000_000
Prepare = Callable[[FileKind], FileKind]


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """A file that may come in: its kind, what is kept of it, how it was written, what is wrong.

    `file_name` is that of the file itself, also when it came alone in a zip. `dialect` and
    `sample` are what a run keeps of it under the same names (see models.py).
    """

    kind: str
    file_name: str
    body: Kept
    findings: tuple[Finding, ...]
    dialect: Mapping[str, Any] = field(default_factory=dict)
    sample: Mapping[str, Any] = field(default_factory=dict)


def admit(
    body: bytes | IO[bytes],
    *,
    file_name: str,
    kind: str | None,
    prepare: Prepare = lambda kind: kind,
) -> Admitted:
    """Recognise a file and take out what may not come in; raises Refused.

    With a `kind` only that kind is thought of. `prepare` gives a kind that names people by
    numbers the means to name them otherwise (disguise.py).
    """
    content = io.BytesIO(body) if isinstance(body, bytes) else body
    size = content.seek(0, io.SEEK_END)
    content.seek(0)
    if not size:
        raise Refused("file.empty", file=file_name)
    if size > MOST_BYTES:
        raise Refused("file.too_large", file=file_name, detail=f"{MOST_BYTES // 1_000_000} MB")
    try:
        return _admit(content, file_name, kind, prepare)
    except Refused as refusal:
        if refusal.finding.file is None:
            refusal.finding = replace(refusal.finding, file=file_name)
        raise


def admit_again(kept: Kept, *, file_name: str, kind: FileKind, dialect: Dialect) -> Admitted:
    """Take a kept table for another kind, or apart by another sign; raises Refused.

    It passes the door once more: another kind keeps out other things.
    """
    with kept.open() as content:
        body, rewritten = _keep(content, Shape.TEXT, file_name, lambda _: kind, again=dialect)
    return Admitted(
        kind=kind.kind,
        file_name=file_name,
        body=body,
        findings=tuple(rewritten.findings),
        dialect=_dialects([rewritten.sample]),
        sample={"tables": _shown([rewritten.sample])},
    )


def open_source(kind: str, kept: Kept, opening: Opening) -> Source:
    """Open what the door kept as the source it is."""
    found = file_kind(kind)
    if found is None:
        raise Refused("file.unknown_kind", file=opening.file_name)
    return found.open(kept, opening)


def _admit(content: IO[bytes], file_name: str, kind: str | None, prepare: Prepare) -> Admitted:
    shape = shape_of(content, file_name)
    if shape is not Shape.ZIP:
        return _admit_one(content, shape, file_name, kind, prepare, [])
    bundle, entries = zipbundle.open_bundle(content)
    sample = Sample(
        file_name=file_name, form=Form.ZIP, names=tuple(bsn.drop_text(path) for path in entries)
    )
    if len(entries) == 1 and not any(one.recognises(sample) for one in FILE_KINDS):
        ((path, entry),) = entries.items()
        name = bsn.drop_text(zipbundle.base_name(path))
        with _spooled(bundle, entry, name) as alone:
            told = [_warning("zip.one_file", file=name, detail=file_name)]
            inside = shape_of(alone, name)
            if inside is not Shape.ZIP:
                return _admit_one(alone, inside, name, kind, prepare, told)
            raise Refused("zip.nested", file=name)
    return _admit_bundle(bundle, entries, _kind_of(sample, kind), file_name)


def _kind_of(sample: Sample, kind: str | None) -> FileKind:
    """Return the first kind that recognises the file; raises Refused when none does."""
    for one in FILE_KINDS:
        if kind in {None, one.kind} and one.recognises(sample):
            return one
    code = "file.unknown_kind" if kind is None else "file.other_kind"
    raise Refused(code, file=sample.file_name, detail=kind)


def _admit_one(
    content: IO[bytes],
    shape: Shape,
    name: str,
    kind: str | None,
    prepare: Prepare,
    told: list[Finding],
) -> Admitted:
    found: list[FileKind] = []

    def choose(sample: Sample) -> FileKind:
        found.append(prepare(_kind_of(sample, kind)))
        return found[0]

    kept, rewritten = _keep(content, shape, name, choose)
    return Admitted(
        kind=found[0].kind,
        file_name=name,
        body=kept,
        findings=(*told, *rewritten.findings),
        dialect=_dialects([rewritten.sample]),
        sample={"tables": _shown([rewritten.sample])},
    )


def _keep(
    content: IO[bytes], shape: Shape, name: str, choose: Choose, again: Dialect | None = None
) -> tuple[Kept, Rewritten]:
    rewritten = rewrite(content, shape, file=name, choose=choose, again=again)
    kept = TemporaryFile()  # noqa: SIM115 - closed with what is kept in it
    try:
        kept.writelines(rewritten.pieces)
    except BaseException:
        kept.close()
        raise
    return Kept(kept), rewritten


def _admit_bundle(
    bundle: zipfile.ZipFile,
    entries: Mapping[str, zipfile.ZipInfo],
    kind: FileKind,
    file_name: str,
) -> Admitted:
    """Copy the files that we read into a fresh zip, cleaned; the others stay outside."""
    findings: list[Finding] = []
    samples: list[Sample] = []
    taken: set[str] = set()
    kept = TemporaryFile()  # noqa: SIM115 - closed with what is kept in it
    try:
        with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
            for path, entry in entries.items():
                name = kind.entry_name(path) if kind.entry_name is not None else None
                if name is None:
                    unread = bsn.drop_text(zipbundle.base_name(path))
                    findings.append(_warning("file.unknown", file=unread))
                    continue
                if name in taken:
                    raise Refused("zip.same_file_twice", file=name)
                taken.add(name)
                findings += _oddities(path, name)
                with (
                    _spooled(bundle, entry, name) as content,
                    copy.open(name, "w", force_zip64=True) as out,
                ):
                    rewritten = rewrite(content, shape_of(content, name), file=name, choose=None)
                    out.writelines(rewritten.pieces)
                findings += rewritten.findings
                samples.append(rewritten.sample)
        if not taken:
            raise Refused("file.unknown_kind", file=file_name)
    except BaseException:
        kept.close()
        raise
    return Admitted(
        kind=kind.kind,
        file_name=file_name,
        body=Kept(kept),
        findings=tuple(findings),
        dialect=_dialects(samples),
        sample={"tables": _shown(samples)},
    )


def _spooled(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> IO[bytes]:
    """Return an entry unpacked, so that it can be read more than once; raises Refused."""
    file = TemporaryFile()  # noqa: SIM115 - given to the caller, who closes it
    try:
        with bundle.open(entry) as content:
            while piece := content.read(PART):
                file.write(piece)
    except zipbundle.DAMAGED:
        file.close()
        raise Refused("zip.broken", file=name) from None
    file.seek(0)
    return file


def _dialects(samples: list[Sample]) -> dict[str, Any]:
    """Return how each table was written; what is no table has no such thing."""
    return {one.file_name: one.dialect.plain() for one in samples if one.form is Form.TABLE}


def _shown(samples: list[Sample]) -> list[dict[str, Any]]:
    """Return the first rows of each table, as a run keeps them for people to look at."""
    return [
        {"file": one.file_name, "headers": list(one.headers), "rows": one.rows}
        for one in samples
        if one.form is Form.TABLE
    ]


def _oddities(path: str, name: str) -> Iterator[Finding]:
    if zipbundle.base_name(path) != name:
        yield _warning("file.name_case", file=bsn.drop_text(zipbundle.base_name(path)), detail=name)
    if str(PurePosixPath(path).parent) != ".":
        yield _warning("file.in_folder", file=name)


def _warning(code: str, *, file: str, detail: str | None = None) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, file=file, detail=detail)
