"""What the codes about a school's own sheet say to people: what is wrong, and what to do."""

from importers.words import LOOK, N_, NOTHING, Sentences

SENTENCES: Sentences = {
    "sheet.no_person": (
        N_("No column says who or what the rows are about: %(detail)s."),
        N_("Say which column holds the student's number."),
    ),
    "sheet.no_date": (
        N_("Nothing says when this was."),
        N_("Say which column holds the day, or give one day for the whole sheet."),
    ),
    "sheet.no_period": (
        N_("A column is missing: when the bpv begins or ends (%(detail)s)."),
        N_("Add the columns Begin and Einde."),
    ),
    "rows.blank": (
        N_("We passed over rows that are empty or only a total: %(detail)s."),
        NOTHING,
    ),
    "column.ambiguous": (
        N_("The columns %(column)s and %(detail)s may both tell who it is."),
        N_("Choose one of them as the person's key."),
    ),
    "column.unused": (
        N_("We do not use the column %(column)s."),
        N_("Say what the column means if we should use it."),
    ),
    "column.empty": (N_("Nothing stands in the column %(column)s."), NOTHING),
    "column.points": (N_("In this column the point is the decimal sign."), LOOK),
    "mapping.no_column": (
        N_("The column %(column)s that you named is not in this file."),
        N_("Correct the name of the column, or leave it out."),
    ),
    "mapping.remembered": (N_("We read the columns as you said the last time."), LOOK),
    "source.other_kind": (
        N_("There is already another source with the name %(value)s."),
        N_("Choose another name for this source."),
    ),
    "person.by_email": (
        N_("This sheet names people by e-mail, and %(value)s matches them by number."),
        N_("Choose e-mail at this source, or give the sheet another name."),
    ),
    "person.bare_numbers": (
        N_("The numbers in the column %(column)s are bare digits."),
        N_("Did Excel drop letters or zeros? Give an example of a whole number."),
    ),
    "key.superseded": (
        N_("The same also stands in row %(detail)s, on a later day; that one counts."),
        N_("Say that every day counts (repeats) if you want to keep both."),
    ),
    "grade.unknown": (
        N_("%(value)s is neither a number nor a word that we know."),
        N_("Use one of these: %(detail)s. Or choose another scale for the column."),
    ),
    "presence.unknown": (
        N_("%(value)s does not say whether somebody was there."),
        N_("Write aanwezig or afwezig."),
    ),
    "hours.rounded": (N_("We rounded %(value)s to %(detail)s hours."), LOOK),
    "url.form": (
        N_("%(value)s is no address of a web page; we left it out."),
        N_("Write an address that begins with https://."),
    ),
    "number.point": (N_("We read the point in %(value)s as a decimal sign."), LOOK),
    "number.thousands": (
        N_("%(value)s may be read in two ways: with thousands or with decimals."),
        N_("Write it without a separator for thousands, or say which one you use."),
    ),
    "date.slashes": (N_("We read the date as day/month/year."), LOOK),
    "date.serial": (N_("We read the day number %(value)s as %(detail)s."), LOOK),
    "date.future": (N_("The date %(value)s is still to come."), LOOK),
    "date.far_future": (
        N_("The date %(value)s lies more than a year ahead."),
        N_("Check the year."),
    ),
    "time.twice": (
        N_("The time %(value)s came twice that night: the clock went back."),
        N_("We took the first. Give the time zone if it was the second."),
    ),
    "time.skipped": (
        N_("The time %(value)s did not exist: the clock went forward."),
        LOOK,
    ),
}
