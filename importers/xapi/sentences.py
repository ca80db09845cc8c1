"""What the codes about xAPI say to people: what is wrong, and what to do."""

from importers.words import LOOK, N_, NOTHING, Sentences

SENTENCES: Sentences = {
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
}
