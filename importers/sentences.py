"""What each code says to people: what is wrong, and what to do. Everywhere the same words.

The texts are message ids (docs/decisions/0004); the catalogue holds the Dutch.
"""

from typing import Protocol

from flask_babel import gettext


def N_(text: str) -> str:  # noqa: N802 - the name by which texts are collected
    """Mark a text for translation without translating it yet."""
    return text


class Issue(Protocol):
    """What a sentence may speak of."""

    code: str
    file: str | None
    row: int | None
    column: str | None
    value: str | None
    detail: str | None


REPAIR = N_("Repair this row and send the file again.")
AGAIN = N_("Make the export again and send it once more.")
NOTHING = N_("You need not do anything.")
LOOK = N_("Check that this is right.")

SENTENCES: dict[str, tuple[str, str]] = {
    # the file
    "file.unknown_kind": (
        N_("We do not recognise the file %(file)s."),
        N_("Send a OneRoster bundle (zip) or a list of qualifications (csv)."),
    ),
    "file.empty": (N_("The file %(file)s is empty."), AGAIN),
    "file.too_large": (
        N_("The file is larger than %(detail)s."),
        N_("Send fewer years at once."),
    ),
    "file.encoding": (
        N_("The file %(file)s is not in UTF-8."),
        N_("Save it as CSV UTF-8 and send it again."),
    ),
    "file.line_too_long": (N_("The file %(file)s is no table: a line has no end."), AGAIN),
    "file.missing": (
        N_("The file %(file)s is missing from the bundle."),
        N_("Export the bundle again, with this file in it."),
    ),
    "file.no_rows": (
        N_("The file %(file)s has a header and no rows."),
        N_("Nobody is closed. Check the export."),
    ),
    "file.name_case": (N_("The file %(file)s should be called %(detail)s."), NOTHING),
    "file.in_folder": (N_("The file %(file)s lies in a folder of the zip."), NOTHING),
    "file.unknown": (N_("We do not know the file %(file)s and did not read it."), NOTHING),
    "zip.broken": (N_("The file %(file)s is not a whole zip file."), AGAIN),
    "zip.unsafe_name": (N_("The zip holds a file with an unsafe name."), AGAIN),
    "zip.too_many_files": (N_("The zip holds more than %(detail)s files."), AGAIN),
    "zip.too_large": (
        N_("The zip becomes larger than we accept when unpacked."),
        N_("Send fewer years at once."),
    ),
    "zip.bomb": (
        N_("The file %(file)s in the zip is packed in an impossible way."),
        AGAIN,
    ),
    "zip.encrypted": (
        N_("The zip has a password."),
        N_("Make a zip without a password and send it again."),
    ),
    "zip.same_file_twice": (N_("The file %(file)s is in the zip more than once."), AGAIN),
    "manifest.version": (
        N_("This bundle says OneRoster version %(value)s; we read %(detail)s."),
        N_("Choose version 1.2 in the system that makes the export."),
    ),
    "manifest.mode": (N_("In manifest.csv, %(detail)s has the unknown value %(value)s."), AGAIN),
    "manifest.delta": (
        N_("The file %(file)s holds only changes (delta); we read whole files (bulk)."),
        N_("Choose bulk in the system that makes the export."),
    ),
    "manifest.says_absent": (
        N_("According to manifest.csv there is no %(file)s, so we did not read it."),
        LOOK,
    ),
    "header.missing": (
        N_("The column %(column)s is missing from %(file)s."),
        N_("Add this column and send the file again."),
    ),
    "header.twice": (
        N_("The column %(column)s is in %(file)s twice."),
        N_("Remove one of the two and send the file again."),
    ),
    "header.unreadable": (N_("The first row of %(file)s is not a row of column names."), AGAIN),
    "header.case": (N_("The column %(column)s should be called %(detail)s."), NOTHING),
    "header.empty": (N_("A column of %(file)s has no name; we passed it over."), NOTHING),
    "options.one_crebo": (
        N_("The list holds %(detail)s qualifications, so one level or title cannot fit."),
        N_("Leave level and title empty, or send one qualification at a time."),
    ),
    # a row
    "row.unreadable": (
        N_("This row cannot be taken apart: a quotation mark is missing or a cell is too long."),
        REPAIR,
    ),
    "row.too_few_fields": (N_("This row has too few cells (%(detail)s)."), REPAIR),
    "row.too_many_fields": (N_("This row has too many cells (%(detail)s)."), REPAIR),
    "key.missing": (
        N_("The column %(column)s is empty."),
        N_("Without it we do not know what this row is about. Fill it in."),
    ),
    "key.twice": (
        N_("The same row stands here twice, also in row %(detail)s."),
        NOTHING,
    ),
    "key.contradictory": (
        N_("%(value)s also stands in row %(detail)s, with other content."),
        N_("Leave the right row and remove the other."),
    ),
    "ref.unknown": (
        N_("%(value)s is unknown: it is in none of the files."),
        N_("Add it, or remove this row."),
    ),
    "ref.set_aside": (
        N_("%(value)s is in the file, but that row is set aside."),
        N_("Repair that row first."),
    ),
    "ref.unused": (N_("%(value)s is not in %(detail)s. We do not use it."), NOTHING),
    # a cell
    "cell.nul": (N_("The column %(column)s holds a character that is no text."), REPAIR),
    "cell.encoding": (
        N_("The column %(column)s holds letters that are not in UTF-8."),
        N_("Save the file as CSV UTF-8 and send it again."),
    ),
    "value.missing": (N_("The column %(column)s is empty."), N_("Fill it in.")),
    "value.too_long": (
        N_("The column %(column)s holds more than %(detail)s characters."),
        REPAIR,
    ),
    "value.shortened": (
        N_("The column %(column)s was cut off after %(detail)s characters."),
        NOTHING,
    ),
    "value.unknown": (
        N_("We do not know the word %(value)s in the column %(column)s."),
        N_("Use one of these: %(detail)s."),
    ),
    "value.case": (N_("%(value)s is usually written in another way."), NOTHING),
    "date.form": (
        N_("%(value)s is not a date that we can read."),
        N_("Write it as 2026-11-30."),
    ),
    "date.impossible": (
        N_("The date %(value)s does not exist."),
        N_("Write a date that exists, as 2026-11-30."),
    ),
    "date.dutch": (N_("We read %(value)s as day-month-year."), LOOK),
    "date.before_start": (
        N_("The end %(value)s is before the beginning %(detail)s."),
        REPAIR,
    ),
    "number.form": (
        N_("%(value)s is not a number that we can read."),
        N_("Write it as 7.5, without a separator for thousands."),
    ),
    "number.comma": (N_("We read the comma in %(value)s as a decimal sign."), LOOK),
    "score.out_of_range": (
        N_("The score %(value)s is outside %(detail)s."),
        N_("Correct the score, or the limits in lineItems.csv."),
    ),
    "boolean.form": (
        N_("%(value)s is not true or false."),
        N_("Write true or false."),
    ),
    "boolean.written": (N_("We read %(value)s as true or false."), LOOK),
    "email.unusable": (
        N_("%(value)s is no e-mail address; we left it out."),
        N_("Correct it in the school's own system."),
    ),
    "crebo.form": (
        N_("%(value)s is no crebo code: that has five digits and nothing else."),
        N_("Write the five digits, also a 0 in front."),
    ),
    "bulk.not_blank": (
        N_("The column %(column)s should be empty in a whole file (bulk)."),
        NOTHING,
    ),
    "status.unknown": (
        N_("We do not know the status %(value)s."),
        N_("Leave it empty in a whole file, or use one of these: %(detail)s."),
    ),
    "role.ignored": (
        N_("The role %(value)s gives nothing here; only students and teachers come in."),
        NOTHING,
    ),
    "person.other_role": (
        N_("This person is neither student nor teacher and does not come in."),
        NOTHING,
    ),
    "result.without_score": (N_("Nothing was handed in here, so there is no signal."), NOTHING),
    "bsn.dropped": (
        N_("There was a BSN in the column %(column)s. We did not keep it."),
        N_("Leave it out of the next export."),
    ),
    "bsn.column": (
        N_("The column %(column)s is meant for a BSN. We emptied it."),
        N_("Leave it out of the next export."),
    ),
    "person.number_twice": (
        N_("Two people in this file have the number %(value)s."),
        N_("Give each their own number in the school's own system."),
    ),
    "person.number_taken": (
        N_("The number %(value)s already belongs to somebody with another name."),
        N_("Check who it is, and correct the name or the number."),
    ),
    # a system that is pulled
    "source.no_settings": (
        N_("This source can only be read where the server's settings are."),
        N_("Start it with bin/leerspoor or let the worker do it."),
    ),
    # the run
    "closing.held": (
        N_("Not every row of %(file)s could be read, so we close nothing of this kind."),
        N_("Repair the rows that were set aside and send the file again."),
    ),
    "brake.would_close": (
        N_("Very much would be closed at once: %(detail)s."),
        N_("Check that the file is complete. Confirm only when this is right."),
    ),
    "preview.outdated": (
        N_("Something changed since you looked. This is the preview of now."),
        N_("Look again and approve again."),
    ),
    "run.failed": (
        N_("Something went wrong with us while we worked on this file."),
        N_("Send the file again. If it goes wrong again, call the helpdesk."),
    ),
    "run.gave_up": (
        N_("We could not get through this file, however often we tried."),
        N_("Send the file again in smaller parts, or call the helpdesk."),
    ),
}


def sentences_of(issue: Issue) -> tuple[str, str]:
    """Return what is wrong and what to do, in the language of the reader."""
    message, hint = SENTENCES[issue.code]
    facts = {
        "file": issue.file or "",
        "column": issue.column or "",
        "value": issue.value or "",
        "detail": issue.detail or "",
    }
    return gettext(message, **facts), gettext(hint, **facts)
