"""Storage side effects."""
