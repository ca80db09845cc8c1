"""Reading ahead: the next batches are made while the database takes the present one."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import Generic, TypeVar
from weakref import finalize

T = TypeVar("T")
# So many batches wait until somebody asks for them; more would only take memory.
AHEAD = 1
LOOK = 0.1  # seconds between two looks whether anybody still wants one


@dataclass(frozen=True)
class _Ended:
    error: BaseException | None


class Ahead(Generic[T]):
    """An iterator that another thread works ahead for; what goes wrong there is raised here."""

    def __init__(self, made: Iterator[T]) -> None:
        self._queue: Queue[T | _Ended] = Queue(AHEAD)
        self._stop = threading.Event()
        # The thread does not hold this object: when nobody does, nobody wants more.
        arguments = (made, self._queue, self._stop)
        self._thread = threading.Thread(target=_work, args=arguments, daemon=True)
        self._thread.start()
        self._finalize = finalize(self, self._stop.set)

    def __iter__(self) -> "Ahead[T]":
        return self

    def __next__(self) -> T:
        found = self._queue.get()
        if isinstance(found, _Ended):
            self._queue.put(found)  # for whoever asks again
            if found.error is not None:
                raise found.error
            raise StopIteration
        return found

    def close(self) -> None:
        """Make no more, and wait until what is being made is done."""
        self._stop.set()
        while self._thread.is_alive():
            try:
                self._queue.get(timeout=LOOK)
            except Empty:
                continue
        self._queue.put(_Ended(None))


def _work(made: Iterator[T], queue: "Queue[T | _Ended]", stop: threading.Event) -> None:
    try:
        for one in made:
            if not _hand_over(one, queue, stop):
                return
        _hand_over(_Ended(None), queue, stop)
    except BaseException as error:
        _hand_over(_Ended(error), queue, stop)


def _hand_over(one: "T | _Ended", queue: "Queue[T | _Ended]", stop: threading.Event) -> bool:
    while not stop.is_set():
        try:
            queue.put(one, timeout=LOOK)
        except Full:
            continue
        return True
    return False
