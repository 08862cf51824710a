"""Finding the processes of a folder: its modules, and those of its sub folders."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from pgs_process.contract import contract_of
from pgs_process.faults import ConfigError


def processes_in(folder: Path) -> list[tuple[str, Callable[..., object]]]:
    """Every function with a contract that a module of the folder defines, with its name, in the order of paths.

    The folder is imported as a package of its own, so relative imports work and nothing is put on the import path.

    Raises:
        ConfigError: there is no such folder, or a module cannot be imported; the cause says why.
    """
    if not folder.is_dir():
        raise ConfigError(f"There is no folder `{folder}`.", path=str(folder))
    folder = folder.resolve()
    root = f"pgs_processes_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    for name in [name for name in sys.modules if name == root or name.startswith(f"{root}.")]:
        del sys.modules[name]
    found: list[tuple[str, Callable[..., object]]] = []
    _package(root, folder)
    for path in sorted(folder.rglob("*.py")):
        if path.name.startswith("__") or "__pycache__" in path.parts:
            continue
        module = _imported(root, folder, path)
        found += [
            (name, value)
            for name, value in vars(module).items()
            if callable(value)
            and contract_of(value) is not None
            and getattr(value, "__module__", None) == module.__name__
        ]
    return found


def _imported(root: str, folder: Path, path: Path) -> ModuleType:
    parts = path.relative_to(folder).with_suffix("").parts
    for depth in range(1, len(parts)):
        _package(".".join((root, *parts[:depth])), folder.joinpath(*parts[:depth]))
    name = ".".join((root, *parts))
    known = sys.modules.get(name)
    return known if known is not None else _load(name, path, None)


def _package(name: str, folder: Path) -> None:
    if name not in sys.modules:
        init = folder / "__init__.py"
        if init.exists():
            _load(name, init, [str(folder)])
        else:
            module = sys.modules[name] = ModuleType(name)
            module.__path__ = [str(folder)]


def _load(name: str, path: Path, search: list[str] | None) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=search)
    if spec is None or spec.loader is None:
        raise ConfigError(f"`{path}` is no module.", path=str(path))
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ConfigError(f"`{path}` cannot be imported: {type(error).__name__}: {error}", path=str(path)) from error
    return module
