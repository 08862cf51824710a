"""Serving."""


def serve(name):
    """Say who came."""
    if not name:
        raise ValueError("nobody")
