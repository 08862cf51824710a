"""What a trace may not show of each node: followed from labelled fields to wherever they go."""

from __future__ import annotations

import pytest

from tests.compiler.flows.programs import compiled, desk, hidden

DECLARED = """
contract: desk::CC_WORK_V0
summary: Pass on what it was given
inputs: {value: {}}
steps:
  - step: pass
    decide: [SUCCESS: otherwise]
outcomes: {SUCCESS: {value: $.inputs.value}}
"""


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("$.payload.free", []),
        ("$.payload.email", [""]),
        ("{a: $.payload.email, b: $.payload.free}", ["/a"]),
        ("[1, $.payload.email]", ["/*"]),
        ('{$text: "to {who}", who: $.payload.email}', [""]),
        ("{$default: [$.payload.note, nobody]}", [""]),
        ("$.payload.people", ["/*/name"]),
        ('"$.payload.people[0]"', ["/name"]),
        ('"$.payload.people[*].name"', ["/*"]),
        ('"$.payload.people[*].age"', []),
        ('"$.payload.people[0:1]"', ["/*/name"]),
        ("$.config.token", [""]),
        ("$.config.limit", []),
    ],
)
def test_what_is_built_from_a_labelled_value_is_hidden_where_it_is_and_nowhere_else(
    value: str, parts: list[str]
) -> None:
    found = hidden(desk(f"{{value: {value}}}", DECLARED))
    places = [f"{place}/value{part}" for place in ("/inputs", "/outputs/SUCCESS") for part in parts]
    assert found == ({"work": places} if places else {})


OPEN = """
  more:
    type: object
    properties: {age: {type: integer}, who: {$ref: EN_PERSON_V0}}
    required: [age]
    additionalProperties: {type: string, labels: [pii]}
"""


def test_members_that_are_declared_beside_labelled_ones_without_a_name_are_not_hidden() -> None:
    found = hidden(desk("{value: $.payload.more}", DECLARED, payload=OPEN))
    parts = ["*!age!who", "who/name"]
    assert found == {"work": [f"{at}/value/{part}" for at in ("/inputs", "/outputs/SUCCESS") for part in parts]}


def test_a_store_of_any_members_hides_those_that_were_written_and_no_declared_one() -> None:
    rest = """
entity: desk::EN_OPEN_V0
summary: Anything beside an age
fields: {more: {type: object, properties: {age: {type: integer}}, additionalProperties: {type: string}}}
---
store: desk::ST_OPEN_V0
summary: Anything
side_effect: CS_EVENTS_V0
entity: EN_OPEN_V0
operations: [APPEND, READ]
clears: [pii]
---
contract: desk::CC_WORK_V0
summary: Keep something
inputs: {value: {type: object, properties: {age: {type: integer}}, additionalProperties: {type: string, labels: [pii]}}}
steps:
  - {step: keep, op: APPEND, store: ST_OPEN_V0, inputs: {stream: all, record: {more: $.inputs.value}}}
  - {step: read, op: READ, store: ST_OPEN_V0, inputs: {stream: all}}
outcomes: {SUCCESS: {records: $.steps.read.records}}
"""
    payload = OPEN.replace(", who: {$ref: EN_PERSON_V0}", "")
    found = hidden(desk("{value: $.payload.more}", rest, payload=payload, stores="ST_OPEN_V0: {}"))
    assert found["work"] == [
        "/inputs/value/*!age",
        "/outputs/SUCCESS/records/*/more/*!age",
        "/steps/keep/inputs/record/more/*!age",
        "/steps/read/outputs/SUCCESS/records/*/more/*!age",
    ]


def test_all_that_a_transform_computes_from_labelled_data_is_hidden() -> None:
    rest = """
transform: desk::CT_PARSE_V0
summary: Take a text apart
inputs: {text: {type: string}, limit: {type: integer}}
outcomes: {SUCCESS: {words: {type: array, items: {type: string}}, count: {type: integer}}, EMPTY: {}}
implementation: pgs_capabilities.transforms.records:passthrough
---
contract: desk::CC_WORK_V0
summary: Take a value apart
inputs: {value: {type: string}}
steps:
  - {step: parse, transform: CT_PARSE_V0, inputs: {text: $.inputs.value, limit: 3}}
outcomes: {SUCCESS: {count: $.steps.parse.count}, EMPTY: {}}
"""
    found = hidden(desk(rest=rest, next="{SUCCESS: done, EMPTY: done}"))
    assert found["work"] == [
        "/inputs/value",
        "/outputs/SUCCESS/count",
        "/steps/parse/inputs/text",
        "/steps/parse/outputs/SUCCESS/count",
        "/steps/parse/outputs/SUCCESS/words",
    ]


