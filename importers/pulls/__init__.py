"""Systems that are pulled or push: which, when, with what key, and how they answer."""
