"""A desk that takes orders: a small workflow over three stores, and ways to trouble the store under it."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest

from pgs_runtime.faults import Refusal
from pgs_runtime.run.intake import Actor
from pgs_runtime.runtime import Outcome, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Cell, Committed, Conflict, Fenced, Segment, Store, Table
from pgs_snapshot import model
from pgs_snapshot.model import Compare, Edge, Literal_, Ref
from pgs_snapshot.values import Value
from tests.runtime.protocol import (
    ADA,
    COUNT,
    REJECTED,
    TEXT,
    WORKFLOW,
    admit,
    asks,
    case,
    computes,
    contract,
    decides,
    ends,
    fields,
    graph,
    intent,
    journal,
    memory,
    node,
    opened,
    ports,
    registry,
    result,
    sealed,
    state,
    transform,
)

ORDERS, LOG, STOCK = "desk::ST_ORDERS_V0", "desk::ST_LOG_V0", "desk::ST_STOCK_V0"
PAYLOAD = fields(["id", "n"], id=TEXT, n=COUNT, how={"type": "string", "default": "plainly"})

SOURCE = """
def work(how, n):
    if how == "fail":
        raise ValueError("no")
    if how == "recurse":
        return work(how, n)
    if how == "exhaust":
        return {"n": len(" " * (1 << 62))}
    if how == "interrupt":
        raise named("KeyboardInterrupt")
    if how == "leave":
        raise named("SystemExit")
    if how == "print":
        print("noise")
    if how == "large":
        return {"n": n, "text": "x" * 300000}
    return {"n": n + 1, "text": how}


def named(name):
    return next(kind for kind in BaseException.__subclasses__() if kind.__name__ == name)
"""


def artifacts() -> tuple[object, ...]:
    """Note an order, count what there is, work on it, and end in a way that depends on `n`."""
    order = fields(id=TEXT, n=COUNT)
    book = contract(
        "book",
        order,
        [
            asks("count", "ORDERS", "COUNT", {}, SUCCESS=None),
            asks(
                "put",
                "ORDERS",
                "REGISTER",
                {"key": Ref(0, ("id",)), "value": Ref(0)},
                SUCCESS=None,
                ALREADY_EXISTS=None,
                CONFLICT="CONFLICT",
            ),
            asks("log", "LOG", "APPEND", {"stream": Literal_("s"), "record": Ref(3, ("n",))}, SUCCESS="SUCCESS"),
        ],
        {"SUCCESS": {"before": Ref(3, ("n",)), "number": Ref(7, ("n",))}, "CONFLICT": {}},
    )
    work = contract(
        "work",
        fields(how=TEXT, n=COUNT),
        [computes("work", "work", {"how": Ref(0, ("how",)), "n": Ref(0, ("n",))}, SUCCESS="SUCCESS")],
        {"SUCCESS": {"n": Ref(3, ("n",)), "text": Ref(3, ("text",))}},
    )
    choose = contract(
        "choose",
        fields(n=COUNT),
        [
            decides(
                "by_n",
                case("DENIED", Compare("gt", (Ref(0, ("n",)), Literal_(100)))),
                case("FAILED", Compare("lt", (Ref(0, ("n",)), Literal_(0)))),
                case("SUCCESS"),
                SUCCESS="SUCCESS",
                DENIED="DENIED",
                FAILED="FAILED",
            )
        ],
        {"SUCCESS": {}, "DENIED": {}, "FAILED": {}},
    )
    event = model.Event("desk::EV_DONE_V0", "", fields(id=TEXT), (), "desk.yaml:1")
    slots = graph(admit("book"), node("book", "book", {}), node("work", "work", {}))
    nodes = (
        admit("book"),
        node("book", "book", {"id": Ref(0, ("id",)), "n": Ref(0, ("n",))}, SUCCESS="work", CONFLICT="conflict"),
        node("work", "work", {"how": Ref(0, ("how",)), "n": Ref(0, ("n",))}, SUCCESS="choose"),
        node("choose", "choose", {"n": Ref(0, ("n",))}, SUCCESS=Edge("done"), DENIED="denied", FAILED="failed"),
        ends(
            "done",
            result={
                "before": result(slots, "book", "before"),
                "list": Literal_([1]),
                "n": result(slots, "work", "n"),
            },
            emit={"desk::EV_DONE_V0": {"id": Ref(0, ("id",))}},
        ),
        ends("conflict", "DENIED", names=("CONFLICT",)),
        ends("denied", "DENIED", names=("TOO_MANY",)),
        ends("failed", "FAILED", names=("BELOW_ZERO",), result={"n": Ref(0, ("n",))}),
        REJECTED,
    )
    gives = fields(n=COUNT, text=TEXT)
    return (
        intent(PAYLOAD),
        registry("ORDERS", order),
        journal("LOG", COUNT),
        state("STOCK", COUNT),
        transform("work", fields(how=TEXT, n=COUNT), SUCCESS=gives),
        book,
        work,
        choose,
        event,
        graph(*nodes),
    )


def desk(store: Store | None = None, **limits: int) -> Runtime:
    """A desk over a store, an empty one in memory unless given."""
    return opened(*artifacts(), source=SOURCE, store=memory() if store is None else store, **limits)


def neighbour(store: Store) -> Runtime:
    """Another desk over the same store, whose runs have other ids."""
    return Runtime(sealed(*artifacts(), source=SOURCE), store, ports(seed=1000))


def order(id: str = "a", n: Value = 1, how: str = "plainly") -> dict[str, Value]:
    return {"id": id, "n": n, "how": how}


def place(runtime: Runtime, payload: object, request_id: str | None = None) -> Outcome:
    return runtime.run(WORKFLOW, payload, ADA, request_id)


def bodies(runtime: Runtime, outcome: Outcome) -> list[dict[str, Value]]:
    return [orjson.loads(line) for line in runtime.trace(outcome.trace_id)]


def refusal(runtime: Runtime, payload: object = None, who: Actor = ADA, **more: object) -> Refusal:
    """The refusal of a request, which leaves no run."""
    before = runtime.store.runs()
    with pytest.raises(Refusal) as refused:
        runtime.run(WORKFLOW, order() if payload is None else payload, who, **more)  # type: ignore[arg-type]
    assert runtime.store.runs() == before
    return refused.value


def orders(store: Store) -> int:
    return store.count("registry", ORDERS).rows


def logged(store: Store) -> int:
    return store.length(LOG, "s")


class Watched(MemoryStore):
    """A store that lets something happen right before a commit, and counts what is asked of it.

    `meanwhile` is taken from the front, one for each commit.
    """

    def __init__(self) -> None:
        super().__init__(lambda size: b"s" * size)
        self.meanwhile: list[Callable[[], object]] = []
        self.commits = 0
        self.alone = 0

    def commit(self, segment: Segment) -> Committed | Conflict | Fenced:
        self.commits += 1
        self.alone += self._held
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return super().commit(segment)


class Failing(MemoryStore):
    """A store that breaks: when a key is read, or when a segment is committed."""

    def __init__(self, error: Exception, when: str) -> None:
        super().__init__(lambda size: b"s" * size)
        self.error = error
        self.when = when

    def get(self, table: Table, store: str, key: str) -> Cell | None:
        if self.when == "read":
            raise self.error
        return super().get(table, store, key)

    def commit(self, segment: Segment) -> Committed | Conflict | Fenced:
        if self.when == "commit":
            raise self.error
        return super().commit(segment)