PARSING = """
transform: desk::CT_SPLIT_V0
summary: Take a text apart
inputs: {text: {type: string}, more: {type: string}}
outcomes: {SUCCESS: {size: {type: integer}, head: {type: string%s}}}
declassifies: %s
implementation: pgs_capabilities.transforms.records:passthrough
---
contract: desk::CC_WORK_V0
summary: Take a value apart
inputs: {value: {type: string}, more: {type: string}}
steps:
  - {step: split, transform: CT_SPLIT_V0, inputs: {text: $.inputs.value, more: $.inputs.more}}
outcomes: {SUCCESS: {size: $.steps.split.size, head: $.steps.split.head}}
"""


@pytest.mark.parametrize(
    ("labels", "declassifies", "inputs", "shown"),
    [
        ("", "[pii]", ("$.payload.email", "x"), {"size", "head"}),
        ("", "[secret]", ("$.payload.email", "x"), set()),
        ("", "[pii]", ('{$text: "{a}{b}", a: $.payload.email, b: $.payload.pin}', "x"), set()),
        ("", "[pii, secret]", ('{$text: "{a}{b}", a: $.payload.email, b: $.payload.pin}', "x"), {"size", "head"}),
        ("", "{pii: [text]}", ("$.payload.email", "x"), {"size", "head"}),
        ("", "{pii: [text]}", ("x", "$.payload.email"), set()),
        (", labels: [pii]", "[pii]", ("$.payload.email", "x"), {"size"}),
        (", labels: [pii]", "[pii]", ("x", "x"), {"size"}),
    ],
)
def test_a_transform_shows_what_it_declassifies_from_the_inputs_that_it_names(
    labels: str, declassifies: str, inputs: tuple[str, str], shown: set[str]
) -> None:
    program = desk(f"{{value: {inputs[0]}, more: {inputs[1]}}}", PARSING % (labels, declassifies))
    found = hidden(program)["work"]
    assert {name for name in ("size", "head") if f"/outputs/SUCCESS/{name}" not in found} == shown


def test_an_identifier_of_personal_data_is_shown_and_its_prefix_is_not_a_way_around() -> None:
    rest = """
contract: desk::CC_WORK_V0
summary: Name something
inputs: {prefix: {type: string}, data: {}}
steps:
  - {step: name, transform: CT_GENERATE_ID_V0, inputs: {prefix: $.inputs.prefix, data: $.inputs.data}}
outcomes: {SUCCESS: {id: $.steps.name.id}}
"""
    assert hidden(desk("{prefix: AC, data: $.payload.people}", rest))["work"] == [
        "/inputs/data/*/name",
        "/steps/name/inputs/data/*/name",
    ]
    for inputs in ("{prefix: $.payload.email, data: $.payload.free}", "{prefix: AC, data: $.payload.pin}"):
        assert "/outputs/SUCCESS/id" in hidden(desk(inputs, rest))["work"]


def test_a_contract_hides_at_each_node_what_that_node_gives_it() -> None:
    again = "  again: {contract: CC_WORK_V0, inputs: {value: $.payload.free}, next: {SUCCESS: done}}"
    found = hidden(desk(next="{SUCCESS: again}", nodes=again))
    assert found.keys() == {"work"}


CHOOSING = """
contract: desk::CC_WORK_V0
summary: Give one value when it goes well and another when not
inputs: {value: {type: string}, other: {type: string}}
steps:
  - step: choose
    decide:
      - SUCCESS: {eq: [$.inputs.other, x]}
      - OTHER: otherwise
outcomes: {SUCCESS: {told: $.inputs.other}, OTHER: {told: $.inputs.value}}
---
contract: desk::CC_PASS_V0
summary: Pass on what it was given
inputs: {value: {}}
steps:
  - step: pass
    decide: [SUCCESS: otherwise]
outcomes: {SUCCESS: {}}
"""


def test_behind_an_outcome_only_what_that_outcome_gives_is_known() -> None:
    nodes = """\
  good: {contract: CC_PASS_V0, inputs: {value: $.results.work.told}, next: {SUCCESS: both}}
  bad: {contract: CC_PASS_V0, inputs: {value: $.results.work.told}, next: {SUCCESS: both}}
  both: {contract: CC_PASS_V0, inputs: {value: $.results.work.told}, next: {SUCCESS: done}}"""
    inputs = "{value: $.payload.email, other: $.payload.free}"
    found = hidden(desk(inputs, CHOOSING, next="{SUCCESS: good, OTHER: bad}", nodes=nodes))
    assert found == {
        "work": ["/inputs/value", "/outputs/OTHER/told"],
        "bad": ["/inputs/value"],
        "both": ["/inputs/value"],
    }


