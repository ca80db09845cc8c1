"""Who somebody of an LMS is here, and what they come as."""
