"""The compiler: YAML declarations in, a sealed snapshot out.

`compile_protocols(paths)` compiles in memory; what it gives can be written with
`pgs_snapshot.exchange.write_snapshot`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pgs_compiler.compiler import compile_protocols

__all__ = ["compile_protocols"]


def __getattr__(name: str) -> object:
    """Load the compiler when it is first asked for: `--help` needs none of it."""
    if name in __all__:
        from pgs_compiler import compiler

        return getattr(compiler, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
