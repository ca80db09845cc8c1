"""What the codes about a file at the door say to people: what is wrong, and what to do."""

from importers.words import AGAIN, LOOK, N_, NOTHING, Sentences

SENTENCES: Sentences = {
    "file.unknown_kind": (
        N_("We do not recognise the file %(file)s."),
        N_("Send a table (Excel or CSV), or an export of a kind that we know."),
    ),
    "file.other_kind": (
        N_("The file %(file)s is not of the kind that you chose."),
        N_("Choose no kind, and we look what it is."),
    ),
    "file.web_page": (
        N_("The file %(file)s is a web page, not a table."),
        N_("Sign in again where you made the export, and make it once more."),
    ),
    "file.pdf": (
        N_("The file %(file)s is a PDF. We cannot read a table from it."),
        N_("Ask for the same list as Excel or CSV."),
    ),
    "file.picture": (
        N_("The file %(file)s is a picture, film or sound (%(detail)s)."),
        N_("Send the table itself, as Excel or CSV."),
    ),
    "file.no_text": (
        N_("The file %(file)s is no table that we can read."),
        N_("Send the table itself, as Excel or CSV."),
    ),
    "file.document": (
        N_("The file %(file)s is a document or a presentation, not a table."),
        N_("Copy the table to Excel and save it as .xlsx."),
    ),
    "file.old_excel": (
        N_("The file %(file)s is in an older form of Excel."),
        N_("Open it in Excel, choose Save as, and take .xlsx."),
    ),
    "file.ods": (
        N_("The file %(file)s was made with LibreOffice."),
        N_("Choose Save as, and take Excel (.xlsx) or CSV."),
    ),
    "file.password": (
        N_("The file %(file)s has a password, so we cannot open it."),
        N_("Save it without a password and send it again."),
    ),
    "file.really_xlsx": (
        N_("The file %(file)s is called a text, and is a workbook of Excel. We read it as that."),
        NOTHING,
    ),
    "file.really_text": (
        N_("The file %(file)s is called a workbook, and is text. We read it as that."),
        NOTHING,
    ),
    "file.guessed_letters": (
        N_("The file %(file)s does not say how its letters are written. We guessed it."),
        N_("Check whether names such as Zoë look right."),
    ),
    "file.mojibake": (
        N_("Some letters in %(file)s were spoilt before, as in %(value)s. We left them so."),
        N_("Make the export again as CSV UTF-8 if names look wrong."),
    ),
    "file.empty": (N_("The file %(file)s is empty."), AGAIN),
    "file.too_large": (
        N_("The file is larger than %(detail)s."),
        N_("Send fewer years at once."),
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
    "file.nothing_read": (
        N_("There is nothing in this bundle that we read."),
        N_("Check in the export which files are in it."),
    ),
    "file.delimiter": (
        N_("The columns of %(file)s are separated by %(value)s instead of a comma."),
        NOTHING,
    ),
    "file.roles_of_users": (
        N_("There is no roles.csv; we read the roles in %(file)s."),
        LOOK,
    ),
    "file.school_data_sync_1": (
        N_("This is School Data Sync version 1 of Microsoft, which we do not read."),
        N_("Choose OneRoster or School Data Sync version 2.1 in the export."),
    ),
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
    "zip.nested": (
        N_("The zip holds another packed file: %(file)s."),
        N_("Unpack that one first, and send what is in it."),
    ),
    "zip.one_file": (N_("We took the file %(file)s out of %(detail)s."), NOTHING),
}
