"""Where a module lies, found without running anything: no package is imported, no bytecode is read.

What is found is what Python's import system would find on the same path, step by step from the outermost
package. Each `Locator` looks afresh, so a file that was written a moment ago is seen.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from pathlib import Path
from types import MappingProxyType

# Modules of the standard library that find and run other modules, by names that only a run knows.
IMPORTERS = frozenset({"imp", "importlib", "pkgutil", "runpy", "zipimport"})
ENGINE = frozenset({"pgs_process", "pgs_snapshot"})
"""Packages that the runtime brings: implementations may import them, and no snapshot holds them."""

# The order is that of Python: an extension module wins over a source file of the same name.
_LOADERS = (
    (ExtensionFileLoader, EXTENSION_SUFFIXES),
    (SourceFileLoader, SOURCE_SUFFIXES),
    (SourcelessFileLoader, BYTECODE_SUFFIXES),
)


@dataclass(frozen=True, slots=True)
class Located:
    """A module on this machine.

    Attributes:
        file: None for a package without `__init__`.
        is_source: whether the file is Python source.
        inside: the folders that hold the submodules of a package; empty for what is none.
    """

    name: str
    file: Path | None
    is_source: bool
    inside: tuple[str, ...]

    @property
    def sealed_name(self) -> str:
        """What a manifest calls the code in the file: that of a package is `package.__init__`."""
        return sealed_name(self.name, bool(self.inside))


def sealed_name(name: str, is_package: bool) -> str:
    return f"{name}.__init__" if is_package else name


def search_path() -> tuple[str, ...]:
    """`sys.path` without the working directory, from which nothing is ever run."""
    entries = [entry for entry in sys.path if os.path.isabs(entry)]
    started_here = not sys.flags.safe_path and sys.path[:1] == entries[:1] == [os.getcwd()]
    return tuple(entries[1:] if started_here else entries)


class Locator:
    """Finds modules on a search path, or, for packages of their own place, in that folder alone."""

    def __init__(self, path: Sequence[str], folders: Mapping[str, Path] = MappingProxyType({})) -> None:
        """`folders` maps a package's name to the folder that holds the package."""
        self._path = tuple(path)
        self._folders = folders
        self._finders: dict[str, FileFinder] = {}
        self._found: dict[str, Located | None] = {}

    def find(self, name: str) -> Located | None:
        """The module of a dotted name, None if there is none."""
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def places(self, name: str) -> tuple[str, ...]:
        """The folders in which the module is looked for; none where there is no package around it."""
        outer = name.rpartition(".")[0]
        if outer:
            package = self.find(outer)
            return package.inside if package else ()
        return (str(self._folders[name]),) if name in self._folders else self._path

    def _find(self, name: str) -> Located | None:
        portions: list[str] = []
        for entry in self.places(name):
            spec = self._finder(entry).find_spec(name)
            if spec is None:
                continue
            inside = tuple(spec.submodule_search_locations or ())
            if spec.loader is not None and spec.origin is not None:
                return Located(name, Path(spec.origin), type(spec.loader) is SourceFileLoader, inside)
            portions += inside
        return Located(name, None, False, tuple(portions)) if portions else None

    def _finder(self, entry: str) -> FileFinder:
        if entry not in self._finders:
            self._finders[entry] = FileFinder(entry, *_LOADERS)
        return self._finders[entry]
