"""The index of a snapshot: every name with its kind, place and summary, and who refers to whom."""

from __future__ import annotations

from pgs_compiler.elaborate.places import at
from pgs_compiler.program import Program
from pgs_compiler.resolve import names_in
from pgs_snapshot.values import Value


def index(program: Program) -> Value:
    """`{names: {name: {kind, at, summary, refers_to, referred_by}}}`, each list sorted."""
    refers = {
        name: sorted({found.text for found in names_in(declaration)})
        for name, declaration in program.declarations.items()
    }
    referred: dict[str, list[str]] = {name: [] for name in refers}
    for name, targets in refers.items():
        for target in targets:
            referred[target].append(name)
    return {
        "names": {
            name: {
                "at": at(declaration.header.place),
                "kind": declaration.header.kind,
                "owner": declaration.header.owner,
                "referred_by": list[Value](sorted(referred[name])),
                "refers_to": list[Value](refers[name]),
                "subdomain": declaration.header.subdomain,
                "summary": declaration.header.summary,
                "tags": list[Value](sorted(declaration.header.tags)),
            }
            for name, declaration in program.declarations.items()
        }
    }
