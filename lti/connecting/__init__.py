"""How an LMS and we come to know each other: invitations, registrations, and the self-test."""
