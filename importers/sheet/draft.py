"""A plan while it is made: what each column means so far, and what is to be told about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from importers.issues import Column, Finding, Severity
from importers.sheet.columns import Means
from importers.sheet.profile import Profile


@dataclass(slots=True)
class Draft:
    """A plan while it is made: meanings by header, and what is to be told about the columns."""

    headers: Sequence[str]
    file: str
    row: int
    profile: Profile
    mapping: Mapping[str, Any]
    is_xlsx: bool
    means: dict[str, Means | None] = field(default_factory=dict)
    at: dict[Means, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def find(
        self, code: str, header: str, *, is_error: bool = False, detail: str | None = None
    ) -> None:
        """Note something about a column."""
        place = self.headers.index(header) if header in self.headers else None
        self.findings.append(
            Finding(
                code=code,
                severity=Severity.ERROR if is_error else Severity.WARNING,
                file=self.file,
                row=self.row,
                column=Column(place, header),
                detail=detail,
            )
        )

    def said(self, header: str) -> Mapping[str, Any]:
        """Return what the mapping says of a column."""
        found: Mapping[str, Any] = self.mapping.get("columns", {}).get(header, {})
        return found
