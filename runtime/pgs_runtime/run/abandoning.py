"""abandoning: a run that nobody can go on with or take back is ended by hand, as it stands.

Laws:
* nothing is done again, nothing is asked outside, and nothing is taken back: two lines follow the recorded head;
* what stands is what the last commit said, and an effect that has no answer stays in doubt for good;
* who would rather not wait does not come this way: what can be gone on with or cancelled is refused.
"""

from __future__ import annotations

from dataclasses import replace

import orjson

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.ports import timestamp
from pgs_runtime.run.outcomes import answer_of_abandoned, standing
from pgs_runtime.stores.port import Expected, Head, Marks, Run, Segment, Store
from pgs_runtime.trace.record import ABANDONED, Chain
from pgs_snapshot.values import Value


def as_it_stands(store: Store, run: Run, said: dict[str, Value], why: str, now: int) -> Segment:
    """The segment that ends a run without doing anything.

    Args:
        said: who ends it and why, as its trace shows that.
        why: the code of what keeps the run from being gone on with.
        now: in µs since 1970 UTC.
    """
    lines = store.lines(run.id)[: run.head.line + 1]
    effects = standing(run).effects
    chain = Chain(run.id)
    chain.follow(lines, run.head.digest)
    first: dict[str, Value] = {"segment": _segments(lines), "time": timestamp(now)}
    chain.add({"code": why, "kind": "abandon", **said, **first})
    stands: dict[str, Value] = {name: dict[str, Value](counts) for name, counts in effects.items()}
    chain.add({"effects": stands, "kind": "cancelled", "lines": len(chain.lines) + 1})
    head = Head(len(chain.lines) - 1, chain.head)
    ended = replace(run, status="CANCELLED", head=head, exit=ABANDONED, answer=answer_of_abandoned(effects), lease=None)
    return Segment(
        run=ended,
        expected=Expected(run.head, run.epoch),
        lines=tuple(chain.lines[len(lines) :]),
        effects=tuple(replace(each, status="IN_DOUBT") for each in store.effects(run.id) if each.status == "INTENT"),
        timing=Marks(len(lines), [now, now, now]),
        listeners=(),
    )


def refuse_what_goes_on(run: Run) -> Refusal:
    """The refusal of a run that there is another way for."""
    message = f"The run `{run.id}` can be gone on with, or cancelled, so it is not abandoned."
    return Refusal("R141", message, ExitCode.USAGE, hint=f"`pgs_runtime show {run.id}` tells what can be done.")


def _segments(lines: tuple[bytes, ...]) -> int:
    """How many segments there are: the first has no line that says so."""
    begun = (orjson.loads(line) for line in lines if b'"segment":' in line)
    return 1 + sum("segment" in line for line in begun)
