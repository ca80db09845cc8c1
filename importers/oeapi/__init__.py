"""OEAPI (OOAPI) version 5; written from its specification and the mbo profile of it."""

from importers.oeapi.source import KIND, PULL_KIND

__all__ = ["KIND", "PULL_KIND"]
