"""What we took from others for the pages: listed, licensed, and unchanged."""

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

WEB = Path(__file__).parents[2] / "web"
OURS = {
    *("static/leerspoor.css", "static/leerspoor.js", "static/logo.svg"),
    *("static/lti.js", "static/lti-close.js"),
}
VENDORED: list[dict[str, Any]] = json.loads((WEB / "vendor.json").read_text("utf-8"))
SHIPPABLE = {"OFL-1.1", "ISC AND MIT"}


def test_every_static_file_is_ours_or_listed_with_its_licence() -> None:
    listed = {entry["file"] for entry in VENDORED} | {entry["licence_file"] for entry in VENDORED}
    found = {str(file.relative_to(WEB)) for file in (WEB / "static").rglob("*") if file.is_file()}

    assert found == OURS | listed


@pytest.mark.parametrize("entry", VENDORED, ids=lambda entry: entry["name"])
def test_vendored_file_is_the_one_that_was_listed(entry: dict[str, Any]) -> None:
    assert sha256((WEB / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
    assert entry["licence"] in SHIPPABLE
    assert len((WEB / entry["licence_file"]).read_text("utf-8")) > 500


def test_our_own_files_fetch_nothing_from_elsewhere() -> None:
    for name in OURS:
        text = (WEB / name).read_text("utf-8").replace("http://www.w3.org/2000/svg", "")

        assert "//" not in re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE), name
    css = (WEB / "static" / "leerspoor.css").read_text("utf-8")
    for address in re.findall(r"url\(([^)]+)\)", css):
        assert (WEB / "static" / address.strip("\"'")).is_file(), address
