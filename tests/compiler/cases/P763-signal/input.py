from pgs_process import process


@process(inputs=["domain.sig_fraud"], outputs=[])
def is_fraud(ctx):
    return ctx.domain.sig_fraud
