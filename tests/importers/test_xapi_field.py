"""Statements as others wrote them: awkward lines, real clicks, and the standard's own parts."""

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from importers.issues import Severity
from importers.models import ImportRow, ParkedPerson, RowStatus, RunState
from importers.xapi.validity import problems
from tests.importers.importing import Importing
from tests.importers.test_xapi import doing, people, signals, statement
from tracker.models import Activity

AWKWARD = "awkward/ol1_xapi.jsonl"
PARTS = "xapi/adl_conformance_parts_1_0_3.json"
# What expected.json says of each line, as codes; None: taken in (and perhaps withdrawn again).
EXPECTED = {
    61: "xapi.ambiguous",
    62: None,
    63: None,
    64: "xapi.twice",
    65: "xapi.conflict",
    66: None,
    67: None,
    68: "xapi.score",
    69: "xapi.mbox",
    70: "xapi.no_id",
    71: "xapi.future",
    72: "xapi.bad_id",
    73: "json.broken",
}


def test_each_awkward_line_ends_as_expected(importing: Importing, field_data: Path) -> None:
    told = json.loads((field_data / "awkward/expected.json").read_bytes())["ol1_xapi.jsonl"]
    assert set(told) == {"clean_first_lines", *(f"line {row}" for row in EXPECTED)}
    people(importing, "S900001")
    run = importing.bring((field_data / AWKWARD).read_bytes(), name="ol1_xapi.jsonl")
    assert (run.kind, run.state) == ("xapi", RunState.APPLIED)
    found: dict[int, set[str]] = {}
    for issue in importing.issues(run):
        if issue.code not in {"person.parked", "ref.parked"} and issue.row is not None:
            found.setdefault(issue.row, set()).add(issue.code)
    assert {row: found.get(row, set()) - {"xapi.voided"} for row in EXPECTED} == {
        row: {code} if code else set() for row, code in EXPECTED.items()
    }
    assert not any(row <= told["clean_first_lines"] for row in found)
    # Line 62 is the only one of somebody we know, and line 66 withdraws it.
    assert found[62] == {"xapi.voided"}
    assert signals(importing) == []
    rows = importing.read(
        sa.select(ImportRow.row, ImportRow.data)
        .where(ImportRow.run_id == run.id, ImportRow.is_good)
        .order_by(ImportRow.seq)
    )
    waiting = {row: data for row, data in rows if row is not None and row > 60}
    assert waiting[63]["occurred_at"].startswith("2026-11-01T10:00:00")
    parked = {key for (key,) in importing.read(sa.select(ParkedPerson.ext_id))}
    assert {"mailto:stu0001@meetpunt.example", "mailto:stu0002@meetpunt.example"} <= parked
    assert "sha1:ebd31e95054c018b10727ccffd2ef2ec3a016ee9" in parked
    before = importing.contents()
    again = importing.bring((field_data / AWKWARD).read_bytes(), name="ol1_xapi.jsonl")
    assert doing(again) == 0
    assert importing.contents() == before


