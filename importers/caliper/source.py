"""Caliper events as a source: read, kept apart and counted as xAPI statements are."""

from typing import Any

from importers.caliper.meaning import digest_of, is_event, key_of, meaning_of, problems, unused
from importers.caliper.parts import text_of, used
from importers.readers.jsonl import JsonRow
from importers.readers.sample import Form, Sample
from importers.source import FileKind
from importers.xapi.lines import shown
from importers.xapi.spool import Spool
from importers.xapi.telling import AHEAD, Codes, Telling, problem
from importers.xapi.values import read_moment

KIND = "caliper"
NAME = "Caliper"
DATA = "data"  # the part of an envelope that holds the events


class Events(Telling):
    """A file of events, or of envelopes, that the door let in."""

    kind = KIND
    name = NAME
    within = DATA
    codes = Codes(bsn="caliper.bsn", conflict="caliper.conflict", twice="caliper.twice")

    def take(self, spool: Spool, row: JsonRow) -> None:
        """Take one event, or say why not."""
        told = row.value
        if row.code is not None or not isinstance(told, dict):
            self.set_aside(spool, row, [problem(row.code or "caliper.form")])
            return
        if text_of(told.get("type")) is None:
            self.set_aside(spool, row, [problem("caliper.form", "type")])
            return
        if not is_event(told):
            spool.note("caliper.entity", "", row.number)
            return
        name = unused(told)
        if name is not None:
            spool.note("caliper.unused", name, row.number)
            return
        event = used(told)
        findings = [problem(code, at, shown(event, at)) for at, code in problems(event)]
        moment = read_moment(event.get("eventTime"), self.opening.zone)
        if not findings and moment is not None and moment > self.opening.at + AHEAD:
            findings = [problem("caliper.future", "eventTime", event["eventTime"])]
        if findings or moment is None:
            self.set_aside(spool, row, findings)
            return
        meaning = meaning_of(event, at=moment, zone=self.opening.zone)
        self.keep(spool, row, key_of(event) or "", digest_of(event), meaning)


def recognises(sample: Sample) -> bool:
    """Whether a file holds Caliper events, or envelopes of them, by its first."""
    if sample.form not in {Form.JSON, Form.LINES}:
        return False
    found: Any = sample.value
    if isinstance(found, dict) and isinstance(found.get(DATA), list) and "sensor" in found:
        return True
    while isinstance(found, list) and found:
        found = found[0]
    return isinstance(found, dict) and {"type", "actor", "action", "eventTime"} <= set(found)


FILE_KIND = FileKind(kind=KIND, recognises=recognises, open=Events, has_ledger=True)
