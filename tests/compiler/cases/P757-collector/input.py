import gc

from pgs_process import process


@process(inputs=["domain.count"], outputs=[])
def everything(ctx):
    return len(gc.get_objects()) + ctx.domain.count
