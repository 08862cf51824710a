"""Whatever a payload looks like: compiled and run, no line of a trace shows what carries a label."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings

from pgs_runtime.runtime import Actor, Runtime
from pgs_snapshot.model import Schema
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.compiler.flows.programs import desk, errors
from tests.runtime.protocol import memory, ports
from tests.runtime.test_redaction import CANARY, count_of, planted, schemas

OPERATOR = Actor("core::AC_OPERATOR_V0", "ada", {})
EVERYWHERE = """
contract: desk::CC_WORK_V0
summary: Hand a value through a transform, a decision and a store
inputs: {value: {}}
steps:
  - {step: copy, transform: CT_PASSTHROUGH_V0, inputs: [$.inputs.value]}
  - step: choose
    decide:
      - SUCCESS: {eq: [$.steps.copy.value, $.inputs.value]}
      - OTHER: otherwise
  - {step: keep, op: APPEND, store: ST_NOTES_V0, inputs: {stream: all, record: {note: $.inputs.value}}}
  - {step: read, op: READ, store: ST_NOTES_V0, inputs: {stream: all}}
outcomes: {SUCCESS: {value: $.inputs.value, read: $.steps.read.records}, OTHER: {}}
"""
DONE = """{
    exit: COMPLETED, clears: [pii],
    result: {it: $.results.work.value, read: $.results.work.read},
    emit: {EV_DONE_V0: {what: $.results.work.value}}}"""


def lines_of(schema: Schema, value: Value) -> list[str]:
    """The trace of a run that sends a value of this schema everywhere."""
    payload = f"{{it: {json.dumps(schema)}}}"
    parts = {"stores": "ST_NOTES_V0: {}", "payload": payload, "next": "{SUCCESS: done, OTHER: other}", "done": DONE}
    program = desk("{value: $.payload.it}", EVERYWHERE, nodes="  other: {exit: DENIED, reason: OTHER}", **parts)
    assert program.files is not None, errors(program)
    with Runtime(Snapshot(verify(program.files)), memory(), ports()) as runtime:
        outcome = runtime.run("desk::WF_DESK_V0", {"it": value}, OPERATOR)
        assert (outcome.kind, outcome.result["it"]) == ("COMPLETED", value)
        return [line.decode() for line in runtime.trace(outcome.trace_id)]


@settings(max_examples=15)
@given(schemas)
def test_no_line_shows_what_carries_a_label(schema: Schema) -> None:
    assert not any(CANARY in line for line in lines_of(schema, planted(schema, "free")))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}},
        {
            "type": "object",
            "properties": {"a": {"type": "string"}, "b": {"labels": ["pii"]}},
            "additionalProperties": False,
        },
    ],
)
def test_what_carries_none_is_shown_wherever_no_transform_has_mixed_it(schema: Schema) -> None:
    value = planted(schema, "free")
    lines = [json.loads(line) for line in lines_of(schema, value)]
    (work,) = (line for line in lines if line["kind"] == "contract")
    for place in (work["outputs"]["value"], work["steps"][2]["inputs"]["record"], lines[-1]["result"]["it"]):
        assert count_of(place, "free") == count_of(value, "free")
