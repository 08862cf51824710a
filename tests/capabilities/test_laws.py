"""What holds of every transform of `core`, whatever it is given of what it declares to take."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgs_snapshot.values import Outcome
from tests.capabilities.lawful import fits, inputs_of
from tests.capabilities.test_declarations import TRANSFORMS, implementation


@pytest.mark.parametrize("name", TRANSFORMS)
def test_an_answer_is_declared_and_comes_twice_and_leaves_the_inputs_alone(name: str) -> None:
    transform = implementation(TRANSFORMS[name])
    assert callable(transform)

    @settings(max_examples=60)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        inputs = data.draw(inputs_of(name))
        before = copy.deepcopy(inputs)
        answers = []
        for _ in range(2):
            answer = transform(**inputs)
            answers.append(answer if isinstance(answer, Outcome) else Outcome("SUCCESS", **answer))
        assert answers[0] == answers[1]
        assert inputs == before
        assert fits(name, answers[0]), answers[0].outputs

    holds()
