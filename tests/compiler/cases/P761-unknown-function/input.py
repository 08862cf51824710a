from somewhere import settle

from pgs_process import process


@process(inputs=[], outputs=["domain.accounts"])
def close(ctx):
    settle(ctx.domain.accounts)
