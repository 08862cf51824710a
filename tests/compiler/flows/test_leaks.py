"""Leaks: one change to a shop that holds, and the line at which the compiler refuses it."""

from __future__ import annotations

import pytest

from tests.compiler.flows.programs import compiled, errors

SHOP = """\
workflow: shop::WF_ORDER_V0
summary: Order something
binding: RB_SHOP_V0
start: admit
nodes:
  admit: {intent: IN_ORDER_V0, next: {ACK: name, NACK: rejected}}
  name:
    contract: CC_NAME_V0
    inputs:
      prefix: BUYER
      email: $.payload.email
    next: {SUCCESS: keep}
  keep:
    contract: CC_KEEP_V0
    inputs:
      id: $.results.name.id
      buyer: {email: $.payload.email, tier: $.payload.tier}
    next: {SUCCESS: find, ALREADY_EXISTS: find, CONFLICT: failed}
  find:
    contract: CC_FIND_V0
    inputs: [$.results.name.id]
    next: {SUCCESS: {to: note, with: {who: $.results.name.id}}, NOT_FOUND: failed}
  note:
    contract: CC_NOTE_V0
    inputs:
      id: $.results.name.id
      what: $.payload.item
    next: {SUCCESS: done}
  done:
    exit: COMPLETED
    result:
      id: $.results.name.id
    emit:
      EV_ORDERED_V0:
        by: $.results.name.id
        what: $.payload.item
  failed: {exit: FAILED, reason: TROUBLE}
  rejected: {exit: REJECTED}
---
intent: shop::IN_ORDER_V0
summary: Ask for something
actors: [AC_BUYER_V0]
payload:
  item: {type: string}
  email: {type: string, labels: [pii]}
  tier: {enum: [GOLD, IRON]}
  illness: {enum: [COLD, FLU], labels: [pii]}
  friends: {type: array, minItems: 1, items: {$ref: EN_BUYER_V0}}
  note: {type: string, labels: [pii], optional: true}
---
actor: shop::AC_BUYER_V0
summary: Somebody who buys
attributes: {phone: {type: string, labels: [pii]}}
---
entity: shop::EN_BUYER_V0
summary: A buyer
fields: {email: {type: string, labels: [pii]}, tier: {type: string}}
---
entity: shop::EN_LINE_V0
summary: A line of the audit log
fields: {what: {type: string}}
---
store: shop::ST_BUYERS_V0
summary: All buyers
side_effect: CS_REGISTRY_V0
entity: EN_BUYER_V0
operations: [REGISTER, RESOLVE]
clears: [pii]
---
store: shop::ST_AUDIT_V0
summary: What was done, for everybody to read
side_effect: CS_EVENTS_V0
entity: EN_LINE_V0
operations: [APPEND, READ]
---
event: shop::EV_ORDERED_V0
summary: Somebody ordered something
fields: {by: {type: string}, what: {type: string}}
---
binding: shop::RB_SHOP_V0
summary: Where the shop keeps what it knows
stores: {ST_BUYERS_V0: {}, ST_AUDIT_V0: {}}
config: {token: {type: string, labels: [secret]}}
---
contract: shop::CC_NAME_V0
summary: Name a buyer by the address
inputs: {prefix: {type: string}, email: {type: string, labels: [pii]}}
steps:
  - step: name
    transform: CT_GENERATE_ID_V0
    inputs:
      prefix: $.inputs.prefix
      data: $.inputs.email
outcomes: {SUCCESS: {id: $.steps.name.id}}
---
contract: shop::CC_KEEP_V0
summary: Keep a buyer
inputs: {id: {type: string}, buyer: {$ref: EN_BUYER_V0}}
steps:
  - {step: insert, op: REGISTER, store: ST_BUYERS_V0, inputs: {key: $.inputs.id, value: $.inputs.buyer}}
outcomes: {SUCCESS: {}, ALREADY_EXISTS: {}, CONFLICT: {}}
---
contract: shop::CC_FIND_V0
summary: Find a buyer
inputs: {id: {type: string}}
steps:
  - {step: find, op: RESOLVE, store: ST_BUYERS_V0, inputs: {key: $.inputs.id}}
outcomes: {SUCCESS: {email: $.steps.find.value.email, tier: $.steps.find.value.tier}, NOT_FOUND: {}}
---
contract: shop::CC_NOTE_V0
summary: Write down what was done
inputs: {id: {type: string}, what: {type: string}}
steps:
  - step: copy
    transform: CT_PASSTHROUGH_V0
    inputs: {value: $.inputs.what}
  - step: append
    op: APPEND
    store: ST_AUDIT_V0
    inputs:
      stream: $.inputs.id
      record:
        what: $.steps.copy.value
outcomes: {SUCCESS: {}}
"""


