"""`bin/run` from outside: one line, ready, one sentence when it cannot, nobody left behind."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.running import PATIENCE, ROOT, Started, Starter, nobody_is_left, processes_of, wait_until
from tests.visits import TOKEN

pytestmark = pytest.mark.worker
ONE = {"WEB_CONCURRENCY": "1"}  # a second web process adds nothing here but its start


@pytest.fixture
def bin_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    with ExitStack() as stack:
        yield Starter(tmp_path_factory.mktemp("said"), stack)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """Start on a new folder, deep and with spaces in its name, with the demo."""
    deep = tmp_path_factory.mktemp("state") / ("een lange naam met spaties " * 4).strip()
    with ExitStack() as stack:
        started = Starter(tmp_path_factory.mktemp("said"), stack)(deep, "--port", "0")
        started.wait_until_serving()
        yield started


@pytest.fixture(scope="module")
def serving(first: Started, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """Start again on that folder; for the tests that leave it serving."""
    if first.process.poll() is None:
        first.end(signal.SIGTERM)
    with ExitStack() as stack:
        starter = Starter(tmp_path_factory.mktemp("said"), stack)
        started = starter(first.folder, "--port", "0", "--no-demo", **ONE)
        started.wait_until_serving()
        yield started


def test_first_start_loads_the_demo_prints_one_line_is_ready_and_leaves_nobody(
    first: Started,
) -> None:
    assert is_whole(first.address)
    server = next(name for name in processes_of(first.folder).values() if "valkey-server" in name)
    private = Path(server.split("--unixsocket ")[1].split()[0]).parent
    assert private.stat().st_mode & 0o777 == 0o700
    assert len(set(students_of_the_coach(first.address))) == 25
    page = get(f"{first.address}/school", headers=come_in(first.address, "administrator")).text
    waits = page.partition('id="waits"')[2].partition("</section>")[0]
    for told in ("praktijktoets_herkansing.csv", "3 rijen te herstellen", "3 wachten"):
        assert told in waits
    assert "nog te zeggen" in waits
    assert first.end(signal.SIGTERM) == 0
    assert first.out.read_text() == f"Leerspoor: {first.address}\n"
    nobody_is_left(first.folder)


def students_of_the_coach(address: str) -> list[str]:
    """Sign in as the demo coach and ask for the overview."""
    headers = come_in(address, "coach")
    overview = get(f"{address}/api/overview", params={"limit": 100}, headers=headers)
    return [row["student"]["id"] for row in overview.json()["items"]]


def come_in(address: str, slug: str) -> dict[str, str]:
    """Sign in as one of the demo's people; over http the cookie goes by hand."""
    form = get(f"{address}/sign-in")
    token = TOKEN.search(form.text)
    assert token is not None, form.text
    headers = {"Cookie": form.headers["set-cookie"].split(";")[0], "Origin": address}
    sign_in = {"csrf_token": token[1], "person": slug}
    signed_in = httpx.post(
        f"{address}/sign-in/demo", timeout=PATIENCE, data=sign_in, headers=headers
    )
    assert signed_in.status_code == 303, signed_in.text
    headers["Cookie"] = signed_in.headers["set-cookie"].split(";")[0]
    return headers


def test_second_start_keeps_the_state_and_sets_nothing_up(serving: Started) -> None:
    secrets = (serving.folder / "secrets.env").stat()
    assert is_whole(serving.address)
    assert serving.err.read_text() == ""
    assert secrets.st_mtime < serving.err.stat().st_mtime
    assert secrets.st_mode & 0o777 == 0o600


def test_request_at_hand_is_finished_before_the_end_and_no_process_stays(
    bin_run: Starter, tmp_path: Path
) -> None:
    started = bin_run(tmp_path / "state", "--port", "0", "--no-demo", **ONE)
    started.wait_until_serving()
    host, port = started.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(b"POST /sign-in/demo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nperson")
        wait_until(lambda: is_being_read(started, client), "the web server reads the request")
        started.process.send_signal(signal.SIGINT)
        wait_until(lambda: "Stopping" in started.err.read_text(), "it stops")
        client.sendall(b"=it")
        assert client.recv(100).startswith(b"HTTP/1.1 ")
    assert started.process.wait(PATIENCE) == 0
    nobody_is_left(started.folder)


def is_being_read(started: Started, client: socket.socket) -> bool:
    """Whether the web server took what was sent: nothing waits in the kernel on its side."""
    port = f"{client.getsockname()[1]:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, _, remote, state, queues = line.split()[:5]
        if remote.endswith(f":{port}") and state == "01":
            return queues.endswith(":00000000")
    return False


