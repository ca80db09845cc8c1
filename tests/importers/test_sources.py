"""Systems that a school lets us read: added, changed and stopped, by command and by page."""

import json
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from cryptography.fernet import InvalidToken
from flask import Flask

from commands import cli
from identity.models import ApiToken, Scope
from identity.sessions import digest_of
from importers.commands import import_files
from importers.jobs import look_after_sources, run_import
from importers.kinds import PULL_KINDS
from importers.models import Cadence, ImportRun, ImportSource, MatchOn, RunState
from importers.pulls import source_list
from importers.pulls.breaker import MOST_FAILURES
from importers.pulls.commands import source as command_group
from importers.pulls.kept_secrets import encrypt_anew
from importers.source import PullKind
from lti import keys
from settings import Settings
from tests.importers.bundles import BUNDLE
from tests.importers.importing import Importing
from tests.importers.pulled import KIND, TOKEN, Listing, Pages, Pulling, pulling
from tests.systems import System, raw, serving
from tests.visits import Visit
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.errors import Conflict, Invalid, NotAllowed
from tracker.models import ActivitySource

__all__ = ["pulling"]  # the fixture
SOURCES = "/school/sources"


@pytest.fixture
def listing() -> Listing:
    return Listing(pages=1)


@pytest.fixture
def system(listing: Listing) -> Iterator[System]:
    with serving(listing) as made:
        yield made


# Adding


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "brightspace"}, "kind"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 201}, "name"),
        *(
            ({"url": url}, "url")
            for url in (
                "",
                "moodle.school.nl",
                "http://moodle.school.nl",
                "http://10.0.0.1",
                "https://naam:woord@school.nl",
                "https://school.nl/?token=1",
                "https://school.nl/#a",
                "ftp://school.nl",
                "https://",
                "https://school.nl:0",
                "https://[",
            )
        ),
        ({"secret": "a\nb"}, "secret"),
        ({"secret": "x" * 4001}, "secret"),
    ],
)
def test_a_source_that_cannot_be_is_refused(
    pulling: Pulling, system: System, changes: dict[str, str], field: str
):
    with pytest.raises(Invalid) as refusal:
        pulling.add(system, **changes)
    assert list(refusal.value.fields) == [field]
    assert pulling.importing.count(ImportSource) == 0


def test_two_sources_do_not_share_a_name(pulling: Pulling, system: System):
    pulling.add(system)
    with pytest.raises(Invalid) as refusal:
        pulling.add(system, " Bladen ")
    assert refusal.value.fields == {"name": "source.name_taken"}


def test_the_secret_is_encrypted_and_encrypted_anew_with_a_newer_key(
    pulling: Pulling, system: System
):
    old, new = "oud" * 20, "nieuw" * 20
    source = pulling.add(system, encryption_keys=[old])
    assert source.sealed_secret is not None
    assert TOKEN not in source.sealed_secret
    engine = pulling.importing.engine
    assert encrypt_anew(engine, encryption_keys=[new]) == 0
    assert encrypt_anew(engine, encryption_keys=[new, old]) == 1
    assert encrypt_anew(engine, encryption_keys=[new, old]) == 0
    sealed = (pulling.again(source).sealed_secret or "").encode()
    assert keys.unseal(sealed, [new]) == TOKEN
    with pytest.raises(InvalidToken):
        keys.unseal(sealed, [old])


def test_a_source_of_files_is_not_pulled(pulling: Pulling):
    pulling.importing.bring(BUNDLE.read_bytes())
    ((source,),) = pulling.importing.read(sa.select(ImportSource))
    with pytest.raises(Conflict):
        pulling.start(source)


# Commands


