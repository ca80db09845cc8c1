"""What verbs come to here: of the vocabularies that everybody uses; nothing is guessed."""

from enum import StrEnum

# Vocabularies: ADL's own, the profiles of w3id (video, cmi5), Tin Can's and Activity Streams'.
VOCABULARIES = (
    "http://adlnet.gov/expapi/verbs/",
    "https://adlnet.gov/expapi/verbs/",
    "http://www.adlnet.gov/expapi/verbs/",
    "https://w3id.org/xapi/adl/verbs/",
    "https://w3id.org/xapi/adb/verbs/",
    "https://w3id.org/xapi/video/verbs/",
    "http://id.tincanapi.com/verb/",
    "https://id.tincanapi.com/verb/",
    "http://activitystrea.ms/schema/1.0/",
    "https://activitystrea.ms/schema/1.0/",
    "http://activitystrea.ms/",
)


class Family(StrEnum):
    """What a verb tells of: `outcome` and `end` are decided further by the statement's result."""

    OUTCOME = "outcome"
    END = "end"
    VISIT = "visit"
    ATTENDANCE = "attendance"
    PARTICIPATION = "participation"
    VOID = "void"


_VERBS = {
    Family.OUTCOME: "passed failed scored answered graded",
    Family.END: "completed mastered satisfied complete",
    Family.ATTENDANCE: "attended attend",
    Family.PARTICIPATION: "registered enrolled joined join",
    Family.VOID: "voided",
    Family.VISIT: (
        "access accessed asked attempted commented downloaded experienced initialized interacted "
        "launched opened open paused play played preferred progressed read resumed searched "
        "seeked shared skipped start started submit submitted suspended terminated viewed "
        "volumechange watch watched"
    ),
}
FAMILIES = {word: family for family, words in _VERBS.items() for word in words.split()}


def family_of(verb: str) -> Family | None:
    """Return what a verb tells of; None for one that we do not know."""
    for vocabulary in VOCABULARIES:
        if verb.startswith(vocabulary):
            found = FAMILIES.get(verb.removeprefix(vocabulary).rstrip("/").lower())
            if found is not None:
                return found
    return None