def test_an_edge_an_event_and_a_result_carry_labels_on() -> None:
    done = (
        "{exit: COMPLETED, clears: [pii], result: {all: [$.with.who, $.payload.free], free: $.payload.free}, "
        "emit: {EV_DONE_V0: {what: {who: $.with.who, free: $.payload.free}}}}"
    )
    program = desk("{value: $.payload.free}", next="{SUCCESS: {to: done, with: {who: $.payload.email}}}", done=done)
    assert hidden(program) == {"done": ["/emitted/desk::EV_DONE_V0/what/who", "/result/all/*"]}


def test_of_a_decision_the_comparisons_of_labelled_operands_are_hidden_counted_over_its_cases() -> None:
    rest = """
contract: desk::CC_WORK_V0
summary: Look at two values
inputs: {value: {type: string}, other: {type: string}}
steps:
  - step: choose
    decide:
      - SUCCESS: {all: [{ne: [$.inputs.other, x]}, {eq: [$.inputs.value, b]}]}
      - SUCCESS: {not: {in: [$.inputs.value, [a, b]]}}
      - OTHER: otherwise
outcomes: {SUCCESS: {}, OTHER: {}}
"""
    inputs = "{value: $.payload.email, other: $.payload.free}"
    found = hidden(desk(inputs, rest, next="{SUCCESS: done, OTHER: done}"))
    assert found["work"] == ["/inputs/value", "/steps/choose/operands/1", "/steps/choose/operands/2"]


KEEPING = """
contract: desk::CC_WORK_V0
summary: Keep a note
inputs: {value: {}}
steps:
  - {step: keep, op: APPEND, store: ST_NOTES_V0, inputs: {stream: all, record: {note: $.inputs.value}}}
outcomes: {SUCCESS: {number: $.steps.keep.n}}
---
contract: desk::CC_READ_V0
summary: Read all notes
steps:
  - {step: read, op: READ, store: ST_NOTES_V0, inputs: {stream: all}}
outcomes: {SUCCESS: {records: $.steps.read.records}}
"""


def test_what_is_read_from_a_store_carries_what_any_node_writes_there_without_its_label() -> None:
    nodes = """\
  first: {contract: CC_READ_V0, next: {SUCCESS: keep}}
  keep: {contract: CC_WORK_V0, inputs: {value: $.payload.email}, next: {SUCCESS: done}}"""
    program = desk("{value: $.payload.free}", KEEPING, next="{SUCCESS: first}", nodes=nodes, stores="ST_NOTES_V0: {}")
    assert hidden(program) == {
        "first": ["/outputs/SUCCESS/records/*/note", "/steps/read/outputs/SUCCESS/records/*/note"],
        "keep": ["/inputs/value", "/steps/keep/inputs/record/note"],
    }


def test_a_value_that_goes_round_through_a_store_and_grows_each_time_is_followed_to_an_end() -> None:
    rest = """
contract: desk::CC_WORK_V0
summary: Wrap all notes in a note
inputs: {value: {}}
steps:
  - {step: read, op: READ, store: ST_NOTES_V0, inputs: {stream: all}}
  - step: keep
    op: APPEND
    store: ST_NOTES_V0
    inputs: {stream: all, record: {note: {inner: $.steps.read.records, now: $.inputs.value}}}
outcomes: {SUCCESS: {}}
"""
    found = hidden(desk(rest=rest, stores="ST_NOTES_V0: {}"))
    assert "/steps/read/outputs/SUCCESS/records/*/note" in found["work"]


def test_the_key_of_a_store_is_told_by_its_address() -> None:
    rest = """
store: desk::ST_SEEN_V0
summary: What was seen
side_effect: CS_REGISTRY_V0
entity: EN_NOTE_V0
operations: [REGISTER, COUNT]
clears: [pii]
---
contract: desk::CC_WORK_V0
summary: Note what was seen
inputs: {value: {type: string}}
steps:
  - step: insert
    op: REGISTER
    store: ST_SEEN_V0
    inputs: {key: $.inputs.value, value: {note: x}}
    next: {ALREADY_EXISTS: continue}
  - {step: count, op: COUNT, store: ST_SEEN_V0, inputs: {}}
outcomes: {SUCCESS: {address: $.steps.insert.address, count: $.steps.count.n}, CONFLICT: {}}
"""
    found = hidden(desk(rest=rest, next="{SUCCESS: done, CONFLICT: done}", stores="ST_SEEN_V0: {}"))["work"]
    assert "/outputs/SUCCESS/address" in found
    assert "/outputs/SUCCESS/count" not in found


