"""What waits and undos do is proven, and the checker confirms it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pgs_compiler.compiler import compile_workspace
from pgs_snapshot.proofs import ProofRefused
from tests.compiler.prove.forged import confirmed, with_value
from tests.compiler.prove.test_proofs import refused_changes

FOLDER = Path(__file__).parent / "approved"
GRAPH = "graphs/shop__WF_ORDER_V0.json"
REQUIREMENTS = 8


@cache
def sealed() -> dict[str, bytes]:
    compilation = compile_workspace(FOLDER)
    assert [finding.message for finding in compilation.findings] == []
    assert compilation.files is not None
    return dict(compilation.files)


def graph_with(node: int, change: Any) -> dict[str, bytes]:
    graph = json.loads(sealed()[GRAPH])
    change(graph["nodes"][node])
    return with_value(sealed(), GRAPH, graph)


def node_called(id: str) -> int:
    return [node["id"] for node in json.loads(sealed()[GRAPH])["nodes"]].index(id)


def test_every_requirement_is_confirmed() -> None:
    assert [proof.requirement for proof in confirmed(sealed())] == list(range(REQUIREMENTS))


@pytest.mark.parametrize("number", range(REQUIREMENTS))
def test_a_proof_with_one_thing_changed_is_refused(number: int) -> None:
    assert refused_changes(sealed(), number) > 10


def test_a_signal_that_anybody_may_send_is_not_what_was_proven() -> None:
    files = graph_with(node_called("release"), lambda node: node["signals"][0].update(not_actor_of=["admit"]))
    with pytest.raises(ProofRefused, match=r"Requirement 1 .* is not shown"):
        confirmed(files)


def test_a_node_that_nothing_undoes_any_more_is_not_what_was_proven() -> None:
    with pytest.raises(ProofRefused, match="are about other files"):
        confirmed(graph_with(node_called("book"), lambda node: node.pop("undo")))
