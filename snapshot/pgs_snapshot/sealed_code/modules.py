"""Implementations, run from the bytes that were sealed.

Laws:
* the source that is executed is the source whose digest the manifest holds: no file and no bytecode is read;
* what it imports is sealed as well, or is of the standard library, the engine or a recorded distribution;
* what it prints goes to standard error: standard output belongs to the program, whose answer may be data;
* the same sealed modules are the same modules, however often they are opened; others live beside them;
* for a transform a module is run with what `pure` lists and nothing else, whatever the compiler has seen.

The modules stand in `sys.modules`, where dataclasses, pickle and type hints look for them, under names that
no import statement can spell: `sealed:<digest>:package.module`.
"""

from __future__ import annotations

import builtins
import sys
import threading
import warnings
from collections.abc import Iterable, Mapping, Sequence
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, TextIO

from pgs_snapshot.canonical import digest, digest_of
from pgs_snapshot.locate import ENGINE, IMPORTERS
from pgs_snapshot.sealed_code.pure import BUILTINS, MACHINERY, MODULES, leads_to
from pgs_snapshot.visible import visible

if TYPE_CHECKING:
    from pgs_snapshot.seal import Sealed

_LOCK = threading.RLock()
_PACKAGE = ".__init__"


class NotSealed(ImportError):
    """Sealed code imports what the seal does not hold."""


class SealedModules:
    """The modules of one snapshot."""

    def __init__(self, modules: Mapping[str, bytes], distributions: Iterable[str] = (), *, pure: bool = False) -> None:
        """Take the modules; nothing runs before it is loaded.

        Args:
            modules: sources by name; a package's own code is called `package.__init__`.
            distributions: import names of the third-party packages that the modules may import.
            pure: whether they are run for transforms, which reach only what `pure` lists.
        """
        self._pure = pure
        self._sources = dict(modules)
        self._distributions = tuple(sorted(distributions))
        # Packages without a source of their own are there because something is in them.
        self._packages = {outer for name in modules for outer in _around(name)}
        digests = {name: digest(source) for name, source in modules.items()}
        self._prefix = f"sealed:{digest_of([dict(digests), list(self._distributions), pure])[:16]}:"
        known = vars(builtins)
        offered = {name: known[name] for name in BUILTINS | MACHINERY} if pure else {**known, "print": _print}
        self._builtins = {**offered, "__import__": self._import}

    @classmethod
    def of(cls, sealed: Sealed, *, pure: bool = False) -> SealedModules:
        """The modules that a snapshot holds."""
        distributions = {name for item in sealed.manifest.implementations for name in item.distributions}
        return cls(sealed.sources(), distributions, pure=pure)

    def load(self, reference: str) -> object:
        """What `package.module:attribute` refers to; runs the module when it is loaded first.

        Raises:
            SealBroken: it, or what it imports, is not sealed.
        """
        name, _, attribute = reference.partition(":")
        try:
            module = self._module(name)
        except ImportError as error:
            why = visible(str(error).replace(self._prefix, ""))
            raise _broken(f"`{reference}` cannot be loaded: {why}.", reference) from error
        if not hasattr(module, attribute):
            raise _broken(f"The sealed `{name}` has no `{attribute}`.", reference)
        loaded: object = getattr(module, attribute)
        return loaded

    def _module(self, name: str) -> ModuleType:
        with _LOCK:
            outer, _, last = name.rpartition(".")
            around = self._module(outer) if outer else None
            known = sys.modules.get(self._prefix + name)
            if known is not None:
                return known
            module = self._run(name)
            if around is not None:
                setattr(around, last, module)
            return module

    def _run(self, name: str) -> ModuleType:
        is_package = name in self._packages
        source = self._sources.get(name + _PACKAGE if is_package else name)
        if source is None and not is_package:
            raise NotSealed(f"the seal holds no `{name}`", name=name)
        module = ModuleType(self._prefix + name)
        package = name if is_package else name.rpartition(".")[0]
        vars(module).update(__builtins__=self._builtins, __package__=self._prefix + package)
        if is_package:
            module.__path__ = []
        sys.modules[module.__name__] = module
        try:
            if source is not None:
                exec(_compiled(source, name), vars(module))  # noqa: S102 (verified bytes, and the purpose)
        except BaseException:
            del sys.modules[module.__name__]
            raise
        return module

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: object = None,
        fromlist: Sequence[str] | None = None,
        level: int = 0,
    ) -> ModuleType:
        """What an import statement in sealed code calls, as `builtins.__import__` documents it."""
        absolute = self._absolute(name, globals or {}, level) if level else name
        outermost = absolute.partition(".")[0]
        if outermost not in self._packages and outermost not in self._sources:
            return self._outside(absolute, fromlist)
        module = self._module(absolute)
        if not fromlist:
            return self._module(outermost)
        names = getattr(module, "__all__", ()) if "*" in fromlist else fromlist
        for each in names:
            inner = f"{absolute}.{each}"
            if not hasattr(module, each) and (inner in self._sources or inner in self._packages):
                self._module(inner)
        return module

    def _absolute(self, name: str, globals: Mapping[str, object], level: int) -> str:
        package = str(globals["__package__"]).removeprefix(self._prefix).split(".")
        if level > len(package) or package == [""]:
            raise NotSealed("a relative import leads out of its package")
        base = package[: len(package) - level + 1]
        return ".".join([*base, name] if name else base)

    def _outside(self, name: str, fromlist: Sequence[str] | None) -> ModuleType:
        if self._pure:
            if name in MODULES or leads_to(name):
                return builtins.__import__(name, None, None, fromlist or (), 0)
            raise NotSealed(f"a transform does not import `{name}`", name=name)
        outermost = name.partition(".")[0]
        # A namespace package is imported on the way to the distribution in it.
        recorded = any(_within(name, known) or _within(known, name) for known in self._distributions)
        if outermost in IMPORTERS and not recorded:  # what it would load is not sealed
            raise NotSealed(f"`{name}` loads modules that the seal does not know", name=name)
        if recorded or outermost in ENGINE or outermost in sys.stdlib_module_names:
            return builtins.__import__(name, None, None, fromlist or (), 0)
        raise NotSealed(f"the seal knows no `{name}`", name=name)


def _broken(message: str, reference: str) -> Exception:
    from pgs_snapshot.seal import SealBroken  # a process that only calls transforms needs nothing else of it

    return SealBroken("Z913", message, reference)


def _compiled(source: bytes, name: str) -> CodeType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they were the author's to see, when it was compiled
        # Neither our own `__future__` nor a `-O` of this process may change what the source means.
        return compile(source, f"sealed:{name}", "exec", dont_inherit=True, optimize=0)


def _print(
    *values: object,
    sep: str | None = " ",
    end: str | None = "\n",
    file: TextIO | None = None,
    flush: bool = False,
) -> None:
    """What `print` is in sealed code."""
    print(*values, sep=sep, end=end, file=sys.stderr if file is None else file, flush=flush)


def _around(name: str) -> list[str]:
    """The packages that a sealed name lies in; `package.__init__` lies in its package."""
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")
