"""Canvas as a source: its streams, in the order in which one refers to another."""

from collections.abc import Iterator, Sequence
from typing import Any

from importers.canvas import results, roster
from importers.canvas.client import NotAnswered
from importers.canvas.site import Site, courses_of, people_in, people_of, site_of
from importers.issues import Finding, Severity
from importers.readers.answers import END
from importers.source import Asking, Batch, PullKind, Stream, Unavailable

KIND = "canvas"
PROBED = 5  # courses of which the list is tried
STREAMS = (roster.PEOPLE, roster.GROUPS, roster.MEMBERS, roster.ITEMS, results.RESULTS)
READ = {
    roster.PEOPLE.name: roster.people,
    roster.GROUPS.name: roster.groups,
    roster.MEMBERS.name: roster.members,
    roster.ITEMS.name: roster.items,
    results.RESULTS.name: results.results,
}


class Canvas:
    """A school's Canvas; nothing is asked before `check` or `read`."""

    kind = KIND
    name = "Canvas"

    def __init__(self, asking: Asking) -> None:
        self._site = site_of(asking)

    def check(self) -> list[Finding]:
        """Look who we are there, which courses we see, and whether people have their numbers."""
        site = self._site
        try:
            site.client.one("users/self")
            courses = courses_of(site)
            return list(_sight(site)) if courses else [_no_courses(site)]
        except NotAnswered as refusal:
            code = "source.not_found" if refusal.status == "404" else "source.refused"
            return [Finding(code=code, detail=refusal.status)]
        except Unavailable as reason:
            if not reason.is_final:
                raise
            return [Finding(code=reason.code, detail=reason.detail)]

    def streams(self) -> Sequence[Stream]:
        """Return what is read of Canvas."""
        return STREAMS

    def read(self, stream: Stream, *, after: Any, size: int) -> Iterator[Batch]:
        """Yield what Canvas tells in a stream; `after` is the last batch's, 0 at the beginning."""
        if after == END:
            return iter(())
        return READ[stream.name](self._site, after=after, size=size)


def _no_courses(site: Site) -> Finding:
    refused = next(iter(site.refused.items()), None)
    if refused is None:
        return Finding(code="canvas.no_courses")
    return Finding(code="canvas.course_refused", value=refused[0], detail=refused[1])


def _sight(site: Site) -> Iterator[Finding]:
    """Yield what the account does not see of its courses; the lists are remembered for reading."""
    probed = {course: people_of(site, course) for course in courses_of(site)[:PROBED]}
    for course, listing in probed.items():
        if listing.refusal is not None:
            yield Finding(
                code="canvas.course_refused",
                severity=Severity.WARNING,
                file="users",
                value=course.name,
                detail=listing.refusal,
            )
    people = people_in(site, probed.values()).values()
    if people and not any(one.number or one.has_bsn for one in people):
        yield Finding(
            code="canvas.numbers_unseen",
            severity=Severity.WARNING,
            file="users",
            value=site.options.number_field,
        )


PULL_KIND = PullKind(kind=KIND, open=Canvas)
