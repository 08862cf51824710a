"""Pure transforms."""
