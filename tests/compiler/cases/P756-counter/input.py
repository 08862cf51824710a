from pgs_process import process

SEEN = []


@process(inputs=["domain.count"], outputs=[])
def see(ctx):
    SEEN.append("count")
    return ctx.domain.count
