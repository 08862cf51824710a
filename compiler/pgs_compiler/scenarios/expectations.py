"""What a scenario expects: its form, and that the workflow has the exits, nodes and outcomes that it names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pgs_compiler.findings import Place
from pgs_compiler.scenarios.reader import Reader
from pgs_compiler.scenarios.scenario import Expected
from pgs_compiler.source import Mapping, Scalar, Tree
from pgs_compiler.source import Sequence as Items
from pgs_snapshot.model import ExitNode, Node
from pgs_snapshot.suggest import nearest

_PARTS = ("path", "passes", "effects", "result", "state")
_KEYS = ("exit", "faults", *_PARTS)
_KINDS = ("COMPLETED", "DENIED", "REJECTED", "FAILED", "FAULTED", "STOPPED", "WAITING", "IN_DOUBT")
_CODE = re.compile("[A-Z][0-9]{3}")
_SHOWN = 8
_WITHDRAWN = "~withdrawn"


def expected(reader: Reader, tree: Tree | None, workflow: str) -> Expected:
    """What is expected of a run of the workflow."""
    if isinstance(tree, Scalar):
        reader.miss(tree.place, "`expect` is a mapping.", f"Write `{{exit: {tree.value}}}`." if tree.value else "")
        return Expected()
    body = reader.keys(tree, _KEYS, "`expect`") if tree is not None else None
    if body is None:
        return Expected()
    if not body.entries:
        reader.miss(body.place, "`expect` expects nothing.", "Write `exit:` in it.")
    exit, nodes = body.get("exit"), reader.snapshot.graph(workflow).nodes
    if given := reader.text(exit, "`exit`"):
        _known_exit(reader, given, exit, nodes)
    faults = body.get("faults")
    if faults is not None and not (isinstance(faults, Scalar) and faults.value is False):
        message = "`faults` is `false`: the run does not end as a fault, whichever way it ends."
        reader.miss(faults.place, message, "Write the code of a fault that is expected as `exit`.")
    for key in ("path", "passes"):
        _known_steps(reader, body.get(key), key, nodes)
    for key in ("effects", "state"):
        _known_stores(reader, body.get(key), workflow.partition("::")[0])
    parts = {name: body.get(name) for name in _PARTS}
    where = faults.place if faults is not None else None
    return Expected(exit=exit if isinstance(exit, Scalar) else None, faults=where, **parts)


def _known_exit(reader: Reader, given: str, exit: Tree | None, nodes: Sequence[Node]) -> None:
    names = sorted({name for node in nodes if isinstance(node, ExitNode) for name in node.names})
    if exit is not None and given not in (*names, *_KINDS) and not _CODE.fullmatch(given):
        _unknown(reader, exit.place, f"The workflow does not end as `{given}`.", given, (*names, *_KINDS))


def _known_steps(reader: Reader, tree: Tree | None, key: str, nodes: Sequence[Node]) -> None:
    """Each item of a path is a node, or a node with its outcome."""
    ends = {node.id: _ends(node) for node in nodes}
    for item in tree.items if isinstance(tree, Items) else (tree,) if tree is not None else ():
        if isinstance(item, Scalar) and isinstance(item.value, str):
            node, outcome = item.value, ""
        elif isinstance(item, Mapping) and len(item.entries) == 1 and isinstance(item.entries[0].value, Scalar):
            node, outcome = item.entries[0].name, str(item.entries[0].value.value)
        else:
            message = f"`{key}` lists nodes, each alone or with its outcome."
            reader.miss(item.place, message, "Write `admit` or `admit: ACK`.")
            continue
        if node not in ends:
            _unknown(reader, item.place, f"The workflow has no node `{node}`.", node, tuple(ends))
        elif outcome and outcome not in ends[node]:
            _unknown(reader, item.place, f"`{node}` does not end as `{outcome}`.", outcome, ends[node])


def _ends(node: Node) -> tuple[str, ...]:
    return node.names if isinstance(node, ExitNode) else tuple(sorted(node.next))


def _known_stores(reader: Reader, tree: Tree | None, domain: str) -> None:
    known = [
        name for kind in ("store", "context", "side_effect") for name in reader.snapshot.names(f"artifacts/{kind}")
    ]
    for entry in tree if isinstance(tree, Mapping) else ():
        full = entry.name if "::" in entry.name else f"{domain}::{entry.name}"
        if full.removesuffix(_WITHDRAWN) not in known:
            _unknown(reader, entry.key.place, f"There is no store `{entry.name}`.", full, known)


def _unknown(reader: Reader, place: Place, message: str, given: str, known: Sequence[str]) -> None:
    near = nearest(given, known)
    few = known if len(known) <= _SHOWN else ()
    hint = f"Is `{near}` meant?" if near else f"There is {', '.join(f'`{name}`' for name in few)}." if few else ""
    reader.miss(place, message, hint)
