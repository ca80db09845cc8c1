"""The door: what a file is, what may come in, and the copy that is kept."""
