"""Strict YAML: every document of a file as a tree with places, or everything that is wrong with the text.

Laws:
* hostile input gives findings, never an exception, and takes time and memory in proportion to its size;
* what YAML 1.1 and YAML 1.2 read differently is refused (`scalars`): every reader of the file reads the same;
* a key without a value has the value null, as in every version of YAML; its place is the character before it;
* numbers are those of `pgs_snapshot.values`: `1.0` is 1, and -0.0 is 0.

The events come from libyaml, whose parser keeps its stack on the heap; PyYAML's composer, which recurses, is
never used. After an error the reader goes on where the text allows it, to report as much as it can at once.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import NoReturn

import yaml
from yaml.events import (
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)

from pgs_compiler.findings import Finding, Place, Related, Result, ordered
from pgs_compiler.scalars import Plain, Refused, quote_hint, resolve
from pgs_compiler.source import Entry, Mapping, Scalar, Sequence, SourceFile, Tree
from pgs_compiler.syntax import directive_message, syntax_finding, tag_message, unquoted_reference
from pgs_compiler.text import (
    Text,
    decode,
    forbidden_in,
    forbidden_message,
    nfc_finding,
    outside_nfc,
    shown,
    unseen,
)

_MAX_REPAIRS = 20  # every unquoted reference that is passed over costs one more parse
_BLANK = " \t\r\n"
_CODES = {"ambiguous": "S105", "range": "S112"}


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What one file may hold.

    Attributes:
        size: bytes of the file, checked before anything else.
        depth: mappings and lists within each other.
        nodes: scalars, keys, mappings, lists and aliases.
        scalar: UTF-8 bytes of one scalar.
        findings: after so many findings the reader stops.
    """

    size: int = 2**20
    depth: int = 32
    nodes: int = 100_000
    scalar: int = 2**16
    findings: int = 100


def read(file: SourceFile, limits: ReadLimits = ReadLimits()) -> Result[tuple[Tree, ...]]:
    """The documents of a file, in order; no value if there is any finding."""
    if len(file.data) > limits.size:
        message = f"The file has {len(file.data):,} bytes; {limits.size:,} are the limit."
        return Result(None, (Finding("S113", message, Place(file.path, 1, 1, 1, 2)),))
    text = decode(file)
    if isinstance(text, Finding):
        return Result(None, (text,))
    findings = unseen(text, limits.findings)
    documents, problems = _documents(text.without_forbidden(), limits)
    reported = ordered([*findings, *problems])[: limits.findings]
    return Result(None if reported else documents, reported)


def _documents(text: Text, limits: ReadLimits) -> tuple[tuple[Tree, ...], list[Finding]]:
    """Parse; pass over unquoted references by parsing again with a stand-in for their brackets."""
    passed: list[Finding] = []
    while True:
        parse = _Parse(text, limits)
        try:
            documents = parse.documents()
        except _Enough:
            return (), passed + parse.findings
        except yaml.MarkedYAMLError as error:
            span = unquoted_reference(text, error)
            if span is None:
                return (), [*passed, *parse.findings, syntax_finding(text, error)]
            passed.append(_unquoted(text, *span))
            if len(passed) == _MAX_REPAIRS:
                return (), passed + parse.findings
            text = text.with_stand_in(*span)
        else:
            return documents, passed + parse.findings


class _Enough(Exception):
    """A limit is reached: what has been found is the answer."""


