"""An OEAPI system as a source: its streams, in the order in which one refers to another."""

from collections.abc import Iterator, Sequence
from typing import Any

from importers.issues import Finding, Severity
from importers.oeapi import streams
from importers.oeapi.site import Site, listing_of, offerings_of, people_in, site_of
from importers.readers.answers import END
from importers.source import Asking, Batch, PullKind, Stream, Unavailable

KIND = "oeapi"
PROBED = 3  # offerings of which the list is tried
READ = {
    streams.PEOPLE.name: streams.people,
    streams.GROUPS.name: streams.groups,
    streams.MEMBERS.name: streams.members,
    streams.ITEMS.name: streams.items,
    streams.RESULTS.name: streams.results,
    streams.ATTENDANCE.name: streams.attendance,
}


class Oeapi:
    """A system of the school; nothing is asked before `check` or `read`."""

    kind = KIND
    name = "OEAPI"

    def __init__(self, asking: Asking) -> None:
        self._site = site_of(asking)

    def check(self) -> list[Finding]:
        """Look which offerings we see, who takes part in some, and whether they have numbers."""
        if not self._site.client.is_complete:
            return [Finding(code="oeapi.secret")]
        try:
            return list(_sight(self._site))
        except Unavailable as reason:
            if not reason.is_final:
                raise
            return [Finding(code=reason.code, detail=reason.detail)]

    def streams(self) -> Sequence[Stream]:
        """Return what is read."""
        return (
            streams.PEOPLE,
            streams.GROUPS,
            streams.MEMBERS,
            streams.ITEMS,
            streams.RESULTS,
            streams.ATTENDANCE,
        )

    def read(self, stream: Stream, *, after: Any, size: int) -> Iterator[Batch]:
        """Yield what is told in a stream; `after` is the last batch's, 0 at the beginning."""
        if after == END:
            return iter(())
        return READ[stream.name](self._site, after=after, size=size)


def _sight(site: Site) -> Iterator[Finding]:
    offerings = offerings_of(site)
    if not offerings:
        yield Finding(code="oeapi.nothing", severity=Severity.WARNING, file="offerings")
    probed = offerings[:PROBED]
    for one in probed:
        refusal = listing_of(site, one).refusal
        if refusal is not None:
            yield Finding(
                code="oeapi.refused",
                severity=Severity.WARNING,
                file="associations",
                value=one.title,
                detail=refusal,
            )
    people = people_in(site, probed).values()
    if people and not any(one.number or one.has_bsn for one in people):
        yield Finding(
            code="oeapi.numbers_unseen",
            severity=Severity.WARNING,
            file="persons",
            value=", ".join(site.code_types),
        )


PULL_KIND = PullKind(kind=KIND, open=Oeapi)
