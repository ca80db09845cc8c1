"""A believable school of any size, for measuring: all invented, the same for the same seed."""
