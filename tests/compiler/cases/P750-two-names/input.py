from pgs_process import process


@process(inputs=[], outputs=["domain.count"])
def count up(ctx):
    ctx.domain.count += 1
