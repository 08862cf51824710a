from pgs_process import process


@process(inputs=[], outputs=["domain.accounts", "domain.sig_fraud"])
def deposit(ctx, user: str, amount: int):
    if not ctx.domain.sig_fraud:
        ctx.domain.accounts[user] += amount
    ctx.domain.sig_fraud = False
