"""Rosters and results of courses, through the services of LTI."""
