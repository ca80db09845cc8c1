"""The manifest of a bundle: which version it follows, and of each file whether it is whole.

A file of which nothing is said is read, but nothing is closed because it is missing from it.
"""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum

from importers.issues import Finding, Severity
from importers.oneroster import files
from importers.readers.cells import Line


class Mode(StrEnum):
    """What a file holds: all there is, only what changed, or nobody said."""

    BULK = "bulk"
    DELTA = "delta"
    ABSENT = "absent"
    UNSAID = "unsaid"


@dataclass(frozen=True)
class Manifest:
    """What a bundle says of itself, as far as it says it."""

    version: str
    modes: Mapping[str, Mode]
    findings: tuple[Finding, ...]


def read_manifest(lines: Iterator[Line | None] | None, names: Set[str], version: str) -> Manifest:
    """Read the lines of the manifest of a bundle with files of these names.

    `version` is what the bundle looks like, for when it does not say it itself.
    """
    if lines is None:
        finding = _warning("manifest.missing", detail=version)
        return Manifest(version, dict.fromkeys(files.READ_FILES, Mode.UNSAID), (finding,))
    said = {
        name.casefold(): line
        for line in lines
        if line is not None and (name := line.text("propertyName"))
    }
    found, findings = _version(said, version)
    if any(finding.is_error for finding in findings):
        return Manifest(version, {}, tuple(findings))
    modes = {}
    for name in files.READ_FILES:
        modes[name], odd = _mode(said.get(f"file.{name[:-4]}".casefold()), name, names)
        findings += odd
    findings += [finding for line in said.values() for finding in line.findings]
    return Manifest(found, modes, tuple(findings))


def _version(said: Mapping[str, Line], seen: str) -> tuple[str, list[Finding]]:
    line = said.get("oneroster.version")
    told = line.text("value") if line is not None else None
    if told is None:
        return seen, [_warning("manifest.no_version", detail=seen)]
    for version in (files.OLD, files.NEW):
        if told == version:
            return version, []
        if told.startswith(f"{version}."):
            return version, [_warning("manifest.version_written", value=told, detail=version)]
    known = f"{files.OLD}, {files.NEW}"
    return seen, [Finding(code="manifest.version", file=files.MANIFEST, value=told, detail=known)]


def _mode(line: Line | None, name: str, names: Set[str]) -> tuple[Mode, list[Finding]]:
    told = line.text("value") if line is not None else None
    is_there = name in names
    if line is None or told is None:
        found = [_warning("manifest.unsaid", file=name)] if is_there else []
        return (Mode.UNSAID if is_there else Mode.ABSENT), found
    mode = told.casefold()
    if mode not in {Mode.BULK, Mode.DELTA, Mode.ABSENT}:
        detail = line.text("propertyName")
        return Mode.ABSENT, [
            Finding(
                code="manifest.mode",
                file=files.MANIFEST,
                row=line.row,
                column=line.table.column("value"),
                value=told,
                detail=detail,
            )
        ]
    if mode != told:
        line.warn("value.case", "value")
    if mode == Mode.ABSENT and is_there:
        severity = Severity.ERROR if name == "users.csv" else Severity.WARNING
        return Mode.ABSENT, [Finding(code="manifest.says_absent", severity=severity, file=name)]
    if mode != Mode.ABSENT and not is_there:
        return Mode.ABSENT, [Finding(code="file.missing", file=name)]
    return Mode(mode), []


def _warning(
    code: str, *, file: str = files.MANIFEST, value: str | None = None, detail: str | None = None
) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, file=file, value=value, detail=detail)
