"""docs/import-errors.md explains every code, in the words that people read elsewhere too."""

import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from importers.sentences import SENTENCES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "import-errors.md").read_text("utf-8")
ENTRY = re.compile(
    r"### `(?P<code>[a-z]+\.[a-z_0-9]+)`\n> (?P<said>.+)\n\n- \*\*Hoe dat komt:\*\* (?P<why>.+)\n"
    r"- \*\*Wat je doet:\*\* (?P<do>.+)\n- \*\*Voorbeeld:\*\* (?P<example>.+)\n"
)
ENTRIES = {entry["code"]: entry for entry in ENTRY.finditer(PAGE + "\n")}
PLACE = re.compile(r"%\([a-z]+\)s")


@pytest.fixture(scope="module")
def dutch() -> Catalog:
    path = ROOT / "web" / "translations" / "nl" / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file)


def pattern(text: str) -> re.Pattern[str]:
    """Return what matches a sentence with anything in its places."""
    return re.compile(".+".join(re.escape(part) for part in PLACE.split(text)))


def test_every_code_is_explained_once_and_no_other():
    headings = Counter(re.findall(r"^### `(.+)`$", PAGE, re.MULTILINE))
    assert headings == Counter(dict.fromkeys(SENTENCES, 1))
    assert set(ENTRIES) == set(SENTENCES), "an entry is not whole"


def test_every_code_is_one_that_the_importers_find():
    sources = (ROOT / "importers").rglob("*.py")
    text = "\n".join(path.read_text("utf-8") for path in sources if path.name != "sentences.py")
    unused = {code for code in SENTENCES if f'"{code}"' not in text}
    assert not unused


def test_the_page_says_what_people_read_elsewhere(dutch: Catalog):
    for code, (message, hint) in SENTENCES.items():
        said, do = dutch[message].string, dutch[hint].string
        assert pattern(said).fullmatch(ENTRIES[code]["said"]), code
        assert pattern(do).match(ENTRIES[code]["do"]), code


def test_the_page_holds_no_unfilled_places_and_no_words_we_do_not_use():
    assert "%(" not in PAGE
    assert not re.search(r"onvoldoende|achterstand|risico|!(?!DOCTYPE|doctype)", PAGE)
    # What follows from the contents is linked to, and is there.
    sections = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    assert re.findall(r"^- \[(.+)\]\(#", PAGE, re.MULTILINE) == sections[1:]
