"""Serving."""


def serve(ctx, guest):
    """Note who came."""
    if ctx.domain.served >= ctx.global_ctx.most or guest == ctx.domain.owner["name"]:
        raise ValueError("full")
    ctx.domain.last = guest
    ctx.domain.served += 1
    ctx.domain.sig_full = ctx.domain.served == ctx.global_ctx.most
