"""Recorded runs done again, compared, and done with something changed."""
