"""What the codes about Canvas say to people: what is wrong, and what to do."""

from importers.words import LOOK, N_, NOTHING, Sentences

SENTENCES: Sentences = {
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
}
