"""What is done at the till."""

from pgs_process import process
from pgs_snapshot.values import Outcome


@process(
    inputs=["global_ctx.most", "domain.cashier.name"],
    outputs=["domain.total", "domain.lines", "domain.sig_full"],
    signals=["domain.sig_full"],
    errors=["ValueError"],
)
def ring_up(ctx, article, price):
    """Put a line on the bill."""
    if ctx.domain.sig_full or not ctx.domain.cashier["name"]:
        raise ValueError("nobody is there")
    if price == 0:
        return Outcome("GIFT")
    ctx.domain.lines.append({"article": article, "price": price})
    ctx.domain.total += price
    ctx.domain.sig_full = ctx.domain.total >= ctx.global_ctx.most
    return {"total": ctx.domain.total}


def take_back(ctx, price):
    """Take an amount off the bill."""
    ctx.domain.total -= price


def sign_in(ctx, name):
    """Say who sits there."""
    ctx.domain.cashier = {"name": name, "since": 0}
