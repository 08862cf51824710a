from pgs_process import process


@process(inputs=["domain.rates"], outputs=[])
def converter(ctx):
    rates = ctx.domain.rates
    return lambda amount, currency: amount * rates[currency]
