"""What the self-test says in words: what each check is about, and per finding what to do."""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _


@dataclass(frozen=True)
class Finding:
    """What is the matter and what to do; `is_wrong` unless it may be meant so or comes later."""

    what: object
    fix: object
    is_wrong: bool = True


CHECKS: dict[str, object] = {
    "address": _("Our address"),
    "issuer": _("The name of your LMS"),
    "deployments": _("Switched on"),
    "keys": _("The keys of your LMS"),
    "clock": _("The clocks"),
    "token": _("Access to your LMS"),
    "names": _("Names of a course"),
    "grades": _("The gradebook"),
}

FINDINGS: dict[str, Finding] = {
    "address_this_computer": Finding(
        _("Leerspoor runs on this computer only."),
        _("An LMS elsewhere needs a public address: set PUBLIC_URL."),
    ),
    "address_not_https": Finding(
        _("Our address does not begin with https."),
        _("Give PUBLIC_URL an https address. An LMS accepts no other."),
    ),
    "address_unknown": Finding(
        _("Nobody can look up our address."),
        _("Check the name in PUBLIC_URL, or wait until it is known everywhere."),
    ),
    "address_private": Finding(
        _("Our address works inside your network only."),
        _("Your LMS may refuse it. Use a public address, or allow it in the LMS."),
        is_wrong=False,
    ),
    "address_odd_port": Finding(
        _("Our address has an unusual port."),
        _("Moodle asks ports 80 and 443 only. Use 443, or allow ours there."),
    ),
    "issuer_slash": Finding(
        _("The issuer ends with a slash, and nobody came in yet."),
        _("Most LMSs have none. Compare it letter by letter."),
    ),
    "deployments_none": Finding(
        _("We know no deployment yet."),
        _("Open Leerspoor once from your LMS. Then it appears here."),
        is_wrong=False,
    ),
    "deployments_waiting": Finding(
        _("The connection is off: nobody gets in."),
        _("Switch on the deployment on this page."),
    ),
    "keys_private": Finding(
        _("The key set address is not public."),
        _("Leerspoor asks public addresses only. Give the LMS one."),
    ),
    "keys_certificate": Finding(
        _("The certificate of your LMS is not right."),
        _("Have it renewed. Often an intermediate certificate is missing."),
    ),
    "keys_unreachable": Finding(
        _("Your LMS does not answer at its key set address."),
        _("Check the address, and whether the LMS is on."),
    ),
    "keys_wrong_address": Finding(
        _("There are no keys at the key set address."),
        _("Copy the public keyset URL from your LMS again."),
    ),
    "keys_unusable": Finding(
        _("The key set holds no key that we can use."),
        _("Let the LMS make an RSA key of 2048 bits, for RS256."),
    ),
    "clock_differs": Finding(
        _("The clocks are more than a minute apart."),
        _("Let both servers set their clocks by NTP."),
    ),
    "clock_unknown": Finding(
        _("Your LMS does not tell its time."),
        _("Nothing to do, as long as people get in."),
        is_wrong=False,
    ),
    "token_unreachable": Finding(
        _("Your LMS does not answer at its token address."),
        _("Check the address, and whether it is public and https."),
    ),
    "token_own_key": Finding(
        _("Leerspoor cannot read its own key."),
        _("Ask who runs Leerspoor to look at ENCRYPTION_KEYS."),
    ),
    "token_our_keys": Finding(
        _("Your LMS cannot fetch our keys."),
        _("In Moodle: allow our host and port under HTTP security."),
    ),
    "token_our_keys_old": Finding(
        _("Your LMS does not know our newest key."),
        _("Check our key set address in the LMS, or let it look again."),
    ),
    "token_clock": Finding(
        _("Your LMS finds our request too old."),
        _("The clocks differ. Let both servers use NTP."),
    ),
    "token_audience": Finding(
        _("Your LMS wants another audience."),
        _("Fill in its OAuth2 audience on this page."),
    ),
    "token_client": Finding(
        _("Your LMS does not know us by this client id."),
        _("Compare the client id, and whether the tool is on. Brightspace: the audience too."),
    ),
    "token_wrong_address": Finding(
        _("The token address leads to something else."),
        _("Copy the access token URL from your LMS again."),
    ),
    "token_refused": Finding(
        _("Your LMS gives us no access."),
        _("Check whether the tool is on in the LMS."),
    ),
    "services_untested": Finding(
        _("Not tested, for there is no access yet."),
        _("Solve the access first."),
        is_wrong=False,
    ),
    "names_not_allowed": Finding(
        _("Your LMS does not let us read who takes a course."),
        _("Allow Names and Role Provisioning for this tool."),
    ),
    "names_not_sent": Finding(
        _("Courses come without their list of people."),
        _("Allow Names and Role Provisioning, and open Leerspoor again."),
    ),
    "grades_not_allowed": Finding(
        _("Your LMS does not let us use its gradebook."),
        _("Allow Assignment and Grade Services, if you want progress there."),
        is_wrong=False,
    ),
    "grades_not_sent": Finding(
        _("Courses come without a gradebook."),
        _("Allow Assignment and Grade Services, if you want progress there."),
        is_wrong=False,
    ),
    "courses_none_yet": Finding(
        _("No course opened Leerspoor yet."),
        _("Open it once from a course. Then test again."),
        is_wrong=False,
    ),
}
