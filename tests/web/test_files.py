"""Bytes on an origin of their own: who gets a link, what the link gives, and nothing else there."""

import os
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
import pytest
import sqlalchemy as sa
from flask import Flask
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from PIL import Image
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from app import create_app
from identity.files import HEADERS, SECONDS, disposition
from identity.requests import SECRET
from settings import Settings
from tests.browsers import ORIGIN, Browser
from tests.clamd import EICAR, Clamd, serving
from tests.world import World
from tracker import attachments, scanner
from tracker.db import unit_of_work, utc_now
from tracker.models import Attachment, Evidence, EvidenceShare, Person, Recording, ScanState
from upkeep import drop_orphans, scan_files

FILES = "http://localhost:8000"
PDF = b"%PDF-1.7 verslag van de stage"


def picture(colour: str = "teal") -> bytes:
    out = BytesIO()
    Image.new("RGB", (900, 600), colour).save(out, "JPEG")
    return out.getvalue()


class Files:
    """Adds files to the world's evidence, and asks for them as people do."""

    def __init__(self, app: Flask, world: World) -> None:
        self.app, self.world = app, world
        self.engine: sa.Engine = app.extensions["engine"]
        self.store = app.extensions["store"]

    def add(
        self,
        body: bytes,
        *,
        to: Evidence | None = None,
        name: str = "verslag.pdf",
        scan: ScanState = ScanState.NONE,
    ) -> Attachment:
        content = attachments.examine(body)
        school_id, thumbnail = self.world.school.id, content.thumbnail
        with unit_of_work(self.engine, school_id=school_id) as session:
            file = Attachment(
                school_id=school_id,
                evidence_id=(to or self.world.shared).id,
                name=name,
                media_type=content.media_type,
                size=content.size,
                digest=attachments.keep(self.store, school_id, content.body),
                thumbnail_digest=attachments.keep(self.store, school_id, thumbnail)
                if thumbnail
                else None,
                received_at=self.world.at,
                scan=scan,
            )
            session.add(file)
        return file

    def say(self, *, scan: ScanState = ScanState.NONE) -> Recording:
        body = b"ID3\x04\0\0\0\0\0\0" + b"stem" * 100
        school_id = self.world.school.id
        with unit_of_work(self.engine, school_id=school_id) as session:
            voice = Recording(
                school_id=school_id,
                judgement_id=self.world.judgement.id,
                name="opname.mp3",
                media_type="audio/mpeg",
                size=len(body),
                digest=attachments.keep(self.store, school_id, body),
                received_at=self.world.at,
                scan=scan,
            )
            session.add(voice)
        return voice

    def asked(self, person: Person | None, path: str) -> Any:
        return Browser(self.app, person).get(path)

    def link(self, person: Person, path: str) -> str:
        """Return the path of the link to which somebody is sent."""
        answer = self.asked(person, path)
        assert answer.status_code == 303, answer.status
        assert answer.headers["Cache-Control"] == "no-store"
        link = urlsplit(answer.location)
        assert f"{link.scheme}://{link.netloc}" == FILES
        return link.path

    def fetch(self, path: str, *, at: str = FILES, **options: Any) -> Any:
        """Ask for a path without any cookie."""
        return self.app.test_client().open(path, base_url=at, **options)

    def state(self, file: Attachment | Recording) -> ScanState:
        with unit_of_work(self.engine, school_id=file.school_id, writes=False) as session:
            return session.get_one(type(file), (file.school_id, file.id)).scan


@pytest.fixture
def files(app: Flask, world: World) -> Files:
    return Files(app, world)


# Who gets a link


def test_who_sees_the_evidence_gets_a_link_to_its_files(files: Files, world: World) -> None:
    photo, voice = files.add(picture(), name="foto.jpg"), files.say()
    for person in (world.student, world.coach, world.supervisor):
        assert files.fetch(files.link(person, f"/files/{photo.id}")).status_code == 200
        small = files.fetch(files.link(person, f"/files/{photo.id}/thumbnail"))
        assert Image.open(BytesIO(small.data)).size == (640, 427)
        heard = files.fetch(files.link(person, f"/files/recordings/{voice.id}"))
        assert heard.content_type == "audio/mpeg"


