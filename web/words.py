"""What our codes mean, said to the person who fills in a form."""

from flask_babel import gettext


def sentence(code: str) -> str:
    """Return what is wrong and what to do, in one or two short sentences."""
    sentences = {
        "required": gettext("Fill this in."),
        "too_long": gettext("This is too long. Make it shorter."),
        "not_a_date": gettext("This is not a date. Choose a day."),
        "not_a_choice": gettext("Choose one of these."),
        "date.in_future": gettext("This day is still to come. Choose today or earlier."),
        "date.in_past": gettext("This day is over. Choose a later one."),
        "people.unanswered": gettext("Tell us: are there people in it?"),
        "item.of_other_framework": gettext("This work is not in your programme."),
        "share.needs_placement": gettext("Choose with whom you share this."),
        "files.too_many": gettext("At most 10 files. Leave some out."),
        "file.empty": gettext("This file is empty. Choose another one."),
        "file.too_large": gettext("This file is larger than 100 MB. Make it smaller."),
        "file.too_many_pixels": gettext("This photo is too large. Make it smaller."),
        "file.kind_not_allowed": gettext("We cannot keep this kind of file. Choose another one."),
        "file.damaged": gettext("We cannot open this photo. Take it again."),
    }
    return sentences.get(code, gettext("This is not right yet. Look at it again."))
