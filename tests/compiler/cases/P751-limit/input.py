from pgs_process import process


@process(inputs=["domain.accounts"], outputs=[])
def may_transfer(ctx, user: str, amount: int):
    return amount <= ctx.global_ctx.max_transfer and ctx.domain.accounts[user] >= amount
