"""Labels through calls, loops, waits, external effects and undo."""

from __future__ import annotations

import pytest

from pgs_compiler.compiler import Compilation
from tests.compiler.flows.programs import compiled, errors

CALLER = """\
workflow: desk::WF_OUTER_V0
summary: Hand work on
binding: RB_DESK_V0
start: admit
nodes:
  admit: {{intent: IN_OUTER_V0, next: {{ACK: work, NACK: rejected}}}}
{nodes}
  done: {{exit: COMPLETED, result: {result}}}
  failed: {{exit: {failed}, reason: FAILED_WORK}}
  rejected: {{exit: REJECTED}}
---
intent: desk::IN_OUTER_V0
summary: Ask for work
actors: [AC_CLERK_V0]
payload:
  email: {{type: string, labels: [pii]}}
  free: {{type: string}}
  kind: {{enum: [PLAIN, FANCY], labels: [pii]}}
  people: {{type: array, minItems: 1, maxItems: 3, items: {{$ref: EN_PERSON_V0}}}}
---
actor: desk::AC_CLERK_V0
summary: A clerk
attributes: {{phone: {{type: string, labels: [pii]}}}}
---
entity: desk::EN_PERSON_V0
summary: Somebody
fields: {{name: {{type: string, labels: [pii]}}, age: {{type: string}}}}
---
workflow: desk::WF_INNER_V0
summary: Do the work
binding: RB_DESK_V0
start: admit
nodes:
  admit: {{intent: IN_INNER_V0, next: {{ACK: note, NACK: rejected}}}}
  note: {{contract: CC_NOTE_V0, inputs: {{text: $.payload.text}}, next: {{SUCCESS: done}}}}
  done: {{exit: COMPLETED, result: {{text: $.payload.text}}, clears: [pii]}}
  rejected: {{exit: REJECTED}}
---
intent: desk::IN_INNER_V0
summary: Ask for a piece of work
actors: [AC_CLERK_V0]
payload: {{text: {{type: string}}}}
---
contract: desk::CC_NOTE_V0
summary: Write something down
inputs: {{text: {{type: string}}}}
steps:
  - {{step: append, op: APPEND, store: ST_NOTES_V0, inputs: {{stream: all, record: {{text: $.inputs.text}}}}}}
outcomes: {{SUCCESS: {{}}}}
---
entity: desk::EN_NOTE_V0
summary: A note
fields: {{text: {{type: string}}}}
---
store: desk::ST_NOTES_V0
summary: Notes
side_effect: CS_EVENTS_V0
entity: EN_NOTE_V0
operations: [APPEND]
clears: {clears}
---
event: desk::EV_ANSWER_V0
summary: Somebody answers
fields: {{about: {{type: string}}, by: {{type: string, labels: [pii]}}}}
clears: [pii]
---
binding: desk::RB_DESK_V0
summary: What the desk uses
stores: {{ST_NOTES_V0: {{}}}}
effects: {effects}
---
{rest}
"""
NEXT = "next: {COMPLETED: done, REJECTED: failed}"


def outer(nodes: str, result: str = "{}", rest: str = "", **parts: str) -> Compilation:
    """The caller, compiled, with these nodes; unless `parts` say otherwise, notes may hold personal data."""
    said = {"clears": "[pii]", "effects": "{}", "failed": "DENIED", **parts}
    text = CALLER.format(nodes=nodes, result=result, rest=rest, **said)
    return compiled(text.removesuffix("---\n\n"))


def found(compilation: Compilation) -> list[tuple[str, str]]:
    """The errors, as the code with the line that is refused."""
    lines = compilation.sources["desk.yaml"].decode().splitlines()
    return [
        (finding.code, lines[finding.place.line - 1].strip())
        for finding in compilation.findings
        if finding.place is not None and finding.code.startswith("A") and finding.severity == "error"
    ]


def hidden(compilation: Compilation, workflow: str) -> dict[str, list[str]]:
    assert compilation.flows is not None, errors(compilation)
    flows = compilation.flows.workflows[f"desk::{workflow}"]
    return {node: list(pointers) for node, pointers in flows.hidden.items()}


def test_what_a_workflow_is_called_with_is_followed_into_it_and_back() -> None:
    program = outer(f"  work: {{call: WF_INNER_V0, inputs: {{text: $.payload.email}}, {NEXT}}}")
    assert found(program) == []
    assert hidden(program, "WF_OUTER_V0")["work"] == ["/inputs/text", "/outputs/COMPLETED/text"]
    assert hidden(program, "WF_INNER_V0") == {
        "admit": ["/payload/text"],
        "done": ["/result/text"],
        "note": ["/inputs/text", "/steps/append/inputs/record/text"],
    }


def test_two_calls_of_one_workflow_give_each_what_it_was_given() -> None:
    nodes = f"""\
  work: {{call: WF_INNER_V0, inputs: {{text: $.payload.email}}, next: {{COMPLETED: again, REJECTED: failed}}}}
  again: {{call: WF_INNER_V0, inputs: {{text: $.payload.free}}, {NEXT}}}"""
    assert found(outer(nodes, "{told: $.results.again.text}")) == []
    line = "done: {exit: COMPLETED, result: {told: $.results.work.text}}"
    assert found(outer(nodes, "{told: $.results.work.text}")) == [("A804", line)]


def test_a_leak_within_a_workflow_that_does_not_declare_the_label_is_the_caller_s() -> None:
    line = f"work: {{call: WF_INNER_V0, inputs: {{text: $.payload.email}}, {NEXT}}}"
    assert found(outer(f"  {line}", clears="[]")) == [("A802", line)]
    assert found(outer(f"  {line.replace('email', 'free')}", clears="[]")) == []