@pytest.fixture
def command(
    app: Flask, importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    monkeypatch.setitem(PULL_KINDS, KIND, PullKind(kind=KIND, open=Pages))
    monkeypatch.setitem(PULL_KINDS, "xapi", PullKind(kind="xapi", open=Pages))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(command_group, arguments, obj=app)

    return run


def add_arguments(system: System, *more: str) -> list[str]:
    given = ["--kind", "xapi", "--url", system.url, "--token", TOKEN, "--name", "Oefenboek"]
    return ["add", "proef", *given, *more]


def test_the_command_group_is_one_of_ours() -> None:
    assert cli.commands["source"] is command_group
    assert cli.commands["import"] is import_files


def test_a_system_is_added_pulled_and_listed(
    command: Callable[..., Result], system: System, importing: Importing
):
    added = command(*add_arguments(system))
    assert added.exit_code == 0, added.output
    assert added.stdout == "Oefenboek: toegevoegd, wordt elke nacht opgehaald.\n"
    pulled = command("pull", "proef", "Oefenboek", "--json")
    assert pulled.exit_code == 0, pulled.output
    report: dict[str, Any] = json.loads(pulled.stdout)
    assert (report["state"], report["kind"], report["issues"]) == ("applied", "xapi", [])
    assert report["by_kind"]["person"]["new"] == 3
    again = json.loads(command("pull", "proef", "Oefenboek", "--json").stdout)
    assert again["counts"] | {"same": 0} == dict.fromkeys(again["counts"], 0)
    listed = command("list", "proef").stdout
    assert listed.startswith("Oefenboek: xapi, goed, bijgewerkt ")
    ((last, due),) = importing.read(sa.select(ImportSource.last_applied_at, ImportSource.due_at))
    zone = ZoneInfo(importing.school.timezone)
    assert f"bijgewerkt {last.astimezone(zone).day} " in listed
    for moment in (last, due):
        assert f"{moment.astimezone(zone):%H:%M:%S}" in listed
    assert "volgende keer" in listed
    assert TOKEN not in added.output + pulled.output + listed
    assert importing.count(ImportRun) == 2


def test_without_a_name_a_system_has_its_own(
    command: Callable[..., Result], system: System, importing: Importing
):
    added = command("add", "proef", "--kind", "xapi", "--url", system.url, "--token", TOKEN)
    assert added.stdout.startswith(f"{Pages.name}: toegevoegd")


@pytest.mark.parametrize(("kind", "name"), [("xapi", "xAPI"), ("caliper", "Caliper")])
def test_a_program_that_sends_gets_a_token_which_is_shown_once(
    command: Callable[..., Result], importing: Importing, kind: str, name: str
):
    added = command("add", "proef", "--kind", kind)
    assert added.exit_code == 0, added.output
    first, secret, last = added.stdout.splitlines()
    assert first == f"{name}: toegevoegd. Het programma stuurt zelf, met deze sleutel:"
    path = {"xapi": "/api/xapi/statements", "caliper": "/api/caliper/events"}[kind]
    assert last == f"Bewaar hem nu: je ziet hem maar een keer. Adres: {path}"
    ((source, token),) = importing.read(
        sa.select(ImportSource, ApiToken).join(
            ApiToken, ApiToken.person_id == ImportSource.pusher_id
        )
    )
    assert (source.kind, source.name, source.url) == (kind, name, None)
    assert (token.digest, token.scope) == (digest_of(secret), Scope.WRITE)
    again = command("add", "proef", "--kind", kind)
    assert (again.exit_code, secret in again.output) == (2, False)
    assert "Er is al een bron met deze naam" in again.stderr
    assert command("list", "proef").stdout.startswith(f"{name}: {kind}, goed")


def test_a_system_that_does_not_let_us_in_is_not_added(
    command: Callable[..., Result], system: System, listing: Listing, importing: Importing
):
    listing.falls_ill("about", 1, raw(401, b""))
    result = command(*add_arguments(system))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Het systeem laat ons met deze sleutel niet binnen. "
        "Maak daar een nieuwe sleutel en vul die in bij deze bron.\n"
    )
    assert importing.count(ImportSource) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "proef", "--kind", "xapi", "--url", "x", "--token", "y"], "met https:// begint"),
        (["add", "nergens", "--kind", "xapi", "--url", "x", "--token", "y"], "geen school"),
        (["add", "proef", "--kind", "caliper", "--url", "https://x.example"], "Laat --url weg"),
        (["add", "proef", "--kind", "moodle"], "Geef met --url waar"),
        (["pull", "proef", "Niets"], "geen bron 'Niets'"),
    ],
)
def test_what_cannot_be_is_said_in_dutch(
    command: Callable[..., Result], arguments: list[str], said: str
):
    result = command(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_pull_that_fails_gives_exit_code_2_and_says_why(
    command: Callable[..., Result], system: System, listing: Listing
):
    command(*add_arguments(system))
    listing.falls_ill("about", 1, raw(403, b"nee"), times=9)
    result = command("pull", "proef", "Oefenboek")
    assert result.exit_code == 2
    assert "Oefenboek: mislukt" in result.stdout
    assert "laat ons met deze sleutel niet binnen" in result.stdout
    assert "mislukt" in command("list", "proef").stdout


# Pages


@pytest.fixture
def visit(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> Visit:
    monkeypatch.setitem(PULL_KINDS, KIND, PullKind(kind=KIND, open=Pages))
    return Visit(app, world.administrator)


def only_source(app: Flask, world: World) -> ImportSource:
    with unit_of_work(app.extensions["engine"], school_id=world.school.id) as session:
        return session.scalars(sa.select(ImportSource)).one()


def work(app: Flask, world: World) -> ImportRun:
    """Do the newest run as the worker does."""
    with unit_of_work(app.extensions["engine"], school_id=world.school.id) as session:
        run = session.scalars(sa.select(ImportRun).order_by(ImportRun.id.desc()).limit(1)).one()
    with app.app_context():
        run_import(school_id=str(world.school.id), run_id=str(run.id))
    with unit_of_work(app.extensions["engine"], school_id=world.school.id) as session:
        return session.get_one(ImportRun, (world.school.id, run.id))


def test_an_administrator_adds_pulls_pauses_and_changes_a_system(
    app: Flask, world: World, visit: Visit, system: System
):
    assert "Nog geen systemen" in visit.get(SOURCES)
    form = {"kind": KIND, "name": "Bladen", "url": system.url, "secret": TOKEN}
    answer = visit.submit(SOURCES, SOURCES, {**form, "cadence": "hourly", "match_on": "number"})
    assert answer.status_code == 303, unescape(answer.get_data(as_text=True))
    address = answer.location
    assert "Nu bezig" in visit.get(address)
    assert work(app, world).state is RunState.APPLIED
    page = visit.get(address)
    assert "Goed" in page
    assert "Bijgewerkt tot" in page
    assert TOKEN not in page
    assert visit.submit(address, f"{address}/pause", {}).status_code == 303
    assert "Gepauzeerd" in visit.get(SOURCES)
    assert only_source(app, world).due_at is None
    visit.submit(address, f"{address}/resume", {})
    sealed = only_source(app, world).sealed_secret
    changed = {"url": system.url + "/", "cadence": "nightly", "match_on": "email", "options": "a=b"}
    assert visit.submit(address, address, changed).status_code == 303
    now = only_source(app, world)
    assert (now.sealed_secret, now.options, now.match_on) == (sealed, {"a": "b"}, "email")
    visit.submit(address, f"{address}/pull", {})
    assert work(app, world).state is RunState.APPLIED


def test_a_form_that_cannot_be_comes_back_without_the_secret(visit: Visit, system: System):
    form = {"kind": KIND, "name": "Bladen", "url": "http://school.nl", "secret": TOKEN}
    answer = visit.submit(SOURCES, SOURCES, form)
    assert answer.status_code == 422
    assert "Geef een heel adres, dat met https:// begint." in unescape(
        answer.get_data(as_text=True)
    )
    assert TOKEN not in unescape(answer.get_data(as_text=True))


def test_the_page_says_why_the_asking_stopped_and_how_to_start_it_again(
    app: Flask, world: World, visit: Visit, system: System, listing: Listing
):
    listing.falls_ill("about", 1, raw(401, b""), times=1000)
    form = {"kind": KIND, "name": "Bladen", "url": system.url, "secret": TOKEN}
    address = visit.submit(SOURCES, SOURCES, form).location
    for _ in range(MOST_FAILURES):
        assert work(app, world).state is RunState.FAILED
        visit.submit(address, f"{address}/pull", {})
    page = visit.get(address)
    work(app, world)
    page = visit.get(address)
    assert "het mislukte vijf keer achter elkaar" in page
    assert "Het systeem laat ons met deze sleutel niet binnen." in page
    assert "Weer starten" in page
    visit.submit(address, f"{address}/resume", {})
    assert only_source(app, world).failures == 0


def test_the_age_of_a_source_reaches_its_readers(
    app: Flask, world: World, visit: Visit, system: System
):
    form = {"kind": KIND, "name": "Bladen", "url": system.url, "secret": TOKEN}
    visit.submit(SOURCES, SOURCES, form)
    with unit_of_work(app.extensions["engine"], school_id=world.school.id) as session:
        session.add(ActivitySource(school_id=world.school.id, name="Bladen"))
    run = work(app, world)
    with unit_of_work(app.extensions["engine"], school_id=world.school.id) as session:
        last = session.scalars(
            sa.select(ActivitySource.last_import_at).where(ActivitySource.name == "Bladen")
        ).one()
    assert last == run.ended_at


def test_others_see_no_sources_and_add_none(app: Flask, world: World, visit: Visit):
    Visit(app, world.coach).get(SOURCES, status=403)
    with (
        unit_of_work(app.extensions["engine"], school_id=world.school.id) as session,
        pytest.raises(NotAllowed),
    ):
        source_list.add_source(
            session,
            by=world.coach,
            school=world.school,
            kind=KIND,
            name="Bladen",
            url="https://school.nl",
            secret=TOKEN,
            cadence=Cadence.NIGHTLY,
            match_on=MatchOn.NUMBER,
            options={},
            encryption_keys=["k" * 40],
            at=utc_now(),
        )


def test_the_daily_work_looks_after_the_sources(
    app: Flask, pulling: Pulling, system: System, settings: Settings
):
    source = pulling.add(system)
    with app.app_context():
        look_after_sources()
    sealed = (pulling.again(source).sealed_secret or "").encode()
    assert keys.unseal(sealed, settings.encryption_keys) == TOKEN
