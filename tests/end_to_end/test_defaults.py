"""What a schema gives a default is always present, wherever a value is bound and at every depth."""

from __future__ import annotations

from pathlib import Path

from pgs_snapshot.exchange import write_snapshot
from tests.end_to_end.programs import Installation, compiled, operator

DECLARATIONS = """\
workflow: shop::WF_WEIGH_V0
summary: Weigh a thing
start: admit
nodes:
  admit: {intent: IN_WEIGH_V0, next: {ACK: weigh, NACK: rejected}}
  weigh:
    contract: CC_WEIGH_V0
    inputs: {thing: {name: $.payload.name}, unit: $.payload.unit}
    next: {SUCCESS: done}
  done:
    exit: COMPLETED
    result: $.results.weigh
  rejected: {exit: REJECTED}
---
intent: shop::IN_WEIGH_V0
summary: Ask for a thing to be weighed
actors: [AC_OPERATOR_V0]
payload: {name: {type: string}, unit: {type: string, optional: true}}
---
contract: shop::CC_WEIGH_V0
summary: What a thing weighs
inputs: {thing: {$ref: EN_THING_V0}, unit: {type: string, default: g}, digits: {type: integer, default: 2}}
steps:
  - step: weigh
    transform: CT_PASSTHROUGH_V0
    inputs: {value: $.inputs.thing.weight}
outcomes:
  SUCCESS: {weight: $.steps.weigh.value, unit: $.inputs.unit, digits: $.inputs.digits}
---
entity: shop::EN_THING_V0
summary: A thing
fields: {name: {type: string}, weight: {type: integer, default: 7}}
"""


def test_inputs_that_are_left_out_have_their_defaults_when_a_contract_runs(tmp_path: Path) -> None:
    (tmp_path / "protocols").mkdir()
    (tmp_path / "protocols" / "weigh.yaml").write_text(DECLARATIONS, encoding="utf-8")
    project = "format: pgs-project/1\nname: shop\nversion: 1\nactor: core::AC_OPERATOR_V0\n"
    (tmp_path / "pgs.yaml").write_text(project, encoding="utf-8")
    write_snapshot(tmp_path / "protocol_snapshot", compiled(tmp_path))
    with Installation(tmp_path, tmp_path / "data").open() as runtime:
        outcome = runtime.run("shop::WF_WEIGH_V0", {"name": "pen"}, operator(runtime))
    assert outcome.result == {"weight": 7, "unit": "g", "digits": 2}
