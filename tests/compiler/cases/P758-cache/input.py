from pgs_process import process

CACHE = {}


@process(inputs=["domain.rates"], outputs=[])
def rates(ctx):
    CACHE["rates"] = ctx.domain.rates
