"""Mutants: a sealed program with one rule changed, to see whether a scenario notices.

Laws:
* a mutant differs in one document, and is one that the runtime takes;
* the same program has the same mutants in the same order.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

from pgs_compiler.scenarios.sites import Site
from pgs_snapshot.values import Value

Document: TypeAlias = dict[str, Value]
_TURNED: Mapping[str, str] = {
    "eq": "ne", "ne": "eq", "lt": "le", "le": "lt", "gt": "ge", "ge": "gt", "in": "not_in", "not_in": "in",
}  # fmt: skip
_TURNED_WHOLE = ("exists", "matches")
_ALWAYS: Value = {"eq": [{"literal": 1}, {"literal": 1}]}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the author's line (`path:line`), what was changed, and the document that then stands at `path`.

    `site`: where a run has to come by for the change to make a difference.
    """

    at: str
    change: str
    path: str
    document: Document
    site: Site


@dataclass(frozen=True, slots=True)
class _Place:
    """Somewhere in a document, by its steps."""

    path: str
    document: Document
    steps: tuple[str | int, ...] = ()
    site: Site = ()

    @property
    def value(self) -> Value:
        found: Value = self.document
        for step in self.steps:
            found = cast("dict[str | int, Value]", found)[step]
        return found

    def __truediv__(self, step: str | int) -> _Place:
        return replace(self, steps=(*self.steps, step))

    def by(self, *site: str) -> _Place:
        """The same place, for runs that come by there."""
        return replace(self, site=site)

    def changed(self, value: Value) -> Document:
        """The document with another value here."""
        changed = copy.deepcopy(self.document)
        _Place(self.path, changed, self.steps).put(value)
        return changed

    def put(self, value: Value) -> None:
        outer = _Place(self.path, self.document, self.steps[:-1]).value
        cast("dict[str | int, Value]", outer)[self.steps[-1]] = value

    def mutant(self, value: Value, at: str, change: str) -> Mutant:
        return Mutant(at, change, self.path, self.changed(value), self.site)


def mutants(documents: Mapping[str, Value]) -> Iterator[Mutant]:
    """Every mutant of a program, by path of the document.

    Args:
        documents: of the snapshot, by path.
    """
    for path in sorted(documents):
        place = _Place(path, cast(Document, documents[path]))
        if path.startswith("artifacts/contract/"):
            yield from _contract(place)
        elif path.startswith("artifacts/intent/"):
            yield from _intent(place)
        elif path.startswith("graphs/"):
            yield from _graph(place)
        if path.startswith(("artifacts/contract/", "artifacts/intent/", "artifacts/process/")):
            yield from _gate(place)


def _contract(place: _Place) -> Iterator[Mutant]:
    for number, step in enumerate(cast("list[Document]", place.document["steps"])):
        if step["kind"] != "decide":
            continue
        cases = place / "steps" / number / "cases"
        found = cast("list[Document]", cases.value)
        for index, case in enumerate(found):
            where = f"case `{case['outcome']}` of `{step['name']}`"
            site = ("case", str(place.document["name"]), str(step["name"]), str(index))
            if "when" in case:
                yield from _condition((cases / index / "when").by(*site), str(case["at"]), where)
            if index + 1 < len(found):
                yield from _swapped(cases.by(*site), index, str(step["name"]))


def _swapped(cases: _Place, index: int, name: str) -> Iterator[Mutant]:
    """Each of two neighbours as the other ends, where that is another outcome."""
    found = copy.deepcopy(cast("list[Document]", cases.value))
    one, other = found[index], found[index + 1]
    if one["outcome"] == other["outcome"]:
        return
    change = f"`{one['outcome']}` and `{other['outcome']}` of `{name}` were swapped"
    for member in ("outcome", "outputs"):
        one[member], other[member] = other[member], one[member]
    yield cases.mutant(cast(Value, found), str(one["at"]), change)


def _intent(place: _Place) -> Iterator[Mutant]:
    lines = cast("list[str]", place.document["requires_at"])
    for number, at in enumerate(lines):
        rule = (place / "requires" / number).by("rules", str(place.document["name"]))
        yield rule.mutant(_ALWAYS, at, "what `requires` demands here was dropped")
        yield from _condition(rule, at, "`requires`")


