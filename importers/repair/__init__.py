"""What was set aside: given back to be repaired, taken up again, or thrown away."""
