"""What the codes about OneRoster services say to people: what is wrong, and what to do."""

from importers.words import N_, Sentences

SENTENCES: Sentences = {
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
}
