"""Settings: what is read, what is refused, and that the refusal is one sentence without secrets."""

import dataclasses
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from settings import Settings, SettingsError

GOOD = {
    "DATABASE_URL": "sqlite:////srv/leerspoor/leerspoor.db",
    "EVIDENCE_URL": "file:///srv/leerspoor/evidence",
    "SECRET_KEY": "s" * 40,
    "ENCRYPTION_KEYS": "bDKmZ3yQ0v8R5nXh2LwTsJ7cFgUa9PeI1kOqVtYx4Mz6",
    "PUBLIC_URL": "https://leerspoor.example",
    "FILES_URL": "https://bestanden.leerspoor.example",
}
NEAR = {"PUBLIC_URL": "http://127.0.0.1:8000"}


def read(**changed: str) -> Settings:
    return Settings.from_env({**GOOD, **changed})


def refusal(**changed: str) -> str:
    with pytest.raises(SettingsError) as refused:
        read(**changed)
    return str(refused.value)


def test_six_settings_are_enough() -> None:
    settings = read()
    assert settings.database_owner_url == settings.database_url
    assert (settings.redis_url, settings.is_demo, settings.trusted_proxies) == (None, False, ())
    assert settings.clamd_url is None
    assert (settings.timezone, settings.log_level) == ("Europe/Amsterdam", "INFO")


@pytest.mark.parametrize("name", list(GOOD))
@pytest.mark.parametrize("value", [None, "", "  "])
def test_each_of_them_is_needed(name: str, value: str | None) -> None:
    environ = {key: text for key, text in GOOD.items() if key != name}
    if value is not None:
        environ[name] = value
    with pytest.raises(SettingsError, match=f"^{name} is not set; see docs/settings.md"):
        Settings.from_env(environ)


