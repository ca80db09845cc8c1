"""The schema, step by step: numbered files that only add and fill."""
