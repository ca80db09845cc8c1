"""The control totals: what DUO says that a file holds, against what is in it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from importers.duo.layout import TRAILER, TYPES, USED, Layout
from importers.issues import Finding, Severity

LONGEST = 64


def counted(rows: Iterable[Sequence[str]], shape: Layout, *, file: str) -> list[Finding]:
    """Return what is odd about the numbers of records; `rows` begin with their type."""
    counts: Counter[str] = Counter()
    trailer: Sequence[str] | None = None
    for cells in rows:
        counts[cells[0]] += 1
        if cells[0] == TRAILER:
            trailer = cells
    findings = list(_compared(counts, trailer, shape, file))
    unknown = sorted(soort for soort in counts if soort not in TYPES)
    if unknown:
        findings.append(_warning("duo.unknown_record", file, ", ".join(unknown)[:LONGEST]))
    unused = [soort for soort in shape.totals if soort not in USED]
    passed = ", ".join(f"{soort} {counts[soort]}" for soort in unused if counts[soort])
    if passed:
        findings.append(_warning("duo.passed_over", file, passed))
    if not counts["PER"]:
        findings.append(_warning("file.no_rows", file))
    return findings


def _compared(
    counts: Counter[str], trailer: Sequence[str] | None, shape: Layout, file: str
) -> Iterator[Finding]:
    if trailer is None:
        yield _warning("duo.no_totals", file)
        return
    told = [cell for cell in trailer[1:] if cell]
    if len(told) != len(shape.totals) or not all(cell.isdecimal() for cell in told):
        yield _warning("duo.totals_unreadable", file, "; ".join(told)[:LONGEST])
        return
    differs = [
        f"{soort} {counts[soort]}/{int(total)}"
        for soort, total in zip(shape.totals, told, strict=True)
        if counts[soort] != int(total)
    ]
    if differs:
        yield _warning("duo.totals_differ", file, ", ".join(differs))


def _warning(code: str, file: str, detail: str | None = None) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, file=file, detail=detail)
