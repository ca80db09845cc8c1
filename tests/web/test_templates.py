"""Every page, rendered with what it asks for and no database: markup, words and translations."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from flask import Flask

from tests.web.gallery import ENDPOINTS, ROOT, catalogue, make_gallery, render
from tests.web.samples import PAGES

TEMPLATES = ROOT / "web" / "templates"
SPRITE = ROOT / "web" / "static" / "icons.svg"
VOID = {"meta", "link", "input", "img", "br", "hr", "use", "path", "line", "circle", "rect"}


class Markup(HTMLParser):
    """The elements of a page, in order: (tag, attributes), and the words outside markup."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, *tags: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


@pytest.fixture(scope="module")
def pages() -> Flask:
    return make_gallery()


@pytest.fixture(scope="module")
def every_page(pages: Flask) -> dict[str, Markup]:
    """Give each page in Dutch, rendered once for all that is asked of it."""
    return {page: read(pages, page) for page in PAGES}


def read(pages: Flask, page: str, **how: Any) -> Markup:
    """Render a page; what is wrong in it names the page."""
    try:
        return Markup(render(pages, page, **how))
    except Exception as error:
        error.add_note(f"on the page {page}")
        raise


def test_every_page_is_well_formed_and_needs_nothing_inline(every_page: dict[str, Markup]) -> None:
    for page, markup in every_page.items():
        assert markup.open == [], page
        assert "style" not in {tag for tag, _ in markup.elements}, page
        for tag, attributes in markup.elements:
            assert "style" not in attributes, (page, tag)
            assert not [name for name in attributes if name.startswith("on")], (page, tag)
            assert not attributes.get("href", "").startswith("javascript:"), (page, tag)
        scripts = {frozenset(script) for script in markup.all("script")}
        assert scripts == {frozenset({"src", "defer"})}, page


def test_no_page_fetches_anything_from_elsewhere(every_page: dict[str, Markup]) -> None:
    for page, markup in every_page.items():
        for tag, attributes in markup.elements:
            for name in ("src", "href", "action"):
                address = attributes.get(name, "/")
                ours = ("/", "#", "http://localhost/")
                assert address.startswith(ours), (page, tag, address)
        for link in markup.all("link", "script", "img", "use"):
            address = link.get("href") or link.get("src", "")
            assert address.startswith("/static/"), (page, address)


def test_every_page_has_one_heading_and_every_id_once(every_page: dict[str, Markup]) -> None:
    for page, markup in every_page.items():
        ids = [attributes["id"] for _, attributes in markup.elements if "id" in attributes]
        assert len(markup.all("h1")) == 1, page
        assert len(ids) == len(set(ids)), (page, sorted(i for i in ids if ids.count(i) > 1))
        for tag, attributes in markup.elements:
            for name in ("for", "aria-labelledby", "aria-describedby"):
                for target in attributes.get(name, "").split():
                    assert target in ids, (page, tag, name, target)


def test_every_form_that_changes_something_carries_its_token(
    every_page: dict[str, Markup],
) -> None:
    for page, markup in every_page.items():
        html = markup.html
        posts = re.findall(r"<form[^>]*method=\"post\".*?</form>", html, re.DOTALL)
        searches = re.findall(r"<form[^>]*method=\"get\".*?</form>", html, re.DOTALL)
        assert len(posts) + len(searches) == html.count("<form"), page
        assert not any("csrf_token" in search for search in searches), page
        for post in posts:
            # What goes to or comes from an LMS carries a proof of its own, and nothing of ours.
            marks = ('name="JWT"', 'name="confirm"', 'name="registration_token"')
            for_lms = any(mark in post for mark in marks)
            assert ("csrf_token" in post) is not for_lms, page
            assert for_lms or 'name="csrf_token" value="I' in post, page


def test_every_icon_of_a_page_is_in_the_sprite(every_page: dict[str, Markup]) -> None:
    known = set(re.findall(r'<symbol id="([^"]+)"', SPRITE.read_text("utf-8")))
    for page, markup in every_page.items():
        used = {use["href"].partition("#")[2] for use in markup.all("use")}
        assert used <= known, page


def test_every_page_says_which_language_it_speaks(
    pages: Flask, every_page: dict[str, Markup]
) -> None:
    for page, dutch in every_page.items():
        for spoken, markup in (("nl", dutch), ("en", read(pages, page, spoken="en"))):
            assert markup.all("html")[0]["lang"] == spoken, page
            assert "%(" not in "".join(markup.text), page


