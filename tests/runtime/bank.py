"""A bank that one process works with: a snapshot made by hand, and runs over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import orjson

from pgs_runtime.runtime import Outcome, Runtime
from pgs_runtime.stores.port import Store
from pgs_snapshot import model
from pgs_snapshot.model import Edge, Ref
from pgs_snapshot.processes import Level
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.runtime.protocol import (
    ADA,
    AT,
    COUNT,
    REJECTED,
    TEXT,
    WORKFLOW,
    admit,
    ends,
    fields,
    graph,
    intent,
    memory,
    ports,
    result,
    sealed,
)

BANK = "desk::CX_BANK_V0"
TRANSFER = "desk::PC_TRANSFER_V0"

SOURCE = """
from pgs_snapshot.values import Outcome

def transfer(ctx, source, target, amount):
    accounts = ctx.domain.accounts
    if amount < 0:
        raise ValueError("negative")
    accounts[source] = accounts.get(source, 100) - amount
    accounts[target] = accounts.get(target, 100) + amount
    if amount == 1:
        raise KeyError("undeclared")
    if amount == 2:
        ctx.domain.secret = 1
    if amount == 3:
        accounts[source] += 1
    if amount == 4:
        accounts[target] = "nothing"
    if amount == 5:
        return Outcome("EMPTY")
    if amount == 6:
        return Outcome("NOWHERE")
    if amount == 7:
        return {"left": ctx.domain.secret}
    if amount > 500:
        ctx.domain.total_reserves -= amount
        ctx.domain.sig_fraud_detected = True
    return {"left": accounts[source]}
"""
ACCOUNTS: dict[str, Value] = {"type": "object", "additionalProperties": COUNT}


def field(schema: Mapping[str, Value], default: Value, zone: str = "data") -> model.ContextField:
    return model.ContextField(schema, zone, default)  # type: ignore[arg-type]  # a word of the format


def bank(labels: Sequence[str] = ()) -> model.Context:
    accounts = {**ACCOUNTS, "labels": list(labels)} if labels else ACCOUNTS
    held = {
        "domain.accounts": field(accounts, {}),
        "domain.secret": field(COUNT, 0),
        "domain.sig_fraud_detected": field({"type": "boolean"}, False, "signal"),
        "domain.total_reserves": field(COUNT, 1000),
        "global.limit": field(COUNT, 10_000),
    }
    return model.Context(BANK, "", held, (), AT)


def rule(
    place: int, looks_at: str, level: Level, threshold: int = 1, commits: bool = False, **condition: Value
) -> model.AuditRule:
    ((name, limit),) = condition.items()
    under = "commit" if commits else "reject"
    at = f"bank.yaml:{place}"
    return model.AuditRule("desk::AR_BANK_V0", looks_at, name, limit, level, threshold, False, under, "enforce", "", at)


def transfer(
    before: Sequence[model.AuditRule] = (), after: Sequence[model.AuditRule] = (), labels: Sequence[str] = ()
) -> model.Process:
    gate = model.Gate(tuple(before), tuple(after)) if before or after else None
    left: Value = {**COUNT, "labels": list(labels)} if labels else COUNT
    return model.Process(
        name=TRANSFER,
        summary="Move money",
        context=BANK,
        reads=("global.limit",),
        writes=("domain.accounts", "domain.sig_fraud_detected", "domain.total_reserves"),
        signals=(),
        inputs=fields(source=TEXT, target=TEXT, amount=COUNT),
        outcomes={"SUCCESS": fields(left=left), "EMPTY": fields(), "VIOLATION": fields(), "BLOCKED": fields()},
        errors={"ValueError": "VIOLATION"},
        implementation="desk.work:transfer",
        at=AT,
        gate=gate,
    )


PAYLOAD = fields(bank=TEXT, source=TEXT, target=TEXT, amount=COUNT)
INPUTS = {name: Ref(0, (name,)) for name in ("source", "target", "amount")}


def at(id: str, **next: str) -> model.ProcessNode:
    edges = {outcome: Edge(to) for outcome, to in next.items()}
    return model.ProcessNode(id, TRANSFER, Ref(0, ("bank",)), INPUTS, (), edges, AT)


def moves(hidden: Mapping[str, tuple[str, ...]] | None = None) -> model.Graph:
    move = at("move", SUCCESS="done", EMPTY="empty", VIOLATION="wrong", BLOCKED="blocked")
    without = (ends("empty", "DENIED", names=("EMPTY",)), ends("wrong", "DENIED", names=("WRONG",)))
    exits = (*without, ends("blocked", "DENIED", names=("BLOCKED",)), REJECTED)
    shape = graph(admit("move"), move, ends("done"), *exits)
    return graph(
        admit("move"), move, ends("done", result={"left": result(shape, "move", "left")}), *exits, hidden=hidden
    )


def snapshot(*artifacts: object, hidden: Mapping[str, tuple[str, ...]] | None = None) -> Snapshot:
    """The bank, with these in place of the usual process and context."""
    kinds = {type(artifact) for artifact in artifacts}
    usual = [made for made in (bank(), transfer(), moves(hidden)) if type(made) not in kinds]
    return sealed(intent(PAYLOAD), *usual, *artifacts, source=SOURCE)


def opened(*artifacts: object, store: Store | None = None) -> Runtime:
    return Runtime(snapshot(*artifacts), store or memory(), ports())


def move(runtime: Runtime, amount: int, source: str = "ann", target: str = "bob", bank: str = "main") -> Outcome:
    payload = {"bank": bank, "source": source, "target": target, "amount": amount}
    return runtime.run(WORKFLOW, payload, ADA)


def held(runtime: Runtime, path: str, session: str = "main") -> Value:
    """What a field of an instance is stored as, or None."""
    cell = runtime.store.get("state", BANK, f"{session}/{path}")
    return cast(Value, orjson.loads(cell.value)) if cell else None
