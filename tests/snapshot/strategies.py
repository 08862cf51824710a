"""Hypothesis strategies for values and for every class of the snapshot model, made from its type hints.

What they give has the right form, not a meaning: a slot may name nothing, an edge may lead nowhere.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from typing import TypeVar

from hypothesis import strategies as st

from pgs_snapshot import model
from pgs_snapshot.transports import Egress, Ingress
from pgs_snapshot.values import MAX_INTEGER, Value

T = TypeVar("T")

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
integers = st.integers(-MAX_INTEGER, MAX_INTEGER)
fractions = st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer())
scalars: st.SearchStrategy[Value] = st.none() | st.booleans() | integers | fractions | texts
values: st.SearchStrategy[Value] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
schemas = st.dictionaries(texts, values, max_size=2)

members = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
names = st.from_regex(r"[a-z][a-z0-9_]{0,8}(::[A-Z]{2}_[A-Z]{0,8}_V0)?", fullmatch=True)
places = st.builds("protocols/{}.yaml:{}".format, members, st.integers(1, 999))
digests = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
# Fields of type str that hold something else than any text.
_STRINGS = {
    "at": places,
    "sha256": digests,
    "root": digests,
    "name": names,
    "id": names,
    "to": names,
}


def made(kind: type[T]) -> st.SearchStrategy[T]:
    """Objects of a class of the model."""
    fields = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    hints = typing.get_type_hints(kind, localns=_ALIASES)
    return st.builds(kind, **{name: _STRINGS[name] if name in _STRINGS else _of(hints[name]) for name in fields})


def _lists(items: st.SearchStrategy[T], most: int = 2) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(items, max_size=most).map(tuple)


def _of(hint: object) -> st.SearchStrategy[object]:
    if hint in _LEAVES:
        return _LEAVES[hint]()
    arguments = typing.get_args(hint)
    match typing.get_origin(hint):
        case None:
            return made(typing.cast(type, hint))
        case builtin if builtin is tuple:
            return _lists(_of(arguments[0]))
        case special if special is typing.Literal:
            return st.sampled_from(arguments)
        case types.UnionType:
            return st.none() | _of(arguments[0])
    return st.dictionaries(members, _of(arguments[1]), max_size=2)


refs = st.builds(model.Ref, st.integers(0, 9), _lists(members | integers, 3), st.booleans())
slices = st.builds(model.Slice, st.none() | integers, st.none() | integers, integers)
queries = st.builds(model.Query, st.integers(0, 9), _lists(members | integers | slices | st.builds(model.Wildcard), 3))
exprs: st.SearchStrategy[model.Expr] = st.recursive(
    st.builds(model.Literal_, values) | refs | queries,
    lambda inner: (
        st.builds(model.Default, refs, inner)
        | st.builds(model.Text, _lists(inner))
        | st.builds(model.Record, st.dictionaries(members, inner, max_size=2))
        | st.builds(model.Items, _lists(inner))
    ),
    max_leaves=4,
)

_ALIASES = {name: type(name, (), {}) for name in ("Value", "Schema", "Expr", "Condition", "Step", "Node")}
_LEAVES: dict[object, Callable[[], st.SearchStrategy[object]]] = {
    str: lambda: texts,
    int: lambda: st.integers(0, 99),
    bool: st.booleans,
    _ALIASES["Value"]: lambda: values,
    _ALIASES["Schema"]: lambda: schemas,
    _ALIASES["Expr"]: lambda: exprs,
    _ALIASES["Condition"]: lambda: conditions,
    _ALIASES["Step"]: lambda: steps,
    _ALIASES["Node"]: lambda: nodes,
}

conditions: st.SearchStrategy[model.Condition] = st.recursive(
    made(model.Compare),
    lambda inner: (
        st.builds(model.All, _lists(inner)) | st.builds(model.Any_, _lists(inner)) | st.builds(model.Not, inner)
    ),
    max_leaves=3,
)
steps: st.SearchStrategy[model.Step] = st.one_of(
    made(model.TransformStep), made(model.OperationStep), made(model.EffectStep), made(model.DecideStep)
)
NODES = [
    model.IntentNode, model.ContractNode, model.ProcessNode, model.CallNode, model.EachNode, model.WaitNode,
    model.ExitNode,
]  # fmt: skip
nodes: st.SearchStrategy[model.Node] = st.one_of(*map(made, NODES))
graphs = made(model.Graph)

ARTIFACTS = [
    model.Graph, model.Contract, model.Intent, model.Actor, model.Transform, model.SideEffect, model.Store,
    model.Binding, model.Event, model.Entity, model.Context, model.Process, model.Machine, model.Manifest, Ingress,
    Egress,
]  # fmt: skip
artifacts: st.SearchStrategy[object] = st.one_of(*map(made, ARTIFACTS))
"""Any object that a snapshot holds as a file of its own, and the manifest."""

parts: st.SearchStrategy[object] = st.one_of(exprs, conditions, steps, nodes, slices)
"""Any object that stands inside another."""
