from pgs_process import process


@process(inputs=["doman.count"], outputs=[])
def count(ctx):
    return ctx.domain.count