class _Parse:
    """One pass over the events of a text."""

    def __init__(self, text: Text, limits: ReadLimits) -> None:
        self.findings: list[Finding] = []
        self._text = text
        self._limits = limits
        self._nodes = 0
        self._events = yaml.parse(text.characters, Loader=yaml.CSafeLoader)

    def documents(self) -> tuple[Tree, ...]:
        """
        Raises:
            _Enough: a limit is reached.
            yaml.MarkedYAMLError: the text is not YAML.
        """
        starts = (event for event in self._events if isinstance(event, DocumentStartEvent))
        documents = tuple(self._document(event) for event in starts)
        if not documents:
            self._report("S115", "The file declares nothing.", self._text.place(0, 1))
        return documents

    def _document(self, event: DocumentStartEvent) -> Tree:
        start, end = _span(event)
        if event.version or event.tags:
            for index, line in self._text.lines():
                if start <= index < end and line.startswith("%"):
                    place = self._text.place(index, index + len(line))
                    self._report("S108", directive_message(line), place)
        root = next(self._events)
        if isinstance(root, ScalarEvent) and _is_bare(root) and not root.value:
            place = self._text.place(start, max(end, start + 1))
            self._report("S115", "The document declares nothing.", place)
        return self._node(root, 0)

    def _node(self, event: Event, depth: int) -> Tree:
        self._count(event)
        if isinstance(event, ScalarEvent):
            return self._value(event)
        if isinstance(event, CollectionStartEvent):
            self._properties(event)
            if depth == self._limits.depth:
                self._stop(f"Mappings and lists nest deeper than {depth} levels.", event)
            collect = self._mapping if isinstance(event, MappingStartEvent) else self._sequence
            return collect(event, depth + 1)
        return self._alias(event)

    def _sequence(self, start: Event, depth: int) -> Sequence:
        items: list[Tree] = []
        while not isinstance(event := next(self._events), CollectionEndEvent):
            items.append(self._node(event, depth))
        return Sequence(tuple(items), self._extent(start, event, items))

    def _mapping(self, start: Event, depth: int) -> Mapping:
        entries: list[Entry] = []
        first: dict[str, Place] = {}
        last: list[Tree] = []
        while not isinstance(event := next(self._events), CollectionEndEvent):
            key = self._key(event, depth)
            last = [self._node(next(self._events), depth)]
            if key is None:
                continue
            entry = Entry(key, last[0])
            if entry.name in first:
                related = Related(first[entry.name], "it stands here first")
                message = f"The key `{shown(entry.name)}` stands twice in one mapping."
                self._report("S104", message, key.place, related=(related,))
            else:
                first[entry.name] = key.place
                entries.append(entry)
        return Mapping(tuple(entries), self._extent(start, event, last))

    def _key(self, event: Event, depth: int) -> Scalar | None:
        """A key; None for what cannot be one, which is reported and passed over."""
        if not isinstance(event, ScalarEvent):
            node = self._node(event, depth)
            if isinstance(event, CollectionStartEvent):
                kind = "mapping" if isinstance(node, Mapping) else "list"
                self._report("S109", f"A key is text, and this one is a {kind}.", node.place)
            return None
        self._count(event)
        place = self._checked(event)
        if _is_bare(event):
            self._plain_key(event.value, place)
        return Scalar(event.value, place, quoted=not _is_plain(event))

    def _plain_key(self, text: str, place: Place) -> None:
        meaning = resolve(text)
        if text and isinstance(meaning, Plain) and isinstance(meaning.value, str):
            return
        hint = quote_hint(text)
        if text == "<<":
            self._report("S106", "`<<` is a merge key; a declaration writes out what it means.", place)
        elif text == "":
            self._report("S109", "A key is missing here.", place)
        elif isinstance(meaning, Refused) and meaning.kind == "ambiguous":
            self._report("S105", f"`{shown(text)}` {meaning.why}.", place, hint=hint)
        else:
            self._report("S109", f"A key is text, and `{shown(text)}` is not.", place, hint=hint)

    def _value(self, event: ScalarEvent) -> Scalar:
        place = self._checked(event)
        if not _is_bare(event):
            return Scalar(event.value, place, quoted=not _is_plain(event))
        meaning = resolve(event.value)
        if isinstance(meaning, Refused):
            hint = quote_hint(event.value, meaning.meant)
            self._report(_CODES[meaning.kind], f"`{shown(event.value)}` {meaning.why}.", place, hint=hint)
            return Scalar(event.value, place)
        return Scalar(meaning.value, place)

    def _checked(self, event: ScalarEvent) -> Place:
        """The place of a scalar, after its properties, its size and its characters are checked."""
        self._properties(event)
        start, end = self._scalar_span(event)
        place = self._text.place(start, end)
        size = len(event.value.encode())
        if size > self._limits.scalar:
            message = f"The text has {size:,} bytes; {self._limits.scalar:,} are the limit."
            self._report("S113", message, place)
        character = forbidden_in(event.value)
        if character is not None:
            self._report("S110", forbidden_message(character), place)
        span = None if event.value.isascii() else outside_nfc(event.value)
        if span is not None and unicodedata.is_normalized("NFC", self._text.characters[start:end]):
            self._add(nfc_finding(event.value[slice(*span)], place))
        return place

    def _alias(self, event: Event) -> Scalar:
        start, end = _span(event)
        alias = shown(self._text.characters[start:end])
        place = self._text.place(start, end)
        self._report("S106", f"`{alias}` is an alias; a declaration writes every value out.", place)
        return Scalar(None, place)

    def _properties(self, event: ScalarEvent | CollectionStartEvent) -> None:
        if event.anchor is not None:
            anchor, place = self._property("&", event)
            self._report("S106", f"`{anchor}` is an anchor; a declaration writes every value out.", place)
        if event.tag is not None:
            tag, place = self._property("!", event)
            self._report("S107", tag_message(tag), place)

    def _property(self, sign: str, event: Event) -> tuple[str, Place]:
        """The anchor or tag that begins with `sign`, as it is shown, and its place."""
        characters = self._text.characters
        start = end = characters.index(sign, _span(event)[0])
        while end < len(characters) and characters[end] not in _BLANK + ",[]{}":
            end += 1
        return shown(characters[start:end]), self._text.place(start, end)

    def _scalar_span(self, event: ScalarEvent) -> tuple[int, int]:
        """Where a scalar stands; for none at all, the character before the place where it could stand."""
        start, end = _span(event)
        characters = self._text.characters
        while end > start and characters[end - 1] in _BLANK:  # a block ends where the next token begins
            end -= 1
        if start < end:
            return start, end
        while start > 0 and characters[start - 1] in _BLANK:
            start -= 1
        return max(start - 1, 0), max(start, 1)

    def _extent(self, start: Event, end: Event, children: list[Tree]) -> Place:
        """From the start of a collection to its bracket, or to the end of the last child of a block."""
        first, last = _span(start)[0], _span(end)
        if last[0] < last[1]:
            return self._text.place(first, last[1])
        place, inner = self._text.place(first, first), children[-1].place
        return Place(place.path, place.line, place.column, inner.end_line, inner.end_column)

    def _count(self, event: Event) -> None:
        self._nodes += 1
        if self._nodes > self._limits.nodes:
            self._stop(f"The file holds more than {self._limits.nodes:,} keys and values.", event)

    def _stop(self, message: str, event: Event) -> NoReturn:
        start, end = _span(event)
        self._report("S113", message, self._text.place(start, max(end, start + 1)))
        raise _Enough

    def _report(
        self, code: str, message: str, place: Place, *, hint: str = "", related: tuple[Related, ...] = ()
    ) -> None:
        self._add(Finding(code, message, place, hint=hint, related=related))

    def _add(self, finding: Finding) -> None:
        self.findings.append(finding)
        if len(self.findings) == self._limits.findings:
            raise _Enough


def _span(event: Event) -> tuple[int, int]:
    start, end = event.start_mark, event.end_mark
    return (start.index, end.index) if start and end else (0, 0)  # libyaml marks every event


def _is_plain(event: ScalarEvent) -> bool:
    return not event.style


def _is_bare(event: ScalarEvent) -> bool:
    """Whether it stands there without quotes and without a tag, so that its characters say what it is."""
    return _is_plain(event) and event.tag is None


def _unquoted(text: Text, start: int, end: int) -> Finding:
    reference = text.characters[start:end]
    message = f"`{shown(reference)}` stands unquoted inside a flow collection, where its `[` opens a list."
    return Finding("S114", message, text.place(start, end), hint=quote_hint(reference))
