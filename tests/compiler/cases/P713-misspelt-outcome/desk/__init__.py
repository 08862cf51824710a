"""A desk."""
