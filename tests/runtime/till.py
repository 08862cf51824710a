"""A till that takes payments: a snapshot made by hand, so that nothing else changes its digest, and its runs.

| payment | ends |
| --- | --- |
| `PAID`, and once more | COMPLETED at `done` |
| `TOO_MUCH` | DENIED at `too_much` by a decision, before anything was written |
| `TAKEN`, after `PAID` | DENIED at `twice`, by what a store answered |
| `BEYOND` | FAILED at `broken`: an input does not fit |
| `UNREADY` | FAULTED at `receipt`, after something was written |
| `NAMELESS` | REJECTED at admission |
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import count

from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Actor, Outcome, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.trace.record import Chain
from pgs_runtime.vault.vault import Vault
from pgs_snapshot import model
from pgs_snapshot.canonical import canonical, digest
from pgs_snapshot.codec import encode
from pgs_snapshot.model import Compare, Edge, Literal_, Record, Ref, Schema
from pgs_snapshot.seal import MANIFEST, SOURCES, build_manifest, verify
from pgs_snapshot.snapshot import Snapshot, artifact_path, graph_path
from pgs_snapshot.values import Value

WORKFLOW = "till::WF_PAY_V0"
STORE = "till::ST_PAYMENTS_V0"
CLERK = Actor("till::AC_CLERK_V0", "ada", {})

PAID: dict[str, Value] = {"id": "p-1", "amount": 20, "name": "Grace"}
TOO_MUCH: dict[str, Value] = {"id": "p-2", "amount": 100, "name": "Grace"}
TAKEN: dict[str, Value] = {"id": "p-1", "amount": 30, "name": "Grace"}
BEYOND: dict[str, Value] = {"id": "p-3", "amount": 2000, "name": "Grace"}
UNREADY: dict[str, Value] = {"id": "p-4", "amount": 60, "name": "Grace"}
NAMELESS: dict[str, Value] = {"id": "ada", "amount": "20"}

_SOURCE = b"""
from pgs_snapshot.values import Outcome, same