def test_nobody_else_gets_a_link_to_a_file(files: Files, world: World) -> None:
    photo, voice = files.add(picture()), files.say()
    hidden = files.add(PDF, to=world.private)
    for path in (
        f"/files/{photo.id}",
        f"/files/{photo.id}/thumbnail",
        f"/files/recordings/{voice.id}",
    ):
        for person in (world.other_student, world.other_coach, world.elsewhere):
            assert files.asked(person, path).status_code == 404
        assert files.asked(None, path).status_code == 401
    for person in (world.coach, world.supervisor, world.administrator):
        assert files.asked(person, f"/files/{hidden.id}").status_code == 404
    assert files.link(world.student, f"/files/{hidden.id}")


def test_a_document_has_no_small_picture(files: Files, world: World) -> None:
    file = files.add(PDF)
    assert files.asked(world.student, f"/files/{file.id}/thumbnail").status_code == 404


def test_no_new_link_is_made_once_sharing_has_ended(files: Files, world: World) -> None:
    file = files.add(PDF)
    assert files.link(world.coach, f"/files/{file.id}")
    with unit_of_work(files.engine, school_id=world.school.id) as session:
        session.execute(sa.update(EvidenceShare).values(ended_at=utc_now()))
    assert files.asked(world.coach, f"/files/{file.id}").status_code == 404
    assert SECONDS <= 60


# What a link gives


def test_a_file_is_a_download_that_no_browser_runs(files: Files, world: World) -> None:
    file = files.add(PDF, name='één "plan" 100%.pdf')
    answer = files.fetch(files.link(world.coach, f"/files/{file.id}"))
    assert (answer.status_code, answer.data) == (200, PDF)
    assert answer.content_type == "application/pdf"
    assert answer.content_length == len(PDF)
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="een _plan_ 100_.pdf"; '
        "filename*=UTF-8''%C3%A9%C3%A9n%20%22plan%22%20100%25.pdf"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert not {"Vary", "Set-Cookie"} & set(answer.headers.keys())


def test_head_tells_the_size_without_the_bytes(files: Files, world: World) -> None:
    link = files.link(world.coach, f"/files/{files.add(PDF).id}")
    answer = files.fetch(link, method="HEAD")
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.content_length == len(PDF)


@pytest.mark.parametrize(
    ("asked", "status", "given"),
    [
        ("bytes=0-3", 206, PDF[:4]),
        ("bytes=5-", 206, PDF[5:]),
        ("bytes=-4", 206, PDF[-4:]),
        ("bytes=-9999", 206, PDF),
        ("bytes=20-9999", 206, PDF[20:]),
        ("bytes=9999-", 416, b""),
        ("bytes=0-1,4-5", 200, PDF),
        ("pages=1-2", 200, PDF),
        ("bytes=nonsense", 200, PDF),
    ],
)
def test_a_part_of_a_film_is_sent_alone(
    files: Files, world: World, asked: str, status: int, given: bytes
) -> None:
    link = files.link(world.coach, f"/files/{files.add(PDF).id}")
    for method, body in (("GET", given), ("HEAD", b"")):
        answer = files.fetch(link, method=method, headers={"Range": asked})
        assert (answer.status_code, answer.data) == (status, body)
        assert answer.content_length == len(given)
    if status == 206:
        start = PDF.index(given)
        told = f"bytes {start}-{start + len(given) - 1}/{len(PDF)}"
        assert answer.headers["Content-Range"] == told
    dated = {"Range": asked, "If-Range": "Sat, 21 Nov 2026 00:00:00 GMT"}
    assert files.fetch(link, headers=dated).data == PDF


def test_a_link_ends_after_a_minute(app: Flask, files: Files, world: World) -> None:
    class Earlier(TimestampSigner):
        def get_timestamp(self) -> int:
            return super().get_timestamp() - SECONDS - 1

    link = files.link(world.coach, f"/files/{files.add(PDF, name='Sanne.pdf').id}")
    signed = {"secret_key": app.config["SECRET_KEY"], "salt": "file-link"}
    said = URLSafeTimedSerializer(**signed).loads(link.removeprefix("/f/"))
    assert said["name"] == "Sanne.pdf"
    late = URLSafeTimedSerializer(**signed, signer=Earlier).dumps(said)
    answer = files.fetch(f"/f/{late}")
    assert answer.status_code == 410
    assert answer.content_type.startswith("text/plain")
    assert "Sanne" not in answer.text


