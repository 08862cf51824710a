"""A till for the tests."""
