"""The recorded vectors hold of ours."""

from __future__ import annotations

import pytest

from pgs_snapshot.values import Outcome
from tests.capabilities.vectors import CALLS, Vector, name_of, vectors


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["id"].rpartition("::")[2])
def test_a_recorded_vector_holds(vector: Vector) -> None:
    answer = CALLS[name_of(vector)](vector["inputs"])
    outcome = answer if isinstance(answer, Outcome) else Outcome("SUCCESS", **answer)
    assert outcome.name == vector["expected_outcome"]
    if "assertions" in vector:
        assert outcome.outputs.keys() == vector["assertions"].keys()
        for name, said in vector["assertions"].items():
            assert said == {"byte_length": said["byte_length"], "mode": "property", "type": "hex_string"}
            assert len(bytes.fromhex(str(outcome.outputs[name]))) == said["byte_length"]
    elif outcome.name == "SUCCESS":
        assert outcome.outputs == vector["expected"]


def test_all_vectors_are_there() -> None:
    assert len(vectors()) == 60
