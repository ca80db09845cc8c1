"""What the codes about rows, cells and runs say to people: what is wrong, and what to do."""

from importers.words import LOOK, N_, NOTHING, REPAIR, Sentences

SENTENCES: Sentences = {
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
    "ref.no_file": (
        N_("The column %(column)s refers to %(detail)s, which is not there."),
        N_("We do not use it. You need not do anything."),
    ),
    "change.older": (
        N_("We know a newer version of %(value)s, of %(detail)s."),
        NOTHING,
    ),
    "change.of_unknown": (
        N_("%(value)s is unknown here, and the changes do not say as what they come."),
        N_("Send a whole file (bulk), or send roles.csv along."),
    ),
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
    "moment.written": (
        N_("%(value)s is no moment as the standard writes it; we read it in Dutch time."),
        LOOK,
    ),
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
        N_("Correct the score, or the limits of this item."),
    ),
    "score.range_reversed": (
        N_("The lowest score %(value)s is above the highest, %(detail)s."),
        N_("Correct the limits and send the file again."),
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
    "crebo.ambiguous": (
        N_("The crebo %(value)s is in several dossiers: %(detail)s."),
        N_("We keep them apart. Choose the right edition for each group."),
    ),
    "level.form": (
        N_("%(value)s is no level: that is 1, 2, 3 or 4."),
        N_("The level stays unknown. Check it at SBB."),
    ),
    "sbb.no_dossiers": (
        N_("There is no dossier with a crebo in %(file)s."),
        N_("Download the dossiers from SBB again."),
    ),
    "sbb.not_final": (
        N_("This dossier is not adopted yet: %(value)s."),
        LOOK,
    ),
    "case.no_document": (
        N_("There is no document with an identifier in %(file)s."),
        N_("Download the framework again, as CASE JSON."),
    ),
    "case.association": (
        N_("We do not use associations of the kind %(value)s (%(detail)s times)."),
        NOTHING,
    ),
    "case.orphan": (
        N_("%(value)s hangs below nothing that is there; we put it at the top."),
        LOOK,
    ),
    "case.two_parents": (
        N_("%(value)s hangs in several places; we keep one of them."),
        LOOK,
    ),
    "case.circle": (
        N_("%(value)s hangs below itself, in a circle."),
        N_("Correct this where the framework is kept, and send it again."),
    ),
    "case.code": (
        N_("The code %(value)s is too long, or several items have it."),
        N_("We use the identifier instead."),
    ),
    "bulk.not_blank": (
        N_("The column %(column)s should be empty in a whole file (bulk)."),
        NOTHING,
    ),
    "bulk.as_in_changes": (
        N_("%(file)s is a whole file (bulk) with rows as in a file of changes."),
        N_("Nothing to do, if it is indeed whole."),
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
    "person.role_unclear": (
        N_("We cannot read as what %(value)s comes to the school."),
        N_("Correct the role of this person and send the file again."),
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
    # the run
    "closing.held": (
        N_("Not every row of %(file)s could be read, so we close nothing of this kind."),
        N_("Repair the rows that were set aside and send the file again."),
    ),
    "person.other_name": (
        N_("Here %(column)s %(value)s stands beside another name than before."),
        N_("Look whose row this is, and correct the number or the name."),
    ),
    "file.open_end": (
        N_("The last line of %(file)s has no end, so we close nothing of it."),
        N_("Perhaps it was cut off. Export it again, or end it with an Enter."),
    ),
    "closing.held_in": (
        N_("Of %(detail)s groups we do not see everybody, so we close nobody there."),
        N_("Check what the account of this source may see there."),
    ),
    "brake.would_close": (
        N_("Very much would be closed at once: %(detail)s."),
        N_("Check that the file is complete. Confirm only when this is right."),
    ),
    "brake.students": (
        N_("Very many students would be closed at once: %(detail)s."),
        N_("Check that the file is complete. Confirm only when this is right."),
    ),
    "brake.teachers": (
        N_("Very many teachers would be closed at once: %(detail)s."),
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
