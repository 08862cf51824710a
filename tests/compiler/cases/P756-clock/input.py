import time

from pgs_process import process


@process(inputs=[], outputs=["domain.seen"])
def see(ctx):
    ctx.domain.seen = time.time()
