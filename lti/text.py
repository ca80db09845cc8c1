"""Text from outside: sound enough to compare, keep and show."""

LONGEST_ID = 255  # LTI 1.3 core: deployment_id and sub


def is_sound(value: object, longest: int = LONGEST_ID) -> bool:
    """Whether this is text of at most `longest` characters that every database can hold."""
    return isinstance(value, str) and 0 < len(value) <= longest and can_be_kept(value)


def can_be_kept(text: str) -> bool:
    """Whether text is free of NUL and of halves of characters (JSON lets both through)."""
    return "\0" not in text and not any("\ud800" <= mark <= "\udfff" for mark in text)


def one_line(text: str, longest: int) -> str:
    """Return text without line breaks and runs of spaces, cut to length."""
    return " ".join(text.split())[:longest].strip()
