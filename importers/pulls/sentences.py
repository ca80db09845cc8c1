"""What the codes about systems that are pulled say to people: what is wrong, and what to do."""

from importers.words import N_, Sentences

SENTENCES: Sentences = {
    "source.unreachable": (
        N_("We cannot reach the system of this source."),
        N_("Check the address, and whether the system is up."),
    ),
    "source.slow": (
        N_("The system took longer than a minute to answer."),
        N_("We try again by ourselves. If it stays slow, ask its administrator."),
    ),
    "source.cut_short": (
        N_("The system broke off in the middle of an answer."),
        N_("We try again by ourselves."),
    ),
    "source.not_json": (
        N_("The system answers with a page for people, perhaps to sign in on."),
        N_("Check the address. Is the system being maintained? Then we try again."),
    ),
    "source.too_large": (
        N_("The system gives more in one answer than we accept."),
        N_("Let the source read fewer courses or years."),
    ),
    "source.refused": (
        N_("The system does not let us in with this key."),
        N_("Make a new key there and enter it at this source."),
    ),
    "source.throttled": (
        N_("The system asks us to wait: we asked too much at once."),
        N_("We go on by ourselves. Pull less often if it happens each time."),
    ),
    "source.broken": (
        N_("The system itself reports a fault."),
        N_("We try again by ourselves. If it stays, ask its administrator."),
    ),
    "source.not_found": (
        N_("At this address the system has nothing for us."),
        N_("Check the address of this source."),
    ),
    "source.not_understood": (
        N_("The system does not understand our question, or we not its answer."),
        N_("Check which version it is, and call the helpdesk."),
    ),
    "source.redirects": (
        N_("The system sends us on to another address; we do not follow."),
        N_("Enter the address to which it sends us."),
    ),
    "source.other_host": (
        N_("The next page is on another server. We do not go there."),
        N_("Ask its administrator to repair its own address."),
    ),
    "source.endless": (
        N_("The system keeps giving the same page, or pages without end."),
        N_("Call the helpdesk, and its administrator."),
    ),
    "source.not_public": (
        N_("The address is not on the public internet, or not https."),
        N_("Enter an address that begins with https://."),
    ),
    "source.certificate": (
        N_("The certificate of the system is not in order."),
        N_("Ask its administrator to renew the certificate."),
    ),
    "source.key_unreadable": (
        N_("We can no longer read the key of this source."),
        N_("Enter its key again."),
    ),
    "source.no_settings": (
        N_("This source can only be read where the server's settings are."),
        N_("Start it with bin/leerspoor or let the worker do it."),
    ),
}
