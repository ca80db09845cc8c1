"""Looking at a Moodle before it is read: who we are there, what we may ask, and whom we see."""

from collections.abc import Iterator
from typing import Any

from importers.issues import Finding, Severity
from importers.moodle import activity, competencies, groups, items
from importers.moodle.client import NotAnswered
from importers.moodle.options import Options
from importers.moodle.site import (
    BY_FIELD,
    COURSES,
    ENROLLED,
    THEIR_COURSES,
    Site,
    courses_of,
    listing_of,
)
from importers.source import Unavailable

SITE_INFO = "core_webservice_get_site_info"
PROBED = 3  # courses of which the list is tried


def functions(options: Options) -> dict[str, bool]:
    """Return which functions the school's service needs, and which of them cannot be missed."""
    needed = {SITE_INFO: True, ENROLLED: True, THEIR_COURSES: False}
    needed |= {COURSES if options.category_id is None else BY_FIELD: True}
    needed |= {items.CONTENTS: False, items.ASSIGNMENTS: False, items.GRADES: False}
    needed |= {activity.COMPLETION: False}
    if options.has_cohorts:
        needed |= {groups.COHORTS: False, groups.COHORT_MEMBERS: False}
    if options.has_competencies:
        needed |= {competencies.LIST: False, competencies.COMPETENCIES: False}
        needed |= {competencies.PLANS: False, competencies.RATINGS_OF: False}
    return needed


def look(site: Site) -> list[Finding]:
    """Return what stands in the way; an error means that nothing can be read. Asks Moodle.

    Raises Unavailable where asking again later may help.
    """
    try:
        info = site.client.object(SITE_INFO)
    except NotAnswered as refusal:
        return [Finding(code="moodle.service", file=SITE_INFO, detail=refusal.code)]
    except Unavailable as reason:
        if not reason.is_final:
            raise
        return [Finding(code=reason.code, file=SITE_INFO, detail=reason.detail)]
    allowed = {str(one.get("name")) for one in info.get("functions") or []}
    missing = [
        Finding(
            code="moodle.function_missing",
            severity=Severity.ERROR if cannot_be_missed else Severity.WARNING,
            file=SITE_INFO,
            detail=name,
        )
        for name, cannot_be_missed in functions(site.options).items()
        if name not in allowed
    ]
    if any(finding.is_error for finding in missing):
        return missing
    try:
        seen = list(_sight(site))
    except Unavailable as reason:
        if not reason.is_final:
            raise
        return [*missing, Finding(code=reason.code, file=COURSES, detail=reason.detail)]

    site.said.update((finding.code, finding.value) for finding in seen)
    return [*missing, *seen]


def _sight(site: Site) -> Iterator[Finding]:
    """Yield what the account does not see: courses, people in other groups, their numbers."""
    courses = courses_of(site)
    for gone in courses.gone:
        yield _warning("moodle.course_gone", COURSES, value=str(gone))
    for refused, code in courses.refused.items():
        yield _warning("moodle.course_refused", COURSES, value=refused, detail=code)
    if not courses.all:
        yield Finding(code="moodle.no_courses", file=COURSES)
    people = []
    for course in courses.all[:PROBED]:
        listing = listing_of(site, course)
        name = course.code or course.title
        if listing.refusal is not None:
            yield _warning("moodle.course_refused", ENROLLED, value=name, detail=listing.refusal)
        elif not listing.members:
            yield _warning("moodle.course_empty", ENROLLED, value=name)
        elif not listing.is_whole:
            share = f"{len(listing.members)}/{listing.expected}"
            yield _warning("moodle.course_partly", ENROLLED, value=name, detail=share)
        elif not listing.sees_suspended:
            yield _warning("moodle.suspended_unseen", ENROLLED, value=name)
        people += [one for one in listing.members if one.roles]
    if people and not any(one.number or one.has_bsn for one in people):
        yield _warning("moodle.numbers_unseen", ENROLLED, value=site.options.number_field)


def _warning(code: str, file: str, **facts: Any) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, file=file, **facts)
