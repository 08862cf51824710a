"""A bank for the tests: processes over its accounts."""
