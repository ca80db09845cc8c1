"""How long people's own words may be, in letters: the same on a page and in the API."""

MAX_TITLE = 200  # as long as its column
MAX_TEXT = 4000  # what a goal says, a comment, a talk
MAX_WORDS = 2000  # a view, a question, a request, and why something is so
MAX_EVIDENCE = 10_000
