"""Evidence with files: made safe at the door, kept only when all is right, always a download."""

from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Flask
from PIL import Image

from tests.api.pieces import fields, form, kept, photo
from tests.world import World
from tracker.db import new_id


def test_photo_comes_back_without_its_place_and_camera(world: World, as_: Any, path: str) -> None:
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

    download = as_(world.coach).get(file["href"])
    assert download.status_code == 200
    assert len(download.content) == file["size"] == int(download.headers["Content-Length"])
    with Image.open(BytesIO(download.content)) as image:
        assert image.size == (900, 600)
        assert dict(image.getexif()) == {}
    assert b"Telefoonmerk" not in download.content

    thumbnail = as_(world.coach).get(file["thumbnail_href"])
    with Image.open(BytesIO(thumbnail.content)) as image:
        assert max(image.size) == 640
        assert dict(image.getexif()) == {}


def test_a_file_is_a_download_that_no_browser_runs(world: World, as_: Any, path: str) -> None:
    caller = as_(world.student)
    answer = caller.post(
        path, data=form(world), files=[("files", ('ver"slag\r\nX: 1 é.pdf', b"%PDF-1.7 verslag"))]
    )
    file = answer.json()["attachments"][0]
    download = caller.get(file["href"])
    assert download.content == b"%PDF-1.7 verslag"
    assert download.headers["Content-Disposition"] == (
        'attachment; filename="ver\'slag%0D%0AX: 1 e.pdf"; '
        "filename*=UTF-8''ver%22slag%250D%250AX%3A%201%20%C3%A9.pdf"
    )
    assert download.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in download.headers["Content-Security-Policy"]
    assert "X" not in download.headers
    assert file["thumbnail_href"] is None
    assert caller.get(f"{file['href']}/thumbnail").status_code == 404


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
    assert caller.get(file["href"]).content == film


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
    assert nothing.json()["errors"] == {"text": ["required"]}
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
