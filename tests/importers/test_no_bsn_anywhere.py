"""A BSN that arrives in any place of any kind of file, system or page is nowhere afterwards."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from flask import Flask

from identity.models import Scope
from identity.tokens import add_token
from importers.jobs import run_import
from importers.models import ImportRun, MatchOn, ParkedPerson, RunState
from importers.pulls.pushers import add_pusher
from importers.repair.quarantine import bad_rows, count_bad
from settings import Settings
from tests.importers.importing import Importing
from tests.importers.kinds import SENT, Sent, in_zip
from tests.importers.moodle import Pulling, know_people
from tests.importers.test_caliper import event
from tests.importers.test_door import BSN, OTHER_BSN, everything, traces
from tests.importers.test_sheet_reading import read
from tests.importers.test_xapi import statement
from tests.moodle import Moodle, playing
from tests.visits import Visit
from tests.world import World
from tracker.db import unit_of_work, utc_now

SPACED, DOTTED = f"{BSN[:3]} {BSN[3:6]} {BSN[6:]}", f"{BSN[:4]}.{BSN[4:6]}.{BSN[6:]}"


def planted(name: str, sent: Sent) -> Sent:
    """Return a file with a BSN in each place of it, and in all that is said of it."""
    body = sent.body
    if name == "oneroster":
        body = in_zip(body, _in_table)
    elif name == "case":
        body = body.replace(b"Item", f"Item {BSN}".encode())
        body = body.replace(b'"a"', f'"{BSN}"'.encode())
    elif name == "sbb":
        body = body.replace(b"Leiding", BSN.encode()).replace(
            b'titel="', f'titel="{SPACED} '.encode()
        )
    elif name == "caliper":
        body = json.dumps(envelope()).encode()
    elif name == "xapi":
        body += b"".join(json.dumps(one).encode() + b"\n" for one in statements())
    else:
        body = _in_table(body)
    options = {**sent.options}
    if "source" in options:
        options["source"] = f"{options['source']} {BSN}"
    if "mapping" in options:
        columns = {f"Notitie {BSN}": {"means": "unused"}}
        options["mapping"] = {**options["mapping"], "columns": columns}
    return Sent(f"{BSN} {sent.name}", body, options)


def _in_table(body: bytes) -> bytes:
    """Put it in a header, behind each row, and in whole rows of it."""
    text = body.decode("utf-8-sig")
    delimiter = max(";,|\t", key=text.splitlines()[0].count)
    header, *rows = text.splitlines()
    width = header.count(delimiter)
    rows = [f"{row}{delimiter}{SPACED}" for row in rows]
    rows += [delimiter.join([number] * (width + 2)) for number in (BSN, DOTTED, OTHER_BSN)]
    head = f"{header}{delimiter}Notitie {BSN}"
    return "".join(f"{row}\r\n" for row in (head, *rows)).encode()


def statements() -> list[dict[str, Any]]:
    """Return statements about it, and by whom it names."""
    return [
        statement(11, who=BSN),
        statement(12, who={"mbox": f"mailto:{BSN}@school.example", "name": f"Jan {SPACED}"}),
        statement(13, result={"response": f"bsn {BSN}", "score": {"raw": 7}}),
        statement(
            14, object={"id": f"https://lms.example/{BSN}", "definition": {"name": {"nl": BSN}}}
        ),
        statement(
            15, context={"extensions": {f"https://x.example/{BSN}": BSN, "https://b.nl/bsn": 12}}
        ),
    ]


def envelope() -> dict[str, Any]:
    """Return Caliper events about it, and by whom it names."""
    other = [{"identifierType": "SisSourcedId", "identifier": BSN}]
    named = {"id": "https://lms.example/users/1", "name": SPACED, "otherIdentifiers": other}
    data = [
        event(1, actor={"id": f"https://lms.example/users/{BSN}"}),
        event(2, actor=named, object={"id": f"https://lms.example/{BSN}", "name": BSN}),
        event(3, name=f"{BSN}Event"),
        event(4, id=BSN),
        event(5, eventTime=BSN),
        {BSN: BSN},
        {"type": BSN, "id": BSN},
        BSN,
        123456782,
    ]
    return {
        "sensor": BSN,
        "sendTime": "2026-11-02T10:00:05.000Z",
        "dataVersion": "http://purl.imsglobal.org/ctx/caliper/v1p2",
        "data": data,
    }


JSON = {"Content-Type": "application/json"}


@pytest.fixture
def moodle() -> Iterator[Moodle]:
    with playing() as found:
        yield found


class Everywhere:
    """All the places in which something may stay."""

    def __init__(self, engine: sa.Engine, importing: Importing) -> None:
        self.url = engine.url.render_as_string(hide_password=False)
        self.importing = importing

    def traces(self) -> list[str]:
        kept = b"".join(path.read_bytes() for path in self.importing.kept_files())
        return traces(everything(self.url) + kept.decode("latin-1"))


def downloaded(importing: Importing, run: ImportRun) -> str:
    """Return what is given back to be repaired, if anything is."""
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        found = session.get_one(ImportRun, (run.school_id, run.id))
        if not count_bad(session, found):
            return ""
        name, body = bad_rows(session, found)
    return name + body.decode("latin-1")


@pytest.fixture
def everywhere(superuser_engine: sa.Engine, importing: Importing) -> Everywhere:
    return Everywhere(superuser_engine, importing)


def test_no_kind_of_file_leaves_one(
    importing: Importing,
    everywhere: Everywhere,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = ""
    for name, sent in SENT.items():
        one = planted(name, sent)
        run = importing.start(one.body, one.name, options=dict(one.options))
        run = importing.work(run)
        if run.state is RunState.PREVIEWED:
            run = importing.apply(run)
        told += "".join(f"{issue.value} {issue.detail}" for issue in importing.issues(run))
        told += downloaded(importing, run)
    assert everywhere.traces() == []
    assert importing.count(ParkedPerson) > 0
    out, err = capfd.readouterr()
    assert traces(told + out + err + caplog.text) == []


@pytest.mark.parametrize("field", ["idnumber", "username"])
def test_no_system_leaves_one(
    importing: Importing, everywhere: Everywhere, settings: Settings, moodle: Moodle,
    capfd: pytest.CaptureFixture[str], field: str,
) -> None:  # fmt: skip
    know_people(importing, moodle)
    for number, user in enumerate(moodle.enrolled[2]):
        user.update(
            idnumber=BSN if number % 2 else f" {SPACED}",
            fullname=f"{user['fullname']} {BSN}",
            email=f"{BSN}@school.example",
            username=BSN,
        )
    for course in moodle.courses:
        course.update(fullname=f"Groep van {BSN}", shortname=BSN, idnumber=BSN)
    for section in moodle.answer_of("core_course_get_contents", courseid=2):
        for module in section["modules"]:
            module["name"] = f"{module['name']} {OTHER_BSN}"
    options = {"number": field, "courses": "2"}
    run = Pulling(importing, settings, moodle, options=options).pull()
    assert run.state is RunState.APPLIED
    assert importing.count(ParkedPerson) > 0
    assert everywhere.traces() == []
    out, err = capfd.readouterr()
    assert traces(out + err) == []


def test_no_page_answer_or_error_leaves_one(
    app: Flask,
    world: World,
    ours: Importing,
    live_server: str,
    superuser_engine: sa.Engine,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with unit_of_work(ours.engine, school_id=world.school.id) as session:
        _, events_secret = add_pusher(
            session, by=None, school=world.school, kind="caliper", name="LMS",
            match_on=MatchOn.NUMBER, options={}, at=utc_now(),
        )  # fmt: skip
        token = add_token(
            session, person=world.administrator, name="x", scope=Scope.WRITE, at=utc_now()
        )
        _, secret = add_pusher(
            session, by=None, school=world.school, kind="xapi", name=f"LRS {BSN}",
            match_on=MatchOn.NUMBER, options={}, at=utc_now(),
        )  # fmt: skip
    login = base64.b64encode(f"lms:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "X-Experience-API-Version": "1.0.3"}
    with httpx.Client(base_url=live_server, headers=headers) as program:
        for body in (statements(), {"actor": BSN, BSN: BSN}, statement(1, verb=f"nee {BSN}")):
            answer = program.post("/api/xapi/statements", json=body)
            assert traces(answer.text) == [], answer.text
        program.headers["Authorization"] = f"Bearer {events_secret}"
        for body in (envelope(), {BSN: BSN, "data": BSN}, {**envelope(), "dataVersion": BSN}):
            answer = program.post("/api/caliper/events", json=body)
            assert traces(answer.text) == [], answer.text
    with httpx.Client(base_url=live_server, headers={"Authorization": f"Bearer {token}"}) as person:
        odd = {BSN: BSN, "title": {SPACED: BSN}, DOTTED: [BSN], "kind": BSN}
        asked = [
            person.request(method, path, **{"json": odd} if method != "GET" else {})
            for method, path in (
                ("POST", f"/api/plans?{BSN}={BSN}"),
                ("POST", "/api/plans"),
                ("POST", "/api/scales"),
                ("POST", f"/api/imports/{BSN}/approval"),
                ("PUT", f"/api/parked-people/{world.plan.id}/decision"),
                ("GET", f"/api/imports?{BSN}=1&after={BSN}&source={BSN}"),
                ("GET", f"/api/imports?limit={BSN}&limit={BSN}"),
                ("GET", f"/api/plans/{BSN}/goals"),
                ("GET", f"/api/{BSN}"),
            )
        ]
        body = f'{{"{BSN}": 1, "{BSN}": 2}}'
        asked.append(person.post("/api/plans", content=body, headers=JSON))
        asked.append(person.post("/api/plans", content=BSN + "x", headers=JSON))
        asked.append(person.post("/api/imports", files={BSN: (BSN, BSN.encode())}))
        assert all(answer.status_code in {400, 404, 422} for answer in asked)
        said = [f"{answer.text} {dict(answer.headers)}" for answer in asked]
        assert traces("".join(said)) == []
    visit = Visit(app, world.administrator)
    token = visit.token("/school/sources")
    source = {"kind": "moodle", "name": f"Moodle {BSN}", "url": "https://school.nl", "secret": "x"}
    said = []
    for form in (source, {**source, "options": f"courses={BSN} x\n{BSN}={BSN}", "name": "y"}):
        visit.send("/school/sources", {"csrf_token": token, **form})
        said.append(visit.get("/school/sources"))
    runs = ours.read(sa.select(ImportRun.id))
    with app.app_context():
        for (run_id,) in runs:
            run_import(school_id=str(world.school.id), run_id=str(run_id))
    said += [visit.get(page) for page in ("/school", "/school/parked", "/school/sources")]
    said += [visit.get(f"/school/imports/{run_id}") for (run_id,) in runs]
    said.append(visit.get(f"/school/parked?after={BSN}"))
    assert traces("".join(said)) == []
    url = superuser_engine.url.render_as_string(hide_password=False)
    assert traces(everything(url)) == []
    out, err = capfd.readouterr()
    assert traces(out + err) == []


def test_zeros_that_come_back_make_none_whole() -> None:
    rows = ("Nummer;Naam;Toets 1;Datum", "12345672;Jan Bos;7;2-11-2026")
    found = read(*rows, person="Nummer", person_pattern="{:09d}")
    assert "012345672" not in str(found)
    codes = {
        one.code for records in found.values() for record in records for one in record.findings
    }
    assert codes == {"bsn.dropped"}
