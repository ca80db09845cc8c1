"""What our codes mean, said to the person who fills in a form."""

from flask_babel import gettext


def sentence(code: str) -> str:
    """Return what is wrong and what to do, in one or two short sentences."""
    sentences = {
        "required": gettext("Fill this in."),
        "too_long": gettext("This is too long. Make it shorter."),
        "not_a_date": gettext("This is not a date. Choose a day."),
        "not_a_choice": gettext("Choose one of these."),
        "date.in_future": gettext("This day is still to come. Choose today or earlier."),
        "date.in_past": gettext("This day is over. Choose a later one."),
        "people.unanswered": gettext("Tell us: are there people in it?"),
        "date.too_far": gettext("This day is too far away. Choose an earlier one."),
        "goal.parent_not_performance": gettext("A goal cannot be part of this one."),
        "plan.starts_too_long_ago": gettext("Choose a day in the last year."),
        "unit.weeks": gettext("Choose 1 to 52 weeks."),
        "unit.before_plan": gettext("This day comes before your plan. Choose a later one."),
        "item.of_other_framework": gettext("This work is not in your programme."),
        "share.needs_placement": gettext("Choose with whom you share this."),
        "request.not_shared": gettext("This person cannot see it. Share it first."),
        "request.not_about_goal": gettext("Ask this person about a piece of evidence instead."),
        "request.choose_again": gettext(
            "This person was asked already, or is not there. Choose again."
        ),
        "request.reminded_today": gettext("You reminded this person today. Wait until tomorrow."),
        "request.closed": gettext("This request is closed already."),
        "question.closed": gettext("This question is closed already."),
        "lesson.changed": gettext("Somebody changed this lesson meanwhile. Look at it again."),
        "lesson.not_on_offer": gettext("This lesson is not on offer today. Choose another one."),
        "lesson.chosen_already": gettext("You chose this lesson already. Follow it first."),
        "choice.dropped": gettext("The student took this choice back."),
        "choice.confirmed": gettext("Somebody said already that this lesson was followed."),
        "url.wrong": gettext("This is not a whole web address. Begin with https://."),
        "evidence.empty": gettext("Tell something, or add a file."),
        "share.other_placement": gettext("Choose readers of the place where it was."),
        "share.has_people": gettext("There are people in it. Fellow students do not see that."),
        "files.too_many": gettext("At most 10 files. Leave some out."),
        "file.empty": gettext("This file is empty. Choose another one."),
        "file.too_large": gettext("This file is larger than 100 MB. Make it smaller."),
        "file.too_many_pixels": gettext("This photo is too large. Make it smaller."),
        "file.kind_not_allowed": gettext("We cannot keep this kind of file. Choose another one."),
        "file.damaged": gettext("We cannot open this photo. Take it again."),
        "judgement.of_student": gettext("A student's own view never counts for the exam."),
        "judgement.not_signed": gettext("Its writer has to sign it first."),
        "judgement.promoted": gettext("This view counts already."),
        "level.not_for_plan": gettext("This word is not on the scale of this plan. Choose again."),
        "voice.needs_level": gettext("Choose what you saw, or leave the voice message out."),
        "anchor.unknown": gettext("Choose a step for each word."),
        "source.url": gettext("Give a whole address that begins with https://."),
        "source.name_taken": gettext("There is a source with this name. Choose another one."),
        "source.secret": gettext("This is no key. Copy it again, without spaces."),
        "kind.unknown": gettext("Choose one of these."),
        "url.malformed": gettext("This is not an address. Copy the whole address."),
        "url.not_https": gettext("The address must begin with https."),
        "text.length": gettext("This is empty or too long."),
        "claim.unknown": gettext("Choose lis.person_sourcedid, or custom. and a name."),
        "registration.of_other_school": gettext("Another school has this client id already."),
        "scale.number_of_levels": gettext("A scale has 2 to 10 levels."),
        "scale.not_rising": gettext("Put the lowest level first."),
        "scale.same_words": gettext("Each level needs a word of its own."),
        "scale.before_previous": gettext("Choose the day of the earlier version, or a later one."),
        "scale.changed": gettext("Somebody changed this scale meanwhile. Look at it again."),
        "scale.code_taken": gettext("There is a scale with this name. Choose another one."),
        "goal.changed": gettext("This goal changed meanwhile. Look at it again."),
        "goal.closed": gettext("This goal is closed. Reopen it first."),
        "course.no_roster": gettext("Your learning environment gives no list of this course."),
        "course.confirmed": gettext("Your school opened this course already. Open it again."),
        "gradebook.not_granted": gettext(
            "Your learning environment does not let us send numbers here."
        ),
        "gradebook.pieces": gettext("Choose a number from 1 to 100."),
        "gradebook.no_lesson": gettext("This link is not about one lesson. Choose again."),
        "gradebook.not_ours": gettext(
            "This column is not ours. Remove it in your learning environment."
        ),
        "gradebook.nothing_parked": gettext("There is nothing to try again here."),
        "plan.closed": gettext("This plan is closed. Nothing is added to it any more."),
    }
    return sentences.get(code, gettext("This is not right yet. Look at it again."))
