"""XML as a stream: no DTD, so no entities of its own; depth, attributes and texts have limits."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import IO
from xml.etree.ElementTree import Element  # only as a record; parsing is done here
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from importers import bsn
from importers.issues import Refused

PIECE = 64 * 1024
MOST_DEPTH = 50
MOST_ATTRIBUTES = 200
LONGEST_TEXT = 1_000_000
NONE: Mapping[str, str] = {}
LONGEST_TOKEN = 2_000_000  # of one tag with its attributes
# An event is ("start", tag, attributes, "") or ("end", tag, {}, text in front of the end tag).
Event = tuple[str, str, Mapping[str, str], str]


def events(content: IO[bytes], *, file: str) -> Iterator[Event]:
    """Yield where elements begin and end, without namespaces; raises Refused.

    Text is given with the end of its element; where text and elements are mixed, what stands
    before the last inner element is lost.
    """
    state = _State(file)
    fed = 0
    try:
        while piece := content.read(PIECE):
            state.parser.Parse(piece)
            fed += len(piece)
            if fed - state.parser.CurrentByteIndex > LONGEST_TOKEN:
                raise Refused("xml.too_long", file=file)
            yield from state.taken()
        state.parser.Parse(b"", True)  # noqa: FBT003 - expat's own: this was the last piece
        yield from state.taken()
    except expat.ExpatError as error:
        raise Refused("xml.broken", file=file, row=error.lineno) from None
    except (LookupError, ValueError):  # an encoding that nobody knows
        raise Refused("xml.broken", file=file) from None


def root_of(content: IO[bytes], *, file: str) -> str:
    """Return the tag of the root without its namespace; raises Refused."""
    for what, tag, _, _ in events(content, file=file):
        if what == "start":
            return tag
    raise Refused("xml.broken", file=file)


def elements(content: IO[bytes], tag: str, *, file: str) -> Iterator[Element]:
    """Yield each element with this tag, whole, and forget it again; raises Refused.

    Tags come without their namespace, texts without spaces around them.
    """
    open_ones: list[Element] = []
    for what, name, attributes, text in events(content, file=file):
        if what == "start" and (open_ones or name == tag):
            element = Element(name, dict(attributes))
            if open_ones:
                open_ones[-1].append(element)
            open_ones.append(element)
        elif what == "end" and open_ones:
            element = open_ones.pop()
            element.text = text.strip() or None
            if not open_ones:
                yield element


def clean_xml(content: IO[bytes], *, file: str) -> Iterator[bytes]:
    """Yield the same elements as UTF-8 without BSN, comments, or anything that is no element."""
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n'
    pieces: list[str] = []
    for what, tag, attributes, text in events(content, file=file):
        if what == "start":
            pieces.append(f"<{tag}{''.join(_attributes(attributes))}>")
        else:
            shown = "" if bsn.is_column_for_it(tag) else escape(bsn.drop_text(text))
            pieces.append(f"{shown}</{tag}>")
        if len(pieces) > PIECE:
            yield "".join(pieces).encode("utf-8", "replace")
            pieces = []
    yield "".join(pieces).encode("utf-8", "replace")


def _attributes(attributes: Mapping[str, str]) -> Iterator[str]:
    for name, value in attributes.items():
        shown = "" if bsn.is_column_for_it(name) else bsn.drop_text(value)
        yield f" {name}={quoteattr(shown)}"


class _State:
    """What the parser is in the middle of, and the events that wait to be taken."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.waiting: list[Event] = []
        self.depth = 0
        self.text: list[str] = []
        self.length = 0
        self.local = lru_cache(1000)(_local)
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.say
        self.parser.StartDoctypeDeclHandler = self.refuse

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise Refused("xml.too_deep", file=self.file, detail=str(MOST_DEPTH))
        if attributes:
            if len(attributes) > MOST_ATTRIBUTES:
                raise Refused("xml.too_long", file=self.file)
            if " " in "".join(attributes):
                attributes = {_local(name): value for name, value in attributes.items()}
        self.waiting.append(("start", self.local(tag), attributes, ""))
        if self.length:
            self.text, self.length = [], 0

    def end(self, tag: str) -> None:
        self.depth -= 1
        text = ""
        if self.length:
            text = "".join(self.text)
            self.text, self.length = [], 0
        self.waiting.append(("end", self.local(tag), NONE, text))

    def say(self, text: str) -> None:
        self.length += len(text)
        if self.length > LONGEST_TEXT:
            raise Refused("xml.too_long", file=self.file)
        self.text.append(text)

    def refuse(self, *_: object) -> None:
        raise Refused("xml.dtd", file=self.file)

    def taken(self) -> list[Event]:
        taken, self.waiting = self.waiting, []
        return taken


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
