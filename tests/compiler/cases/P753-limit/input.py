from pgs_process import process


@process(inputs=["domain.accounts", "global.max_transfer"], outputs=[])
def balance(ctx, user: str):
    return ctx.domain.accounts[user]
