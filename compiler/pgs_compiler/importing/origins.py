"""From every place of a written file back to the line of Markdown that it comes from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pgs_compiler.findings import Finding, Place, Related
from pgs_compiler.read import read
from pgs_compiler.source import Mapping, Scalar, Sequence, SourceFile, Tree


@dataclass(slots=True)
class Origins:
    """Where each part of each written file comes from, by where it begins."""

    _starts: dict[str, list[tuple[tuple[int, int], Place]]] = field(default_factory=dict)

    def learn(self, file: SourceFile, declarations: list[Mapping]) -> None:
        """Read a file that was written, and note the origin of each of its parts.

        Raises:
            ValueError: what is read is not what was written.
        """
        documents = read(file).value
        if documents is None or len(documents) != len(declarations):
            raise ValueError(f"{file.path} is not what was written")
        pairs: list[tuple[tuple[int, int], Place]] = []
        for document, declaration in zip(documents, declarations, strict=True):
            pairs += [((own.line, own.column), origin) for own, origin in _pairs(document, declaration)]
        self._starts[file.path] = sorted(pairs, key=lambda pair: pair[0])

    def of(self, place: Place) -> Place:
        """The place in Markdown that a place in a written file comes from; itself for any other file."""
        starts = self._starts.get(place.path)
        if not starts:
            return place
        index = bisect_right(starts, (place.line, place.column), key=lambda pair: pair[0])
        return starts[max(index - 1, 0)][1]

    def finding(self, finding: Finding) -> Finding:
        """A finding of the compiler, at the line that was published."""
        if finding.place is None:
            return finding
        related = tuple(Related(self.of(each.place), each.label) for each in finding.related)
        return replace(finding, place=self.of(finding.place), related=related)

    def lines(self) -> dict[str, list[tuple[int, Place]]]:
        """For each written file: its lines, each with the place that the first part on it comes from."""
        found: dict[str, list[tuple[int, Place]]] = {}
        for path, starts in sorted(self._starts.items()):
            first: dict[int, Place] = {}
            for (line, _), origin in starts:
                first.setdefault(line, origin)
            found[path] = sorted(first.items())
        return found


def _pairs(own: Tree, made: Tree) -> Iterator[tuple[Place, Place]]:
    """The parts of a tree that was read with the origins of the same parts of the one that was written."""
    if isinstance(own, Mapping) and isinstance(made, Mapping):
        if [entry.name for entry in own] != [entry.name for entry in made]:
            raise ValueError(f"{own.place} is not what was written")
        for read_, written in zip(own, made, strict=True):
            yield read_.key.place, written.key.place
            if not (isinstance(read_.value, Scalar) and read_.value.value == ""):
                yield read_.value.place, written.value.place
            yield from _pairs(read_.value, written.value)
    elif isinstance(own, Sequence) and isinstance(made, Sequence):
        for item, origin in zip(own, made, strict=True):
            yield item.place, origin.place
            yield from _pairs(item, origin)
    elif not (isinstance(own, Scalar) and isinstance(made, Scalar) and own.value == made.value):
        raise ValueError(f"{own.place} is not what was written")
