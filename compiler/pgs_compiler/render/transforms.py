"""Where a transform is called, and why there."""

from __future__ import annotations

from collections.abc import Mapping

from pgs_compiler.declarations import Transform
from pgs_compiler.program import Program
from pgs_compiler.purity.bounded import Unbounded
from pgs_snapshot.suggest import unknown


class NoTransform(Exception):
    """No transform, or several, are called so; the text says which are known."""


def told(name: str, program: Program, worker: Mapping[str, Unbounded]) -> str:
    """What is to be said of a transform, by its full name, or by what stands behind the domain where that is enough.

    Args:
        worker: why a transform needs the worker, by name.

    Raises:
        NoTransform: the name means none.
    """
    names = [transform.header.name for transform in program.of(Transform)]
    found = [each for each in names if name in (each, each.partition("::")[2])]
    if len(found) != 1:
        hint = unknown(name, tuple(names), "an `index.json` that is compiled lists them")
        wrong = "several transforms" if found else "no transform"
        raise NoTransform(f"The workspace has {wrong} `{name}`. {hint}")
    why = worker.get(found[0])
    if why is None:
        return f"{found[0]} is called in the runtime's own process: it takes time in proportion to its inputs.\n"
    return (
        f"{found[0]} is called in the worker, where it can be stopped: {why.why}.\n"
        f"  --> {why.module}:{why.line}\n"
        "  = help: docs/purity.md says what is bounded, and what is known to be cheap.\n"
    )
