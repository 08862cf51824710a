from pgs_process import process


@process(inputs=["domain.orders"], outputs=[])
def overdue(ctx, today: str):
    for order in ctx.domain.orders:
        if order["until"] < today:
            order.update(overdue=True)
