"""Declarations as an author sees them: text, in which every key and value has its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from pgs_compiler.source import SourceFile

Pair: TypeAlias = tuple[ScalarNode, Node]
At: TypeAlias = tuple[str, int]
"""A file and a line of it, from 1."""


@dataclass(frozen=True, slots=True)
class Document:
    """One declaration in its file."""

    path: str
    text: str
    root: MappingNode

    @property
    def kind(self) -> str:
        return str(self.root.value[0][0].value)

    @property
    def name(self) -> str:
        return str(self.root.value[0][1].value)

    def get(self, key: str) -> Node | None:
        return member(self.root, key)

    def at(self, node: Node) -> At:
        return self.path, node.start_mark.line + 1

    def lines(self, *nodes: Node | None) -> frozenset[At]:
        """Every line that the nodes stand on."""
        return frozenset(
            (self.path, line + 1)
            for node in nodes
            if node is not None
            for line in range(node.start_mark.line, node.end_mark.line + 1)
        )


def documents(files: Sequence[SourceFile]) -> tuple[Document, ...]:
    """Every declaration of the files."""
    found: list[Document] = []
    for file in files:
        text = file.data.decode()
        roots = yaml.compose_all(text, yaml.SafeLoader)
        found += (Document(file.path, text, root) for root in roots if isinstance(root, MappingNode))
    return tuple(found)


def member(node: Node | None, key: str) -> Node | None:
    """The value under a key of a mapping."""
    return next((value for name, value in pairs(node) if name.value == key), None)


def pairs(node: Node | None) -> Sequence[Pair]:
    return node.value if isinstance(node, MappingNode) else ()


def items(node: Node | None) -> Sequence[Node]:
    return node.value if isinstance(node, SequenceNode) else ()


def scalars(node: Node | None) -> Iterator[ScalarNode]:
    """Every scalar value under a node; keys are not among them."""
    if isinstance(node, ScalarNode):
        yield node
    for _, value in pairs(node):
        yield from scalars(value)
    for item in items(node):
        yield from scalars(item)


def mappings(node: Node | None) -> Iterator[MappingNode]:
    """Every mapping at or under a node."""
    if isinstance(node, MappingNode):
        yield node
    for _, value in pairs(node):
        yield from mappings(value)
    for item in items(node):
        yield from mappings(item)


def value_of(node: Node) -> object:
    """What a node says, as plain data."""
    if isinstance(node, MappingNode):
        return {key.value: value_of(value) for key, value in node.value}
    return [value_of(item) for item in node.value] if isinstance(node, SequenceNode) else node.value


# --- edits ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters of a document's file, from `start` to before `end`, replaced by `text`."""

    start: int
    end: int
    text: str

    def of(self, text: str) -> str:
        return text[: self.start] + self.text + text[self.end :]

    def moved(self, text: str, at: At) -> Iterator[At]:
        """Where a line of the file stands after the edit; the edited line itself may stand in two places."""
        path, line = at
        edited = text.count("\n", 0, self.start) + 1
        more = self.text.count("\n") - text.count("\n", self.start, self.end)
        if line <= edited:
            yield at
        if line >= edited:
            yield path, line + more


def replaced(node: Node, text: str) -> Edit:
    return Edit(node.start_mark.index, node.end_mark.index, text)


def rewritten(scalar: ScalarNode, text: str) -> Edit:
    """Another text in the quotes that a scalar has."""
    return replaced(scalar, f"{scalar.style}{text}{scalar.style}" if scalar.style in ("'", '"') else text)


def removed(mapping: MappingNode, index: int, text: str) -> Edit:
    """A pair taken out of a mapping that has others."""
    key, value = mapping.value[index]
    if index + 1 < len(mapping.value):
        return Edit(key.start_mark.index, mapping.value[index + 1][0].start_mark.index, "")
    start = mapping.value[index - 1][1].end_mark.index if mapping.flow_style else key.start_mark.index
    return Edit(start, _end(value, text), "")


def dropped(sequence: SequenceNode, index: int, text: str) -> Edit:
    """An item taken out of a list that has others."""
    item = sequence.value[index]
    if sequence.flow_style:
        if index + 1 < len(sequence.value):
            return Edit(item.start_mark.index, sequence.value[index + 1].start_mark.index, "")
        return Edit(sequence.value[index - 1].end_mark.index, item.end_mark.index, "")
    return Edit(text.rindex("-", 0, item.start_mark.index), _end(item, text), "")


def added(mapping: MappingNode, pair: str) -> Edit:
    """A pair before all others of a mapping, if it has any."""
    if not mapping.value:
        return replaced(mapping, f"{{{pair}}}")
    start = mapping.value[0][0].start_mark
    gap = ", " if mapping.flow_style else "\n" + " " * start.column
    return Edit(start.index, start.index, pair + gap)


def before(document: Document, text: str) -> Edit:
    """Another declaration in front of one."""
    start = document.root.start_mark.index
    return Edit(start, start, f"{text}---\n")


def _end(node: Node, text: str) -> int:
    """Where a node's last character stands: a block's end mark lies behind what follows it."""
    return node.start_mark.index + len(text[node.start_mark.index : node.end_mark.index].rstrip())


# --- programs ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Corpus:
    """The declarations of one domain and of what it may use."""

    domain: str
    files: tuple[SourceFile, ...]
    documents: tuple[Document, ...]

    def own(self, *kinds: str) -> Iterator[Document]:
        """The domain's own declarations of some kinds, all of them if none is named."""
        for document in self.documents:
            if document.name.startswith(f"{self.domain}::") and (not kinds or document.kind in kinds):
                yield document

    def find(self, name: str) -> Document:
        """What a reference means."""
        wanted = (name, f"{self.domain}::{name}", f"core::{name}")
        return next(document for document in self.documents if document.name in wanted)


def nodes(workflow: Document) -> Mapping[str, MappingNode]:
    """The nodes of a workflow."""
    return {key.value: node for key, node in pairs(workflow.get("nodes")) if isinstance(node, MappingNode)}


def edges(node: MappingNode) -> Iterator[tuple[str, str, ScalarNode]]:
    """The outcome, target and target's place of each edge of a node."""
    for outcome, to in pairs(member(node, "next")):
        target = member(to, "to") if isinstance(to, MappingNode) else to
        if isinstance(target, ScalarNode):
            yield outcome.value, target.value, target


def behind(workflow: Document, start: str) -> frozenset[str]:
    """The nodes that can be reached from a node, itself among them."""
    found, waiting = {start}, [start]
    all_nodes = nodes(workflow)
    while waiting:
        for _, target, _ in edges(all_nodes[waiting.pop()]):
            if target not in found:
                found.add(target)
                waiting.append(target)
    return frozenset(found)
