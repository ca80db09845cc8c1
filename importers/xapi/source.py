"""xAPI statements as a source; what they share with other standards is in telling.py."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from importers.issues import Finding
from importers.readers.jsonl import JsonRow
from importers.source import FileKind
from importers.xapi.lines import recognises, shown
from importers.xapi.meaning import digest_of, meaning_of
from importers.xapi.spool import Spool
from importers.xapi.telling import AHEAD, Codes, Telling, problem
from importers.xapi.validity import problems
from importers.xapi.values import has_zone, read_moment, was_twice

KIND = "xapi"
NAME = "xAPI"


class Statements(Telling):
    """A file of statements that the door let in."""

    kind = KIND
    name = NAME
    within = "statements"
    codes = Codes(bsn="xapi.bsn", conflict="xapi.conflict", twice="xapi.twice")

    def take(self, spool: Spool, row: JsonRow) -> None:
        """Take one statement, or say why not."""
        if row.code is not None:
            self.set_aside(spool, row, [problem(row.code)])
            return
        statement = row.value
        findings = [problem(code, at, shown(statement, at)) for at, code in problems(statement)]
        if not findings and not statement.get("id"):
            findings = [problem("xapi.no_id", "id")]
        at = None if findings else self._when(statement, findings, spool, row.number)
        if at is None:
            self.set_aside(spool, row, findings)
            return
        meaning = meaning_of(statement, at=at, zone=self.opening.zone)
        key, digest = statement["id"].lower(), digest_of(statement)
        if self.keep(spool, row, key, digest, meaning) and statement.get("attachments"):
            spool.note("xapi.attachments", "", row.number)

    def _when(
        self, statement: Mapping[str, Any], findings: list[Finding], spool: Spool, row: int
    ) -> datetime | None:
        """Return when it happened; None, with the reason among the findings, when nobody knows."""
        place = "timestamp" if "timestamp" in statement else "stored"
        told = statement.get(place)
        zone = self.opening.zone
        at = read_moment(told, zone)
        if told is None or at is None:
            findings.append(problem("xapi.undated", "timestamp"))
            return None
        if not has_zone(told):
            if was_twice(told, zone):
                findings.append(problem("xapi.ambiguous", place, told))
                return None
            spool.note("xapi.no_zone", "", row)
        if at > self.opening.at + AHEAD:
            findings.append(problem("xapi.future", place, told))
            return None
        return at


FILE_KIND = FileKind(kind=KIND, recognises=recognises, open=Statements, has_ledger=True)