class Asked(Mapping[str, str]):
    """An environment that remembers what was asked of it."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values_by_name = values
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self.values_by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)


def test_every_empty_setting_counts_as_unset() -> None:
    asked = Asked(GOOD)
    settings = Settings.from_env(asked)
    empty = dict.fromkeys(asked.names - set(GOOD), " ")
    assert Settings.from_env({**GOOD, **empty}) == settings


def test_settings_cannot_be_changed_once_read() -> None:
    settings = read()
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.is_demo = True  # type: ignore[misc]  # what must fail


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("postgresql://app@db/leerspoor", "postgresql+psycopg://app@db/leerspoor"),
        ("postgres://app@db/leerspoor", "postgresql+psycopg://app@db/leerspoor"),
        ("postgresql+psycopg://app@/l?host=/run/pg", "postgresql+psycopg://app@/l?host=/run/pg"),
        ("sqlite:////srv/l.db", "sqlite:////srv/l.db"),
    ],
)
def test_a_database_is_reached_by_the_one_driver_that_we_ship(given: str, kept: str) -> None:
    assert read(DATABASE_URL=given).database_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "mysql://x",
        "leerspoor.db",
        "postgresql://[::1",
        "postgresql://h:99999/x",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_a_database_that_we_cannot_use_is_refused(url: str) -> None:
    assert refusal(DATABASE_URL=url).startswith("DATABASE_URL ")
    assert refusal(DATABASE_OWNER_URL=url).startswith("DATABASE_OWNER_URL ")


def test_owner_and_application_use_the_same_kind_of_database() -> None:
    sentence = refusal(DATABASE_OWNER_URL="postgresql://owner@db/leerspoor")
    assert sentence == "DATABASE_OWNER_URL is the same database as DATABASE_URL."


@pytest.mark.parametrize("url", ["redis://q:6379/0", "rediss://q:6379", "unix:///run/q.sock"])
def test_a_queue_is_valkey_or_redis(url: str) -> None:
    assert read(REDIS_URL=url).redis_url == url
    assert refusal(REDIS_URL="amqp://q").startswith("REDIS_URL begins with ")


@pytest.mark.parametrize("url", ["evidence", "http://x/y", "file://", "file:///", "s3://", "//["])
def test_evidence_is_kept_in_a_folder_or_a_bucket(url: str) -> None:
    assert refusal(EVIDENCE_URL=url).startswith("EVIDENCE_URL is ")
    assert read(EVIDENCE_URL="s3://bucket/prefix").evidence_url == "s3://bucket/prefix"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://leerspoor.example/", "https://leerspoor.example"),
        ("https://leerspoor.example:8443", "https://leerspoor.example:8443"),
        ("http://127.0.0.1:8123", "http://127.0.0.1:8123"),
        ("http://localhost", "http://localhost"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_the_public_address_is_kept_without_a_path(given: str, kept: str) -> None:
    assert read(PUBLIC_URL=given).public_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "leerspoor.example",
        "https://",
        "https://x/path",
        "https://x/?a=b",
        "https://me:secret@x",
        "ftp://x",
        "http://[::1",
        "https://x:port",
        "http://leerspoor.example",
        "http://127.0.0.1.kwaad.example",
    ],
)
def test_an_address_that_people_cannot_safely_open_is_refused(url: str) -> None:
    assert refusal(PUBLIC_URL=url).startswith("PUBLIC_URL ")


@pytest.mark.parametrize(
    ("public_url", "files_url"),
    [
        ("http://127.0.0.1:8000", "http://localhost:8000"),
        ("http://localhost:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://localhost:8000"),
        ("http://localhost", "http://127.0.0.1"),
    ],
)
def test_on_this_computer_uploads_come_from_its_other_name(public_url: str, files_url: str) -> None:
    assert read(PUBLIC_URL=public_url, FILES_URL="").files_url == files_url


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://files.example/", "https://files.example"),
        ("https://Files.Example:443", "https://files.example"),
        ("https://files.example:8443", "https://files.example:8443"),
    ],
)
def test_the_address_of_uploads_is_kept_as_browsers_write_it(given: str, kept: str) -> None:
    assert read(FILES_URL=given).files_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "files.example",
        "https://x/path",
        "https://me:secret@x",
        "ftp://x",
        "http://[::1",
        "http://files.example",
        "https://leerspoor.example",
        "https://LEERSPOOR.example",
        "https://leerspoor.example:8443",
        "http://leerspoor.example",
    ],
)
def test_uploads_need_a_safe_address_on_another_host(url: str) -> None:
    assert refusal(FILES_URL=url).startswith("FILES_URL ")


@pytest.mark.parametrize("url", ["tcp://clamd:3310", "unix:///run/clamav/clamd.ctl"])
def test_the_scanner_is_reached_over_tcp_or_a_socket(url: str) -> None:
    assert read(CLAMD_URL=url).clamd_url == url


@pytest.mark.parametrize(
    "url",
    ["clamd", "tcp://clamd", "tcp://:3310", "tcp://c:x", "unix://", "unix://x/y", "http://c:1"],
)
def test_a_scanner_that_cannot_be_reached_is_refused(url: str) -> None:
    assert refusal(CLAMD_URL=url).startswith("CLAMD_URL ")


def test_short_secrets_are_refused() -> None:
    assert refusal(SECRET_KEY="s" * 31).startswith("SECRET_KEY is too short")
    for keys in ("k" * 31, f"{'k' * 44},short", ",", " , "):
        assert "ENCRYPTION_KEYS" in refusal(ENCRYPTION_KEYS=keys)


@pytest.mark.parametrize(
    "key",
    [
        *("k" * 44, "0123456789abcdef" * 2, "abcdefghijklmnopqrstuvwxyz0123456789"),
        *("change-me-change-me-change-me-32", "qwertyuiop" * 4, "password-password-password-12345"),
        "correct-horse-battery-staple-correct-horse",
    ],
)
def test_encryption_keys_that_can_be_guessed_are_refused(key: str) -> None:
    good = GOOD["ENCRYPTION_KEYS"]
    for keys in (key, f"{good},{key}"):
        sentence = refusal(ENCRYPTION_KEYS=keys)
        assert "can be guessed" in sentence
        assert key not in sentence


def test_random_encryption_keys_are_taken() -> None:
    for _ in range(500):
        for key in (secrets.token_hex(16), secrets.token_hex(32), secrets.token_urlsafe(32)):
            assert read(ENCRYPTION_KEYS=key).encryption_keys == (key,)


def test_several_encryption_keys_stay_in_order() -> None:
    new, old = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    for joined in (f"{new},{old}", f"{new}, {old}", f"{new} {old}"):
        assert read(ENCRYPTION_KEYS=joined).encryption_keys == (new, old)


@pytest.mark.parametrize("name", ["Europe", "Europe/Nergens", "../etc", "x" * 300, "\0"])
def test_a_time_zone_that_does_not_exist_is_refused(name: str) -> None:
    assert refusal(TIMEZONE=name).startswith("TIMEZONE ")


def test_the_demo_stays_on_this_computer() -> None:
    assert read(LEERSPOOR_DEMO="1", **NEAR).is_demo
    assert refusal(LEERSPOOR_DEMO="1").startswith("LEERSPOOR_DEMO works on this computer only")
    behind = refusal(LEERSPOOR_DEMO="1", TRUSTED_PROXIES="10.0.0.1", **NEAR)
    assert behind.startswith("LEERSPOOR_DEMO does not go with TRUSTED_PROXIES")
    for word in ("true", "yes", "2"):
        assert refusal(LEERSPOOR_DEMO=word, **NEAR).startswith("LEERSPOOR_DEMO is 1 or 0")


def test_trusted_proxies_are_addresses_or_networks() -> None:
    given = "10.0.0.1, 172.30.0.0/24 fd00::1"
    assert read(TRUSTED_PROXIES=given).trusted_proxies == ("10.0.0.1", "172.30.0.0/24", "fd00::1")
    for wrong in ("proxy.local", "10.0.0.256", "10.0.0.0/33", "*"):
        assert refusal(TRUSTED_PROXIES=wrong).startswith("TRUSTED_PROXIES ")


def test_a_log_level_is_one_of_four() -> None:
    assert read(LOG_LEVEL="DEBUG").log_level == "DEBUG"
    assert refusal(LOG_LEVEL="loud").startswith("LOG_LEVEL is ")


WRONG: list[dict[str, Any]] = [
    {"DATABASE_URL": "mysql://app:geheim@db/x"},
    {"DATABASE_URL": "postgresql://app:geheim@[::1/x"},
    {"DATABASE_OWNER_URL": "mysql://app:geheim@db/x"},
    {"REDIS_URL": "amqp://app:geheim@q"},
    {"EVIDENCE_URL": "ftp://app:geheim@x/y"},
    {"PUBLIC_URL": "https://app:geheim@x"},
    {"FILES_URL": "https://app:geheim@x"},
    {"CLAMD_URL": "http://app:geheim@x"},
    {"SECRET_KEY": "geheim"},
    {"ENCRYPTION_KEYS": "geheim"},
]


@pytest.mark.parametrize("changed", WRONG, ids=str)
def test_a_refusal_is_one_sentence_without_the_secret(changed: dict[str, str]) -> None:
    sentence = refusal(**changed)
    assert "geheim" not in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")
