"""bodies: the bodies of processes, read and held against their contracts. Nothing of them is run or imported.

`body_of` says what a function does to the context that is its first parameter; `judge` says what of that its contract
does not grant, and what it grants for nothing. The contract may stand in the source (`contracts_in`) or in YAML.

Laws:
* each way through a body is walked, loops until nothing new comes; helper functions and the classes of the sources are
  followed with what they are given;
* what cannot be followed is said (P761), and never taken to be in order;
* what is not known to be wrong is no error.
"""

from __future__ import annotations

import ast

from pgs_compiler.bodies.code import Code, Member, Python, code_of
from pgs_compiler.bodies.contracts import Declared, contracts_in
from pgs_compiler.bodies.judge import Promise, judge
from pgs_compiler.bodies.looking import TooLarge
from pgs_compiler.bodies.statements import Statements
from pgs_compiler.bodies.touches import Body, Breach, Raised, Touch
from pgs_compiler.bodies.values import Value

__all__ = [
    "Body",
    "Breach",
    "Code",
    "Declared",
    "Member",
    "Promise",
    "Python",
    "Raised",
    "Touch",
    "body_of",
    "code_of",
    "contracts_in",
    "find_function",
    "judge",
]


def find_function(code: Code, module: str, function: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The function of a name at the top of a module, also where an import hands it on."""
    found = code.function(f"{module}.{function}")
    return found[1] if found is not None else None


def body_of(code: Code, module: str, function: ast.AST) -> Body:
    """What a function of a module does to the context, its first parameter.

    Args:
        function: a definition, or a lambda, of that module's tree.
    """
    walk = Statements(code)
    try:
        walk.enter(module, function, Value(frozenset(((),))))
    except (TooLarge, RecursionError):
        del walk.frames[1:]
        walk.spreads = True
        walk.may_raise.add("*")
        walk.not_followed(function, "is too large to be followed to its end")
    return Body(
        module,
        function,
        tuple(walk.touches.values()),
        tuple(walk.breaches.values()),
        tuple(walk.raises.values()),
        frozenset(walk.may_raise),
        walk.spreads,
    )
