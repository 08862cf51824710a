from pgs_process import process


@process(inputs=[], outputs=["domain.accounts", "domain.sig_fraud"])
def deposit(ctx, user: str, amount: int):
    ctx.domain.accounts[user] += amount
