"""Serving."""


def serve(ctx, email):
    """Note who came."""
    ctx.domain.last = email
