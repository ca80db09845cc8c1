"""docker-compose.yml, Dockerfile and proxy, held to the code as far as goes without Docker."""

import re
from functools import cache
from typing import Any

import pytest
import yaml
from flask import Flask
from werkzeug.routing import Rule

from app import MAX_BODY
from settings import Settings
from tests.running import ROOT
from tests.test_settings import GOOD, Asked

OURS = ("web", "worker", "migrate")
# What docs/operations.md tells to put into .env; secrets as its program makes them.
ENV = {
    "PUBLIC_HOST": "leerspoor.example",
    "FILES_HOST": "bestanden.leerspoor.example",
    "SECRET_KEY": GOOD["SECRET_KEY"],
    "ENCRYPTION_KEYS": GOOD["ENCRYPTION_KEYS"],
    **{f"{name}_PASSWORD": f"{name}1" for name in ("SUPERUSER", "OWNER", "APP", "VALKEY")},
    "S3_ACCESS_KEY": "toegang",
    "S3_SECRET_KEY": "geheim",
}
OPTIONAL = {"TIMEZONE", "LOG_LEVEL"}
MEGA = 1024 * 1024


@cache
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


def environment(service: str) -> dict[str, str]:
    """What a service finds in its environment, with the variables of ENV filled in."""

    def fill(found: re.Match[str]) -> str:
        name, rule = found.groups()
        assert rule == (":-" if name in OPTIONAL else ":?"), f"{name} may be left out in silence"
        return ENV.get(name, "") if name in OPTIONAL else ENV[name]

    given = compose()["services"][service]["environment"]
    return {name: re.sub(r"\$\{(\w+)(:.)\}", fill, value) for name, value in given.items()}


def asked_of_the_environment() -> set[str]:
    asked = Asked(GOOD)
    Settings.from_env(asked)
    return asked.names


def read_by_others() -> set[str]:
    """Name the variables that docs/settings.md says other programs read."""
    told = (ROOT / "docs" / "settings.md").read_text().partition("## Read by others")[2]
    first_cells = [line.split("|")[1] for line in told.splitlines() if line.startswith("| `")]
    return {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}


@pytest.mark.parametrize("service", OURS)
def test_every_variable_that_compose_sets_is_one_that_we_read(service: str) -> None:
    assert environment(service).keys() <= asked_of_the_environment() | read_by_others()


def test_every_setting_is_set_by_compose_but_the_demo() -> None:
    assert asked_of_the_environment() - environment("migrate").keys() == {"LEERSPOOR_DEMO"}


@pytest.mark.parametrize("service", OURS)
def test_the_settings_of_compose_are_accepted(service: str) -> None:
    settings = Settings.from_env(environment(service))
    assert settings.trusted_proxies == (
        compose()["services"]["proxy"]["networks"]["outside"]["ipv4_address"],
    )
    assert (settings.is_demo, settings.evidence_url) == (False, "s3://evidence/files")
    is_owner = "leerspoor_owner" in settings.database_owner_url
    assert is_owner is (service == "migrate")


def test_what_faces_people_knows_no_owner_and_no_superuser() -> None:
    for service in ("web", "worker", "proxy"):
        given = " ".join(environment(service).values())
        assert ENV["OWNER_PASSWORD"] not in given
        assert ENV["SUPERUSER_PASSWORD"] not in given


def test_every_variable_that_compose_needs_is_made_by_the_page_on_operations() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    needed = set(re.findall(r"\$\{(\w+):\?\}", (ROOT / "docker-compose.yml").read_text()))
    assert needed == ENV.keys()
    program = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert program is not None
    assert {name for name in needed if f'"{name}"' not in program[1]} == set()


