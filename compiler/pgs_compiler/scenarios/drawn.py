"""Scenarios drawn by chance: who asks for what, on which state, under which configuration, and who answers when.

Laws:
* state and configuration fit what is declared of them; payloads and fields of events now and then do not;
* the same seed draws the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from pgs_compiler.findings import Place
from pgs_compiler.scenarios.scenario import Doubled, Expected, Scenario, Signalled
from pgs_compiler.scenarios.staging import Answer
from pgs_compiler.scenarios.values import Chance
from pgs_snapshot.model import CallNode, EachNode, Graph, IntentNode, ProcessNode, Schema, Signal, WaitNode
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.validation import validator
from pgs_snapshot.values import Value

NOWHERE = Place("", 1, 1, 1, 1)
_EACH = 3
"""How many effects of one operation have doubles."""
_ROWS = 2
_BEGINS = "2026-03-01T09:00:00Z"
"""When scenes begin that do not say it."""
_PEOPLE = ("ben", "tester", "zoe")
_MADE = "::ST_SM_"
"""Stores of machines, which hold only what their workflows have brought about."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a workflow stands on, with what it calls: `places` are its stores and contexts.

    `rows` are the schemas of values by store, `fields` by context; `lists`: the stores that only grow. `words`: of what
    contexts hold before anybody writes. `config`: of every binding.
    """

    graphs: tuple[Graph, ...]
    places: frozenset[str]
    rows: Mapping[str, Schema]
    lists: frozenset[str]
    fields: Mapping[str, Mapping[str, Schema]]
    words: tuple[str, ...]
    config: Schema


def ground(snapshot: Snapshot, workflow: str) -> Ground:
    """What is reached from a workflow. A context with invariants is not made up, for they may not hold of it."""
    graphs: dict[str, Graph] = {}
    left = [workflow]
    while left:
        name = left.pop()
        if name not in graphs:
            graphs[name] = snapshot.graph(name)
            left += [called for node in graphs[name].nodes for called in _called(node)]
    bindings = [snapshot.binding(each.binding) for each in graphs.values() if each.binding is not None]
    stores = [snapshot.store(name) for name in sorted({name for each in bindings for name in each.stores})]
    nodes = [node for each in graphs.values() for node in each.nodes]
    contexts = {snapshot.process(node.process).context for node in nodes if isinstance(node, ProcessNode)}
    shared = [snapshot.context(name) for name in sorted(contexts)]
    config = [cast("dict[str, Value]", each.config.get("properties", {})) for each in bindings]
    needed = [name for each in bindings for name in cast("list[str]", each.config.get("required", []))]
    return Ground(
        graphs=tuple(graphs.values()),
        places=frozenset((*(each.name for each in stores), *contexts)),
        rows={each.name: each.schema for each in stores if _MADE not in each.name},
        lists=frozenset(each.name for each in stores if each.semantics == "append_only"),
        fields={
            each.name: {path: found.schema for path, found in each.fields.items() if found.zone == "data"}
            for each in shared
            if not each.invariants
        },
        words=tuple(sorted({t for each in shared for held in each.fields.values() for t in _texts(held.default)})),
        config={"properties": {name: each[name] for each in config for name in each}, "required": list(needed)},
    )


def _called(node: object) -> Iterator[str]:
    if isinstance(node, CallNode | EachNode):
        yield from (name for name in (node.call.otherwise, *node.call.of.values()) if name is not None)


def drawn(snapshot: Snapshot, workflow: str, chance: Chance, left: Sequence[Value]) -> Scenario:
    """A scenario of a workflow.

    Args:
        left: what earlier runs left in the stores; where one left something that this reads, it is mostly begun on.
    """
    under, start = ground(snapshot, workflow), snapshot.graph(workflow).nodes[0]
    state: Value = {}
    chance = replace(chance, words=(*chance.words, *under.words))
    telling = [each for each in left if not under.places.isdisjoint(cast("dict[str, Value]", each))]
    if left and chance.random.random() < 0.7:
        state = chance.random.choice(telling or left)
        held = [rows for name, rows in cast("dict[str, Value]", state).items() if name in under.places]
        inside = (row for rows in held if isinstance(rows, dict) for row in rows.values())
        texts = sorted({text for row in inside for text in _texts(row)})
        chance = replace(chance, keys=tuple(sorted(set(_keys(held)))), words=(*chance.words, *texts))
    payload: dict[str, Value] = {}
    actor: dict[str, Value] = {"type": str(snapshot.project().get("actor", ""))}
    if isinstance(start, IntentNode):
        intent = snapshot.intent(start.intent)
        payload = chance.members(intent.payload)
        actor["type"] = chance.random.choice(intent.actors)
    if actor["type"] in snapshot.names("artifacts/actor"):
        actor |= chance.members(snapshot.actor(str(actor["type"])).attributes)
    if not state and chance.random.random() < 0.5:
        state = _made_up(under, chance, sorted({*_texts(payload), *_texts(actor), "a"}))
    return Scenario(
        name="found by chance",
        place=NOWHERE,
        workflow=workflow,
        payload=payload,
        actor=actor,
        state=state,
        config=_config(under, chance),
        clock=None,
        doubles=tuple(_doubles(snapshot, chance)),
        signals=(),
        expect=Expected(faults=NOWHERE),
        places={},
    )


def _keys(held: Sequence[Value]) -> Iterator[str]:
    """The keys under which something is held, and the sessions of contexts."""
    yield from (key.partition("/")[0] for rows in held if isinstance(rows, dict) for key in rows)


def _texts(value: Value) -> Iterator[str]:
    """The texts in a value, names of members among them, for they may be keys."""
    if isinstance(value, str):
        yield value
    yield from value if isinstance(value, dict) else ()
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)


def _made_up(under: Ground, chance: Chance, keys: Sequence[str]) -> Value:
    """State that fits what is declared, under keys that the run may ask for."""
    state: dict[str, Value] = {}
    for name, schema in under.rows.items():
        fits = validator(schema).is_valid
        for key in {chance.random.choice(keys): None for _ in range(chance.random.randrange(_ROWS + 1))}:
            found = chance.value(schema)
            if fits(found):
                held = cast("dict[str, Value]", state.setdefault(name, {}))
                held[key] = [found] if name in under.lists else found
    for name, fields in under.fields.items():
        session = chance.random.choice(keys)
        values = {path: chance.value(schema) for path, schema in sorted(fields.items()) if chance.random.random() < 0.5}
        fitting = {f"{session}/{path}": each for path, each in values.items() if validator(fields[path]).is_valid(each)}
        state |= {name: cast(Value, fitting)} if fitting else {}
    return state


def _config(under: Ground, chance: Chance) -> dict[str, Value]:
    """Values of the configuration that fit; one that does not is left out."""
    schemas = cast("dict[str, Schema]", under.config["properties"])
    found = chance.members(under.config)
    return {name: value for name, value in found.items() if validator(schemas[name]).is_valid(value)}


def _doubles(snapshot: Snapshot, chance: Chance) -> Iterator[Doubled]:
    for name in snapshot.names("artifacts/side_effect"):
        for operation, stated in sorted(snapshot.side_effect(name).operations.items()):
            for _ in range(_EACH):
                outcome = chance.random.choice([*sorted(stated.outcomes), "UNKNOWN"])
                outputs = chance.members(stated.outcomes[outcome]) if outcome in stated.outcomes else {}
                yield Doubled(NOWHERE, name, operation, outcome, outputs, {})


# --- while a run waits ---------------------------------------------------------------------------


def prolonged(snapshot: Snapshot, scenario: Scenario, answer: Answer, chance: Chance) -> Scenario:
    """The scenario of a run that waits, with one thing more that happens: somebody answers, or time passes."""
    waits = list(_open(cast("list[Answer]", answer["lines"])))
    wait = chance.random.choice(waits) if waits else {}
    heard = cast("list[dict[str, str]]", wait.get("signals", []))
    due = cast("str | None", wait.get("due"))
    if due is not None and (not heard or chance.random.random() < 0.25):
        past = (each.at for each in scenario.signals if each.at is not None)
        signal = Signalled(NOWHERE, "", {}, {}, max(due, _BEGINS, *past), False)  # time does not go back
    elif heard:
        signal = _answer(snapshot, scenario, str(wait["node"]), chance.random.choice(heard), chance)
    else:
        return scenario
    return replace(scenario, signals=(*scenario.signals, signal))


def _open(lines: Sequence[Answer]) -> Iterator[Answer]:
    """The lines of waits that are not over."""
    over = {_spot(line) for line in lines if line["kind"] == "wait"}
    yield from (line for line in lines if line["kind"] == "suspend" and _spot(line) not in over)


def _spot(line: Answer) -> str:
    return f"{line.get('parent')} {line.get('iteration')} {line['node']}"


def _answer(snapshot: Snapshot, scenario: Scenario, node: str, heard: dict[str, str], chance: Chance) -> Signalled:
    """What somebody sends; mostly with what the wait matches, where the payload has a member of that name."""
    event, accepts = heard["event"], _accepts(snapshot, scenario.workflow, node, heard["name"])
    fields = chance.members(snapshot.event(event).fields)
    asked = cast("dict[str, Value]", scenario.payload)
    for name in sorted(accepts.match) if accepts is not None else ():
        if name in asked and chance.random.random() < 0.9:
            fields[name] = asked[name]
    actor: dict[str, Value] = {"id": chance.random.choice(_PEOPLE)}
    if accepts is not None and accepts.actors:
        role = chance.random.choice(accepts.actors)
        actor |= {"type": role, **chance.members(snapshot.actor(role).attributes)}
    return Signalled(NOWHERE, event, fields, actor, None, False)


def _accepts(snapshot: Snapshot, workflow: str, node: str, name: str) -> Signal | None:
    """What a wait of the workflow, or of one that it calls, says of a signal."""
    waits = (each for graph in ground(snapshot, workflow).graphs for each in graph.nodes if isinstance(each, WaitNode))
    return next((signal for wait in waits if wait.id == node for signal in wait.signals if signal.name == name), None)
