"""What the codes about people say to people: what is wrong, and what to do."""

from importers.words import LOOK, N_, NOTHING, WHO, Sentences

SENTENCES: Sentences = {
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
    "person.key_changed": (
        N_("%(value)s is another number or address than the source gave before."),
        WHO,
    ),
    "person.same_name": (
        N_("%(value)s comes without a number, and we know somebody of that name."),
        N_("Give them a number in the source, or say who it is."),
    ),
    "person.renamed": (
        N_("%(value)s has another name in the source. We changed nothing."),
        LOOK,
    ),
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
}
