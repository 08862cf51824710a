from pgs_process import process


@process(inputs=["domain.accounts"], outputs=["domain.accounts"])
def withdraw(ctx, user: str, amount: int):
    ctx.domain.accounts[user] -= amount
    ctx.domain.total_reserves -= amount
