"""What is run: the example protocols, and chains of nodes that do nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path

from pgs_compiler.compiler import compile_program
from pgs_compiler.project import Project
from pgs_compiler.source import SourceFile
from pgs_compiler.workspace import open_workspace
from pgs_runtime.runtime import Actor
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value

ROOT = Path(__file__).resolve().parent.parent
REGISTER = "blockchain::WF_REGISTER_ACTOR_UNVERIFIED_V0"
OPERATOR = Actor("core::AC_OPERATOR_V0", "benchmark", {})
WALKER = Actor("chains::AC_WALKER_V0", "benchmark", {})
NUMBER: dict[str, Value] = {"number": 7}
"""What goes along a chain."""

_CHAINS = """\
actor: chains::AC_WALKER_V0
summary: Walks along chains
---
contract: chains::CC_NOTHING_V0
summary: Decide what is decided already
inputs: {}
steps:
  - step: choose
    decide:
      - SUCCESS: otherwise
outcomes:
  SUCCESS: {}
---
contract: chains::CC_HAND_ON_V0
summary: Give what was given
inputs:
  number: {type: integer}
steps:
  - step: choose
    decide:
      - SUCCESS: otherwise
outcomes:
  SUCCESS: {number: $.inputs.number}
"""
_CHAIN = """\
intent: chains::IN_%(chain)s_V0
summary: Ask for a walk
actors: [AC_WALKER_V0]
payload:
  number: {type: integer}
---
workflow: chains::WF_%(chain)s_V0
summary: Walk along a chain
start: admit
nodes:
  admit: {intent: IN_%(chain)s_V0, next: {ACK: n0, NACK: rejected}}
%(nodes)s
  n%(length)d: {exit: COMPLETED}
  rejected: {exit: REJECTED}
"""


def example_files() -> Mapping[str, bytes]:
    """The files of the snapshot of `protocols/`, by path."""
    workspace = open_workspace(ROOT, ()).value
    if workspace is None:
        raise AssertionError("the example workspace can be read")
    return _files(workspace.project, workspace.files)


def chains(*lengths: int) -> Snapshot:
    """A snapshot with workflows `walk(length)` and `hand_on(length)` for each length: so many nodes in a row."""
    sources = [SourceFile("chains.yaml", _CHAINS.encode())]
    for length in lengths:
        for kind, node in (("WALK", _does_nothing), ("HAND_ON", _hands_on)):
            chain, nodes = f"{kind}_{length}", "\n".join(map(node, range(length)))
            text = _CHAIN % {"chain": chain, "length": length, "nodes": nodes}
            sources.append(SourceFile(f"{chain}.yaml", text.encode()))
    return Snapshot(verify(_files(Project(name="chains"), sources)))


def walk(length: int) -> str:
    """The workflow of a chain whose nodes do nothing."""
    return f"chains::WF_WALK_{length}_V0"


def hand_on(length: int) -> str:
    """The workflow of a chain whose nodes each take a number from the one before, and give it."""
    return f"chains::WF_HAND_ON_{length}_V0"


def actors() -> Iterator[dict[str, Value]]:
    """Payloads for `REGISTER`: of ten, eight are new actors, one comes again, one has no address."""
    for number in count():
        who = number - 1 if number % 10 == 8 else number
        yield {
            "actor_record": {
                "email_registration": "nowhere" if number % 10 == 9 else f"actor{who}@example.org",
                "first_name": "Ada",
                "last_name": f"Byron {who}",
            }
        }


def _does_nothing(number: int) -> str:
    return f"  n{number}: {{contract: CC_NOTHING_V0, next: {{SUCCESS: n{number + 1}}}}}"


def _hands_on(number: int) -> str:
    before = f"results.n{number - 1}" if number else "payload"
    inputs = f"{{number: $.{before}.number}}"
    return f"  n{number}: {{contract: CC_HAND_ON_V0, inputs: {inputs}, next: {{SUCCESS: n{number + 1}}}}}"


def _files(project: Project, sources: Iterable[SourceFile]) -> Mapping[str, bytes]:
    compilation = compile_program(project, ROOT, sources)
    if compilation.files is None:
        raise AssertionError(f"{project.name} compiles: {compilation.findings}")
    return compilation.files
