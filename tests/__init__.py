"""The tests: sentences, on real servers."""