def test_every_page_in_a_frame_tells_its_lms_and_leaves_by_a_new_tab(pages: Flask) -> None:
    for page, (role, _, _) in PAGES.items():
        markup = read(pages, page, in_frame=True)
        assert markup.all("html")[0]["data-lms"] == "https://lms.example", page
        assert markup.all("body")[0]["class"] == "lms", page
        if role:
            assert "_blank" in {link.get("target") for link in markup.all("a")}, page


def test_every_address_in_the_pages_is_one_of_the_application(app: Flask) -> None:
    rules = {rule.endpoint: rule.rule for rule in app.url_map.iter_rules()}

    assert {endpoint: rules.get(endpoint) for endpoint in ENDPOINTS} == ENDPOINTS


def test_every_template_that_is_a_page_has_a_sample() -> None:
    parts = {"base.html"}
    files = {str(file.relative_to(TEMPLATES)) for file in TEMPLATES.rglob("*.html")}

    assert {template for _, template, _ in PAGES.values()} == {
        name for name in files - parts if not Path(name).name.startswith("_")
    }


@pytest.mark.parametrize(
    "page", ["goal-new-errors", "evidence-new-errors", "coach-judge-errors", "imports-errors"]
)
def test_a_form_that_came_back_says_what_is_wrong_and_keeps_the_rest(
    pages: Flask, page: str
) -> None:
    _, _, context = PAGES[page]
    html = render(pages, page)
    markup = Markup(html)
    described = " ".join(a.get("aria-describedby", "") for _, a in markup.elements)

    for name, sentence in context["errors"].items():
        assert sentence in html
        assert re.search(rf"\b{name}\S*-error\b", described), name
    for name, value in context["values"].items():
        assert (
            name in ("level", "own_level") or str(value if name != "goal_ids" else value[0]) in html
        )
    assert "autofocus" in {key for _, attributes in markup.elements for key in attributes}


def test_a_question_about_people_or_a_view_is_never_answered_beforehand(pages: Flask) -> None:
    for page in ("evidence-new", "supervisor-evidence", "coach-judge"):
        radios = [
            box for box in Markup(render(pages, page)).all("input") if box.get("type") == "radio"
        ]

        assert radios
        assert not [box for box in radios if "checked" in box]


def test_supervisor_does_not_see_what_the_student_chose_before_answering(pages: Flask) -> None:
    html = render(pages, "supervisor-evidence")

    assert "Vraag nog om de tweede controle" not in html


def test_run_that_goes_on_reloads_itself_and_a_finished_one_does_not(pages: Flask) -> None:
    for state, goes_on in (("reading", True), ("applying", True), ("previewed", False)):
        markup = Markup(render(pages, f"import-{state}"))

        assert any("http-equiv" in meta for meta in markup.all("meta")) is goes_on
        assert any("data-refresh" in part for part in markup.all("div")) is goes_on


def test_refusal_carries_its_code_for_machines_and_for_the_helpdesk(pages: Flask) -> None:
    for page, code in (("error-404", "not_found"), ("lti-error-state_used", "state_used")):
        html = render(pages, page)

        assert f'<meta name="leerspoor-error" content="{code}">' in html
        assert "LS-2147K0" in html


# --- translations ------------------------------------------------------------------------------


def _used() -> set[Any]:
    """Return every text to translate in the rooms: a string, or (singular, plural)."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(
        str(ROOT), methods, options, directory_filter=lambda path: "/." not in path
    )
    return {message for _, _, message, _, _ in found}


def _dutch() -> Iterator[str]:
    for message in catalogue():
        if message.id:
            yield from [message.string] if isinstance(message.string, str) else message.string


def test_every_text_has_a_dutch_translation_and_no_translation_is_left_over() -> None:
    translated = {
        message.id
        for message in catalogue()
        if message.id
        and not message.fuzzy
        and message.string
        and all([message.string] if isinstance(message.string, str) else message.string)
    }
    used = _used()

    assert used - translated == set()
    assert translated - used == set()


def test_dutch_keeps_the_placeholders() -> None:
    holes = re.compile(r"%(?:\(\w+\))?[sd]")
    for message in catalogue():
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.string, str) else list(message.string)
        allowed = [set(holes.findall(text)) for text in ids]  # "1 goal" need not say %(of)s
        for number, text in enumerate(strings):
            found = set(holes.findall(text))
            assert found == allowed[-1] or (number == 0 and found == allowed[0]), message.id


def test_dutch_sentences_have_fifteen_words_at_most() -> None:
    for text in _dutch():
        for sentence in re.split(r"(?<=[.?:])\s+", text):
            assert len(sentence.split()) <= 15, sentence


def test_dutch_text_never_scolds() -> None:
    for text in _dutch():
        assert not re.search(r"onvoldoende|achterstand|risico|!", text, re.IGNORECASE), text
