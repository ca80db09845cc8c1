"""Sources, runs, staged rows and what they became."""
