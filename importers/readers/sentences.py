"""What the codes about workbooks, JSON and XML say to people: what is wrong, and what to do."""

from importers.words import AGAIN, LOOK, N_, NOTHING, REPAIR, Sentences

SENTENCES: Sentences = {
    # a workbook
    "xlsx.broken": (
        N_("The workbook %(file)s is damaged."),
        N_("Open it in Excel, save it again, and send that."),
    ),
    "xlsx.no_table": (
        N_("No sheet of %(file)s that can be seen holds a table."),
        N_("Put the column names in one row, with the rows below it."),
    ),
    "xlsx.too_large": (
        N_("The workbook %(file)s holds more than %(detail)s rows, or very much text."),
        N_("Save it as CSV UTF-8 and send that."),
    ),
    "xlsx.too_wide": (
        N_("The sheet has more than %(detail)s columns."),
        N_("Leave out columns that are not needed."),
    ),
    "xlsx.macros": (N_("There are macros in %(file)s. We did not look at them."), NOTHING),
    "xlsx.hidden_sheets": (N_("We did not read hidden sheets (%(detail)s)."), NOTHING),
    "xlsx.other_sheets": (
        N_("We read the sheet %(value)s, and not: %(detail)s."),
        N_("Do you need another sheet? Save it as a file of its own."),
    ),
    "xlsx.formula": (
        N_("There is a formula in this cell. We took it as empty."),
        N_("Type the value itself if you want it to come in."),
    ),
    "xlsx.error_cell": (
        N_("Excel shows the error %(value)s in this cell. We took it as empty."),
        N_("Type the right value."),
    ),
    "xlsx.merged": (
        N_("Cells were merged (%(detail)s). Only the first of them holds the value."),
        N_("Fill in each cell if the value counts for every row."),
    ),
    "xlsx.more": (N_("The same goes for %(detail)s more cells."), LOOK),
    # JSON and XML
    "json.broken": (N_("This is not whole JSON."), AGAIN),
    "json.too_deep": (N_("This JSON has more levels than we read."), AGAIN),
    "json.too_large": (
        N_("The file %(file)s is larger than the %(detail)s that we read at once."),
        N_("Send it in parts, or as one statement on each line (JSONL)."),
    ),
    "json.line_too_long": (N_("This line is longer than we read."), REPAIR),
    "json.no_number": (N_("This JSON holds a number that does not exist."), AGAIN),
    "json.no_object": (N_("This is not a row with named values."), REPAIR),
    "json.encoding": (N_("This line holds letters that are not in UTF-8."), REPAIR),
    "xml.broken": (N_("The file %(file)s is not whole XML."), AGAIN),
    "xml.dtd": (
        N_("The file %(file)s has a part that we never open (DTD)."),
        N_("Ask for an export without it."),
    ),
    "xml.too_deep": (N_("The file %(file)s has more levels than we read."), AGAIN),
    "xml.too_long": (N_("A part of %(file)s is longer than we read."), AGAIN),
    "manifest.version": (
        N_("This bundle says OneRoster version %(value)s; we read %(detail)s."),
        N_("Choose version 1.1 or 1.2 in the system that makes the export."),
    ),
    "manifest.mode": (N_("In manifest.csv, %(detail)s has the unknown value %(value)s."), AGAIN),
    "manifest.missing": (
        N_("There is no manifest.csv; this looks like OneRoster %(detail)s."),
        N_("We close nothing because it is missing. Add manifest.csv to the export."),
    ),
    "manifest.no_version": (
        N_("%(file)s does not say which version this is; it looks like %(detail)s."),
        LOOK,
    ),
    "manifest.version_written": (N_("We read version %(value)s as %(detail)s."), LOOK),
    "manifest.unsaid": (
        N_("manifest.csv does not say whether %(file)s is whole."),
        N_("We read it, and close nothing because it is missing there."),
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
    "header.extra": (
        N_("The column %(column)s of %(file)s is not in the standard; we passed it over."),
        NOTHING,
    ),
    "header.order": (
        N_("The columns of %(file)s stand in another order, from %(column)s on."),
        NOTHING,
    ),
    "header.fewer": (N_("%(file)s does not have these columns: %(detail)s."), NOTHING),
    "header.no_key": (
        N_("%(file)s has no column sourcedId; we put keys together from %(detail)s."),
        NOTHING,
    ),
    "header.empty": (N_("A column of %(file)s has no name; we passed it over."), NOTHING),
    "options.one_crebo": (
        N_("The list holds %(detail)s qualifications, so one level or title cannot fit."),
        N_("Leave level and title empty, or send one qualification at a time."),
    ),
}