def test_what_a_side_effect_of_the_project_answers_carries_all_that_it_sees() -> None:
    rest = """
side_effect: desk::CS_COUNTER_V0
summary: Count
semantics: mutable
operations:
  COUNT_UP:
    mode: write
    inputs: {key: {type: string}, value: {$ref: $entity}}
    outcomes: {SUCCESS: {number: {type: integer}}}
implementation: pgs_capabilities.side_effects.state:State
---
store: desk::ST_COUNTS_V0
summary: Counts
side_effect: CS_COUNTER_V0
entity: EN_PERSON_V0
operations: [COUNT_UP]
clears: [pii]
---
contract: desk::CC_WORK_V0
summary: Count up
inputs: {value: {type: string}}
steps:
  - step: count
    op: COUNT_UP
    store: ST_COUNTS_V0
    inputs: {key: x, value: {name: Ada, age: 3}}
outcomes: {SUCCESS: {number: $.steps.count.number}}
"""
    found = hidden(desk("{value: x}", rest, stores="ST_COUNTS_V0: {}"))["work"]
    assert "/outputs/SUCCESS/number" in found


def test_a_label_that_a_contract_declares_for_an_input_holds_whatever_is_given() -> None:
    rest = DECLARED.replace("{value: {}}", "{value: {type: string, labels: [secret]}}")
    assert hidden(desk("{value: x}", rest))["work"] == ["/inputs/value", "/outputs/SUCCESS/value"]


def test_inputs_that_do_not_fit_end_a_contract_with_what_was_known_until_then() -> None:
    rest = """
contract: desk::CC_WORK_V0
summary: Name a short text
inputs: {value: {type: string}}
on_input_failure: VIOLATION
steps:
  - {step: copy, transform: CT_PASSTHROUGH_V0, inputs: [$.inputs.value]}
outcomes: {SUCCESS: {value: $.steps.copy.value}, VIOLATION: {value: x}}
"""
    found = hidden(desk(rest=rest, next="{SUCCESS: done, VIOLATION: done}"))["work"]
    assert "/outputs/SUCCESS/value" in found
    assert "/outputs/VIOLATION/value" not in found


@pytest.mark.parametrize("value", ["$.actor.id", "$.run.id", "x"])
def test_what_nobody_has_labelled_is_shown(value: str) -> None:
    assert hidden(desk(f"{{value: {value}}}")) == {}


def test_labels_of_actors_are_followed() -> None:
    program = compiled("""\
workflow: desk::WF_DESK_V0
summary: Ask who it is
start: admit
nodes:
  admit: {intent: IN_DESK_V0, next: {ACK: done, NACK: rejected}}
  done: {exit: COMPLETED, result: {phone: $.actor.phone, id: $.actor.id}, clears: [pii]}
  rejected: {exit: REJECTED}
---
intent: desk::IN_DESK_V0
summary: Ask
actors: [AC_CLERK_V0]
payload: {}
---
actor: desk::AC_CLERK_V0
summary: A clerk
attributes: {phone: {type: string, labels: [pii]}}
""")
    assert hidden(program) == {"done": ["/result/phone"]}


STATE = """
store: desk::ST_PEOPLE_V0
summary: People
side_effect: CS_STATE_V0
entity: EN_SEEN_V0
operations: [UPDATE_WHERE, READ_WHERE]
clears: [pii]
---
entity: desk::EN_SEEN_V0
summary: Somebody who was seen
fields: {name: {type: string}, seen: {type: boolean}}
---
contract: desk::CC_WORK_V0
summary: Change whoever was seen, and look
inputs: {value: {type: string}}
steps:
  - {step: change, op: UPDATE_WHERE, store: ST_PEOPLE_V0, inputs: {where: WHERE, set: SET}}
  - {step: look, op: READ_WHERE, store: ST_PEOPLE_V0, inputs: {where: {seen: true}}}
outcomes: {SUCCESS: {rows: $.steps.look.rows, keys: $.steps.change.keys}, NOT_FOUND: {}, TOO_MANY: {}, VIOLATION: {}}
"""


@pytest.mark.parametrize(
    ("where", "given"), [("{seen: true}", "{name: $.inputs.value}"), ("{name: $.inputs.value}", "{}")]
)
def test_the_fields_that_are_set_or_asked_for_are_held_with_their_labels(where: str, given: str) -> None:
    rest = STATE.replace("WHERE, set: SET", f"{where}, set: {given}")
    outcomes = "{SUCCESS: done, NOT_FOUND: done, TOO_MANY: done, VIOLATION: done}"
    found = hidden(desk(rest=rest, next=outcomes, stores="ST_PEOPLE_V0: {}"))["work"]
    assert "/outputs/SUCCESS/rows/*/value/name" in found
    assert "/outputs/SUCCESS/keys" in found
    assert "/outputs/SUCCESS/rows/*/value/seen" not in found
