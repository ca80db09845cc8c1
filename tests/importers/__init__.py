"""Tests of the importers, on real databases and real files."""
