"""Serving."""


def serve(ctx, name):
    """Note who came."""
    if ctx.domain.served >= ctx.global_ctx.most or name == ctx.domain.owner["name"]:
        raise ValueError("full")
    ctx.domain.last = name
    ctx.domain.served += 1
    ctx.domain.sig_full = ctx.domain.served == ctx.global_ctx.most
