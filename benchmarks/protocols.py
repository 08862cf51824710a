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
"""
_CHAIN = """\
intent: chains::IN_WALK_%(length)d_V0
summary: Ask for a walk
actors: [AC_WALKER_V0]
payload: {}
---
workflow: chains::WF_WALK_%(length)d_V0
summary: Walk along a chain
start: admit
nodes:
  admit: {intent: IN_WALK_%(length)d_V0, next: {ACK: n0, NACK: rejected}}
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
    """A snapshot with a workflow `walk(length)` for each length: so many nodes in a row, which do nothing."""
    sources = [SourceFile("chains.yaml", _CHAINS.encode())]
    for length in lengths:
        nodes = "\n".join(f"  n{i}: {{contract: CC_NOTHING_V0, next: {{SUCCESS: n{i + 1}}}}}" for i in range(length))
        text = _CHAIN % {"length": length, "nodes": nodes}
        sources.append(SourceFile(f"chain_{length}.yaml", text.encode()))
    return Snapshot(verify(_files(Project(name="chains"), sources)))


def walk(length: int) -> str:
    """The name of a chain's workflow."""
    return f"chains::WF_WALK_{length}_V0"


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


def _files(project: Project, sources: Iterable[SourceFile]) -> Mapping[str, bytes]:
    compilation = compile_program(project, ROOT, sources)
    if compilation.files is None:
        raise AssertionError(f"{project.name} compiles: {compilation.findings}")
    return compilation.files