def price(amount):
    return {"total": amount + amount // 10}


def receipt(total):
    if total == 66:
        raise ValueError("out of paper")
    return {"text": f"Paid {total}"}


class Payments:
    def __init__(self, place):
        self._place = place

    def register(self, key, value):
        held = self._place.find(key)
        if held is None:
            self._place.insert(key, value)
            return {}
        return Outcome("ALREADY_EXISTS" if same(held.value, value) else "CONFLICT")
"""


def fields(**properties: Value) -> Schema:
    """A closed object of which every member is required."""
    return {
        "additionalProperties": False,
        "properties": dict(properties),
        "required": sorted(properties),
        "type": "object",
    }


_TEXT: Value = {"type": "string"}
_COUNT: Value = {"type": "integer"}
_NAME: Value = {"type": "string", "labels": ["pii"]}
_PAYMENT = fields(name=_NAME, total=_COUNT)


def _artifacts(summary: str) -> list[tuple[str, str, object]]:
    limit = model.DecideStep(
        "limit",
        (
            model.Case(
                "TOO_MUCH",
                model.All(
                    (
                        Compare("gt", (Ref(3, ("total",)), Literal_(100))),
                        model.Not(Compare("in", (Ref(0, ("amount",)), Literal_([500, 1000])))),
                    )
                ),
                {},
                "till.yaml:21",
            ),
            model.Case("SUCCESS", None, {}, "till.yaml:22"),
        ),
        {"SUCCESS": "SUCCESS", "TOO_MUCH": "TOO_MUCH"},
        "till.yaml:20",
    )
    pricing = model.Contract(
        name="till::CC_PRICE_V0",
        summary="What is to be paid, if it may be",
        inputs=fields(amount={"type": "integer", "maximum": 1000}),
        slots=(
            "inputs",
            "run",
            "config",
            "steps.price",
            "steps.price.outcome",
            "steps.limit",
            "steps.limit.outcome",
        ),
        steps=(
            model.TransformStep(
                "price",
                "till::CT_PRICE_V0",
                {"amount": Ref(0, ("amount",))},
                (),
                {"SUCCESS": None},
                "till.yaml:18",
            ),
            limit,
        ),
        outcomes={"SUCCESS": {"total": Ref(3, ("total",))}, "TOO_MUCH": {}, "VIOLATION": {}},
        outputs={"SUCCESS": fields(total=_COUNT), "TOO_MUCH": fields(), "VIOLATION": fields()},
        on_input_failure="VIOLATION",
        at="till.yaml:14",
    )
    insert = model.OperationStep(
        "insert",
        STORE,
        "REGISTER",
        {
            "key": Ref(0, ("id",)),
            "value": Record({"name": Ref(0, ("name",)), "total": Ref(0, ("total",))}),
        },
        (),
        {"SUCCESS": "SUCCESS", "ALREADY_EXISTS": "SUCCESS", "CONFLICT": "CONFLICT"},
        "till.yaml:31",
    )
    booking = model.Contract(
        name="till::CC_BOOK_V0",
        summary="Put the payment on the books, once",
        inputs=fields(id=_TEXT, name=_NAME, total=_COUNT),
        slots=("inputs", "run", "config", "steps.insert", "steps.insert.outcome"),
        steps=(insert,),
        outcomes={"SUCCESS": {}, "CONFLICT": {}},
        outputs={"SUCCESS": fields(), "CONFLICT": fields()},
        on_input_failure=None,
        at="till.yaml:27",
    )
    printing = model.Contract(
        name="till::CC_RECEIPT_V0",
        summary=summary,
        inputs=fields(total=_COUNT),
        slots=("inputs", "run", "config", "steps.print", "steps.print.outcome"),
        steps=(
            model.TransformStep(
                "print",
                "till::CT_RECEIPT_V0",
                {"total": Ref(0, ("total",))},
                (),
                {"SUCCESS": "SUCCESS"},
                "till.yaml:40",
            ),
        ),
        outcomes={"SUCCESS": {"text": Ref(3, ("text",))}},
        outputs={"SUCCESS": fields(text=_TEXT)},
        on_input_failure=None,
        at="till.yaml:36",
    )
    register = model.Operation(
        "write",
        fields(key=_TEXT, value=dict(_PAYMENT)),
        {"SUCCESS": fields(), "ALREADY_EXISTS": fields(), "CONFLICT": fields()},
    )
    intent = model.Intent(
        name="till::IN_PAY_V0",
        summary="Ask for a payment to be taken",
        payload=fields(id=_TEXT, amount=_COUNT, name=_NAME),
        actors=("till::AC_CLERK_V0",),
        requires=(Compare("ne", (Ref(1, ("id",)), Ref(0, ("id",)))),),
        requires_at=("till.yaml:9",),
        at="till.yaml:5",
    )
    return [
        ("contract", pricing.name, pricing),
        ("contract", booking.name, booking),
        ("contract", printing.name, printing),
        ("intent", intent.name, intent),
        ("actor", CLERK.type, model.Actor(CLERK.type, "Takes payments", fields(), "till.yaml:1")),
        (
            "event",
            "till::EV_PAID_V0",
            model.Event("till::EV_PAID_V0", "Paid", fields(id=_TEXT), (), "till.yaml:50"),
        ),
        ("transform", "till::CT_PRICE_V0", _transform("till::CT_PRICE_V0", "price", "amount", total=_COUNT)),
        (
            "transform",
            "till::CT_RECEIPT_V0",
            _transform("till::CT_RECEIPT_V0", "receipt", "total", text=_TEXT),
        ),
        (
            "store",
            STORE,
            model.Store(
                name=STORE,
                summary="Every payment",
                side_effect="till::CS_PAYMENTS_V0",
                semantics="idempotent",
                entity="till::EN_PAYMENT_V0",
                schema=_PAYMENT,
                operations={"REGISTER": register},
                implementation="till.desk:Payments",
                clears=("pii",),
                at="till.yaml:45",
            ),
        ),
    ]


def _transform(name: str, attribute: str, takes: str, **gives: Value) -> model.Transform:
    outcomes = {"SUCCESS": fields(**gives)}
    return model.Transform(name, "", fields(**{takes: _COUNT}), outcomes, f"till.desk:{attribute}", "till.yaml:60")


def _exit(id: str, kind: model.ExitKind, name: str, summary: str = "") -> model.ExitNode:
    paid = id == "done"
    return model.ExitNode(
        id=id,
        exit=kind,
        names=(name,),
        reason=None,
        result={"total": Ref(5, ("total",))} if paid else {},
        result_schema=fields(total=_COUNT) if paid else {},
        emit={"till::EV_PAID_V0": {"id": Ref(0, ("id",))}} if paid else {},
        at="till.yaml:80",
        summary=summary,
    )


def graph(more: int = 0) -> model.Graph:
    """The workflow; `more` adds so many exits that nothing leads to, for a picture that is too large."""
    book = {
        "id": Ref(0, ("id",)),
        "name": Ref(0, ("name",)),
        "total": Ref(5, ("total",)),
    }
    pricing = {"SUCCESS": Edge("book"), "TOO_MUCH": Edge("too_much"), "VIOLATION": Edge("broken")}
    nodes: tuple[model.Node, ...] = (
        model.IntentNode("admit", "till::IN_PAY_V0", {"ACK": Edge("price"), "NACK": Edge("rejected")}, "till.yaml:70"),
        model.ContractNode(
            "price",
            "till::CC_PRICE_V0",
            {"amount": Ref(0, ("amount",))},
            ("amount",),
            pricing,
            "till.yaml:71",
        ),
        model.ContractNode(
            "book",
            "till::CC_BOOK_V0",
            book,
            (),
            {"SUCCESS": Edge("receipt"), "CONFLICT": Edge("twice")},
            "till.yaml:72",
        ),
        model.ContractNode(
            "receipt",
            "till::CC_RECEIPT_V0",
            {"total": Ref(5, ("total",))},
            (),
            {"SUCCESS": Edge("done")},
            "till.yaml:73",
        ),
        _exit("done", "COMPLETED", "COMPLETED"),
        _exit("too_much", "DENIED", "TOO_MUCH", "More than the till may take"),
        _exit("twice", "DENIED", "CONFLICT"),
        _exit("broken", "FAILED", "BROKEN"),
        _exit("rejected", "REJECTED", "REJECTED"),
        *(_exit(f"spare_{n}", "DENIED", "SPARE") for n in range(more)),
    )
    slots = ("payload", "actor", "run", "config", "with", "results.price", "results.book", "results.receipt")
    return model.Graph(
        workflow=WORKFLOW,
        summary="Take a payment",
        binding=None,
        start="admit",
        slots=slots,
        nodes=nodes,
        bounds=model.Bounds(5, 5, 1),
        hidden={"book": ("/inputs/name", "/steps/insert/inputs/value/name")},
        at="till.yaml:65",
    )


def snapshot(more: int = 0, summary: str = "Print a receipt") -> Snapshot:
    """The sealed till; `summary` is that of one contract."""
    sources = {"till.__init__": b"", "till.desk": _SOURCE}
    digests = {name: digest(source) for name, source in sources.items()}
    files = {SOURCES + digests[name]: source for name, source in sources.items()}
    files["project.json"] = canonical({})
    files[graph_path(WORKFLOW)] = canonical(encode(graph(more)))
    for kind, name, artifact in _artifacts(summary):
        files[artifact_path(kind, name)] = canonical(encode(artifact))
    used = [model.Implementation("till.desk:price", digests, {})]
    return Snapshot(verify(files | {MANIFEST: build_manifest("till", 1, "0", files, used)}))


def open_till(more: int = 0, summary: str = "Print a receipt") -> Runtime:
    """A till with an empty store, whose clock and entropy are always the same."""
    ticks = count(1_772_355_600_000_000, 300)
    seeds = count()
    ports = Ports(
        clock=lambda: next(ticks),
        entropy=lambda size: digest(str(next(seeds)).encode()).encode()[:size],
        fingerprint={"engine": "0", "implementation": "cpython", "python": "3", "unicode": "1"},
    )
    return Runtime(snapshot(more, summary), MemoryStore(lambda size: b"s" * size), ports)


def paid(till: Runtime, payment: dict[str, Value]) -> Outcome:
    """Take a payment."""
    return till.run(WORKFLOW, payment, CLERK)


RUNS: dict[str, tuple[dict[str, Value], ...]] = {
    "paid": (PAID,),
    "paid_before": (PAID, PAID),
    "too_much": (TOO_MUCH,),
    "twice": (PAID, TAKEN),
    "broken": (BEYOND,),
    "undone": (UNREADY,),
    "rejected": (NAMELESS,),
}
"""Payments by the name of what becomes of the last one."""


def memory_of(till: Runtime) -> MemoryStore:
    """The store below the vault of a till, as its owner has it."""
    store = till.store.inner if isinstance(till.store, Vault) else till.store
    assert isinstance(store, MemoryStore)
    return store


def left_by(till: Runtime, name: str) -> tuple[bytes, ...]:
    """The lines of the last payment of `RUNS[name]`."""
    *_, last = [paid(till, payment) for payment in RUNS[name]]
    return till.trace(last.trace_id)


def rechained(lines: Sequence[bytes], change: Callable[[list[dict[str, Value]]], None]) -> tuple[bytes, ...]:
    """The lines after a change of their members, with numbers and digests that fit again."""
    bodies: list[dict[str, Value]] = [json.loads(line) for line in lines]
    change(bodies)
    chain = Chain(str(bodies[0]["run"]))
    for body in bodies:
        chain.add({name: value for name, value in body.items() if name not in ("digest", "n", "prev", "run")})
    return tuple(chain.lines)
