"""A family of programs: started in order, kept alive, stopped in order.

Every program dies with this process, however that ends.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from bin.environment import ROOT, StartError, die_with_parent

ENDINGS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
WATCHED = ENDINGS | {signal.SIGCHLD}  # blocked, and taken in by sigtimedwait
GRACE = {"web": 32, "worker": 30}  # seconds to finish what is at hand; gunicorn itself takes 30
SETTLED_AFTER = 60  # seconds; who lived this long starts again with a clean slate
QUICK_DEATHS = 3
LARGEST_LOG = 10_000_000  # bytes


class Stopped(Exception):
    """Ctrl-C, SIGTERM or the end of the terminal."""


class Child:
    """One program of the family and its log."""

    def __init__(self, name: str, command: list[str], family: "Family", *, is_task: bool) -> None:
        self.name = name
        self.is_task = is_task
        self.command = command
        self.family = family
        self.log = family.folder / "log" / f"{name}.log"
        self.deaths = 0
        self.start()

    def start(self) -> None:
        """Start the program; what it says goes to its log."""
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        parent = os.getpid()

        def between_fork_and_exec() -> None:
            die_with_parent(parent, signal.SIGKILL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())

        with self.log.open("ab") as log:
            self.log_begin = log.tell()
            self.process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
                self.command,
                cwd=ROOT,
                env=self.family.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=self.family.shared,
                process_group=0,  # Ctrl-C reaches us alone, and we stop the family in order
                preexec_fn=between_fork_and_exec,  # noqa: PLW1509 - we have no threads
            )
        self.started = time.monotonic()
        self.start_again_at: float | None = None

    def has_ended(self) -> bool:
        """Tell whether the program has ended."""
        return self.process.poll() is not None

    def has_failed(self) -> bool:
        """Tell whether the program ended without having done its work."""
        return self.process.poll() is not None and not self.is_done()

    def is_done(self) -> bool:
        """Tell whether a task has done its work."""
        return self.is_task and self.process.poll() == 0

    def fail(self, sentence: str) -> NoReturn:
        """Raise StartError with the end of what the program said, then the sentence."""
        with self.log.open("rb") as log:
            log.seek(self.log_begin)
            lines = log.read().decode(errors="replace").splitlines()[-15:]
        said = "".join(f"    {line}\n" for line in lines)
        raise StartError(f"{said}{sentence} Its log is {self.log}.")

    def keep_alive(self) -> None:
        """Start the program again if it ended by itself, later each time; give up on the web."""
        if not self.has_ended():
            return
        now = time.monotonic()
        if self.start_again_at is None:
            self.deaths = self.deaths + 1 if now - self.started < SETTLED_AFTER else 1
            if self.name == "web" and self.deaths == QUICK_DEATHS:
                self.fail(f"The web server ended by itself {QUICK_DEATHS} times in a row.")
            tell(f"The {self.name} ended by itself and is started again; see {self.log}.")
            self.start_again_at = now + min(30, 2 ** (self.deaths - 2))
        if now >= self.start_again_at:
            self.start()

    def stop(self) -> None:
        """Let the program finish what it does, then end it and whatever it left behind."""
        patience_ends = time.monotonic() + GRACE.get(self.name, 5)
        if not self.has_ended():
            self.process.terminate()
        while not self.has_ended() and time.monotonic() < patience_ends:
            received = signal.sigtimedwait(WATCHED, 0.2)
            if received and received.si_signo in ENDINGS:  # asked a second time
                break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Family:
    """The state folder, what the programs inherit, and the programs in their order of start."""

    def __init__(self, folder: Path, environ: dict[str, str], shared: tuple[int, ...]) -> None:
        self.folder = folder
        self.environ = {**environ, "PYTHONUNBUFFERED": "1"}
        # Without compiled code each program would compile all of ours at each start.
        self.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        self.shared = shared
        self.children: list[Child] = []

    def start(self, name: str, *command: str, is_task: bool = False) -> Child:
        """Start a program."""
        child = Child(name, list(command), self, is_task=is_task)
        self.children.append(child)
        return child

    def python(self, name: str, *arguments: str, is_task: bool = False) -> Child:
        """Start a Python program; a task is one that does its work and ends."""
        return self.start(name, sys.executable, *arguments, is_task=is_task)

    def wait_until(self, happened: Callable[[], bool], child: Child, *, within: float) -> None:
        """Wait for what `child` does; raises StartError when it or another fails before that."""
        patience_ends = time.monotonic() + within
        while not happened():
            for member in self.children:
                if member.has_failed():
                    member.fail(f"Leerspoor could not start: {member.name} failed.")
            if time.monotonic() > patience_ends:
                child.fail(f"{child.name} was not ready within {within:.0f} seconds.")
            wait(0.1)
        self.children = [member for member in self.children if not member.is_done()]

    def stop(self) -> None:
        """Stop the programs: first what gives work, last what keeps it."""
        last = ("web", "worker", "valkey")
        self.children.sort(key=lambda child: last.index(child.name) if child.name in last else -1)
        for child in self.children:
            child.stop()


def wait(seconds: float) -> None:
    """Wait until a child ends, at most `seconds`; raises Stopped when we are asked to stop."""
    received = signal.sigtimedwait(WATCHED, seconds)
    if received and received.si_signo in ENDINGS:
        raise Stopped


def tell(sentence: str) -> None:
    """Say something to the person at the terminal; stdout is for the address alone."""
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201 - that is how a script speaks
