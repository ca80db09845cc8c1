"""Why students ask for a coach's attention, in the order of `signals.place`: what to do about each.

A student stands here once for each kind of attention; more reasons of a kind stand under "Why?".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import g, url_for
from flask_babel import gettext

from tracker.clocks import SeenRequest
from tracker.facts import Rater
from tracker.overview import Row
from tracker.signals import Group, Rule, Signal, group_of, place
from web import trails
from web.feedback import about, thread_url
from web.group_table import kept
from web.trails import Minis

FIRST = 6
READER = Rater.COACH


@dataclass(frozen=True)
class Reason:
    """What asks for attention in one plan, of one kind: the first signal and its others."""

    row: Row
    signals: list[Signal]

    @property
    def place(self) -> tuple[int, date, str]:
        """Return where it stands on the page."""
        return place(self.signals[0], self.row.name, reader_id=g.person.id, reader=READER)


def reasons_of(rows: Sequence[Row]) -> list[Reason]:
    """Return a reason for each kind of attention in each plan, in the order of the page."""
    found = []
    for row in rows:
        groups: dict[Group, list[Signal]] = {}
        for signal in row.signals:
            groups.setdefault(_group(signal), []).append(signal)
        found += [Reason(row, signals) for signals in groups.values()]
    return sorted(found, key=lambda reason: (reason.place, str(reason.row.plan_id)))


def _group(signal: Signal) -> Group:
    return group_of(signal, reader_id=g.person.id, reader=READER)


def told(reason: Reason, *, minis: Minis, requests: Mapping[UUID, SeenRequest]) -> dict[str, Any]:
    """Return a reason as the overview shows it; `requests` are the reader's own, by id."""
    first, *others = entries(reason.row, reason.signals, requests=requests)
    drawn = next(
        (minis.of(reason.row, t) for t in reason.row.trails if t.goal.id == first["goal_id"]), None
    )
    return {
        **first,
        "others": others,
        "plan_id": reason.row.plan_id,
        "name": reason.row.name,
        "programme": reason.row.programme,
        "url": url_for("talk.student", plan_id=reason.row.plan_id, **kept()),
        "mini": drawn,
        "named": [f"{s.rule} {s.about or ''}".strip() for s in reason.signals],
    }


def entries(
    row: Row, signals: Sequence[Signal], *, requests: Mapping[UUID, SeenRequest]
) -> list[dict[str, Any]]:
    """Return signals with what their sentences ask, whose turn it is, and where to act on them."""
    known = {request.by_id: request.by_given_name for request in requests.values()}
    known |= {request.to_id: request.to_given_name for request in requests.values()}
    names = {**known, **row.names}
    questions = {request.id for request in row.facts.requests if request.is_question}
    found = []
    for entry in trails.reasons(row, on=row.on, signals=signals):
        signal = entry["signal"]
        asked = requests.get(signal.request_id) if signal.request_id else None
        found.append(
            {
                **entry,
                "names": names,
                "goal_id": signal.goal_id,
                "is_mine": _group(signal) is Group.WAITS_FOR_YOU,
                "is_question": signal.request_id in questions,
                "reader_id": g.person.id,
                "about": entry["goal_title"] or (asked.title if asked else None),
                "act": _act(row, signal, requests, is_question=signal.request_id in questions),
            }
        )
    return found


def _act(
    row: Row, signal: Signal, requests: Mapping[UUID, SeenRequest], *, is_question: bool
) -> dict[str, str]:
    """Return what a coach can do about a signal: the address, the words and the icon."""
    if signal.rule is Rule.UNANSWERED:
        return _answer(row, signal, requests, is_question=is_question)
    if signal.rule is Rule.PLACEMENT_ENDS:
        return _button(_student(row, "evidence"), gettext("Ask the workplace"), "send")
    if signal.rule is Rule.NO_WORKPLACE:
        return _button(_student(row, "workplaces"), gettext("See the workplaces"), "building-2")
    if signal.goal_id is None or signal.rule is Rule.RATERS_APART:
        where = f"goal-{signal.goal_id}" if signal.goal_id else None
        return _button(_student(row, where), gettext("Prepare the talk"), "calendar-check")
    thread = thread_url(goal_id=signal.goal_id)
    if signal.good_news:
        return _button(thread, gettext("Tell %(name)s", name=row.given_name), "thumbs-up")
    return _button(thread, gettext("Ask how it goes"), "send")


def _answer(
    row: Row, signal: Signal, requests: Mapping[UUID, SeenRequest], *, is_question: bool
) -> dict[str, str]:
    """Return where one answers, reminds who owes the answer, or reads what was asked."""
    if signal.request_id is not None and is_question:
        return _button(
            thread_url(question_id=signal.request_id), gettext("Answer"), "message-circle"
        )
    seen = requests.get(signal.request_id) if signal.request_id else None
    if seen is not None and seen.to_id == g.person.id:
        return _button(thread_url(**about(seen)), gettext("Answer"), "message-circle")
    if seen is not None:
        word = gettext("Remind %(name)s", name=seen.to_given_name)
        return _button(thread_url(**about(seen)), word, "send")
    if signal.goal_id is not None:
        url = thread_url(goal_id=signal.goal_id)
        return _button(url, gettext("See the question"), "message-circle")
    return _button(_student(row), gettext("Prepare the talk"), "calendar-check")


def _student(row: Row, anchor: str | None = None) -> str:
    return url_for("talk.student", plan_id=row.plan_id, _anchor=anchor, **kept())


def _button(url: str, word: str, icon: str) -> dict[str, str]:
    return {"url": url, "word": word, "icon": icon}


def put_off_of(rows: Sequence[Row], *, requests: Mapping[UUID, SeenRequest]) -> list[Any]:
    """Return what the reader put off, by the day on which it speaks again."""
    found = [
        {
            **entries(row, [put.signal], requests=requests)[0],
            "id": put.id,
            "name": row.name,
            "until_on": put.until_on,
            "reason": put.reason,
        }
        for row in rows
        for put in row.put_off
    ]
    return sorted(found, key=lambda put: (put["until_on"], put["name"].casefold(), put["id"]))
