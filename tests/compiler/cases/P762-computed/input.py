from pgs_process import process

FIELDS = sorted({"count", "total"})


@process(inputs=[f"domain.{name}" for name in FIELDS], outputs=[])
def count(ctx):
    return ctx.domain.count
