from pgs_process import process


@process(inputs=[], outputs=["domain.accounts"], errors=["KeyError"])
def deposit(ctx, user: str, amount: int):
    if amount <= 0:
        raise ValueError("An amount is positive.")
    ctx.domain.accounts[user] += amount
