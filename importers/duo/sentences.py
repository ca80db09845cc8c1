"""What the codes about the files of DUO say to people: what is wrong, and what to do."""

from importers.words import N_, NOTHING, Sentences

SENTENCES: Sentences = {
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
}
