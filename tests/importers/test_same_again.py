"""The same told again, in whatever form, changes nothing: of every kind of file and of pull."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from importers.kinds import FILE_KINDS
from importers.models import RunState
from tests.importers.importing import Importing
from tests.importers.kinds import (
    ONLY_REFUSED,
    SENT,
    Sent,
    bring,
    done_by,
    in_zip,
    read,
    rewritten,
    set_aside_by,
)

SHEETS = ("people", "groups", "grades", "presence", "bpv", "lessons")
TOLD = ("kind", "ext_id", "op", "person", "target", "parent", "match_key", "standing")
TABLES = ("kwalificaties", "duo_pairs", *SHEETS)


def _reversed(rows: list[list[str]]) -> list[list[str]]:
    return [row[::-1] for row in rows]


def _turned(rows: list[list[str]]) -> list[list[str]]:
    return [rows[0], *reversed(rows[1:])]


def _as_is(rows: list[list[str]]) -> list[list[str]]:
    return rows


# What another program, or the same one on another day, makes of a table.
FORMS: dict[str, Callable[[bytes], bytes]] = {
    "columns in another order": lambda body: rewritten(body, _reversed),
    "with a BOM": lambda body: rewritten(body, _as_is, encoding="utf-8-sig"),
    "with commas": lambda body: rewritten(body, _as_is, write=","),
    "with semicolons": lambda body: rewritten(body, _as_is, write=";"),
    "with tabs, in UTF-16": lambda body: rewritten(body, _as_is, write="\t", encoding="utf-16"),
    "with bare line feeds": lambda body: rewritten(body, _as_is, newline="\n"),
    "with bare returns, in cp1252": lambda body: rewritten(
        body, _as_is, newline="\r", encoding="cp1252"
    ),
}


def test_each_file_again_or_without_its_rows_changes_nothing(importing: Importing) -> None:
    first = {name: bring(importing, sent) for name, sent in SENT.items()}
    assert {run.kind for run in first.values()} == {kind.kind for kind in FILE_KINDS} - ONLY_REFUSED
    before = importing.contents()
    for name, sent in SENT.items():
        assert first[name].state is RunState.APPLIED, (name, importing.codes(first[name]))
        again = bring(importing, sent)
        assert (again.state, done_by(again)) == (RunState.APPLIED, {}), name
        assert set_aside_by(again) == set_aside_by(first[name]), name
        nobody = importing.preview(
            without_rows(name, sent.body), sent.name, options=dict(sent.options)
        )
        if nobody.state is RunState.PREVIEWED:
            assert done_by(nobody) == {}, name
        else:
            assert nobody.state is RunState.REFUSED, name
            assert importing.codes(nobody), name
    assert importing.contents() == before


def without_rows(name: str, body: bytes) -> bytes:
    """Return what is left of a file without anybody in it."""
    if name == "oneroster":
        return in_zip(body, lambda table: table.splitlines(keepends=True)[0])
    if name == "case":
        return b'{"CFDocument": {"identifier": "d-1", "title": "Vaardigheden"}, "CFItems": []}'
    if name == "sbb":
        return b"<sbb><dossiers></dossiers></sbb>"
    return body.splitlines(keepends=True)[0]


@pytest.mark.parametrize("name", SENT)
def test_a_file_in_another_form_tells_the_very_same(name: str) -> None:
    sent = SENT[name]
    told = _told(sent)
    assert told
    for form, body in _forms(name, sent.body).items():
        assert _told(Sent(sent.name, body, sent.options)) == told, form


def _told(sent: Sent) -> Counter[tuple[Any, ...]]:
    """Count what a file tells: all of each record, but where it stood."""
    records, findings = read(sent)
    assert not any(finding.is_error for finding in findings), findings
    return Counter((*(getattr(one, name) for name in TOLD), one.digest) for one in records)


def _forms(name: str, body: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    if name in TABLES:
        if name != "kwalificaties":  # there the order of rows is that of the parts
            found["rows in another order"] = rewritten(body, _turned)
        found |= {form: change(body) for form, change in FORMS.items()}
    if name == "oneroster":
        found |= {form: in_zip(body, change) for form, change in FORMS.items()}
        found["rows in another order"] = in_zip(body, lambda one: rewritten(one, _turned))
    if name == "case":
        found["in other spaces"] = json.dumps(orjson.loads(body), indent=3).encode()
        found["in UTF-16"] = body.decode().encode("utf-16")
    if name == "sbb":
        found["in UTF-16"] = body.decode().encode("utf-16")
    if name in {"duo_ro", "duo_grondslag"}:
        found["with bare line feeds"] = body.replace(b"\r\n", b"\n")
        found["with a BOM"] = b"\xef\xbb\xbf" + body
    return found
