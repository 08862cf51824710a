"""What is installed of what is sealed: it does not run, and should be the same."""

from __future__ import annotations

from collections.abc import Sequence

from pgs_snapshot.canonical import digest
from pgs_snapshot.locate import Locator, search_path
from pgs_snapshot.seal import SealBroken, Sealed

_PACKAGE = ".__init__"


def verify_installed(sealed: Sealed, path: Sequence[str] | None = None) -> None:
    """Check that what is installed of the sealed modules, and of the recorded distributions, is the same.

    The sealed source is what runs, and a module that is not installed is fine. One that differs shows that
    someone expects other behaviour.

    Args:
        path: where installed modules are looked for; Python's own path unless given.

    Raises:
        SealBroken: a module is there in other bytes, or a distribution is missing or of another version.
    """
    path = search_path() if path is None else path
    locator = Locator(path)
    implementations = sealed.manifest.implementations
    modules = {name: found for item in implementations for name, found in item.modules.items()}
    for name in sorted(modules):
        _verify_module(name, modules[name], locator)
    pins = {pin for item in implementations for pin in item.distributions.values()}
    for pin in sorted(pins):
        _verify_distribution(pin, path)


def _verify_module(name: str, expected: str, locator: Locator) -> None:
    located = locator.find(name.removesuffix(_PACKAGE))
    if located is None or located.file is None:
        return
    file = str(located.file)
    try:
        found = digest(located.file.read_bytes())
    except OSError as error:
        raise SealBroken("Z912", f"`{file}` cannot be read: {error.strerror}.", file) from error
    if found != expected or located.sealed_name != name:
        message = f"`{file}` is not the sealed `{name}`: expected sha256 `{expected}`, found `{found}`."
        raise SealBroken("Z912", message, file, expected, found)


def _verify_distribution(pin: str, path: Sequence[str]) -> None:
    from importlib.metadata import Distribution  # slow to load, and few snapshots need it

    name = pin.partition("==")[0]
    installed = next(iter(Distribution.discover(name=name, path=list(path))), None)
    found = f"{name}=={installed.version}" if installed else ""
    if found != pin:
        shown = f"`{found}`" if found else "none"
        message = f"The snapshot was compiled with `{pin}`, and {shown} is installed here."
        raise SealBroken("Z914", message, name, pin, found)
