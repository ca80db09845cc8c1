"""A file as the door kept it: on disk, opened as often as somebody wants to read it."""

import io
import os
from tempfile import TemporaryFile
from typing import IO, Self
from weakref import finalize

BUFFER = 256 * 1024


class Kept:
    """The content of a kept file; never whole in memory unless `read` is asked for it."""

    def __init__(self, file: IO[bytes], *, skip: int = 0) -> None:
        """Take over an open file with a place on disk; its first `skip` bytes are no part of it."""
        file.flush()
        finalize(self, file.close)
        self._file, self._skip = file, skip
        self.size = os.fstat(file.fileno()).st_size - skip

    @classmethod
    def of(cls, body: bytes) -> Self:
        """Return these bytes as a kept file."""
        file = TemporaryFile()  # noqa: SIM115 - closed when nobody holds it any more
        file.write(body)
        return cls(file)

    def open(self) -> IO[bytes]:
        """Open it at its beginning; each reader has a place of its own."""
        return io.BufferedReader(_Part(self._file.fileno(), self._skip, self.size, self), BUFFER)

    def read(self) -> bytes:
        """Return all of it."""
        with self.open() as content:
            return content.read()


class _Part(io.RawIOBase):
    """One reader's view of a file that others read too."""

    def __init__(self, number: int, skip: int, size: int, owner: Kept) -> None:
        # The owner is held, so that the file stays open for as long as somebody reads it.
        self._number, self._skip, self._size, self._owner = number, skip, size, owner
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError("before the beginning")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]  # a buffer, as io says
        wanted = min(len(into), max(self._size - self._at, 0))
        found = os.pread(self._number, wanted, self._skip + self._at)
        into[: len(found)] = found
        self._at += len(found)
        return len(found)
