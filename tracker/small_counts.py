"""Counts that betray nobody: none below ten, and none that can be found by subtraction.

Pure. A count that is kept back is None, also when it is 0: that nobody does something tells of
everybody.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

LEAST = 10
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Parts(Generic[Key]):
    """A whole and its parts; what is kept back is None."""

    whole: int | None
    parts: Mapping[Key, int | None]


def shown(count: int, *wholes: int | None) -> int | None:
    """Return a count, unless it is small, or so near one of its wholes that the rest is small.

    A whole that is kept back itself is None: from that nothing can be taken away.
    """
    rests = [whole - count for whole in wholes if whole is not None]
    return count if all(number >= LEAST for number in (count, *rests)) else None


def divided(parts: Mapping[Key, int]) -> Parts[Key]:
    """Return parts with their sum; small ones are kept back, with so many others as it takes.

    The smallest ones go, up to a size, until what is kept back is ten or more together and not all
    the same: then two parts may have changed places, and nobody can tell from the rest which is
    which. When even that is not enough the whole is kept back too.
    """
    whole = sum(parts.values())
    sizes = sorted(set(parts.values()))
    if whole < LEAST:
        return Parts(None, dict.fromkeys(parts))
    if sizes[0] >= LEAST:
        return Parts(whole, dict(parts))
    for size in sizes:
        kept_back = [count for count in parts.values() if count <= size]
        next_ones = [count for count in parts.values() if count > size]
        is_safe = len(set(kept_back)) > 1 and sum(kept_back) >= LEAST
        if is_safe and min(next_ones, default=LEAST) >= LEAST:
            told = {key: count if count > size else None for key, count in parts.items()}
            return Parts(whole, told)
    return Parts(None, dict.fromkeys(parts))
