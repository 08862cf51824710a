"""The modules of the packages that a project lists, read as text: nothing of them is run."""

from __future__ import annotations

import ast
import io
import os
import tokenize
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import Distribution, distributions
from pathlib import Path

from pgs_snapshot.locate import Located, Locator, search_path

MAX_SOURCE = 1 << 20


class NotSource(Exception):
    """A module is there, and cannot be sealed. Its text says why, to stand behind the module's name.

    Attributes:
        line: where it does not parse, if that is why and the parser says where.
    """

    def __init__(self, why: str, line: int | None = None) -> None:
        super().__init__(why)
        self.line = line


@dataclass(frozen=True, slots=True)
class Module:
    """A module that was read, or a package without `__init__`, which has no source.

    Attributes:
        package: what its relative imports start from.
        sealed_name: what a manifest calls its source.
        file: where it lies, None for what has no source.
    """

    name: str
    package: str
    sealed_name: str
    source: bytes | None
    tree: ast.Module
    file: Path | None


class Packages:
    """The packages of a project, and what else is installed. Each module is read once."""

    def __init__(self, packages: Mapping[str, Path | None], root: Path, path: Sequence[str] | None = None) -> None:
        """Args:
        packages: by name the folder that holds the package, None for one that is installed.
        root: the workspace; messages name folders in it from there.
        path: where installed modules are looked for; Python's own path unless given.
        """
        self._root = root.absolute()
        self.names = frozenset(packages)
        self._path = tuple(search_path() if path is None else path)
        folders = {name: folder for name, folder in packages.items() if folder is not None}
        self._locator = Locator(self._path, folders)
        self._modules: dict[str, Module | NotSource] = {}

    def __contains__(self, name: str) -> bool:
        """Whether a module, if there is one of this name, belongs to the packages of the project."""
        return name.partition(".")[0] in self.names

    def locate(self, name: str) -> Located | None:
        return self._locator.find(name)

    def searched(self, name: str) -> str:
        """Where a module is looked for, to stand behind its name."""
        folders = [Path(place) for place in self._locator.places(name)]
        if not folders:
            return f": `{name.rpartition('.')[0]}` is no package"
        known = [folder for folder in folders if folder.is_dir()]
        told = [f"`{self._label(folder)}`" for folder in known or folders]
        more = "" if known else ", which is no folder"
        return f" in {', '.join(told[:-1])}{' or ' if told[1:] else ''}{told[-1]}{more}"

    def _label(self, folder: Path) -> str:
        return folder.relative_to(self._root).as_posix() if folder.is_relative_to(self._root) else str(folder)

    def beside(self, name: str) -> tuple[str, ...]:
        """The modules that the folders hold in which a module is looked for."""
        outer = name.rpartition(".")[0]
        folders = [folder for folder in map(Path, self._locator.places(name)) if folder.is_dir()]
        files = sorted({path.stem for folder in folders for path in folder.iterdir() if path.stem[0] not in "._"})
        names = (f"{outer}.{inner}" if outer else inner for inner in files)
        return tuple(found for found in names if self.locate(found))

    def module(self, name: str) -> Module | None:
        """The module of a name, None if there is none.

        Raises:
            NotSource: it is there, and cannot be sealed.
        """
        located = self._locator.find(name)
        if located is None:
            return None
        if name not in self._modules:
            try:
                self._modules[name] = _read(located)
            except NotSource as refused:
                self._modules[name] = refused
        found = self._modules[name]
        if isinstance(found, NotSource):
            raise found
        return found

    def distribution(self, module: str) -> tuple[str, str] | None:
        """Of an installed module the outermost import name that is not shared, and `name==version`."""
        parts = module.split(".")
        for end in range(1, len(parts) + 1):
            located = self._locator.find(".".join(parts[:end]))
            if located is None:
                return None
            if located.file is not None:
                owner = self._owners.get(str(located.file))
                return (located.name, f"{owner.name}=={owner.version}") if owner else None
        return None

    @cached_property
    def _owners(self) -> Mapping[str, Distribution]:
        """The distribution that each installed file belongs to."""
        owners: dict[str, Distribution] = {}
        for distribution in distributions(path=list(self._path)):
            for file in distribution.files or ():
                owners.setdefault(str(distribution.locate_file(file)), distribution)
        return owners


def _read(located: Located) -> Module:
    is_package = bool(located.inside)
    package = located.name if is_package else located.name.rpartition(".")[0]
    if located.file is None:
        _refuse_links(*map(Path, located.inside))
        return Module(located.name, package, located.sealed_name, None, ast.Module([], []), None)
    if not located.is_source:
        raise NotSource("is not Python source")
    _refuse_links(located.file, *([located.file.parent] if is_package else []))
    source = _bytes(located.file)
    return Module(located.name, package, located.sealed_name, source, _parse(source), located.file)


def _refuse_links(*paths: Path) -> None:
    if any(path.is_symlink() for path in paths):
        raise NotSource("is a symbolic link")


def _bytes(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with open(descriptor, "rb") as file:
            source = file.read(MAX_SOURCE + 1)
    except OSError as error:
        raise NotSource(f"cannot be read: {error.strerror}") from error
    if len(source) > MAX_SOURCE:
        raise NotSource(f"has more than {MAX_SOURCE} bytes")
    return source


def _parse(source: bytes) -> ast.Module:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        if encoding != "utf-8":
            raise NotSource("is not UTF-8 without a byte order mark")
        source.decode()
    except (SyntaxError, UnicodeDecodeError):
        raise NotSource("is not UTF-8 without a byte order mark") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the author's style, which is not what is asked here
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)  # None of a NUL, or of code that nests too deep
        raise NotSource("is not Python that can be parsed", line) from None
