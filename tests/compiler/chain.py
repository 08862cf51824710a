"""Workflows of any length, to see how the compiler takes them."""

from __future__ import annotations

from pgs_compiler.source import SourceFile

_FRAME = """\
workflow: chain::WF_CHAIN_V0
summary: One node after another
start: admit
nodes:
  admit: {{intent: IN_CHAIN_V0, next: {{ACK: n0, NACK: rejected}}}}
{nodes}
  done: {{exit: COMPLETED}}
  rejected: {{exit: REJECTED}}
---
intent: chain::IN_CHAIN_V0
summary: Ask for the chain
actors: [AC_OPERATOR_V0]
payload: {{value: {{type: string}}}}
---
contract: chain::CC_PASS_V0
summary: Hand on a value
inputs: {{value: {{type: string}}}}
steps:
  - step: known
    decide:
      - OTHER: {{eq: [$.inputs.value, x]}}
      - SUCCESS: otherwise
outcomes: {{SUCCESS: {{value: $.inputs.value}}, OTHER: {{value: $.inputs.value}}}}
"""


def chain(length: int) -> SourceFile:
    """A workflow of `length` contract nodes, each with two edges to the next, each with the result before."""
    nodes = []
    for number in range(length):
        value = f"$.results.n{number - 1}.value" if number else "$.payload.value"
        to = f"n{number + 1}" if number < length - 1 else "done"
        edges = f"{{SUCCESS: {to}, OTHER: {to}}}"
        nodes.append(f"  n{number}: {{contract: CC_PASS_V0, inputs: [{value}], next: {edges}}}")
    return SourceFile("chain.yaml", _FRAME.format(nodes="\n".join(nodes)).encode())