def found(source: str) -> list[tuple[str, str]]:
    """The errors, as the code with the line that is refused."""
    lines = source.splitlines()
    compilation = compiled(source)
    return [
        (finding.code, lines[finding.place.line - 1].strip())
        for finding in compilation.findings
        if finding.severity == "error" and finding.place is not None
    ]


def test_the_shop_holds() -> None:
    assert errors(compiled(SHOP)) == []


NODE, EVENT, STEP, RECORD = (
    "\n      what: $.payload.item",
    "        what: $.payload.item",
    "    inputs: {value: $.inputs.what}",
    "        what: $.steps.copy.value",
)
RESULT = "      id: $.results.name.id\n    emit"


@pytest.mark.parametrize("leak", [
    "$.payload.email",
    '{$text: "{item} for {who}", item: $.payload.item, who: $.payload.email}',
    '{$default: [$.payload.note, ""]}',
    '"$.payload.friends[0].email"',
    "$.results.find.email",
    "$.actor.phone",
    "$.config.token",
])  # fmt: skip
@pytest.mark.parametrize(("place", "code"), [(NODE, "A802"), (EVENT, "A803"), (RESULT, "A804")])
def test_labelled_data_that_a_node_or_an_exit_lets_out_is_refused_where_it_does(
    leak: str, place: str, code: str
) -> None:
    line = place.lstrip("\n").partition("\n")[0]
    mutated = f"{line[: line.index(':')]}: {leak}"
    assert found(SHOP.replace(place, place.replace(line, mutated))) == [(code, mutated.strip())]


@pytest.mark.parametrize("leak", ["$.results.find", "$.payload", '"$.payload.friends[*].email"', "$.payload.friends"])
def test_a_whole_object_or_list_is_as_labelled_as_its_parts(leak: str) -> None:
    mutated = f"      id: {leak}"
    assert found(SHOP.replace(RESULT, f"{mutated}\n    emit")) == [("A804", mutated.strip())]


def test_what_an_edge_carries_is_refused_where_it_goes_out() -> None:
    source = SHOP.replace("with: {who: $.results.name.id}", "with: {who: $.payload.email}")
    assert errors(compiled(source)) == []
    source = source.replace(NODE, "\n      what: $.with.who")
    assert found(source) == [("A802", "what: $.with.who")]


def test_a_step_that_lets_out_what_it_reads_is_refused_itself() -> None:
    read = (
        "  - {step: find, op: RESOLVE, store: ST_BUYERS_V0, inputs: {key: $.inputs.id}, next: {NOT_FOUND: SUCCESS}}\n"
    )
    source = SHOP.replace("  - step: copy\n", f"{read}  - step: copy\n")
    for line, leak in ((STEP, "{value: $.steps.find.value.email}"), (RECORD, "$.steps.find.value.email")):
        mutated = f"{line[: line.index(':')]}: {leak}"
        guilty = RECORD if line == STEP else mutated
        assert found(source.replace(line, mutated)) == [("A802", guilty.strip())]


def test_a_contract_that_says_what_it_takes_answers_for_its_steps() -> None:
    source = SHOP.replace(NODE, "\n      what: $.payload.email")
    source = source.replace("what: {type: string}}\nsteps", "what: {type: string, labels: [pii]}}\nsteps")
    assert found(source) == [("A802", RECORD.strip())]


