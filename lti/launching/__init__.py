"""From a login in the LMS to a page of ours: checked, logged, or refused with a reason."""
