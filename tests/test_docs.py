"""What the pages of docs/ point at exists: links, and files named in prose."""

import re
from pathlib import Path

import pytest

from tests.running import ROOT

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
# A file of this house, as `web/talk.py`. Decisions and figures tell of before; the page of
# import errors names files of schools.
NAMED = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|md|yml|yaml|toml|csv|template))`")
TELLS_OF_OTHERS = ("decisions/", "measured.md", "import-errors.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    links = LINK.findall(page.read_text("utf-8"))
    inside = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in inside if not (page.parent / link).exists()] == []


def test_every_file_that_a_page_names_exists() -> None:
    gone = [
        (str(page.relative_to(ROOT)), name)
        for page in PAGES
        if not any(told in str(page) for told in TELLS_OF_OTHERS)
        for name in NAMED.findall(page.read_text("utf-8"))
        if not any((root / name).exists() for root in (ROOT, ROOT / "docs", page.parent))
    ]
    assert gone == []
