"""OneRoster 1.2 bundles of CSV (1EdTech OneRoster 1.2 CSV Binding), bulk files."""

from importers.oneroster.bundle import Bundle
from importers.oneroster.files import KIND, known_name

__all__ = ["KIND", "Bundle", "known_name"]
