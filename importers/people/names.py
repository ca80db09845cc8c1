"""Names of people, as far as they speak for or against somebody being somebody else."""

import re
import unicodedata

# Words of which many names have one: they make nobody the same.
PARTICLES = frozenset({
    "aan", "al", "bij", "da", "de", "del", "den", "der", "des", "di", "dos", "du", "el", "het",
    "ibn", "in", "la", "le", "onder", "op", "te", "ten", "ter", "uit", "van", "vande", "vanden",
    "vander", "von", "voor", "zu", "zum", "zur",
})  # fmt: skip


def words_of(name: str) -> list[str]:
    """Return the words of a name in order, without accents, capitals and punctuation."""
    decomposed = unicodedata.normalize("NFKD", name)
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return sorted(re.sub(r"[^\w]+", " ", bare.casefold()).split())


def telling_words_of(name: str) -> frozenset[str]:
    """Return the words of a name that few others have: no initials, no particles."""
    return frozenset(word for word in words_of(name) if len(word) > 1 and word not in PARTICLES)


def speaks_against(told: str, known: str) -> bool:
    """Whether two names, of which either may be shortened, have nothing in common."""
    one, other = telling_words_of(told), telling_words_of(known)
    return bool(one and other) and not one & other
