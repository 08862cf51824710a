"""What a changed schema means, by the compiler's own algebra (`schemas/fit.py`), asked in both directions.

What is **taken** (a payload, inputs, attributes, configuration) has to take what the older schema took: old has to
fit new. What is **given** (a result, outputs, an event) has to be what the older schema promised: new has to fit old.
What is **kept** (the values of an entity) was written under the older schema and is read under the newer: old has to
fit new.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from pgs_compiler.changes.change import Change
from pgs_compiler.changes.documents import Artifact, members
from pgs_compiler.schemas.fit import Fit, Verdict, fit
from pgs_compiler.schemas.labels import labels_in
from pgs_snapshot.values import Value

Direction: TypeAlias = Literal["taken", "given", "kept"]
_SAID = {Verdict.FITS: "fits", Verdict.MAY_FIT: "may fit", Verdict.CANNOT_FIT: "cannot fit"}


def schema_changes(of: Artifact, what: str, pair: tuple[Value, Value], direction: Direction) -> Iterator[Change]:
    """The changes of one schema. `what` names it in sentences: "the payload"."""
    old, new = members(pair[0]), members(pair[1])
    if old == new:
        return
    there, back = fit(old, new), fit(new, old)
    demanded = back if direction == "given" else there
    if demanded.verdict is not Verdict.FITS:
        yield Change("breaking", "data", *of, f"{_fewer(direction)} {what}: {_both(there, back)}")
    elif there.verdict is not Verdict.FITS or back.verdict is not Verdict.FITS:
        yield Change("compatible", "data", *of, f"{_more(direction)} {what}: {_both(there, back)}")
    labels = labels_in(old), labels_in(new)
    yield from label_changes(of, what, (labels[0], labels[1]))
    if demanded.verdict is Verdict.FITS and back.verdict is there.verdict and labels[0] == labels[1]:
        yield Change("behaviour", "data", *of, f"the same fits {what}, with other defaults or notes")


def label_changes(of: Artifact, what: str, pair: tuple[frozenset[str], frozenset[str]]) -> Iterator[Change]:
    for label in sorted(pair[0] - pair[1]):
        yield Change("behaviour", "labels", *of, f"the label `{label}` is gone from {what}")
    for label in sorted(pair[1] - pair[0]):
        yield Change("behaviour", "labels", *of, f"the label `{label}` is new on {what}")


def _both(there: Fit, back: Fit) -> str:
    reason = there.reason or back.reason
    because = f" ({reason})" if reason else ""
    return (
        f"what fitted the old {_SAID[there.verdict]} the new, and the other way round it {_SAID[back.verdict]}{because}"
    )


def _fewer(direction: Direction) -> str:
    return "less is promised of" if direction == "given" else "fewer values fit"


def _more(direction: Direction) -> str:
    return "more is promised of" if direction == "given" else "more values fit"
