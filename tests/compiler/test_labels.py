"""Labels go where references go: whatever a value is put into, what comes out carries them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgs_compiler.compiler import compile_program
from pgs_compiler.project import Project
from pgs_compiler.schemas.labels import labels_in
from pgs_compiler.source import SourceFile

CONTRACT = """
contract: shop::CC_GREET_V0
summary: Greet a customer
inputs:
  name: {{type: string, labels: [pii]}}
  pin: {{type: integer, labels: [secret], optional: true}}
  cities: {{type: array, items: {{type: string, labels: [pii]}}}}
steps:
  - step: anybody
    decide: [SUCCESS: otherwise]
outcomes:
  SUCCESS:
    out: {value}
"""


@pytest.mark.parametrize(
    ("value", "labels"),
    [
        ("$.inputs.name", {"pii"}),
        ("$.inputs.cities[*]", {"pii"}),
        ("{list: [1, $.inputs.name]}", {"pii"}),
        ("{$default: [$.inputs.pin, 0]}", {"secret"}),
        ('{$text: "Dear {who}", who: $.inputs.name}', {"pii"}),
        ('{$text: "{a}{b}", a: $.inputs.name, b: {$default: [$.inputs.pin, 0]}}', {"pii", "secret"}),
        ("[some text]", set()),
    ],
)
def test_what_is_made_of_a_labelled_value_carries_its_labels(value: str, labels: set[str]) -> None:
    source = SourceFile("greet.yaml", CONTRACT.format(value=value).encode())
    compilation = compile_program(Project(), Path("/"), [source])
    assert compilation.checked is not None, [finding.message for finding in compilation.findings]
    outputs = compilation.checked.contracts["shop::CC_GREET_V0"].outputs["SUCCESS"]
    assert labels_in(outputs) == labels
