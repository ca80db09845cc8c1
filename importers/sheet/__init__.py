"""A school's own sheet (CSV or XLSX) of people, groups, results, attendance, lessons or bpv."""

from importers.sheet.sheet import FILE_KIND, KIND, NAME, Sheet

__all__ = ["FILE_KIND", "KIND", "NAME", "Sheet"]