def test_taken_port_is_told_in_one_sentence(bin_run: Starter, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = bin_run(tmp_path, "--port", str(port)).refusal()
    assert said == (
        f"Port {port} of 127.0.0.1 cannot be used (Address already in use): "
        "choose another with --port.\n"
    )
    nobody_is_left(tmp_path)


def test_second_instance_on_a_folder_is_refused_and_the_first_goes_on(
    bin_run: Starter, serving: Started
) -> None:
    folder = serving.folder
    said = bin_run(folder, "--port", "0", "--no-demo").refusal()
    assert said == f"Leerspoor already runs on {folder}: stop it, or choose another --data.\n"
    assert get(f"{serving.address}/health/ready").status_code == 200


def test_demo_is_refused_to_the_network(bin_run: Starter, tmp_path: Path) -> None:
    said = bin_run(tmp_path, "--port", "0", "--host", "0.0.0.0").refusal()  # noqa: S104 - the point
    assert said == "The demo is for this computer only: add --no-demo to use 0.0.0.0.\n"


def test_wrong_setting_ends_the_start_with_its_sentence(bin_run: Starter, tmp_path: Path) -> None:
    said = bin_run(tmp_path, "--port", "0", SECRET_KEY="short").refusal()
    assert "SECRET_KEY is too short: give it at least 32 random characters." in said
    assert said.splitlines()[-1].startswith("Leerspoor could not start: migrate failed.")
    assert "Traceback" not in said
    nobody_is_left(tmp_path)


@pytest.mark.parametrize("program", ["valkey-server", "worker.py", "gunicorn"])
def test_program_that_is_killed_is_started_again(serving: Started, program: str) -> None:
    folder = serving.folder
    killed = {pid for pid, name in processes_of(folder).items() if program in name}
    assert killed
    os.kill(min(killed), signal.SIGKILL)

    def runs_again() -> bool:
        return any(
            program in name and pid not in killed for pid, name in processes_of(folder).items()
        )

    wait_until(runs_again, f"{program} runs again")
    wait_until(lambda: is_whole(serving.address), "queue and database answer")


def get(address: str, **options: Any) -> httpx.Response:
    return httpx.get(address, timeout=PATIENCE, **options)


def is_whole(address: str) -> bool:
    try:
        found = get(f"{address}/health/ready").json()
    except httpx.TransportError:
        return False
    return bool(found == {"database": "ok", "queue": "ok"})


def test_command_works_on_the_state_of_the_server_from_any_folder(
    serving: Started, tmp_path: Path
) -> None:
    command = [str(ROOT / "bin" / "leerspoor"), "--data", str(serving.folder)]
    school = [*command, "school", "add", f"s{os.getpid()}", "De proefschool"]
    person = [*command, "person", "add", f"s{os.getpid()}", "--name", "An", "--role", "coach"]
    for arguments in (school, person):
        done = subprocess.run(  # noqa: S603 - our own program
            arguments, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_killed_it_takes_every_program_along(serving: Started) -> None:
    """The last of these tests: the others need it serving."""
    programs = " ".join(processes_of(serving.folder).values())
    assert all(name in programs for name in ("serve.py", "worker.py", "gunicorn", "valkey"))
    assert serving.end(signal.SIGKILL) == -signal.SIGKILL
    nobody_is_left(serving.folder)


@pytest.mark.drill
def test_fresh_clone_starts_within_90_seconds_and_the_second_time_within_5(
    bin_run: Starter, tmp_path: Path
) -> None:
    clone = tmp_path / "een kloon"
    copy_checkout(clone)
    for seconds in (90, 5):
        began = time.monotonic()
        started = bin_run(clone / "var", "--port", "0", root=clone)
        started.wait_until_serving()
        took = time.monotonic() - began
        assert is_whole(started.address)
        assert started.end(signal.SIGTERM) == 0
        assert took <= seconds


def copy_checkout(clone: Path) -> None:
    """Copy what a clone would hold: everything but what git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git, wherever it is
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split(b"\0")):
        copy = clone / os.fsdecode(name)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / os.fsdecode(name), copy)


@pytest.mark.drill
def test_set_up_that_was_killed_is_made_anew(bin_run: Starter, tmp_path: Path) -> None:
    clone = tmp_path / "kloon"
    copy_checkout(clone)
    killed = bin_run(clone / "var", "--port", "0", "--no-demo", root=clone)
    wait_until(lambda: bool(list(clone.glob(".venv/lib/*/site-packages/flask"))), "it installs")
    killed.end(signal.SIGKILL)
    again = bin_run(clone / "var", "--port", "0", "--no-demo", root=clone)
    again.wait_until_serving()
    assert is_whole(again.address)
