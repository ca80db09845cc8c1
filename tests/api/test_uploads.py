"""Evidence with files: made safe at the door, kept only when all is right, always a download."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from PIL import Image

from tests.api.pieces import fields, form, kept, photo
from tests.clamd import EICAR, Clamd, serving
from tests.world import World
from tracker import attachments
from tracker.db import new_id, unit_of_work
from tracker.models import Recording
from upkeep import scan_files


def test_photo_comes_back_without_its_place_and_camera(
    world: World, as_: Any, stranger: Any, path: str
) -> None:
    caller = as_(world.student)
    answer = caller.post(
        path,
        data=form(world, goal_ids=[str(world.goal.id)], share_with=["coaches"]),
        files=[("files", ("Tillift – één.HEIC", photo(), "image/heic"))],
    )
    assert answer.status_code == 201, answer.text
    piece = answer.json()
    assert piece["goal_ids"] == [str(world.goal.id)]
    file = piece["attachments"][0]
    assert (file["name"], file["media_type"]) == ("Tillift – één.jpg", "image/jpeg")

    sent_on = as_(world.coach).get(file["href"])
    assert sent_on.status_code == 303
    assert sent_on.headers["Cache-Control"] == "no-store"
    # Where uploads live nobody asks who comes: no token goes there.
    download = stranger.get(sent_on.headers["Location"])
    assert download.status_code == 200
    assert len(download.content) == file["size"] == int(download.headers["Content-Length"])
    with Image.open(BytesIO(download.content)) as image:
        assert image.size == (900, 600)
        assert dict(image.getexif()) == {}
    assert b"Telefoonmerk" not in download.content

    thumbnail = as_(world.coach).get(file["thumbnail_href"], follow_redirects=True)
    with Image.open(BytesIO(thumbnail.content)) as image:
        assert max(image.size) == 640
        assert dict(image.getexif()) == {}


def test_a_file_is_a_download_that_no_browser_runs(world: World, as_: Any, path: str) -> None:
    caller = as_(world.student)
    answer = caller.post(
        path, data=form(world), files=[("files", ('ver"slag\r\nX: 1 é.pdf', b"%PDF-1.7 verslag"))]
    )
    file = answer.json()["attachments"][0]
    download = caller.get(file["href"], follow_redirects=True)
    assert download.content == b"%PDF-1.7 verslag"
    assert download.headers["Content-Disposition"] == (
        'attachment; filename="ver_slag_0D_0AX: 1 e.pdf"; '
        "filename*=UTF-8''ver%22slag%250D%250AX%3A%201%20%C3%A9.pdf"
    )
    assert download.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in download.headers["Content-Security-Policy"]
    assert "X" not in download.headers
    assert file["thumbnail_href"] is None
    assert caller.get(f"{file['href']}/thumbnail").status_code == 404


@pytest.mark.parametrize(
    ("sent", "kept_as"),
    [
        ("a\0b.pdf", "ab.pdf"),
        ("\0", "bestand.pdf"),
        ("é" * 3000 + ".pdf", "é" * 200 + ".pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("\u202efdp.exe", "fdp.pdf"),
        ("😀.pdf", "😀.pdf"),
    ],
)
def test_any_name_comes_in_as_words_alone(
    world: World, as_: Any, path: str, sent: str, kept_as: str
) -> None:
    caller = as_(world.student)
    # As raw bytes: a careful client would escape them.
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="'
        + sent.encode()
        + b'"\r\n\r\n%PDF-1.7\r\n'
    )
    for name, value in form(world).items():
        part = f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        body += part.encode()
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = caller.post(path, content=body + b"--x--\r\n", headers=kind)
    assert answer.status_code == 201, answer.text
    (file,) = answer.json()["attachments"]
    assert file["name"] == kept_as
    download = caller.get(file["href"], follow_redirects=True)
    assert (download.status_code, download.content) == (200, b"%PDF-1.7")


def test_what_waits_for_the_scanner_is_its_students_alone(
    world: World, app: Flask, as_: Any, path: str
) -> None:
    clamd = Clamd()
    with serving(clamd) as url:
        app.extensions["settings"] = replace(app.extensions["settings"], clamd_url=url)
        answer = as_(world.student).post(
            path,
            data=form(world, share_with=["coaches"]),
            files=[("files", ("a.pdf", b"%PDF-1.7 a")), ("files", ("b.pdf", b"%PDF" + EICAR))],
        )
        piece = answer.json()
        here = f"/api/evidence/{piece['id']}"
        assert [file["scan"] for file in piece["attachments"]] == ["waiting", "waiting"]
        assert as_(world.coach).get(here).json()["attachments"] == []
        with app.app_context():
            scan_files(str(world.school.id))
    own = as_(world.student).get(here).json()["attachments"]
    assert [(file["name"], file["scan"]) for file in own] == [
        ("a.pdf", "clean"),
        ("b.pdf", "infected"),
    ]
    seen = as_(world.coach).get(here).json()["attachments"]
    assert [file["name"] for file in seen] == ["a.pdf"]
    statuses = [as_(world.student).get(file["href"]).status_code for file in own]
    assert statuses == [303, 404]


def test_a_voice_is_heard_by_who_sees_its_judgement(
    world: World, app: Flask, as_: Any, stranger: Any
) -> None:
    body = b"ID3\x04" + b"\0" * 100
    with unit_of_work(app.extensions["engine"], school_id=world.school.id) as session:
        voice = Recording(
            school_id=world.school.id,
            judgement_id=world.judgement.id,
            name="opname.mp3",
            media_type="audio/mpeg",
            size=len(body),
            digest=attachments.keep(app.extensions["store"], world.school.id, body),
            received_at=world.at,
        )
        session.add(voice)
    here = f"/api/recordings/{voice.id}"
    assert stranger.get(here).status_code == 401
    for person in (world.other_student, world.elsewhere):
        assert as_(person).get(here).status_code == 404
    for person in (world.student, world.coach, world.supervisor):
        heard = as_(person).get(here, follow_redirects=True)
        assert (heard.content, heard.headers["Content-Type"]) == (body, "audio/mpeg")


def test_files_are_seen_by_whom_the_evidence_is_seen_by(world: World, as_: Any, path: str) -> None:
    answer = as_(world.student).post(path, data=form(world), files=[("files", ("a.jpg", photo()))])
    file = answer.json()["attachments"][0]
    for person in (world.coach, world.supervisor, world.other_student, world.elsewhere):
        for address in (file["href"], file["thumbnail_href"]):
            assert as_(person).get(address).status_code == 404


def test_a_file_answers_only_under_its_own_evidence(world: World, as_: Any, path: str) -> None:
    caller = as_(world.student)
    answer = caller.post(path, data=form(world), files=[("files", ("a.jpg", photo()))])
    file = answer.json()["attachments"][0]
    elsewhere = caller.get(f"/api/evidence/{world.shared.id}/attachments/{file['id']}")
    assert elsewhere.status_code == 404


WRONG_FILES = [
    ("a.exe", b"MZ\x90\x00" + b"\0" * 200, "file.kind_not_allowed"),
    ("foto.jpg", b"MZ\x90\x00" + b"\0" * 200, "file.kind_not_allowed"),
    (
        "a.svg",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
        "file.kind_not_allowed",
    ),
    ("a.html", b"<!doctype html><script>alert(1)</script>", "file.kind_not_allowed"),
    ("foto.jpg", b"<html><body>", "file.kind_not_allowed"),
    ("a.zip", b"PK\x03\x04" + b"\0" * 60, "file.kind_not_allowed"),
    ("a.jpg", photo()[:400], "file.damaged"),
    ("a.jpg", b"", "file.empty"),
]


def test_a_file_of_another_kind_is_refused_and_nothing_is_stored(
    world: World, app: Flask, as_: Any, counts: Any, path: str
) -> None:
    caller, before = as_(world.student), counts()
    for name, content, kind in WRONG_FILES:
        answer = caller.post(
            path,
            data=form(world),
            files=[("files", ("goed.jpg", photo())), ("files", (name, content))],
        )
        told = (answer.status_code, answer.json()["errors"])
        assert told == (422, {"files.1": [kind]}), name
    assert counts() == before
    assert kept(app) == []


def test_what_is_refused_for_another_reason_keeps_no_bytes(
    world: World, app: Flask, as_: Any, counts: Any, path: str
) -> None:
    caller, before = as_(world.student), counts()
    tomorrow = (world.on + timedelta(days=1)).isoformat()
    answer = caller.post(
        path, data=form(world, happened_on=tomorrow), files=[("files", ("a.jpg", photo()))]
    )
    assert answer.json()["errors"] == {"happened_on": ["date.in_future"]}
    assert counts() == before
    assert kept(app) == []


def test_eleven_files_are_one_too_many(
    world: World, app: Flask, as_: Any, counts: Any, path: str
) -> None:
    caller, before = as_(world.student), counts()
    answer = caller.post(
        path,
        data=form(world),
        files=[("files", (f"{n}.pdf", f"%PDF-1.7 {n}".encode())) for n in range(11)],
    )
    assert answer.json()["errors"] == {"files": ["files.too_many"]}
    assert counts() == before
    assert kept(app) == []


def test_a_film_larger_than_other_bodies_may_be_arrives_whole(
    world: World, as_: Any, path: str
) -> None:
    film = b"\0\0\0\x18ftypmp42" + b"\0\0\0\0mp42isom" + bytes(range(256)) * 20_000
    caller = as_(world.student)
    answer = caller.post(path, data=form(world), files=[("files", ("film.mp4", film))])
    assert answer.status_code == 201, answer.text
    file = answer.json()["attachments"][0]
    assert (file["media_type"], file["size"]) == ("video/mp4", len(film))
    whole = caller.get(file["href"], follow_redirects=True)
    assert whole.content == film
    part = caller.get(file["href"], headers={"Range": "bytes=100-199"}, follow_redirects=True)
    assert (part.status_code, part.content) == (206, film[100:200])


def test_an_upload_sent_again_under_its_key_is_one(
    world: World, app: Flask, as_: Any, counts: Any, path: str
) -> None:
    caller, key = as_(world.student), str(new_id())

    def send(content: bytes) -> Any:
        return caller.post(
            path,
            data=form(world),
            files=[("files", ("a.jpg", content))],
            headers={"Idempotency-Key": key},
        )

    first, before, files = send(photo()), counts(), kept(app)
    again = send(photo())
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    other = send(photo("orange"))
    assert other.status_code == 409
    assert counts() == before
    assert kept(app) == files


def test_a_file_needs_no_words_but_something_is_needed(
    world: World, as_: Any, counts: Any, path: str
) -> None:
    caller, before = as_(world.student), counts()
    nothing = caller.post(path, json=fields(world, text=" "))
    assert nothing.json()["errors"] == {"text": ["evidence.empty"]}
    assert counts() == before
    wordless = caller.post(path, data=form(world, text=""), files=[("files", ("a.jpg", photo()))])
    assert wordless.status_code == 201
    assert UUID(wordless.json()["id"])


WRONG_FORMS: list[tuple[dict[str, Any], dict[str, list[str]]]] = [
    ({"has_people": "maybe"}, {"has_people": ["not_true_or_false"]}),
    ({"text": ["a", "b"]}, {"text": ["repeated"]}),
    ({"goal_ids": ["x"]}, {"goal_ids.0": ["not_an_id"]}),
    ({"share_with": ["everybody"]}, {"share_with.0": ["not_a_choice"]}),
    ({"share_with": ["placement"]}, {"share_with": ["share.needs_placement"]}),
    ({"state": "shared"}, {"state": ["unknown_field"]}),
    ({"captured_at": "2026-11-12"}, {"captured_at": ["not_a_moment"]}),
    ({"text": "a\0b"}, {"text": ["bad_character"]}),
    ({"text": "a" * 10_001}, {"text": ["too_long"]}),
]


def test_a_wrong_form_says_which_field_and_writes_nothing(
    world: World, app: Flask, as_: Any, counts: Any, path: str
) -> None:
    caller, before = as_(world.student), counts()
    for changes, errors in WRONG_FORMS:
        answer = caller.post(
            path, data=form(world, **changes), files=[("files", ("a.jpg", photo()))]
        )
        assert (answer.status_code, answer.json()["errors"]) == (422, errors), changes
    assert counts() == before
    assert kept(app) == []


def test_a_file_under_another_name_is_refused(
    world: World, as_: Any, counts: Any, path: str
) -> None:
    caller, before = as_(world.student), counts()
    answer = caller.post(path, data=form(world), files=[("photo", ("a.jpg", photo()))])
    assert answer.json()["errors"] == {"photo": ["unknown_field"]}
    assert counts() == before


def test_a_form_that_is_not_one_is_refused(world: World, as_: Any, counts: Any, path: str) -> None:
    caller, before = as_(world.student), counts()
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        answer = caller.post(path, content=b"--y\r\nnonsense", headers={"Content-Type": kind})
        assert answer.status_code == 422
    assert counts() == before
