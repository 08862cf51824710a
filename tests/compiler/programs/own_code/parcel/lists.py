"""Lists."""

from pgs_snapshot.values import Outcome, Value


def zip_lists(left: list[Value], right: list[Value]) -> dict[str, Value] | Outcome:
    if len(left) != len(right):
        return Outcome("UNEVEN")
    return {"pairs": [{"left": a, "right": b} for a, b in zip(left, right, strict=True)]}
