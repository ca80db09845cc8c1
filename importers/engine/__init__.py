"""The engine: a run is read, staged, matched, previewed, written; a step is a commit."""
