"""What the codes about Moodle's own exports say to people: what is wrong, and what to do."""

from importers.words import AGAIN, N_, NOTHING, Sentences

SENTENCES: Sentences = {
    "export.no_course": (
        N_("The name of %(file)s does not say of which course it is."),
        N_("Put the short name of the course in front of the file's name."),
    ),
    "export.course": (
        N_("We read %(file)s as of the course %(value)s."),
        N_("Is it of another one? Put that course's short name in the file's name."),
    ),
    "export.no_number": (
        N_("%(file)s has names and no numbers, and two people may have one name."),
        N_("Let Moodle show the ID number in its reports, and export it again."),
    ),
    "export.same_title": (
        N_("Several activities are called %(value)s; we read none of them."),
        N_("Give each its own name in Moodle and export it again."),
    ),
    "export.no_grades": (
        N_("There are no grades of activities in %(file)s."),
        N_("Choose the activities and the form Real in Moodle's export."),
    ),
    "export.totals": (N_("We do not read totals: %(detail)s."), NOTHING),
    "export.other_forms": (
        N_("These columns tell the same grade in another form: %(detail)s."),
        NOTHING,
    ),
    "export.feedback": (N_("We never read feedback; it was emptied."), NOTHING),
    "export.dated_by_download": (
        N_("Moodle does not say when grades were given; we take the day of the download."),
        N_("Connect Moodle itself if you need the real days."),
    ),
    "export.no_moment": (
        N_("The last column does not say when this was downloaded."),
        N_("Send the file as Moodle made it."),
    ),
    "export.no_completion": (
        N_("There is no state such as Completed or Voltooid in %(file)s."),
        AGAIN,
    ),
    "export.state_unknown": (
        N_("%(value)s does not say whether it is completed."),
        N_("Export the report in Dutch or English."),
    ),
    "export.json": (
        N_("In Moodle's JSON of this report names and dates are lost."),
        N_("Export the same report as CSV or Excel."),
    ),
    "export.log": (
        N_("This log has names and no numbers, so we cannot tell whose it is."),
        N_("Use xAPI, or the table logstore_standard_log from the database."),
    ),
}
