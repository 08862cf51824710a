from pgs_process import process


@process(inputs=[], outputs=["domain.count", "domain.total"])
def put(ctx, name: str, value: int):
    setattr(ctx.domain, name, value)