def _graph(place: _Place) -> Iterator[Mutant]:
    nodes, workflow = cast("list[Document]", place.document["nodes"]), str(place.document["workflow"])
    for number, node in enumerate(nodes):
        for index, signal in enumerate(cast("list[Document]", node.get("signals", []))):
            if "where" in signal:
                where = place / "nodes" / number / "signals" / index / "where"
                yield from _condition(where.by("wait", workflow, str(node["id"])), str(node["at"]), f"`{node['id']}`")
        edges = cast("dict[str, Document]", node.get("next", {}))
        for outcome in sorted(edges):
            other = next((each for _, each in sorted(edges.items()) if each["to"] != edges[outcome]["to"]), None)
            other = other or _plain_exit(nodes[number + 1 :], str(edges[outcome]["to"]))
            if other is not None:
                change = f"`{outcome}` of `{node['id']}` led to `{other['to']}`, and not to `{edges[outcome]['to']}`"
                edge = (place / "nodes" / number / "next" / outcome).by("edge", workflow, str(node["id"]), outcome)
                yield edge.mutant(other, str(node["at"]), change)


def _plain_exit(nodes: list[Document], but: str) -> Document | None:
    """An edge to an exit that needs nothing of what came before."""
    plain = (
        node
        for node in nodes
        if node["kind"] == "exit" and node["id"] != but and not (node["result"] or node["emit"] or "reason" in node)
    )
    return next(({"to": node["id"]} for node in plain), None)


def _gate(place: _Place) -> Iterator[Mutant]:
    """Each rule that decides dropped, and its limit one less and one more; level C is only noted."""
    for side in ("inputs", "outputs"):
        gate = (place / "gate" / side).by("gate", str(place.document["name"]))
        rules = cast("dict[str, list[Document]]", place.document.get("gate", {})).get(side, [])
        for number, rule in enumerate(rules):
            if rule["level"] == "C" or rule["mode"] != "enforce":
                continue
            at, spoken = str(rule["at"]), f"`{rule['condition']}: {_spoken(rule['value'])}` of `{rule['field']}`"
            rest = cast(Value, rules[:number] + rules[number + 1 :])
            yield gate.mutant(rest, at, f"the rule {spoken} was dropped")
            limit = rule["value"]
            if isinstance(limit, bool) or not isinstance(limit, int | float):
                continue
            for other in (limit - 1, limit + 1):
                change = f"the limit `{_spoken(limit)}` of `{rule['field']}` became `{_spoken(other)}`"
                yield (gate / number / "value").mutant(other, at, change)


def _condition(place: _Place, at: str, where: str) -> Iterator[Mutant]:
    condition = cast(Document, place.value)
    if "not" in condition:
        yield from _condition(place / "not", at, where)
    for tag in ("all", "any"):
        for number in range(len(cast("list[Value]", condition.get(tag, [])))):
            yield from _condition(place / tag / number, at, where)
    for operator in _TURNED_WHOLE:
        if operator in condition:
            yield place.mutant({"not": condition}, at, f"`{operator}` was turned round in {where}")
    for operator, turned in _TURNED.items():
        if operator in condition:
            renamed = {turned if name == operator else name: value for name, value in condition.items()}
            yield place.mutant(renamed, at, f"`{operator}` became `{turned}` in {where}")
            yield from _constants(place / operator, at, where)


def _constants(place: _Place, at: str, where: str) -> Iterator[Mutant]:
    operands = cast("list[Document]", place.value)
    for number, operand in enumerate(operands):
        if "literal" not in operand:
            continue
        constant = operand["literal"]
        for other in _others(constant, place.document, operands[1 - number]):
            change = f"`{_spoken(constant)}` became `{_spoken(other)}` in {where}"
            yield (place / number / "literal").mutant(other, at, change)


def _others(constant: Value, document: Document, against: Document) -> tuple[Value, ...]:
    if isinstance(constant, bool):
        return (not constant,)
    if isinstance(constant, int):
        return (constant - 1, constant + 1)
    if isinstance(constant, list) and len(constant) > 1:
        return (constant[:-1],)
    members = _members(document, against)
    return (members[(members.index(constant) + 1) % len(members)],) if constant in members and members[1:] else ()


def _members(document: Document, against: Document) -> list[Value]:
    """The enum of the input that something is compared with."""
    ref = cast("list[str | int]", against.get("ref", []))
    schema = cast(Document, document.get("inputs", document.get("payload", {})))
    if not ref or ref[0] != 0:
        return []
    for step in ref[1:]:
        schema = cast("dict[str, Document]", schema.get("properties", {})).get(str(step), {})
    return cast("list[Value]", schema.get("enum", []))


def _spoken(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
