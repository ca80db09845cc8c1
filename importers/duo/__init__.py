"""Files of DUO: an mbo school's Registratieoverzicht and Grondslag, and lists of pairs."""

from importers.duo import overview, pairs
from importers.duo.programmes import missing_frameworks

__all__ = ["FILE_KINDS", "missing_frameworks"]

FILE_KINDS = (*overview.FILE_KINDS, *pairs.FILE_KINDS)