def test_what_chooses_among_workflows_is_an_implicit_flow() -> None:
    nodes = f"""\
  work:
    call: {{choose: $.payload.kind, of: {{PLAIN: WF_INNER_V0, FANCY: WF_INNER_V0}}}}
    inputs: {{text: $.payload.free}}
    {NEXT}"""
    program = outer(nodes)
    assert found(program) == []
    assert program.flows is not None, errors(program)
    arrivals = program.flows.workflows["desk::WF_OUTER_V0"].arrivals
    assert ("payload.kind", "implicit") in {
        (item.mark.source, item.verdict) for item in arrivals if item.sink.name == "choice of `work`"
    }


LOOP = """\
  work:
    each: $.payload.people
    call: WF_INNER_V0
    inputs: {{text: $.item.{member}}}
    max: 3
    next: {{SUCCESS: done, SOME_FAILED: failed}}"""


def test_a_loop_hands_on_of_each_item_what_it_names() -> None:
    program = outer(LOOP.format(member="name"))
    assert found(program) == []
    assert hidden(program, "WF_OUTER_V0")["work"] == [
        "/inputs/each/*/name",
        "/outputs/SOME_FAILED/items/*/result/text",
        "/outputs/SUCCESS/items/*/result/text",
    ]
    ages = hidden(outer(LOOP.format(member="age"), clears="[]"), "WF_OUTER_V0")
    assert ages["work"] == ["/inputs/each/*/name"]  # the line of a loop has the whole list
    assert found(outer(LOOP.format(member="name"), clears="[]")) == [("A802", "inputs: {text: $.item.name}")]


WAIT = """\
  work:
    wait:
      within: P2D
      signals:
        ANSWERED:
          event: EV_ANSWER_V0
          from: [AC_CLERK_V0]
          match: {about: $.payload.free}
          where: {eq: [$.event.by, x]}
    next: {ANSWERED: done, EXPIRED: failed}"""


@pytest.mark.parametrize(
    ("value", "refused"),
    [
        ("$.results.work.event.by", True),
        ("$.results.work.event.about", False),
        ("$.results.work.actor.phone", True),
        ("$.results.work.actor.id", False),
    ],
)
def test_a_wait_gives_what_the_event_and_its_sender_carry(value: str, refused: bool) -> None:
    program = outer(WAIT, f"{{told: {value}}}")
    line = f"done: {{exit: COMPLETED, result: {{told: {value}}}}}"
    assert found(program) == ([("A804", line)] if refused else [])
    assert hidden(program, "WF_OUTER_V0")["work"] == [
        "/outputs/ANSWERED/actor/phone",
        "/outputs/ANSWERED/event/by",
        "/signals/ANSWERED/operands/0",
    ]


def test_an_event_brings_what_another_workflow_emits_with_it() -> None:
    emitting = """\
workflow: desk::WF_SAY_V0
summary: Say something
start: admit
nodes:
  admit: {intent: IN_SAY_V0, next: {ACK: done, NACK: rejected}}
  done: {exit: COMPLETED, emit: {EV_ANSWER_V0: {about: $.payload.email, by: x}}}
  rejected: {exit: REJECTED}
---
intent: desk::IN_SAY_V0
summary: Say something
actors: [AC_CLERK_V0]
payload: {email: {type: string, labels: [pii]}}
"""
    value = "{told: $.results.work.event.about}"
    line = f"done: {{exit: COMPLETED, result: {value}}}"
    assert found(outer(WAIT, value, rest=emitting)) == [("A804", line)]


SENDING = """\
side_effect: desk::CS_POST_V0
summary: Send letters
semantics: external
operations:
  SEND:
    mode: write
    inputs: {to: {type: string}}
    outcomes: {SUCCESS: {receipt: {type: string}}, DECLINED: {}}
%simplementation: pgs_capabilities.side_effects.state:State
---
contract: desk::CC_SEND_V0
summary: Send a letter
inputs: {to: {type: string}}
steps:
  - {step: send, op: SEND, side_effect: CS_POST_V0, inputs: [$.inputs.to]}
outcomes: {SUCCESS: {receipt: $.steps.send.receipt}, DECLINED: {}}
"""
SEND = "work: {contract: CC_SEND_V0, inputs: {to: $.payload.email}, next: {SUCCESS: done, DECLINED: failed}}"


def test_an_external_effect_is_given_what_it_clears_and_answers_with_all_of_it() -> None:
    refused = outer(f"  {SEND}", rest=SENDING % "", effects="{CS_POST_V0: {}}")
    assert ("A807", SEND) in found(refused)
    cleared = outer(f"  {SEND}", rest=SENDING % "    clears: [pii]\n", effects="{CS_POST_V0: {}}")
    assert found(cleared) == []
    assert hidden(cleared, "WF_OUTER_V0")["work"] == [
        "/inputs/to",
        "/outputs/SUCCESS/receipt",
        "/steps/send/inputs/to",
        "/steps/send/outputs/SUCCESS/receipt",
    ]


def test_what_undoes_a_node_is_followed_like_the_node() -> None:
    nodes = """\
  work:
    contract: CC_NOTE_V0
    inputs: {text: $.payload.free}
    undo:
      contract: CC_NOTE_V0
      inputs: {text: $.payload.email}
    next: {SUCCESS: send}
  send: {contract: CC_SEND_V0, inputs: {to: $.payload.free}, next: {SUCCESS: done, DECLINED: failed}}"""
    program = outer(nodes, rest=SENDING % "", clears="[]", effects="{CS_POST_V0: {}}", failed="FAILED")
    assert found(program) == [("A802", "inputs: {text: $.payload.email}")], errors(program)
