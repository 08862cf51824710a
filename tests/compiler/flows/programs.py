"""A desk that compiles: one workflow whose parts a test chooses, and all of `core`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pgs_compiler.compiler import Compilation, compile_program
from pgs_compiler.project import Project
from pgs_compiler.source import CORE, SourceFile
from pgs_compiler.workspace import open_workspace

ROOT = Path(__file__).parents[3]
PAYLOAD = """
  email: {type: string, labels: [pii]}
  pin: {type: integer, labels: [secret]}
  free: {type: string}
  people: {type: array, minItems: 1, items: {$ref: EN_PERSON_V0}}
  note: {type: string, labels: [pii], optional: true}
"""
WORK = """
contract: desk::CC_WORK_V0
summary: Hand a value through a transform
inputs: {value: {}}
steps:
  - {step: copy, transform: CT_PASSTHROUGH_V0, inputs: [$.inputs.value]}
outcomes: {SUCCESS: {value: $.steps.copy.value}}
"""
DESK = """
workflow: desk::WF_DESK_V0
summary: Take something in
binding: RB_DESK_V0
start: admit
nodes:
  admit: {{intent: IN_DESK_V0, next: {{ACK: work, NACK: rejected}}}}
  work: {{contract: CC_WORK_V0, inputs: {inputs}, next: {next}}}
{nodes}
  done: {done}
  rejected: {{exit: REJECTED}}
---
intent: desk::IN_DESK_V0
summary: Ask for something
actors: [AC_OPERATOR_V0]
payload: {payload}
---
entity: desk::EN_PERSON_V0
summary: Somebody
fields: {{name: {{type: string, labels: [pii]}}, age: {{type: integer}}}}
---
entity: desk::EN_NOTE_V0
summary: Anything
fields: {{note: {{}}}}
---
store: desk::ST_NOTES_V0
summary: Notes
side_effect: CS_EVENTS_V0
entity: EN_NOTE_V0
operations: [APPEND, READ]
clears: [pii, secret]
---
event: desk::EV_DONE_V0
summary: It is done
fields: {{what: {{}}}}
clears: [pii, secret]
---
binding: desk::RB_DESK_V0
summary: What the desk uses
stores: {{{stores}}}
config: {{token: {{type: string, labels: [secret], default: t}}, limit: {{type: integer, default: 1}}}}
---
{rest}
"""


@cache
def core() -> tuple[SourceFile, ...]:
    """The declarations that come with PGS."""
    workspace = open_workspace(ROOT, ()).value
    assert workspace is not None
    return tuple(file for file in workspace.files if file.path.startswith(CORE))


def desk(inputs: str = "{value: $.payload.email}", rest: str = WORK, **parts: str) -> Compilation:
    """The desk, compiled. Unless `parts` say otherwise, its one node leads to an exit that gives nothing."""
    said: Mapping[str, str] = {
        "next": "{SUCCESS: done}",
        "nodes": "",
        "done": "{exit: COMPLETED}",
        "payload": PAYLOAD,
        "stores": "",
        **parts,
    }
    return compiled(DESK.format(inputs=inputs, rest=rest, **said))


def compiled(text: str) -> Compilation:
    """One file and `core`, compiled."""
    return compile_program(Project(), ROOT, (*core(), SourceFile("desk.yaml", text.encode())))


def errors(compilation: Compilation) -> list[str]:
    """What is wrong: code and line."""
    return [
        f"{finding.code} {finding.place.line if finding.place else 0}: {finding.message}"
        for finding in compilation.findings
        if finding.severity == "error"
    ]


def hidden(compilation: Compilation, workflow: str = "desk::WF_DESK_V0") -> Mapping[str, list[str]]:
    """What the graph hides, by node. Implementations are stand-ins, so there need be no snapshot."""
    assert compilation.flows is not None, errors(compilation)
    found = compilation.flows.workflows[workflow].hidden
    return {node: list(pointers) for node, pointers in found.items()}
