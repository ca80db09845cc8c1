"""Running `bin/run` the way a person does, and finding every process that belongs to it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bin.environment import die_with_parent, state_folder, with_defaults

ROOT = Path(__file__).parent.parent
PATIENCE = 300  # seconds: a busy machine may take its time


@dataclass
class Started:
    """A `bin/run` on a state folder."""

    process: subprocess.Popen[bytes]
    folder: Path
    out: Path
    err: Path

    @property
    def address(self) -> str:
        return self.out.read_text().removeprefix("Leerspoor: ").strip()

    def wait_until_serving(self) -> None:
        wait_until(
            lambda: self.out.read_text().endswith("\n") or self.process.poll() is not None,
            f"bin/run serves: {self.err.read_text()}",
        )
        assert self.process.poll() is None, self.err.read_text()

    def refusal(self) -> str:
        """Wait for the end of a start that cannot succeed; give what it told the person."""
        assert self.process.wait(PATIENCE) != 0
        assert self.out.read_text() == ""
        return self.err.read_text()

    def end(self, sign: signal.Signals) -> int:
        self.process.send_signal(sign)
        return self.process.wait(PATIENCE)


def wait_until(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)


def processes_of(folder: Path) -> dict[int, str]:
    """Find every process that knows this state folder, by its environment or arguments."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            arguments = (entry / "cmdline").read_bytes()
            known = arguments + b"\0" + (entry / "environ").read_bytes()
        except OSError:
            continue
        if entry.name.isdigit() and arguments and os.fsencode(folder) in known:
            found[int(entry.name)] = arguments.replace(b"\0", b" ").decode()
    return found


def nobody_is_left(folder: Path) -> None:
    wait_until(lambda: not processes_of(folder), f"all ended: {processes_of(folder)}")


@dataclass
class Starter:
    """Starts `bin/run`s that end with the test."""

    scratch: Path
    stack: ExitStack

    def __call__(self, folder: Path, *options: str, root: Path = ROOT, **environ: str) -> Started:
        number = len(list(self.scratch.iterdir()))
        out, err = self.scratch / f"{number}.out", self.scratch / f"{number}.err"
        parent = os.getpid()
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(  # noqa: S603 - our own program
                [root / "bin" / "run", "--data", folder, *options],
                cwd="/",
                env={**os.environ, **environ},
                stdout=stdout,
                stderr=stderr,
                preexec_fn=lambda: die_with_parent(  # noqa: PLW1509 - nothing is locked
                    parent, signal.SIGKILL
                ),
            )
        started = Started(process, folder, out, err)
        self.stack.callback(self.finish, started)
        return started

    def finish(self, started: Started) -> None:
        if started.process.poll() is None:
            started.end(signal.SIGTERM)


def run_command(
    database_url: str, folder: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of ours on a database, with its other state in a folder."""
    given = {**os.environ, "DATABASE_URL": database_url, "PUBLIC_URL": "http://127.0.0.1:8000"}
    environ = with_defaults(given, state_folder(str(folder), {}))
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, str(ROOT / "commands.py"), *arguments],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