def test_a_link_that_we_did_not_make_gives_nothing(app: Flask, files: Files, world: World) -> None:
    link = files.link(world.coach, f"/files/{files.add(PDF).id}")
    said = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="file-link").loads(link[3:])
    other_salt = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="kept-file").dumps(said)
    other_key = URLSafeTimedSerializer("x" * 40, salt="file-link").dumps(said)
    for wrong in (f"/f/{other_salt}", f"/f/{other_key}", link[:-1], link + "/", "/f/", "/f/a.b.c"):
        answer = files.fetch(wrong)
        assert answer.status_code == 404, wrong
        assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]


def test_bytes_that_are_lost_are_not_an_error_of_ours(files: Files, world: World) -> None:
    file = files.add(PDF)
    link = files.link(world.coach, f"/files/{file.id}")
    attachments.delete(files.store, world.school.id, file.digest)
    assert files.fetch(link).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])
def test_a_link_is_only_for_reading(files: Files, world: World, method: str) -> None:
    link = files.link(world.coach, f"/files/{files.add(PDF).id}")
    assert files.fetch(link, method=method).status_code == 405


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a.pdf", "attachment; filename=\"a.pdf\"; filename*=UTF-8''a.pdf"),
        ("文.pdf", "attachment; filename=\".pdf\"; filename*=UTF-8''%E6%96%87.pdf"),
        ("a\r\nX: 1\0", "attachment; filename=\"a__X: 1_\"; filename*=UTF-8''a%0D%0AX%3A%201%00"),
        ("a\\b.pdf", "attachment; filename=\"a_b.pdf\"; filename*=UTF-8''a%5Cb.pdf"),
    ],
)
def test_no_name_breaks_out_of_its_header(name: str, header: str) -> None:
    assert disposition(name) == header


# The host of uploads


def test_the_pages_host_does_not_answer_links(files: Files, world: World) -> None:
    link = files.link(world.coach, f"/files/{files.add(PDF).id}")
    for elsewhere in (ORIGIN, "http://files.example", "http://localhost:8001"):
        assert files.fetch(link, at=elsewhere).status_code in {401, 404}


OURS = ["/", "/sign-in", "/api/me", "/health/live", "/static/app.css", "/lti/jwks", "/files/x"]


@pytest.fixture
def far(engine: sa.Engine, settings: Settings) -> Iterator[Flask]:
    """Serve as on the internet: two names behind one proxy."""
    app = create_app(
        replace(
            settings,
            public_url="https://leerspoor.example",
            files_url="https://files.example",
            is_demo=False,
            trusted_proxies=("10.0.0.1",),
        )
    )
    yield app
    app.extensions["engine"].dispose()


@pytest.mark.parametrize("host", ["files.example", "FILES.example", "files.example:443"])
def test_the_host_of_uploads_answers_for_nothing_else(far: Flask, world: World, host: str) -> None:
    browser = Browser(far, world.student)
    for path in OURS:
        for method in ("GET", "POST"):
            answer = browser.client.open(path, method=method, base_url=f"https://{host}")
            assert answer.status_code == 404, path
            assert "Set-Cookie" not in answer.headers
            assert answer.headers["Strict-Transport-Security"]
            assert "localhost" not in answer.text


def test_a_proxy_says_for_which_host_it_asks(far: Flask, world: World) -> None:
    said = {"X-Forwarded-Host": "files.example", "X-Forwarded-Proto": "https"}

    def status(sender: str) -> int:
        client = far.test_client()
        return client.get(
            "/sign-in",
            base_url="http://web:8000",
            headers=said,
            environ_base={"REMOTE_ADDR": sender},
        ).status_code

    assert (status("10.0.0.1"), status("10.0.0.2")) == (404, 200)


