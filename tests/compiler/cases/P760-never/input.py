from pgs_process import process


class Refused(Exception):
    pass


@process(inputs=[], outputs=["domain.count"], errors=["Refused"])
def count(ctx):
    ctx.domain.count += 1
