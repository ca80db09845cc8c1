"""What each code says to people: what is wrong, and what to do. Everywhere the same words.

The texts are message ids (docs/decisions/0004); the catalogue holds the Dutch.
"""

from typing import Protocol

from flask_babel import gettext

from importers.links import PARKED


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
WHO = N_("Say who it is on the page People we do not know.")

SENTENCES: dict[str, tuple[str, str]] = {
    # the file
    "file.unknown_kind": (
        N_("We do not recognise the file %(file)s."),
        N_("Send a table (csv or xlsx), or an export that we name on this page."),
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
        N_("The file %(file)s is no table (%(detail)s)."),
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
        N_("The file %(file)s does not say how its letters are written: we guessed %(detail)s."),
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
    # who is who; why somebody is parked stands in the issue's detail
    "person.parked": (N_("We do not know who %(value)s is."), WHO),
    "person.unknown": (N_("%(value)s is nobody that we know."), WHO),
    "person.no_key": (N_("There is nothing here by which we know this person."), WHO),
    "person.number_twice": (N_("Two people in this file have the number %(value)s."), WHO),
    "person.number_taken": (
        N_("The number %(value)s already belongs to somebody with another name."),
        WHO,
    ),
    "person.email_shared": (N_("Two people in this file have the address %(value)s."), WHO),
    "person.email_taken": (
        N_("The address %(value)s belongs to somebody with another name."),
        WHO,
    ),
    "person.email_twice": (N_("Several of our people have the address %(value)s."), WHO),
    "person.only_linked": (
        N_("We know %(value)s from elsewhere, so we changed nothing about them."),
        NOTHING,
    ),
    "person.not_ours": (N_("You said that %(value)s is nobody of ours."), NOTHING),
    "ref.parked": (N_("This row waits until you say who %(value)s is."), WHO),
    "ref.not_ours": (N_("This row is about %(value)s, who is nobody of ours."), NOTHING),
    "repair.other_kind": (
        N_("The file %(file)s is of another kind than the file it should repair."),
        N_("Send the file with repaired rows that you downloaded here."),
    ),
    # a school's own sheet
    "sheet.no_person": (
        N_("No column says who or what the rows are about: %(detail)s."),
        N_("Say which column holds the student's number."),
    ),
    "sheet.no_date": (
        N_("Nothing says when this was."),
        N_("Add a column Datum, or give one day for the whole sheet."),
    ),
    "sheet.no_period": (
        N_("A column is missing: when the bpv begins or ends (%(detail)s)."),
        N_("Add the columns Begin and Einde."),
    ),
    "rows.blank": (
        N_("We passed over %(detail)s rows that are empty or only a total."),
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
        N_("Did Excel drop letters or zeros? Say how numbers look, as S{:06d}."),
    ),
    "key.superseded": (
        N_("The same also stands in row %(detail)s, on a later day; that one counts."),
        N_("Say that every day counts (repeats) if you want to keep both."),
    ),
    "grade.unknown": (
        N_("%(value)s is neither a number nor a word that we know."),
        N_("Use one of these: %(detail)s. Or say that the column has no scale."),
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
    # a system that is pulled
    "source.unreachable": (
        N_("We cannot reach the system of this source."),
        N_("Check the address, and whether the system is up."),
    ),
    "source.slow": (
        N_("The system took longer than a minute to answer."),
        N_("We try again by ourselves. If it stays slow, ask its administrator."),
    ),
    "source.cut_short": (
        N_("The system broke off in the middle of an answer."),
        N_("We try again by ourselves."),
    ),
    "source.not_json": (
        N_("The system answers with a page for people, perhaps to sign in on."),
        N_("Check the address. Is the system being maintained? Then we try again."),
    ),
    "source.too_large": (
        N_("The system gives more in one answer than we accept."),
        N_("Let the source read fewer courses or years."),
    ),
    "source.refused": (
        N_("The system does not let us in with this key."),
        N_("Make a new key there and enter it at this source."),
    ),
    "source.throttled": (
        N_("The system asks us to wait: we asked too much at once."),
        N_("We go on by ourselves. Pull less often if it happens each time."),
    ),
    "source.broken": (
        N_("The system itself reports a fault."),
        N_("We try again by ourselves. If it stays, ask its administrator."),
    ),
    "source.not_found": (
        N_("At this address the system has nothing for us."),
        N_("Check the address of this source."),
    ),
    "source.not_understood": (
        N_("The system does not understand our question, or we not its answer."),
        N_("Check which version it is, and call the helpdesk."),
    ),
    "source.redirects": (
        N_("The system sends us on to another address; we do not follow."),
        N_("Enter the address to which it sends us."),
    ),
    "source.other_host": (
        N_("The next page is on another server. We do not go there."),
        N_("Ask its administrator to repair its own address."),
    ),
    "source.endless": (
        N_("The system keeps giving the same page, or pages without end."),
        N_("Call the helpdesk, and its administrator."),
    ),
    "source.not_public": (
        N_("The address is not on the public internet, or not https."),
        N_("Enter an address that begins with https://."),
    ),
    "source.certificate": (
        N_("The certificate of the system is not in order."),
        N_("Ask its administrator to renew the certificate."),
    ),
    "source.key_unreadable": (
        N_("We can no longer read the key of this source."),
        N_("Enter its key again."),
    ),
    "source.no_settings": (
        N_("This source can only be read where the server's settings are."),
        N_("Start it with bin/leerspoor or let the worker do it."),
    ),
    # xAPI
    "xapi.form": (
        N_("The part %(column)s of this statement is not as xAPI has it."),
        N_("Ask the maker of the system that wrote it to repair this."),
    ),
    "xapi.unknown": (
        N_("xAPI has no part %(column)s."),
        N_("Leave this part out, or put it among the extensions."),
    ),
    "xapi.missing": (
        N_("This statement lacks %(column)s."),
        N_("Ask the maker of the system that wrote it to repair this."),
    ),
    "xapi.no_id": (
        N_("This statement has no id, so we could not know it again."),
        N_("Export it from the store, which gives each statement an id."),
    ),
    "xapi.bad_id": (
        N_("%(value)s is no id as xAPI has it."),
        N_("An id looks like 00000011-0000-4000-8000-000000000001."),
    ),
    "xapi.actor": (
        N_("This statement does not name one person, or a group, as xAPI has it."),
        N_("Give one of mbox, mbox_sha1sum, openid or account."),
    ),
    "xapi.mbox": (
        N_("%(value)s is no address as xAPI has it."),
        N_("Write it as mailto:name@school.nl."),
    ),
    "xapi.verb": (
        N_("%(value)s is no verb as xAPI has it."),
        N_("A verb is a whole address, with https:// or the like."),
    ),
    "xapi.object": (
        N_("We cannot read what this statement is about."),
        N_("Give an activity with a whole address as its id."),
    ),
    "xapi.score": (
        N_("The score %(value)s is outside its limits."),
        N_("Correct the score, or its min and max; scaled runs from -1 to 1."),
    ),
    "xapi.duration": (
        N_("%(value)s is no length of time as xAPI has it."),
        N_("Write it as PT1H30M."),
    ),
    "xapi.language": (
        N_("The part %(column)s does not give texts by language."),
        N_('Write it as {"nl": "..."}.'),
    ),
    "xapi.time": (
        N_("%(value)s is no moment as xAPI has it."),
        N_("Write it as 2026-11-02T10:00:00Z."),
    ),
    "xapi.time_zone": (
        N_("%(value)s says no time zone."),
        N_("Write it as 2026-11-02T10:00:00Z."),
    ),
    "xapi.undated": (
        N_("This statement says neither when it happened nor when it was stored."),
        N_("Add a timestamp and send it again."),
    ),
    "xapi.ambiguous": (
        N_("%(value)s says no time zone, in a night when the clock was changed."),
        N_("Add the time zone and send it again."),
    ),
    "xapi.no_zone": (
        N_("%(detail)s statements say no time zone. We read them in Dutch time."),
        LOOK,
    ),
    "xapi.future": (
        N_("%(value)s is still to come."),
        N_("Check the clock of the system that wrote it."),
    ),
    "xapi.bsn": (
        N_("This person was named by a BSN. We did not keep it."),
        N_("Let the system name people by another number."),
    ),
    "xapi.conflict": (
        N_("Another statement has the same id %(value)s. We kept the first."),
        N_("Ask the maker of the system to give each statement its own id."),
    ),
    "xapi.twice": (
        N_("%(detail)s statements are there more than once. Each counts once."),
        NOTHING,
    ),
    "xapi.voided": (N_("What was withdrawn is not taken in."), NOTHING),
    "xapi.verb_unused": (
        N_("We do not know the verb %(value)s: %(detail)s statements are left out."),
        NOTHING,
    ),
    "xapi.object_unused": (
        N_("%(detail)s statements are about a %(value)s instead of an activity. Left out."),
        NOTHING,
    ),
    "xapi.group_unnamed": (
        N_("%(detail)s statements are about a group of which nobody is named. Left out."),
        NOTHING,
    ),
    "xapi.attachments": (
        N_("%(detail)s statements have attachments. We do not read those."),
        NOTHING,
    ),
    "xapi.odd_answer": (
        N_("The store answers in a form that we do not know."),
        N_("Check the address: it often ends in /xapi or /xAPI."),
    ),
    "xapi.too_many": (
        N_("The store gives its newest statements first, and more than we take at once."),
        N_("Let it hold less, or export it as a file and send that."),
    ),
    # Moodle
    "moodle.token": (
        N_("Moodle no longer accepts the key of this source."),
        N_("Make a new token in Moodle and enter it at this source."),
    ),
    "moodle.other_address": (
        N_("Moodle accepts this key only from another address."),
        N_("Remove the IP restriction of the token, or add our address to it."),
    ),
    "moodle.service": (
        N_("Moodle does not let this account use the service."),
        N_("Check the service and the account's rights in Moodle (%(detail)s)."),
    ),
    "moodle.policy": (
        N_("Moodle wants the account of this source to agree to its site policy."),
        N_("Sign in to Moodle once as this account and agree."),
    ),
    "moodle.function_missing": (
        N_("The service in Moodle lacks the function %(detail)s."),
        N_("Add this function to the service in Moodle."),
    ),
    "moodle.odd_answer": (
        N_("Moodle answered %(detail)s in a form that we do not know."),
        N_("Check which version of Moodle this is; we read 4.1 and later."),
    ),
    "moodle.courses_refused": (
        N_("Moodle does not show this account all courses (%(detail)s)."),
        N_("Choose the courses by number, or give the account the right moodle/course:view."),
    ),
    "moodle.no_courses": (
        N_("Moodle shows this account no courses."),
        N_("Give the account the right moodle/course:view, or choose other courses."),
    ),
    "moodle.course_gone": (
        N_("The course with number %(value)s is not in Moodle."),
        N_("Take it out of this source if that is right."),
    ),
    "moodle.course_refused": (
        N_("Moodle does not let us read all of %(value)s (%(detail)s)."),
        N_("Check what the account may see there. We close nobody."),
    ),
    "moodle.course_empty": (
        N_("Moodle shows nobody in %(value)s."),
        N_("Are people in it? Then give the account moodle/site:accessallgroups."),
    ),
    "moodle.course_partly": (
        N_("Moodle shows only a part of the people in %(value)s: %(detail)s."),
        N_("Give the account moodle/site:accessallgroups. Until then we close nobody."),
    ),
    "moodle.suspended_unseen": (
        N_("We cannot see who is suspended in %(value)s."),
        N_("Give the account the right moodle/course:enrolreview."),
    ),
    "moodle.numbers_unseen": (
        N_("Moodle shows nobody's %(value)s, so we know nobody."),
        N_("Give the account the right moodle/site:viewuseridentity, or choose another field."),
    ),
    "moodle.cohorts_refused": (
        N_("Moodle does not show this account the cohorts (%(detail)s)."),
        N_("Give the account the right moodle/cohort:view."),
    ),
    "moodle.competencies_refused": (
        N_("Moodle does not show this account the competencies (%(detail)s)."),
        N_("Give it moodle/competency:planview and moodle/competency:competencyview."),
    ),
    "moodle.left_out": (
        N_("Moodle left something out of its answer: %(detail)s."),
        N_("Check what the account may see there."),
    ),
    "moodle.undated": (
        N_("Moodle does not say when %(value)s was done, so there is no signal."),
        NOTHING,
    ),
    # Moodle's own exports
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
    # OneRoster services
    "oneroster.secret": (
        N_("The key of this source must be a client number, a colon, and its secret."),
        N_("Ask the administrator of the system for both, and enter client:secret."),
    ),
    "oneroster.token_unknown": (
        N_("We do not know where this system gives tokens."),
        N_("Enter that address with the option token_url."),
    ),
    "oneroster.odd_answer": (
        N_("The list %(detail)s is not as OneRoster 1.2 describes it."),
        N_("Check whether the system speaks version 1.2, and ask its administrator."),
    ),
    "oneroster.list_refused": (
        N_("The system does not give us the list %(value)s (%(detail)s)."),
        N_("Let it be opened there. No grades wanted? Set the option grades=no."),
    ),
    "oneroster.moved": (
        N_("The list %(file)s changed while we read it, or is not all there."),
        N_("Nobody is closed by it. We read it again the next time."),
    ),
    "oneroster.no_changes": (
        N_("The system cannot tell what changed since the last time."),
        N_("Set the option changes=no: then everything is read each time."),
    ),
    # Canvas
    "canvas.odd_answer": (
        N_("Canvas answered %(detail)s in a form that we do not know."),
        N_("Check the address of this source, and call the helpdesk."),
    ),
    "canvas.no_courses": (
        N_("Canvas shows this account no courses."),
        N_("Put the account in the courses, or choose courses by number."),
    ),
    "canvas.course_refused": (
        N_("Canvas does not let us read all of %(value)s (%(detail)s)."),
        N_("Check what the account may see there. We close nobody."),
    ),
    "canvas.numbers_unseen": (
        N_("Canvas shows nobody's %(value)s, so we know nobody."),
        N_("Let the account see SIS numbers, or choose another field with the option number."),
    ),
    "canvas.cut_off": (
        N_("Canvas does not say whether %(value)s has more pages."),
        N_("Does a server in between remove Link headers? We close nobody."),
    ),
    "canvas.undated": (
        N_("Canvas does not say when %(value)s was graded, so there is no signal."),
        NOTHING,
    ),
    "logstore.unread": (
        N_("%(detail)s rows of this log are not whole, or not dated. They were passed over."),
        LOOK,
    ),
    "logstore.unused": (
        N_("%(detail)s rows tell nothing of what students did in activities."),
        NOTHING,
    ),
    "logstore.teaching": (
        N_("%(detail)s people teach according to this log; of them we keep nothing."),
        NOTHING,
    ),
    "logstore.own_source": (
        N_("Moodle's own numbers do not tell who these %(detail)s people are."),
        N_("Read this log under the name of your Moodle source, or say who they are."),
    ),
    # OEAPI
    "oeapi.secret": (
        N_("With token_url the key must be a client number, a colon, and its secret."),
        N_("Ask the administrator of the system for both, and enter client:secret."),
    ),
    "oeapi.odd_answer": (
        N_("The list %(detail)s is not as OEAPI 5 describes it."),
        N_("Check whether the system speaks version 5, and ask its administrator."),
    ),
    "oeapi.nothing": (
        N_("The system tells of no offerings of the last year."),
        N_("Check the option organization, and what the system lets us see."),
    ),
    "oeapi.refused": (
        N_("The system does not tell who takes part in %(value)s (%(detail)s)."),
        N_("Check what we may see there. We close nobody."),
    ),
    "oeapi.moved": (
        N_("The list %(file)s changed while we read it, or is not all there."),
        N_("Nobody is closed by it. We read it again the next time."),
    ),
    "oeapi.numbers_unseen": (
        N_("The system gives nobody's %(value)s, so we know nobody."),
        N_("Choose another kind of code with the option number."),
    ),
    "oeapi.undated": (
        N_("The system does not say when %(value)s was, so there is no signal."),
        NOTHING,
    ),
    # files of DUO
    "bsn.no_key": (
        N_("The file %(file)s names people by BSN, and this server has no key to hide it."),
        N_("Send it through the page or the command on the server itself."),
    ),
    "bsn.key_lost": (
        N_("The key by which we hid earlier numbers cannot be opened any more."),
        N_("Put the earlier key back in ENCRYPTION_KEYS."),
    ),
    "duo.no_totals": (
        N_("The last record with totals (SLR) is missing from %(file)s."),
        N_("The file may be cut off. Nobody is closed. Ask DUO for it again."),
    ),
    "duo.totals_unreadable": (
        N_("The totals in the last record (SLR) of %(file)s cannot be read: %(detail)s."),
        N_("Use the file as DUO gave it, not as Excel saved it."),
    ),
    "duo.totals_differ": (
        N_("%(file)s does not hold what DUO says that it holds: %(detail)s."),
        N_("Part of it is missing. Nobody is closed. Use the whole file."),
    ),
    "duo.passed_over": (
        N_("We do not use all that is in %(file)s: %(detail)s."),
        NOTHING,
    ),
    "duo.unknown_record": (
        N_("There are records in %(file)s that we do not know: %(detail)s."),
        N_("They were passed over. Tell the helpdesk."),
    ),
    "duo.no_framework": (
        N_("You hold no qualification for these programmes: %(detail)s."),
        N_("Read in their qualifications first if plans should follow them."),
    ),
    "duo.never_began": (
        N_("This placement ended on %(value)s, before it began (%(detail)s)."),
        N_("It is kept without a single day."),
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
    code = issue.detail if issue.code == PARKED and issue.detail in SENTENCES else issue.code
    return say(code, file=issue.file, column=issue.column, value=issue.value, detail=issue.detail)


def say(code: str, **facts: str | None) -> tuple[str, str]:
    """Return what a code means and what to do: with its file, column, value and detail, if any."""
    known = {name: facts.get(name) or "" for name in ("file", "column", "value", "detail")}
    message, hint = SENTENCES[code]
    return gettext(message, **known), gettext(hint, **known)


def why_parked(why: str, key: str) -> str:
    """Return what is in the way of knowing somebody, in the language of the reader."""
    return str(gettext(SENTENCES[why][0], value=key))
