"""Snapshots made by hand out of model classes and a source text, and runtimes over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path

import pgs_capabilities
from pgs_capabilities import side_effects
from pgs_capabilities.side_effects import events
from pgs_capabilities.side_effects import registry as registry_module
from pgs_capabilities.side_effects import state as state_module
from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Actor, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Store
from pgs_snapshot import model
from pgs_snapshot.canonical import canonical, digest
from pgs_snapshot.codec import encode
from pgs_snapshot.model import Edge, Expr, Ref, Schema
from pgs_snapshot.seal import MANIFEST, SOURCES, build_manifest, verify
from pgs_snapshot.snapshot import Snapshot, artifact_path, graph_path
from pgs_snapshot.values import Value

AT = "desk.yaml:1"
WORKFLOW = "desk::WF_RUN_V0"
INTENT = "desk::IN_RUN_V0"
CLERK = "desk::AC_CLERK_V0"
ADA = Actor(CLERK, "ada", {})

TEXT: dict[str, Value] = {"type": "string"}
COUNT: dict[str, Value] = {"type": "integer"}
SECRET: dict[str, Value] = {"type": "string", "labels": ["pii"]}
ANY: dict[str, Value] = {}

_SIDE_EFFECTS = b"""
from pgs_capabilities.side_effects.events import Events
from pgs_capabilities.side_effects.registry import Registry
from pgs_capabilities.side_effects.state import State
"""
_CORE = {
    f"pgs_capabilities.{name}": Path(str(module.__file__)).read_bytes()
    for name, module in (
        ("__init__", pgs_capabilities),
        ("side_effects.__init__", side_effects),
        ("side_effects.events", events),
        ("side_effects.registry", registry_module),
        ("side_effects.state", state_module),
    )
}


def fields(required: Iterable[str] | None = None, **properties: Value) -> Schema:
    """A closed object; every member is required unless `required` names those that are."""
    needed = properties if required is None else required
    return {
        "additionalProperties": False,
        "properties": dict(properties),
        "required": list[Value](sorted(needed)),
        "type": "object",
    }


def intent(
    payload: Schema, *rules: model.Condition, actors: tuple[str, ...] = (CLERK,), name: str = INTENT
) -> model.Intent:
    places = tuple(f"desk.yaml:{number}" for number, _ in enumerate(rules, start=10))
    return model.Intent(name, "", payload, actors, rules, places, AT)


def actor(attributes: Schema | None = None, name: str = CLERK) -> model.Actor:
    return model.Actor(name, "", fields() if attributes is None else attributes, AT)


def transform(name: str, inputs: Schema, **outcomes: Schema) -> model.Transform:
    """`desk::CT_<NAME>_V0`, implemented by `desk.work:<name>`."""
    return model.Transform(f"desk::CT_{name.upper()}_V0", "", inputs, outcomes, f"desk.work:{name}", AT)


def contract(
    name: str,
    inputs: Schema,
    steps: Iterable[model.Step],
    outcomes: Mapping[str, Mapping[str, Expr]],
    outputs: Mapping[str, Schema] | None = None,
    failure: str | None = None,
) -> model.Contract:
    """`desk::CC_<NAME>_V0`. Its outputs may be anything unless `outputs` says what they are."""
    steps = tuple(steps)
    slots = (
        "inputs",
        "run",
        "config",
        *(f"steps.{step.name}{end}" for step in steps for end in ("", ".outcome")),
    )
    schemas = {outcome: fields(**dict.fromkeys(given, ANY)) for outcome, given in outcomes.items()}
    return model.Contract(
        f"desk::CC_{name.upper()}_V0",
        "",
        inputs,
        slots,
        steps,
        outcomes,
        {**schemas, **(outputs or {})},
        failure,
        AT,
    )


def computes(
    name: str, transform: str, inputs: Mapping[str, Expr], unproven: tuple[str, ...] = (), **next: str | None
) -> model.TransformStep:
    return model.TransformStep(name, f"desk::CT_{transform.upper()}_V0", inputs, unproven, next, AT)


def asks(
    name: str,
    store: str,
    operation: str,
    inputs: Mapping[str, Expr],
    unproven: tuple[str, ...] = (),
    **next: str | None,
) -> model.OperationStep:
    return model.OperationStep(name, f"desk::ST_{store}_V0", operation, inputs, unproven, next, AT)


def decides(name: str, *cases: model.Case, **next: str | None) -> model.DecideStep:
    return model.DecideStep(name, cases, next, AT)


def case(outcome: str, when: model.Condition | None = None, **outputs: Expr) -> model.Case:
    return model.Case(outcome, when, outputs, AT)


def admit(to: str, rejected: str = "rejected", intent: str = INTENT) -> model.IntentNode:
    return model.IntentNode("admit", intent, {"ACK": Edge(to), "NACK": Edge(rejected)}, AT)


def node(
    id: str, contract: str, inputs: Mapping[str, Expr], unproven: tuple[str, ...] = (), **next: str | Edge
) -> model.ContractNode:
    edges = {outcome: to if isinstance(to, Edge) else Edge(to) for outcome, to in next.items()}
    return model.ContractNode(id, f"desk::CC_{contract.upper()}_V0", inputs, unproven, edges, AT)


def ends(
    id: str,
    kind: model.ExitKind = "COMPLETED",
    result: Mapping[str, Expr] | None = None,
    schema: Schema | None = None,
    names: tuple[str, ...] = (),
    reason: Expr | None = None,
    emit: Mapping[str, Mapping[str, Expr]] | None = None,
) -> model.ExitNode:
    result = result or {}
    schema = fields(**dict.fromkeys(result, ANY)) if schema is None else schema
    return model.ExitNode(id, kind, names or (kind,), reason, result, schema, emit or {}, AT)


REJECTED = ends("rejected", "REJECTED")


def graph(
    *nodes: model.Node,
    binding: str | None = None,
    workflow: str = WORKFLOW,
    hidden: Mapping[str, tuple[str, ...]] | None = None,
) -> model.Graph:
    """A workflow of nodes in topological order, the first its start."""
    without = (model.IntentNode, model.ExitNode)
    results = tuple(f"results.{node.id}" for node in nodes if not isinstance(node, without))
    inside = ("item", "index") if any(isinstance(node, model.EachNode) for node in nodes) else ()
    heard = ("event",) if any(isinstance(node, model.WaitNode) for node in nodes) else ()
    slots = ("payload", "actor", "run", "config", "with", *results, *inside, *heard)
    return model.Graph(workflow, "", binding, nodes[0].id, slots, nodes, model.Bounds(0, 0, 0), hidden or {}, AT)


def result(graph: model.Graph, node: str, *path: str | int, optional: bool = False) -> Ref:
    return Ref(graph.slots.index(f"results.{node}"), path, optional)


def registry(name: str, value: Schema, clears: tuple[str, ...] = ()) -> model.Store:
    """`desk::ST_<NAME>_V0`, a registry of values."""
    key, address = fields(key=TEXT), fields(address=TEXT)
    operations = {
        "REGISTER": model.Operation(
            "write",
            fields(key=TEXT, value=dict(value)),
            {"SUCCESS": address, "ALREADY_EXISTS": address, "CONFLICT": fields()},
        ),
        "RESOLVE": model.Operation("read", key, {"SUCCESS": fields(value=dict(value)), "NOT_FOUND": fields()}),
        "COUNT": model.Operation("read", fields(), {"SUCCESS": fields(n=COUNT)}),
    }
    return _store(name, "idempotent", value, operations, "Registry", clears)


def journal(name: str, value: Schema) -> model.Store:
    """`desk::ST_<NAME>_V0`, streams of values."""
    inputs = fields(stream=TEXT, record=dict(value))
    operations = {"APPEND": model.Operation("write", inputs, {"SUCCESS": fields(n=COUNT)})}
    return _store(name, "append_only", value, operations, "Events", ())


def state(name: str, value: Schema) -> model.Store:
    """`desk::ST_<NAME>_V0`, values that change."""
    operations = {
        "READ": model.Operation(
            "read",
            fields(key=TEXT),
            {"SUCCESS": fields(value=dict(value), version=COUNT), "NOT_FOUND": fields()},
        ),
        "WRITE": model.Operation(
            "write",
            fields(["key", "value"], key=TEXT, value=dict(value), expected=COUNT),
            {"SUCCESS": fields(version=COUNT), "STALE": fields(version=COUNT)},
        ),
        "LIST": model.Operation(
            "read", fields(prefix=TEXT), {"SUCCESS": fields(keys={"type": "array", "items": TEXT})}
        ),
    }
    return _store(name, "mutable", value, operations, "State", ())


def _store(
    name: str,
    semantics: model.Semantics,
    value: Schema,
    operations: Mapping[str, model.Operation],
    implementation: str,
    clears: tuple[str, ...],
) -> model.Store:
    return model.Store(
        name=f"desk::ST_{name}_V0",
        summary="",
        side_effect=f"desk::CS_{name}_V0",
        semantics=semantics,
        entity=f"desk::EN_{name}_V0",
        schema=value,
        operations=operations,
        implementation=f"desk.keep:{implementation}",
        clears=clears,
        at=AT,
    )


_KINDS: dict[type, str] = {
    model.Actor: "actor",
    model.Binding: "binding",
    model.Context: "context",
    model.Contract: "contract",
    model.Event: "event",
    model.Intent: "intent",
    model.Process: "process",
    model.SideEffect: "side_effect",
    model.Store: "store",
    model.Transform: "transform",
}


def sealed(
    *artifacts: object,
    source: str = "",
    limits: Mapping[str, int] | None = None,
    version: int = 1,
    project: Mapping[str, Value] | None = None,
) -> Snapshot:
    """A snapshot of these artifacts. `source` is that of `desk.work`; the core side effects are in `desk.keep`."""
    sources = {"desk.__init__": b"", "desk.work": source.encode(), "desk.keep": _SIDE_EFFECTS} | _CORE
    digests = {name: digest(text) for name, text in sources.items()}
    files = {SOURCES + digests[name]: text for name, text in sources.items()}
    files["project.json"] = canonical({**(project or {}), "limits": dict(limits or {})})
    for artifact in (actor(), *artifacts):
        if isinstance(artifact, model.Graph):
            path = graph_path(artifact.workflow)
        else:
            path = artifact_path(_KINDS[type(artifact)], str(getattr(artifact, "name", "")))
        files[path] = canonical(encode(artifact))
    used = [model.Implementation("desk.keep:Registry", digests, {})]
    return Snapshot(verify(files | {MANIFEST: build_manifest("desk", version, "0", files, used)}))


FINGERPRINT = {"engine": "0", "implementation": "cpython", "python": "3", "unicode": "1"}


def ports(step: int = 300, seed: int = 0) -> Ports:
    """A clock that goes on by `step` µs whenever it is read, and entropy that follows from the seed."""
    ticks, seeds = count(1_772_355_600_000_000, step), count(seed)
    return Ports(
        clock=lambda: next(ticks),
        entropy=lambda size: digest(str(next(seeds)).encode()).encode()[:size],
        fingerprint=FINGERPRINT,
        elapsed=count(0, step).__next__,
    )


def memory() -> MemoryStore:
    """An empty store with the same secret each time."""
    return MemoryStore(lambda size: b"s" * size)


def opened(*artifacts: object, source: str = "", store: Store | None = None, **limits: int) -> Runtime:
    """A runtime over a snapshot of these artifacts."""
    return Runtime(sealed(*artifacts, source=source, limits=limits), store or memory(), ports())