def test_of_many_nodes_that_use_a_contract_only_the_one_that_lets_data_out_is_refused() -> None:
    again = """\
  again:
    contract: CC_NOTE_V0
    inputs: {id: x, what: $.payload.illness}
    next: {SUCCESS: done}
  done:
"""
    source = SHOP.replace("    next: {SUCCESS: done}\n  done:\n", f"    next: {{SUCCESS: again}}\n{again}")
    assert found(source) == [("A802", "inputs: {id: x, what: $.payload.illness}")]


def test_a_key_is_kept_as_well_as_a_value() -> None:
    source = SHOP.replace("      id: $.results.name.id\n      what", "      id: $.payload.email\n      what")
    assert found(source) == [("A802", "id: $.payload.email")]


def test_the_reason_of_an_exit_is_never_labelled() -> None:
    source = SHOP.replace("reason: TROUBLE", "reason: $.payload.illness")
    assert found(source) == [("A805", "failed: {exit: FAILED, reason: $.payload.illness}")]


def test_what_a_transform_computes_without_declassifying_goes_on_labelled_wherever_it_is_used() -> None:
    source = SHOP.replace("prefix: BUYER", "prefix: $.payload.email")
    assert found(source) == [
        ("A810", "id: $.results.name.id"),
        ("A802", "id: $.results.name.id"),
        ("A804", "id: $.results.name.id"),
        ("A803", "by: $.results.name.id"),
    ]


def test_another_label_than_the_one_that_is_cleared_or_declassified_is_refused() -> None:
    source = SHOP.replace(
        "email: {type: string, labels: [pii]}\n  tier", "email: {type: string, labels: [secret]}\n  tier"
    )
    assert {code for code, _ in found(source)} == {"A802", "A803", "A804"}
    assert ("A802", "buyer: {email: $.payload.email, tier: $.payload.tier}") in found(source)


def test_a_label_is_not_lost_in_a_store_whose_field_lacks_it() -> None:
    source = SHOP.replace(
        "fields: {email: {type: string, labels: [pii]}, tier: {type: string}}",
        "fields: {email: {type: string}, tier: {type: string}}",
    ).replace(NODE, "\n      what: $.results.find.email")
    assert found(source) == [("A802", "what: $.results.find.email")]


def test_an_exit_or_event_or_store_that_clears_the_label_may_have_it() -> None:
    source = SHOP.replace(NODE, "\n      what: $.payload.email").replace(EVENT, "        what: $.payload.email")
    source = source.replace(RESULT, "      id: $.payload.email\n    clears: [pii]\n    emit")
    source = source.replace("what: {type: string}}\n---\nbinding", "what: {type: string}}\nclears: [pii]\n---\nbinding")
    source = source.replace("operations: [APPEND, READ]", "operations: [APPEND, READ]\nclears: [pii]")
    assert errors(compiled(source)) == []


def test_decisions_on_labelled_data_are_not_refused() -> None:
    source = SHOP.replace(
        "  - step: copy\n",
        "  - step: choose\n    decide: [SUCCESS: {eq: [$.inputs.what, x]}, SUCCESS: otherwise]\n  - step: copy\n",
    )
    assert errors(compiled(source)) == []


def test_the_report_tells_every_hop_from_the_field_to_the_store() -> None:
    source = SHOP.replace(NODE, "\n      what: $.payload.email")
    (finding,) = (finding for finding in compiled(source).findings if finding.code == "A802")
    assert finding.message == (
        "`pii` from `payload.email` is written by `ST_AUDIT_V0 APPEND`, and `ST_AUDIT_V0` does not clear it."
    )
    lines = source.splitlines()
    assert [(lines[item.place.line - 1].strip(), item.label) for item in finding.related] == [
        ("email: {type: string, labels: [pii]}", "`payload.email` is labelled `pii` here"),
        ("inputs: {value: $.inputs.what}", "`copy` is given it as `value`"),
        ("- step: copy", "`CT_PASSTHROUGH_V0` computes `value` from it"),
        ("what: $.steps.copy.value", "`append` is given it as `record`"),
        ("store: shop::ST_AUDIT_V0", "clears nothing"),
    ]
    assert finding.label == "`note` is given it as `what`"
