"""A workflow's binding covers exactly the stores that its contracts use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pgs_compiler.declarations import Binding, Workflow
from pgs_compiler.findings import Finding, Related
from pgs_compiler.names import Name
from pgs_compiler.program import Program
from pgs_compiler.uses import stores_of


def check(program: Program) -> Iterator[Finding]:
    used: dict[str, set[str]] = {binding.header.name: set() for binding in program.of(Binding)}
    lacking: set[str] = set()
    for workflow in program.of(Workflow):
        needed = stores_of(program, workflow)
        if workflow.binding is not None:
            binding = program.get(workflow.binding, Binding)
            used[binding.header.name] |= needed.keys()
            yield from _unbound(workflow, binding, workflow.binding, needed)
        elif needed:
            lacking |= needed.keys()
            yield _without(program, workflow, needed)
    for binding in program.of(Binding):
        for bound in binding.stores:
            # What a workflow without a binding uses is idle only as long as that workflow has none.
            if bound.text not in used[binding.header.name] | lacking:
                yield Finding(
                    "C633",
                    f"`{binding.header.name}` binds `{bound.text}`, which no workflow of it uses.",
                    bound.place,
                    "not used",
                )


def _without(program: Program, workflow: Workflow, needed: Mapping[str, Name]) -> Finding:
    fitting = [
        binding.header.name
        for binding in program.of(Binding)
        if needed.keys() <= {bound.text for bound in binding.stores}
    ]
    stores = f"{len(needed)} stores" if len(needed) > 1 else "a store"
    return Finding(
        "C631",
        f"`{workflow.header.name}` uses {stores} and names no binding.",
        workflow.header.place,
        "no `binding`",
        tuple(Related(store.place, "used here") for store in needed.values()),
        f"Add `binding: {fitting[0]}`." if len(fitting) == 1 else "",
    )


def _unbound(workflow: Workflow, binding: Binding, named: Name, needed: Mapping[str, Name]) -> Iterator[Finding]:
    bound = {store.text for store in binding.stores}
    for full, name in needed.items():
        if full not in bound:
            own = full.startswith(f"{binding.header.domain}::")
            yield Finding(
                "C632",
                f"`{binding.header.name}` does not bind `{full}`, which `{workflow.header.name}` uses.",
                named.place,
                f"`{name.code}` is not bound",
                (Related(name.place, "used here"), Related(binding.header.place, "the binding")),
                f"Add `{name.code if own else full}: {{}}` to its stores.",
            )