def test_no_session_is_read_where_uploads_live(files: Files, world: World) -> None:
    browser = Browser(files.app, world.student)
    cookie = browser.client.get_cookie("__Host-leerspoor", domain="127.0.0.1")
    assert cookie is not None
    answer = files.fetch(
        "/api/me", headers={"Cookie": f"{cookie.key}={cookie.value}"}, follow_redirects=False
    )
    assert answer.status_code == 307
    assert answer.data == b""


def test_on_this_computer_the_other_name_leads_to_the_pages(app: Flask) -> None:
    client = app.test_client()
    for method in ("GET", "POST"):
        answer = client.open("/sign-in?next=%2Fcoach&a=é", method=method, base_url=FILES)
        assert answer.status_code == 307
        assert answer.location == f"{ORIGIN}/sign-in?next=%2Fcoach&a=%C3%A9"
    for path in ("//kwaad.example/x", "/\\kwaad.example", "/a%0d%0aX:1", "/%2F%2Fkwaad.example"):
        location = client.get(path, base_url=FILES).location
        assert location.startswith(f"{ORIGIN}/"), path
        assert "\r" not in unquote(location) or "%0D" in location


def test_our_pages_may_show_pictures_and_play_voices_from_there(app: Flask) -> None:
    answer = app.test_client().get("/sign-in", base_url=ORIGIN)
    policy = answer.headers["Content-Security-Policy"]
    assert f"img-src 'self' blob: {FILES};" in policy
    assert f"media-src 'self' blob: {FILES};" in policy
    assert "script-src 'self';" in policy


# The virus scanner


@pytest.fixture
def clamd(app: Flask) -> Iterator[Clamd]:
    made = Clamd()
    with serving(made) as url:
        app.extensions["settings"] = replace(app.extensions["settings"], clamd_url=url)
        yield made


def scan(files: Files) -> None:
    with files.app.app_context():
        scan_files(str(files.world.school.id))


def test_a_file_that_waits_is_its_students_alone(files: Files, world: World) -> None:
    file = files.add(PDF, name="stageverslag.pdf", scan=ScanState.WAITING)
    assert files.link(world.student, f"/files/{file.id}")
    page = files.asked(world.student, f"/student/evidence/{world.shared.id}").text
    assert "stageverslag.pdf" in page
    assert "Wordt nog gecontroleerd. Anderen zien dit bestand nog niet." in page
    for person, path in (
        (world.coach, f"/coach/plans/{world.plan.id}"),
        (world.supervisor, f"/supervisor/evidence/{world.shared.id}"),
    ):
        assert files.asked(person, f"/files/{file.id}").status_code == 404
        answer = files.asked(person, path)
        assert answer.status_code == 200
        assert "stageverslag.pdf" not in answer.text


def test_a_clean_file_is_seen_by_its_readers(files: Files, world: World, clamd: Clamd) -> None:
    file = files.add(PDF, scan=ScanState.WAITING)
    scan(files)
    assert clamd.seen == [PDF]
    assert files.state(file) is ScanState.CLEAN
    assert files.link(world.coach, f"/files/{file.id}")
    scan(files)
    assert len(clamd.seen) == 1


def test_an_infected_file_is_nobodys_and_its_student_reads_what_to_do(
    files: Files, world: World, clamd: Clamd
) -> None:
    bad = files.add(PDF + EICAR, name="macro.pdf", scan=ScanState.WAITING)
    good, voice = files.add(PDF, scan=ScanState.WAITING), files.say(scan=ScanState.WAITING)
    scan(files)
    assert files.state(bad) is ScanState.INFECTED
    assert (files.state(good), files.state(voice)) == (ScanState.CLEAN, ScanState.CLEAN)
    for person in (world.student, world.coach, world.supervisor):
        assert files.asked(person, f"/files/{bad.id}").status_code == 404
    page = files.asked(world.student, f"/student/evidence/{world.shared.id}").text
    assert "macro.pdf" in page
    assert "Dit bestand is niet veilig." in page
    assert f"/files/{bad.id}" not in page
    assert files.link(world.coach, f"/files/{good.id}")


def test_a_voice_that_waits_is_heard_by_who_spoke_alone(files: Files, world: World) -> None:
    voice = files.say(scan=ScanState.WAITING)
    assert files.link(world.supervisor, f"/files/recordings/{voice.id}")
    for person in (world.student, world.coach):
        assert files.asked(person, f"/files/recordings/{voice.id}").status_code == 404


