"""What the codes about Moodle's web services say to people: what is wrong, and what to do."""

from importers.words import N_, NOTHING, Sentences

SENTENCES: Sentences = {
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
}
