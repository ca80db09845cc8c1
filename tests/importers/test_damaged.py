"""Empty, header-only and cut-off files of every kind close nobody and break nothing."""

import random
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO

import pytest

from importers.door.rewriting import OPEN_END
from importers.issues import Refused
from importers.models import RunState
from tests.importers.importing import Importing
from tests.importers.kinds import SENT, Sent, bring, opened, read

CUTS = 20
# What tells of all there is of something.
WHOLES = ("oneroster", "groups")


def cut(sent: Sent) -> Iterator[Sent]:
    """Yield a file that ends too early, at places that are the same every time."""
    chance = random.Random(sent.name)  # noqa: S311 - the same accidents every time
    for place in sorted(chance.sample(_places(sent.body), CUTS)):
        yield Sent(sent.name, sent.body[:place], sent.options)


def _places(body: bytes) -> list[int]:
    """Return where a file may be cut; of one cut right behind a row nobody can tell."""
    return [place for place in range(1, len(body)) if body[place - 1 : place] != b"\n"]


def cut_inside(sent: Sent) -> Iterator[Sent]:
    """Yield a bundle in which one table ends too early: nothing is wrong with the zip."""
    chance = random.Random(sent.name)  # noqa: S311 - the same accidents every time
    with zipfile.ZipFile(BytesIO(sent.body)) as given:
        tables = {name: given.read(name) for name in given.namelist()}
    for _ in range(CUTS):
        name = chance.choice(["users.csv", "roles.csv", "enrollments.csv", "results.csv"])
        body = BytesIO()
        with zipfile.ZipFile(body, "w") as made:
            for one, content in tables.items():
                end = chance.choice(_places(content)) if one == name else len(content)
                made.writestr(one, content[:end])
        yield Sent(sent.name, body.getvalue(), sent.options)


@pytest.mark.parametrize("name", SENT)
def test_a_file_that_ends_too_early_is_read_as_far_as_it_goes_or_refused(name: str) -> None:
    for sent in [*cut(SENT[name]), *(cut_inside(SENT[name]) if name == "oneroster" else ())]:
        with suppress(Refused):
            read(sent)


@pytest.mark.parametrize("name", WHOLES)
def test_a_whole_list_that_ends_too_early_is_known_to_be_no_whole(name: str) -> None:
    sent = SENT[name]
    whole = _closing(sent)
    assert whole
    for number, one in enumerate(_cut_of_each(name, sent)):
        left = _closing(one)
        for stream in left:
            assert left[stream] >= whole[stream], (number, stream)


def _cut_of_each(name: str, sent: Sent) -> Iterator[Sent]:
    return cut_inside(sent) if name == "oneroster" else cut(sent)


def _closing(sent: Sent) -> dict[str, set[str | None]]:
    """Return the keys in the streams of a file that would close what is missing from them."""
    try:
        source, findings = opened(sent)
    except Refused:
        return {}
    if any(finding.is_error for finding in findings):
        return {}
    open_ended = {finding.file for finding in findings if finding.code == OPEN_END}
    found: dict[str, set[str | None]] = {}
    for stream in source.streams():
        batches = list(source.read(stream, after=0, size=50))
        keys = {record.ext_id for batch in batches for record in batch.records}
        is_whole = all(batch.is_whole for batch in batches)
        if stream.is_snapshot and stream.file not in open_ended and is_whole and keys:
            found[stream.name] = keys
    return found


def test_a_cut_list_closes_nobody_and_says_why(importing: Importing) -> None:
    for name in WHOLES:
        bring(importing, SENT[name])
    for name in WHOLES:
        codes: set[str] = set()
        for one in list(_cut_of_each(name, SENT[name]))[::4]:
            run = importing.preview(one.body, one.name, options=dict(one.options))
            assert run.state in {RunState.PREVIEWED, RunState.REFUSED}
            assert sum(counts["closed"] for counts in run.counts.values()) == 0
            codes |= set(importing.codes(run))
        assert OPEN_END in codes, name


def test_a_file_with_nothing_in_it_is_refused_at_the_door() -> None:
    for name, sent in SENT.items():
        for body in (b"", b"\r\n", b"\xef\xbb\xbf"):
            with pytest.raises(Refused) as refused:
                opened(Sent(sent.name, body, sent.options))
            assert refused.value.finding.code in {"file.empty", "zip.broken"}, (name, body)
