"""Kwalificaties with their kerntaken and werkprocessen: a list (CSV), or the dossiers of SBB."""

from importers.kwalificaties import listed, sbb

__all__ = ["FILE_KINDS"]

FILE_KINDS = (listed.FILE_KIND, sbb.FILE_KIND)
