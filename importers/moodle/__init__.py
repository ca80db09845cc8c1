"""Moodle web services (Moodle 4.1 and later; tried with 5.1.3)."""

from importers.moodle.source import KIND, PULL_KIND

__all__ = ["KIND", "PULL_KIND"]
