"""What the codes about OEAPI say to people: what is wrong, and what to do."""

from importers.words import N_, NOTHING, Sentences

SENTENCES: Sentences = {
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
}
