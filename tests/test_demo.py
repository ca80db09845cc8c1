"""The demo: its days move along with today, its people are invented, its story is sound."""

import csv
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit
from zipfile import ZipFile

import yaml

from demo.dates import DAY, DUTCH, moved
from demo.events import DOES
from demo.imports import FILES, HERE
from identity.demo import people

STORY = yaml.safe_load((HERE / "story.yaml").read_text("utf-8"))
SHEETS = [sent for sent in FILES if sent.name.startswith("praktijktoets")]


def days(body: bytes) -> list[date]:
    """Return the days of a sheet, without the one that does not exist."""
    found = [text for text in DAY.findall(body.decode()) if not text.startswith("31-11")]
    return [datetime.strptime(text, DUTCH).date() for text in found]  # noqa: DTZ007 - days


def test_the_newest_day_of_a_sheet_lies_in_the_week_before_it_was_sent() -> None:
    for ahead in range(0, 420, 3):
        today = date(2026, 11, 22) + timedelta(days=ahead)
        by_weeks = set()
        for sent in SHEETS:
            body, until = (HERE / sent.name).read_bytes(), today - timedelta(days=sent.days)
            found = moved(body, until=until)
            assert until - timedelta(days=7) < max(days(found)) <= until
            by_weeks |= {new - old for new, old in zip(days(found), days(body), strict=True)}
        assert len(by_weeks) == 1, "a correction is of the same day as what it corrects"


def test_a_day_that_does_not_exist_stays_to_be_repaired() -> None:
    body = (HERE / SHEETS[0].name).read_bytes()
    assert b";31-11-2026;" in moved(body, until=date(2027, 3, 1))


def test_nobody_around_the_story_is_called_like_another() -> None:
    with ZipFile(HERE / "meetpunt_v1p2_bulk.zip") as bundle:
        users = list(csv.DictReader(bundle.read("users.csv").decode("utf-8-sig").splitlines()))
    around = {*STORY["students"], "C900001", "D900001", "D900002"}
    names = [f"{u['givenName']} {u['familyName']}" for u in users if u["sourcedId"] in around]
    assert len(names) == len(around)
    names += [person["name"] for person in people()["added"]]
    assert len(set(names)) == len(names)


def test_all_of_the_demo_is_invented_and_says_so() -> None:
    with ZipFile(HERE / "meetpunt_v1p2_bulk.zip") as bundle:
        users = csv.DictReader(bundle.read("users.csv").decode("utf-8-sig").splitlines())
        mails = {user["email"] for user in users if user["email"]}
    assert all(mail.endswith(".example") for mail in mails)
    assert urlsplit(STORY["lms"]["issuer"]).hostname == "leren.meetpunt.example"
    assert "verzonnen" in people()["name"]


def test_every_student_of_the_story_has_a_programme_with_goals_enough() -> None:
    for number, (programme, *patterns) in STORY["students"].items():
        goals = STORY["programmes"][programme]["goals"]
        assert 0 < len(patterns) <= len(goals), number
        assert set(patterns) <= set(STORY["patterns"]), number
        assert STORY["programmes"][programme]["company"] in STORY["companies"], number
    assert set(STORY["events"]) <= set(STORY["students"])
    does = {event["does"] for events in STORY["events"].values() for event in events}
    assert does == set(DOES), "the story shows whatever can happen"
