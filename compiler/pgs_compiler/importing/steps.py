"""What a step of a published pipeline uses, and in which words of this language it does."""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from types import MappingProxyType

from pgs_compiler.importing.draft import Draft, member, record, text_of
from pgs_compiler.importing.known import EXTERNAL, OPERATIONS, TRANSFORMS, KnownOperation, side_effects
from pgs_compiler.importing.places import Places, Store, missing_binding
from pgs_compiler.importing.published import Document
from pgs_compiler.importing.transforms import SEMANTICS
from pgs_compiler.importing.world import BACKEND_ERROR, World
from pgs_compiler.source import Entry, Mapping, Scalar, Tree

EMPTY: Map[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Use:
    """What a step uses.

    Attributes:
        keys: what the written step names, `{"op": …, "store": …}` or `{"transform": …}`, with places.
        inputs, outputs: paths in this language by the publisher's names; what is not listed is called alike.
        constants: outputs that are known.
        outcomes: outcomes that only this language has, with the publisher's; "" for one that cannot happen.
        failures: outcomes in which the publisher's failure ends here.
        dropped: inputs that are done without.
        schemas: the schemas of outputs, by the publisher's names.
        lost: outputs that its publisher declares and `core` does not give.
        store, operation: where it takes place, if it is of `core`.
    """

    keys: tuple[tuple[str, Scalar], ...]
    inputs: Map[str, str] = field(default_factory=lambda: MappingProxyType({}))
    outputs: Map[str, str] = field(default_factory=lambda: MappingProxyType({}))
    constants: Map[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    outcomes: Map[str, str] = field(default_factory=lambda: MappingProxyType({}))
    failures: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    schemas: Map[str, Tree] = field(default_factory=lambda: MappingProxyType({}))
    lost: frozenset[str] = frozenset()
    store: Store | None = None
    operation: KnownOperation | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A step as it is published, as far as it says what it uses, and the bindings under which it runs."""

    contract: Document
    bindings: tuple[Document, ...]
    name: str
    tree: Mapping
    place: Scalar

    def text(self, name: str) -> str:
        return text_of(self.tree.get(name))

    def at(self, name: str) -> Scalar:
        value = self.tree.get(name)
        return value if isinstance(value, Scalar) else self.place


def use_of(world: World, places: Places, step: Seen) -> Use:
    """What a step uses; a stand-in for what has no counterpart, with a finding."""
    if step.text("transform"):
        return _transform(world, step)
    if not step.text("side_effect"):
        world.account.report("I954", "A step names a `transform` or a `side_effect`.", step.place.place)
        return stand_in(world, step, None)
    return _effect(world, places, step)


def _transform(world: World, step: Seen) -> Use:
    named = step.at("transform")
    target = world.find(step.text("transform"), step.contract, "CT")
    known = TRANSFORMS.get(target.name if target else step.text("transform"))
    outputs = member(member(target.machine, "core"), "outputs") if target else None
    schemas = {entry.name: entry.value for entry in outputs} if isinstance(outputs, Mapping) else {}
    if known is not None:
        written = Scalar(f"core::{known.core}", named.place)
        return Use(
            (("transform", written),), EMPTY, known.outputs, known.constants, failures=known.failures, schemas=schemas
        )
    if target is None:
        world.unpublished(step.text("transform"), named.place)
        return stand_in(world, step, None)
    written = Scalar(world.refer(target, step.contract), named.place)
    return Use((("transform", written),), failures=("VIOLATION",), schemas=schemas)


def _effect(world: World, places: Places, step: Seen) -> Use:
    named = step.at("side_effect")
    target = world.find(step.text("side_effect"), step.contract, "CS")
    name = target.name if target else step.text("side_effect")
    known = OPERATIONS.get((name, step.text("op")))
    if target is None and name not in side_effects():
        world.unpublished(name, named.place)
        return stand_in(world, step, None)
    if known is None and (name in side_effects() or target is None or semantics_of(target) is None):
        message = f"`{step.text('op')}` of `{_code(name)}` has no counterpart: this step has to be written another way."
        world.account.report("I955", message, step.at("op").place, _advice(target, step))
        return stand_in(world, step, target)
    for binding in missing_binding(step.bindings, name):
        message = f"`{binding.code}`, by which this runs, binds no `{_code(name)}`."
        world.account.report("I958", message, named.place)
    if known is not None and known.side_effect in EXTERNAL:
        for binding in step.bindings:
            places.used.setdefault(f"{binding.name} effects", set()).add(known.side_effect)
        op = ("op", Scalar(known.op, step.at("op").place))
        keys = (op, ("side_effect", Scalar(f"core::{known.side_effect}", named.place)))
        return Use(keys, known.inputs, known.outputs, outcomes=known.outcomes, operation=known)
    own = world.full_name(target) if target else ""
    return _stored(world, places, step, target, f"core::{known.side_effect}" if known else own)


def _code(name: str) -> str:
    return name.rpartition("::")[2]


def _stored(world: World, places: Places, step: Seen, target: Document | None, side_effect: str) -> Use:
    """A step that takes place in a store of the side effect, in full."""
    named = step.at("store" if step.text("store") else "side_effect")
    known = OPERATIONS.get((target.name if target else step.text("side_effect"), step.text("op")))
    stores = places.store(step.contract, step.bindings, step.tree)
    if not stores:
        what = (
            f"`{step.text('store')}`"
            if step.text("store")
            else f"a step of `{_code(step.text('side_effect'))}` without `store`"
        )
        message = f"Nothing says where {what} takes place: no structure or policy of a binding in use names it."
        world.account.report("I958", message, named.place)
        return stand_in(world, step, target)
    store = stores[0]
    if len(stores) > 1:
        others = " and ".join(f"`{each.code}`" for each in stores)
        message = (
            f"No workflow uses this, and bindings mean different stores by it, {others}: it is carried for the first."
        )
        world.account.report("I958", message, named.place)
    if store.side_effect and store.side_effect != side_effect:
        message = (
            f"`{store.code}` is kept by `{store.side_effect}` elsewhere, and cannot be by `{side_effect}` as well."
        )
        world.account.report("I958", message, named.place)
        return stand_in(world, step, target)
    store.side_effect = side_effect
    op = known.op if known else step.text("op")
    store.operations.add(op)
    own = store.name.partition("::")[0] == world.domain(step.contract)
    keys = (
        ("op", Scalar(op, step.at("op").place)),
        ("store", Scalar(store.code if own else store.name, named.place)),
    )
    if known is None:
        return Use(keys, store=store)
    declared = frozenset(_outputs(step, target)) if _operation(step, target) is not None else frozenset()
    return Use(
        keys,
        known.inputs,
        known.outputs,
        outcomes=known.outcomes,
        dropped=known.dropped,
        lost=declared - known.outputs.keys(),
        store=store,
        operation=known,
    )


def semantics_of(target: Document) -> str | None:
    """How a side effect of its publisher's own keeps what it keeps; None for one that keeps nothing."""
    properties = member(member(target.machine, "extensions"), "properties")
    return SEMANTICS.get(text_of(member(properties, "replay_policy")))


def stand_in(world: World, step: Seen, target: Document | None) -> Use:
    """A transform that nobody has written, with what the step gives and takes, so that the rest can be checked."""
    place = step.place.place
    word = f"{step.contract.word}_{step.name.upper()}"[:70]
    code = f"CT_{word}_V{step.contract.version}"
    name = f"{world.domain(step.contract)}::{code}"
    if name not in world.unimplemented:
        world.unimplemented.add(name)
        world.write(step.contract, _stand_in(step, target, name))
    return Use((("transform", Scalar(code, place)),), failures=_failures(step))


def _failures(step: Seen) -> tuple[str, ...]:
    """Under what a stand-in fails, if its publisher says what becomes of that."""
    named = text_of(member(step.tree.get("on_ct_result"), "on_failure")) or "VIOLATION"
    return ("VIOLATION",) if member(step.tree.get("on_result"), named) is not None else ()


def _stand_in(step: Seen, target: Document | None, name: str) -> Mapping:
    place = step.place.place
    used = step.text("op") or "a step"
    inputs, outputs = Draft(place), Draft(place)
    given = step.tree.get("inputs")
    for entry in given if isinstance(given, Mapping) else ():
        inputs.add(entry.name, record(entry.key.place, optional=True), entry.key.place)
    for output in _outputs(step, target):
        outputs.add(output, record(place), place)
    outcomes = Draft(place).add("SUCCESS", outputs.tree())
    routed = step.tree.get("on_result")
    for entry in routed if isinstance(routed, Mapping) else ():
        if entry.name not in (BACKEND_ERROR, "SUCCESS") and entry.name.isupper():
            outcomes.add(entry.name, record(entry.key.place), entry.key.place)
    for own in _failures(step):
        outcomes.add(own, record(place))
    return record(
        place,
        transform=name,
        summary=f"Stands in for {used}, which has no counterpart",
        description=f"It keeps the place of `{step.name}` in {step.contract.code}, which is to be written another way.",
        inputs=inputs.tree(),
        outcomes=outcomes.tree(),
        implementation="not_carried.steps:" + (step.name or "step"),
    )


def _outputs(step: Seen, target: Document | None) -> list[str]:
    """What the operation gives: as its publisher declares it, else what the step takes of it."""
    declared = member(_operation(step, target), "output")
    if declared is not None and not isinstance(declared, Scalar | Mapping):
        return [text_of(item) for item in declared if text_of(item) not in ("", "result_status")]
    taken = step.tree.get("outputs")
    names = []
    for entry in taken if isinstance(taken, Mapping) else ():
        parts = text_of(entry.value).split(".")
        if parts[:2] == ["$", "capability_result"] and len(parts) > 2 and parts[2] != "result_status":
            names.append(parts[2])
    return names


def _operation(step: Seen, target: Document | None) -> Tree | None:
    return member(member(member(target.machine, "core"), "operations"), step.text("op")) if target else None


def _advice(target: Document | None, step: Seen) -> str:
    """What there is in place of it."""
    if target is not None and semantics_of(target) is None and "WORKFLOW" in target.code:
        return "A workflow calls another by a node with `call`, and one for each item of a list by `each`."
    return {
        "EXISTS": "`READ` and `RESOLVE` end as `NOT_FOUND`.",
        "DELETE_MANY": "Delete one key at a time, in a workflow that `each` calls.",
    }.get(step.text("op"), "")


def entry_of(tree: Mapping, name: str) -> Entry | None:
    return next((entry for entry in tree if entry.name == name), None)
