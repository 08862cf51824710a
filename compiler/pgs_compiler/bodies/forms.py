"""P762, P763: a contract in a source is written out, and its paths are paths of the kinds that their places ask for."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.bodies.code import Code
from pgs_compiler.bodies.contracts import Declared
from pgs_compiler.findings import Finding
from pgs_process.paths import LAYERS, nearest, parse
from pgs_process.zones import Zone, resolve_zone

PATHS = ("inputs", "outputs", "signals")


def form_of(code: Code, declared: Declared) -> Iterator[Finding]:
    """What is wrong with a contract by itself."""
    name = declared.name
    for node, why in declared.unread:
        place = code.place(declared.module, node)
        yield Finding("P762", f"The contract of `{name}` cannot be read: {why}.", place, "not written out")
    for role in PATHS:
        for text in dict.fromkeys(getattr(declared.contract, role)):
            place = code.place(declared.module, declared.said[role, text])
            names = parse(text)
            if names is None or any(part.startswith("_") for part in names):
                yield Finding("P762", _no_path(name, text), place, "no path")
            elif role == "inputs" and resolve_zone(text) is Zone.SIGNAL:
                message = f"`{name}` lists the signal `{text}` among its inputs."
                yield Finding("P763", message, place, "a signal", hint="List it under `signals`.")
            elif role == "inputs" and resolve_zone(text) is Zone.META:
                message = f"`{name}` lists `{text}` among its inputs, and meta is never read."
                yield Finding("P763", message, place, "meta")
            elif role == "signals" and resolve_zone(text) is not Zone.SIGNAL:
                message = f"`{name}` lists `{text}` under signals, and a signal's name begins with `sig_` or `cmd_`."
                yield Finding("P763", message, place, "no signal")


def _no_path(name: str, text: str) -> str:
    first = text.partition(".")[0]
    if first in LAYERS:
        return f"The contract of `{name}` says `{text}`: a path is a layer, then public names with dots between them."
    meant = nearest(first, LAYERS)
    layers = f"with `{meant}`" if meant else "with a layer: `domain`, `global` or `local`"
    return f"The contract of `{name}` says `{text}`, and a path begins {layers}."
