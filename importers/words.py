"""Marking sentences for translation, and the next steps that many of them share."""


def N_(text: str) -> str:  # noqa: N802 - the name by which texts are collected
    """Mark a text for translation without translating it yet."""
    return text


Sentences = dict[str, tuple[str, str]]
REPAIR = N_("Repair this row and send the file again.")
AGAIN = N_("Make the export again and send it once more.")
NOTHING = N_("You need not do anything.")
LOOK = N_("Check that this is right.")
WHO = N_("Say who it is at People we do not know.")
