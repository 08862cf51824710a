"""Expressions over flows: what the value that is built from slots carries, with the author's place of each part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pgs_compiler.declarations import (
    Bindings,
    DefaultForm,
    ListForm,
    RecordForm,
    TextForm,
    ValueSyntax,
)
from pgs_compiler.flows.lattice import CLEAN, Flow, Kind, along, flat, join, join_all, marked, onward, record, sequence
from pgs_snapshot import model
from pgs_snapshot.model import Expr

Frame = Sequence[Flow]
"""What the slots carry, by number. A slot beyond the end has not been filled on this way."""


def bound(
    exprs: Mapping[str, Expr], bindings: Bindings | None, frame: Frame, words: str, kind: Kind = "passed"
) -> dict[str, Flow]:
    """What values bound to names carry. `words` says what the hop is, with `{}` for the name."""
    syntax = _by_name(bindings)
    found: dict[str, Flow] = {}
    for name, expr in exprs.items():
        if name in syntax:
            found[name] = Reader(frame, words.format(name), kind).read(expr, syntax[name])
    return found


def _by_name(bindings: Bindings | None) -> Mapping[str, ValueSyntax]:
    if bindings is None:
        return {}
    if bindings.whole is not None:
        return _Whole(bindings.whole)
    return {item.name.text: item.value for item in bindings.bound}


class _Whole(dict[str, ValueSyntax]):
    """The one reference that passes an object stands for each of its members."""

    def __init__(self, whole: ValueSyntax) -> None:
        super().__init__()
        self._whole = whole

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> ValueSyntax:
        return self._whole


class Reader:
    """Reads expressions beside their syntax; every part of the answer has a hop at the part's own place."""

    def __init__(self, frame: Frame, words: str, kind: Kind = "passed") -> None:
        self._frame = frame
        self._words = words
        self._kind = kind

    def read(self, expr: Expr, syntax: ValueSyntax) -> Flow:
        match expr, syntax:
            case model.Record(members), RecordForm(written):
                places = {item.name.text: item.value for item in written}
                return record({name: self.read(part, places[name]) for name, part in members.items()})
            case model.Items(items), ListForm(written_items):
                return sequence(join_all(map(self.read, items, written_items)))
            case model.Default(value, otherwise), DefaultForm(first, second):
                return join(self.read(value, first), self.read(otherwise, second))
            case model.Text(parts), TextForm(written_parts):
                flows = (
                    self.read(part, item)
                    for part, item in zip(parts, written_parts, strict=True)
                    if not isinstance(item, str)
                )
                return marked(flat(join_all(flows)))
            case model.Ref(slot, path), _:
                return self._hop(along(self._slot(slot), path), syntax)
            case model.Query(slot, query), _:
                return self._hop(along(self._slot(slot), query), syntax)
        return CLEAN

    def _slot(self, number: int) -> Flow:
        return self._frame[number] if number < len(self._frame) else CLEAN

    def _hop(self, flow: Flow, syntax: ValueSyntax) -> Flow:
        return onward(flow, syntax.place, self._words, self._kind)


def operands(comparison: model.Compare, frame: Frame) -> Flow:
    """What the operands of a comparison carry, all of it on the whole."""
    return marked(flat(join_all(_bare(operand, frame) for operand in comparison.operands)))


def _bare(expr: Expr, frame: Frame) -> Flow:
    """What an expression carries, without a hop of its own."""
    match expr:
        case model.Ref(slot, path):
            return along(frame[slot] if slot < len(frame) else CLEAN, path)
        case model.Query(slot, query):
            return along(frame[slot] if slot < len(frame) else CLEAN, query)
        case model.Default(value, otherwise):
            return join(_bare(value, frame), _bare(otherwise, frame))
        case model.Text(parts) | model.Items(parts):
            return marked(flat(join_all(_bare(part, frame) for part in parts)))
        case model.Record(members):
            return record({name: _bare(part, frame) for name, part in members.items()})
    return CLEAN
