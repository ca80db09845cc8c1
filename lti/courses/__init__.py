"""Courses of an LMS: known, read again when it is time, and confirmed by the school."""
