"""Readers of files: tables and bundles, within limits, whatever is in them."""
