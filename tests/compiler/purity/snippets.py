"""Snippets as transforms of a workspace: compiled whole, so that the gate and the probe both have their say."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from pgs_compiler.compiler import Compilation, compile_workspace
from pgs_snapshot.values import Value

DATA = Path(__file__).parents[2] / "data" / "purity"
PROJECT = """format: pgs-project/1
name: snippets
version: 1
sources: [snippets.yaml]
packages: [{snippets: .}]
"""
DECLARED = """transform: snippets::CT_SNIPPET_V0
summary: A snippet
inputs: {x: {}}
outcomes: {SUCCESS: {result: {}}}
implementation: snippets.work:work
examples:
"""
WORK = """from snippets.snippet import f


def work(x: object) -> dict[str, object]:
    return {"result": f(x)}
"""


@cache
def corpus(name: str) -> dict[str, str]:
    """`impure` or `pure`: source by name."""
    texts: dict[str, str] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return texts


def compiled(folder: Path, snippet: str, examples: list[tuple[Value, Value]], **modules: str) -> Compilation:
    """Compile a workspace in which the snippet's `f` gives the result of each example.

    Args:
        examples: values of `x`, each with what it gives.
        modules: further modules of the package by name.
    """
    files = {"__init__": "", "work": WORK, "snippet": snippet, **modules}
    (folder / "snippets").mkdir()
    for name, text in files.items():
        (folder / "snippets" / f"{name}.py").write_text(text, encoding="utf-8")
    lines = [
        f"  - {json.dumps({'inputs': {'x': x}, 'outcome': 'SUCCESS', 'outputs': {'result': result}})}\n"
        for x, result in examples
    ]
    (folder / "snippets.yaml").write_text(DECLARED + "".join(lines), encoding="utf-8")
    (folder / "pgs.yaml").write_text(PROJECT, encoding="utf-8")
    return compile_workspace(folder)


def errors(compilation: Compilation) -> list[str]:
    """The codes of what is refused."""
    return [finding.code for finding in compilation.findings if finding.severity == "error"]
