"""What the codes about Caliper say to people: what is wrong, and what to do."""

from importers.words import N_, NOTHING, Sentences

SENTENCES: Sentences = {
    "caliper.form": (
        N_("This is no event as Caliper has it: it does not say what it is."),
        N_("Ask the maker of the system that sent it to repair this."),
    ),
    "caliper.no_id": (
        N_("This event has no id, so we could not know it again."),
        N_("Ask the maker of the system that sent it to repair this."),
    ),
    "caliper.time": (
        N_("This event does not say when it happened, with its time zone."),
        N_("Write it as 2026-11-02T10:00:00.000Z."),
    ),
    "caliper.future": (
        N_("%(value)s is still to come."),
        N_("Check the clock of the system that wrote it."),
    ),
    "caliper.object": (
        N_("This event does not say what it is about."),
        N_("Ask the maker of the system that sent it to repair this."),
    ),
    "caliper.nobody": (
        N_("This event does not say about whom it is: %(column)s is missing."),
        N_("Let the system name the student; of a grade as assignee."),
    ),
    "caliper.bsn": (
        N_("This person was named by a BSN. We did not keep it."),
        N_("Let the system name people by another number."),
    ),
    "caliper.conflict": (
        N_("Another event has the same id %(value)s. We kept the first."),
        N_("Ask the maker of the system to give each event its own id."),
    ),
    "caliper.twice": (
        N_("%(detail)s events are there more than once. Each counts once."),
        NOTHING,
    ),
    "caliper.unused": (
        N_("We do not use events %(value)s: %(detail)s are left out."),
        NOTHING,
    ),
    "caliper.entity": (
        N_("%(detail)s descriptions of people or things are left out; we read events."),
        NOTHING,
    ),
    "caliper.no_person": (
        N_("%(detail)s events are of a program instead of a person. Left out."),
        NOTHING,
    ),
    "caliper.no_score": (
        N_("%(detail)s grades have no number. Left out."),
        NOTHING,
    ),
}
