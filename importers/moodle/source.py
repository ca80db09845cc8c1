"""Moodle's web services as a source: its streams, in the order in which one refers to another."""

from collections.abc import Iterator, Sequence
from typing import Any

from importers.issues import Finding
from importers.moodle import activity, competencies, groups, items, people, results, service
from importers.moodle.client import Client
from importers.moodle.options import options_of
from importers.moodle.site import Site
from importers.readers.answers import END
from importers.source import Asking, Batch, PullKind, Stream

KIND = "moodle"
READ = {
    people.PEOPLE.name: people.people,
    people.ROLES.name: people.roles,
    groups.GROUPS.name: groups.groups,
    groups.MEMBERS.name: groups.members,
    items.ITEMS.name: items.items,
    results.RESULTS.name: results.results,
    activity.ACTIVITY.name: activity.activity,
    competencies.FRAMEWORKS.name: competencies.frameworks,
    competencies.PARTS.name: competencies.parts,
    competencies.RATED.name: competencies.rated,
    competencies.RATINGS.name: competencies.ratings,
}


class Moodle:
    """A school's Moodle; nothing is asked before `check` or `read`."""

    kind = KIND
    name = "Moodle"

    def __init__(self, asking: Asking) -> None:
        self._site = Site(
            client=Client(asking),
            options=options_of(asking.options),
            zone=asking.zone,
            at=asking.at,
            since=asking.since,
        )

    def check(self) -> list[Finding]:
        """Look whether the school's service has what we need, and whom its account sees."""
        return service.look(self._site)

    def streams(self) -> Sequence[Stream]:
        """Return what the school chose to have read."""
        options = self._site.options
        found = [people.PEOPLE]
        if options.makes_people:
            found.append(people.ROLES)
        found += [groups.GROUPS, groups.MEMBERS, items.ITEMS, results.RESULTS, activity.ACTIVITY]
        if options.has_competencies:
            found += [competencies.FRAMEWORKS, competencies.PARTS]
            found += [competencies.RATED, competencies.RATINGS]
        return found

    def read(self, stream: Stream, *, after: Any, size: int) -> Iterator[Batch]:
        """Yield what Moodle tells in a stream; `after` is the last batch's, 0 at the beginning."""
        if after == END:
            return iter(())
        return READ[stream.name](self._site, after=after, size=size)


PULL_KIND = PullKind(kind=KIND, open=Moodle)