def test_ours_write_nowhere_and_may_do_nothing_special() -> None:
    for service in (*OURS, "proxy"):
        found = compose()["services"][service]
        assert found["read_only"] is True
        assert found["cap_drop"] == ["ALL"]
        assert found["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in found
    assert re.search(r"^USER (?!0\b|root\b)\d+:\d+$", dockerfile(), re.MULTILINE)


def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


def test_every_image_has_a_version_of_its_own() -> None:
    images = [service["image"] for service in compose()["services"].values()]
    bases = re.findall(r"^FROM (\S+:\S+)", dockerfile(), re.MULTILINE)
    for image in [*bases, *(image for image in images if image != "leerspoor")]:
        assert re.search(r":v?\d+\.\d+", image), image


def test_only_the_proxy_is_reached_from_outside() -> None:
    services = compose()["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert compose()["networks"]["state"]["internal"] is True
    for keeper in ("postgres", "valkey", "store"):
        assert list(services[keeper]["networks"]) == ["state"]


def test_the_programs_that_compose_and_image_start_are_in_the_image() -> None:
    services = compose()["services"]
    told = [services[service].get("command", "") for service in OURS]
    started = set(re.findall(r"[\w/]+\.py", " ".join(told) + dockerfile()))
    assert started == {"worker.py", "commands.py", "bin/gunicorn_config.py"}
    ignored = (ROOT / ".dockerignore").read_text().split()
    for program in (*started, "app.py", "requirements.lock", "web/translations"):
        assert (ROOT / program).exists()
        assert program.split("/")[0] not in ignored
    assert (ROOT / "bin" / "proxy.conf.template").exists()


def proxy() -> str:
    return (ROOT / "bin" / "proxy.conf.template").read_text()


def limits() -> tuple[int, re.Pattern[str], int]:
    """Return the proxy's bytes of any body, which paths take files, and their bytes."""
    usual = re.search(r"^    client_max_body_size (\d+)m;", proxy(), re.MULTILINE)
    files = re.search(r"location ~ (\S+) \{\n\s+client_max_body_size (\d+)m;", proxy())
    assert usual is not None
    assert files is not None
    return int(usual[1]) * MEGA, re.compile(files[1]), int(files[2]) * MEGA


def path_of(rule: Rule) -> str:
    return re.sub(r"<[^>]+>", "01a2b3c4-0000-7000-8000-000000000000", rule.rule)


def test_the_proxy_lets_in_the_bodies_that_we_take_and_no_larger_ones(app: Flask) -> None:
    usual, files, largest = limits()
    assert usual > MAX_BODY
    held = 0
    for rule in app.url_map.iter_rules():
        takes = getattr(app.view_functions[rule.endpoint], "takes_files", 0)
        if takes:
            held += 1
            assert files.search(path_of(rule)), rule
            assert takes + MAX_BODY < largest
        elif "POST" in (rule.methods or ()) and not rule.rule.startswith("/judge/"):
            assert not files.search(path_of(rule)), rule
    assert held


def test_the_proxy_tells_who_asks_instead_of_passing_on_what_they_claim() -> None:
    for header, value in {
        "X-Forwarded-For": "$remote_addr",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "$host",
        "Forwarded": '""',
    }.items():
        assert f"proxy_set_header {header} {value};\n" in proxy()
    # A second set of these in a location would drop all of the first.
    assert not re.search(r"^\s+proxy_set_header", proxy(), re.MULTILINE)


def test_the_log_of_the_proxy_holds_no_secret_of_an_address(app: Flask) -> None:
    hidden = re.search(r"^    ~(\S+) \$room", proxy(), re.MULTILINE)
    assert hidden is not None
    secretive = re.compile(hidden[1].replace("(?<", "(?P<"))
    rules = [rule for rule in app.url_map.iter_rules() if re.search("<(secret|invite)>", rule.rule)]
    assert rules
    assert all(secretive.search(rule.rule) for rule in rules)
    assert secretive.search("/f/signed")
    log_format = proxy().partition("log_format told")[2].partition(";")[0]
    for word in ("$request ", "$request_uri", "$args", "$http_referer"):
        assert word not in log_format
