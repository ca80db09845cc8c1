"""Canvas over its REST interface; written from its documentation."""

from importers.canvas.source import KIND, PULL_KIND

__all__ = ["KIND", "PULL_KIND"]
