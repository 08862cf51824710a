from pgs_process import process


def owner_of(ctx, user):
    return ctx.domain.owners[user]


@process(inputs=["domain.accounts"], outputs=[])
def balance(ctx, user: str):
    return owner_of(ctx, user), ctx.domain.accounts[user]
