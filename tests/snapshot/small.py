"""A small snapshot: a graph, a contract and two modules."""

from __future__ import annotations

from pgs_snapshot.canonical import canonical, digest
from pgs_snapshot.codec import encode
from pgs_snapshot.model import Bounds, Edge, ExitNode, Graph, Implementation, IntentNode
from pgs_snapshot.seal import MANIFEST, SOURCES, build_manifest

MODULES = {
    "bank.__init__": b"",
    "bank.fees": b"from bank.rates import RATE\n\n\ndef fee(amount):\n    return {'fee': amount * RATE}\n",
    "bank.rates": b"RATE = 2\n",
}


def snapshot(
    version: int = 1, extra: dict[str, bytes] | None = None, modules: dict[str, bytes] | None = None
) -> dict[str, bytes]:
    """Bytes by path, sealed."""
    modules = MODULES if modules is None else modules
    digests = {name: digest(source) for name, source in modules.items()}
    files = {"graphs/bank__WF_PAY_V0.json": canonical(encode(graph(version))), "index.json": canonical({})}
    files |= {SOURCES + digest(source): source for source in modules.values()}
    files |= extra or {}
    used = [Implementation("bank.fees:fee", digests, {})] if modules else []
    return files | {MANIFEST: build_manifest("bank", version, "0.1.0", files, used)}


def graph(version: int = 1) -> Graph:
    """A workflow that admits and ends; its summary tells versions apart."""
    admit = IntentNode("admit", "bank::IN_PAY_V0", {"ADMITTED": Edge("done")}, "bank.yaml:3")
    done = ExitNode(
        id="done",
        exit="COMPLETED",
        names=("DONE",),
        reason=None,
        result={},
        result_schema={},
        emit={},
        at="bank.yaml:5",
    )
    return Graph(
        workflow="bank::WF_PAY_V0",
        summary=f"Version {version}.",
        binding=None,
        start="admit",
        slots=("payload",),
        nodes=(admit, done),
        bounds=Bounds(2, 0, 0),
        hidden={},
        at="bank.yaml:1",
    )
