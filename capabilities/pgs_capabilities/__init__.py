"""Implementations of transforms (pure) and side effects that ship with PGS."""