def test_four_thousand_clicks_become_visits_of_days(importing: Importing, field_data: Path) -> None:
    body = gzip.decompress((field_data / "xapi/funmooc_4000.jsonl.gz").read_bytes())
    statements = [json.loads(line) for line in body.splitlines()]
    names = sorted({one["actor"]["account"]["name"] for one in statements})
    ours = set(names[: len(names) // 2])
    people(importing, *sorted(ours))
    run = importing.bring(body, name="funmooc_4000.jsonl")
    assert run.state is RunState.APPLIED
    assert set(importing.codes(run, Severity.ERROR)) <= {"person.parked", "ref.parked"}
    assert importing.codes(run, Severity.WARNING) == []
    mine = [one for one in statements if one["actor"]["account"]["name"] in ours]
    done = [one for one in mine if one["verb"]["id"].endswith("/completed")]
    visits = [number for _, kind, _, _, number, *_ in signals(importing) if kind == "visit"]
    assert sum(visits) == len(mine) - len(done)
    assert importing.count(Activity) < len(mine)
    days = {day for _, _, _, day, *_ in signals(importing)}
    assert min(days) >= date(2021, 11, 24).isoformat()
    assert doing(importing.bring(body, name="funmooc_4000.jsonl")) == 0


def test_simulated_learners_are_matched_by_their_address(
    importing: Importing, field_data: Path
) -> None:
    body = (field_data / "xapi/datasim_tccc_1200.json").read_bytes()
    run = importing.preview(body, name="datasim.json")
    assert (run.kind, run.state) == ("xapi", RunState.PREVIEWED)
    assert run.counts["person"]["quarantined"] == len(
        {one["actor"]["mbox"] for one in json.loads(body)}
    )
    bad = importing.read(
        sa.select(sa.func.count()).where(
            ImportRow.run_id == run.id,
            ~ImportRow.is_good,
            ImportRow.status == RowStatus.QUARANTINED,
        )
    )
    assert bad == [(0,)]


WRONG_PARTS = {
    "activities/description_invalid.json",
    "activities/interaction_type_invalid_iri.json",
    "activities/interaction_type_invalid_object.json",
    "activities/no_id.json",
    "activities/numeric_description.json",
    "activities/string_name.json",
    "agents/account_no_name.json",
    "contexts/invalid_activity.json",
    "groups/anonymous_no_member.json",
    "substatements/activity_definition_description_invalid.json",
    "substatements/activity_definition_name_invalid.json",
    "substatements/interaction_component_invalid_language_map.json",
    "substatements/no_actor.json",
    "substatements/no_verb.json",
    "statements/no_object.json",
}
PLACES = {
    "activities": "object",
    "agents": "actor",
    "contexts": "context",
    "groups": "actor",
    "results": "result",
    "substatements": "object",
    "verbs": "verb",
}


def _filled(part: dict[str, Any]) -> dict[str, Any]:
    """Return a template with parts of ours where it says no more than a kind."""
    example = statement(1)
    ours = {
        "Activity": example["object"],
        "Agent": example["actor"],
        "Group": {"objectType": "Group", "member": [example["actor"]]},
        "SubStatement": {"objectType": "SubStatement"}
        | {name: example[name] for name in ("actor", "verb", "object")},
    }
    filled: dict[str, Any] = {}
    for name, value in part.items():
        if isinstance(value, dict) and set(value) <= {"objectType"}:
            kind = value.get("objectType")
            one = {**ours.get(kind, {}), "objectType": kind} if kind else example.get(name)
            if one is not None:
                filled[name] = one
        else:
            filled[name] = value
    inner = filled.get("object")
    if isinstance(inner, dict) and inner.get("objectType") == "SubStatement" and inner != part:
        filled["object"] = _filled(inner)
    return filled


def test_the_standards_own_parts_are_taken_and_its_wrong_ones_refused(field_data: Path) -> None:
    parts: dict[str, Any] = json.loads((field_data / PARTS).read_bytes())
    voided = statement(1)["object"] | {"objectType": "StatementRef", "id": statement(1)["id"]}
    voided.pop("definition")
    found = {}
    for name, part in parts.items():
        folder = name.split("/")[0]
        whole = {**statement(1), PLACES[folder]: part} if folder in PLACES else dict(part)
        if name == "verbs/voided.json":
            whole["object"] = voided
        found[name] = problems(_filled(whole))
    templates = {"contexts/team.json"}  # half of a group
    refused = {name for name, wrong in found.items() if wrong and name not in templates}
    assert refused == WRONG_PARTS, {name: found[name] for name in refused ^ WRONG_PARTS}


@pytest.mark.parametrize(
    "part",
    [
        {"result": {"score": {"scaled": -1}}},
        {"result": {"score": {"raw": 5, "min": 0, "max": 10}}},
        {"result": {"duration": "PT1H30M0.50S"}},
        {"result": {"duration": "P4W"}},
        {"context": {"contextActivities": {"parent": {"id": "course-v1:FUN+1"}}}},
        {"object": {"id": "uuid://7d4f3c70-1e79-4243-9b7d-166076ce8bfb"}},
        {"timestamp": "2026-11-02T10:00:00.123456789+01:00"},
        {"actor": {"openid": "https://school.example/wie/1"}},
    ],
)
def test_a_good_part_is_taken(part: dict[str, Any]) -> None:
    assert problems({**statement(1), **part}) == []


@pytest.mark.parametrize(
    ("part", "where"),
    [
        ({"result": {"score": {"scaled": 1.01}}}, "result.score.scaled"),
        ({"result": {"score": {"raw": 11, "max": 10}}}, "result.score.raw"),
        ({"result": {"score": {"min": 5, "max": 5}}}, "result.score.max"),
        ({"result": {"score": {"raw": True}}}, "result.score.raw"),
        ({"result": {"success": "yes"}}, "result.success"),
        ({"result": {"duration": "1 uur"}}, "result.duration"),
        ({"result": {"duration": "P"}}, "result.duration"),
        ({"actor": {"mbox": "mailto:a@b.nl", "openid": "https://a.nl"}}, "actor"),
        ({"actor": {"name": "Iemand"}}, "actor"),
        ({"actor": {"mbox_sha1sum": "zz"}}, "actor.mbox_sha1sum"),
        ({"verb": {"id": "completed"}}, "verb.id"),
        ({"verb": {"id": "http://a.nl/v", "display": {"?": "x"}}}, "verb.display"),
        ({"object": {"id": "geen adres"}}, "object.id"),
        ({"object": {"objectType": "Ding", "id": "http://a.nl"}}, "object"),
        ({"timestamp": "2026-11-31T10:00:00Z"}, "timestamp"),
        ({"timestamp": "2026-11-02"}, "timestamp"),
        ({"timestamp": "2026-11-02T10:00:00-00:00"}, "timestamp"),
        ({"context": {"registration": "1"}}, "context.registration"),
        ({"context": {"extensions": {"x": 1}}}, "context.extensions"),
        ({"version": "0.95"}, "version"),
        ({"id": None}, "id"),
        ({"actor": None}, "actor"),
        ({"object": []}, "object"),
        ({"attachments": [{}]}, "attachments.0.usageType"),
    ],
)
def test_a_wrong_part_is_told_by_its_place(part: dict[str, Any], where: str) -> None:
    assert where in [place for place, _ in problems({**statement(1), **part})]


@pytest.mark.parametrize("value", [None, 3, "x", [], {}, {"verb": 1, "actor": [], "object": None}])
def test_what_is_no_statement_at_all_is_told_so_and_breaks_nothing(value: Any) -> None:
    assert problems(value)