def test_without_an_answer_of_the_scanner_files_go_on_waiting(
    files: Files, world: World, clamd: Clamd, monkeypatch: Any
) -> None:
    file = files.add(PDF, scan=ScanState.WAITING)
    clamd.is_hanging = True
    monkeypatch.setattr(scanner, "ANSWER_WITHIN", 0.2)
    scan(files)
    assert files.state(file) is ScanState.WAITING
    clamd.is_hanging, clamd.longest = False, 10
    scan(files)
    assert files.state(file) is ScanState.WAITING
    settings = files.app.extensions["settings"]
    files.app.extensions["settings"] = replace(settings, clamd_url="unix:///not/there")
    scan(files)
    assert files.state(file) is ScanState.WAITING
    assert files.asked(world.coach, f"/files/{file.id}").status_code == 404


# What no row names


def test_bytes_that_no_row_names_go_after_a_day(files: Files, world: World, tmp_path: Path) -> None:
    here, there = world.school.id, world.elsewhere.school_id
    photo, voice = files.add(picture()), files.say()
    named = {photo.digest, photo.thumbnail_digest, voice.digest}
    orphan = attachments.keep(files.store, here, b"nobody's")
    fresh = attachments.keep(files.store, here, b"just in")
    elsewhere = attachments.keep(files.store, there, picture())
    old_place = {}
    for body in (b"old orphan", PDF):
        digest = attachments.digest_of(body)
        obstore.put(files.store, f"{digest[:2]}/{digest}", body)
        old_place[body] = digest
    files.add(PDF)
    attachments.delete(files.store, here, old_place[PDF])  # so that only the old place has it
    folder = tmp_path / "evidence"
    for path in folder.rglob("*"):
        if path.is_file() and path.name != fresh:
            a_day_ago = path.stat().st_mtime - 25 * 3600
            os.utime(path, (a_day_ago, a_day_ago))

    def kept() -> set[str]:
        return {path.name for path in folder.rglob("*") if path.is_file()}

    assert {orphan, elsewhere, old_place[b"old orphan"]} < kept()
    with files.app.app_context():
        drop_orphans()
    assert kept() == {*named, fresh, old_place[PDF]}
    with files.app.app_context():
        drop_orphans()
    assert kept() == {*named, fresh, old_place[PDF]}


# In a real browser


@pytest.mark.browser
def test_photos_show_and_files_download_in_a_browser(
    live_server: str, chromium: Chromium, files: Files, world: World
) -> None:
    files.add(picture(), name="foto.jpg")
    files.add(PDF, name="verslag één.pdf")
    secret = Browser(files.app).started(world.student)
    context = chromium.new_context(base_url=live_server, locale="nl-NL")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    come_in(files.app, page, secret)
    page.goto(f"/student/evidence/{world.shared.id}")
    photo = page.locator("img.foto").first
    photo.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('img.foto').naturalWidth === 640")
    assert page.evaluate("document.querySelector('img.foto').src").startswith(live_server)
    with page.expect_download() as download:
        page.get_by_role("link", name="verslag één.pdf").click()
    assert download.value.suggested_filename == "verslag één.pdf"
    assert Path(download.value.path()).read_bytes() == PDF
    assert urlsplit(download.value.url).hostname == "localhost"
    with page.expect_download() as download:
        page.locator("a:has(img.foto)").first.click()
    assert download.value.suggested_filename == "foto.jpg"
    sent = {cookie.get("domain") for cookie in context.cookies()}
    assert sent == {"127.0.0.1"}
    context.close()
    assert said == []


def come_in(app: Flask, page: Page, secret: str) -> None:
    """Give the browser the cookie of a session that stands."""
    signing = app.session_interface.get_signing_serializer(app)
    assert signing is not None
    page.context.add_cookies(
        [
            {
                "name": "__Host-leerspoor",
                "value": signing.dumps({SECRET: secret}),
                "url": app.extensions["settings"].public_url.replace("http:", "https:"),
                "secure": True,
                "httpOnly": True,
            }
        ]
    )
