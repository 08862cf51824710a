"""P701–P704: every field of a context has a value at first, its zone is kept, and what always holds can be asked."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.checks.audits import unfit
from pgs_compiler.declarations import Audit, Context, InvariantSyntax, Process
from pgs_compiler.elaborate.paths import Astray, granted, known_fields, looked_at
from pgs_compiler.elaborate.processes import field_of
from pgs_compiler.findings import Finding, Place
from pgs_compiler.program import Program
from pgs_compiler.schemas.anatomy import types_of
from pgs_process.zones import PREFIXES, Zone, resolve_zone
from pgs_snapshot.model import Schema


def check(program: Program) -> Iterator[Finding]:
    for context in program.of(Context):
        for layer, fields in (("global", context.configuration), ("domain", context.domain)):
            for field in fields.fields:
                if field.schema.default is None:
                    message = f"`{layer}.{field.name}` has no default, and an instance begins with one."
                    yield Finding("P701", message, field.place, "no `default`")
                yield from _zone(layer, field.name, field.place)
        fields_ = known_fields(program, context)
        for invariant in context.invariants:
            yield from _invariant(program, context, fields_, invariant)
        yield from _idle(program, context)


def _zone(layer: str, name: str, place: Place) -> Iterator[Finding]:
    why = _foreign(layer, name)
    if why:
        yield Finding("P702", f"`{layer}.{name}` is {why}.", place, "data of a name of its own, or a signal")


def _foreign(layer: str, name: str) -> str:
    """Why a field of that name is none of a protocol, a clause without its subject; "" where it is one."""
    zone = resolve_zone(name)
    if name.startswith("_"):
        return "private by its name, and no process comes to it"
    if zone in (Zone.META, Zone.HEAVY):
        prefix = next(prefix for prefix, of in PREFIXES.items() if of is zone and name.startswith(prefix))
        why = "nothing keeps what is meta" if zone is Zone.META else "nothing in a protocol can refer to what is heavy"
        return f"of the zone `{zone.value}` by its prefix `{prefix}`, and {why}"
    if zone is Zone.SIGNAL and layer == "global":
        return "a signal, and nobody could set it: configuration is only read"
    return ""


def _invariant(
    program: Program, context: Context, fields: dict[str, Schema], invariant: InvariantSyntax
) -> Iterator[Finding]:
    found = looked_at(fields, invariant.path.text)
    place = invariant.path.place
    if isinstance(found, Astray):
        hint = f"Write `{found.meant}`." if found.meant else ""
        yield Finding("P703", f"`{invariant.path.text}` leads nowhere: {found.why}.", place, "not there", hint=hint)
        return
    if invariant.kind in ("conserved", "monotonic") and not set(types_of(found)) & {"integer", "number"}:
        message = f"`{invariant.path.text}` is no number, so that it cannot be `{invariant.kind}`."
        yield Finding("P703", message, place, "not a number")
    if invariant.kind == "field" and not invariant.limits:
        yield Finding("P703", f"Nothing is said of `{invariant.path.text}`.", place, "no condition")
    for limit in invariant.limits:
        yield from unfit(limit, invariant.path.text, found)
    for name in invariant.by:
        process = program.get(name, Process)
        if process.context.text != context.header.name:
            message = f"`{name.text}` is a process of another context, `{process.context.text}`."
            yield Finding("P703", message, name.place, "changes nothing here")


def _idle(program: Program, context: Context) -> Iterator[Finding]:
    """A field that no process of the context names, and no rule looks at."""
    processes = [each for each in program.of(Process) if each.context.text == context.header.name]
    own = {process.header.name for process in processes}
    named = {field_of(word.text) for each in processes for word in (*each.reads, *each.writes, *each.signals)}
    rules = [
        rule for audit in program.of(Audit) if audit.target.text in own for rule in (*audit.inputs, *audit.outputs)
    ]
    named |= {field_of(rule.field.text) for rule in rules}
    known = known_fields(program, context)
    words = [word for each in processes for word in (*each.reads, *each.writes, *each.signals)]
    if any(isinstance(granted(known, word.text), Astray) for word in words):
        return  # the misspelt path is told of
    for layer, fields in (("global", context.configuration), ("domain", context.domain)):
        for field in (field for field in fields.fields if not _foreign(layer, field.name)):
            if processes and f"{layer}.{field.name}" not in named:
                message = f"No process of `{context.header.name}` reads or writes `{layer}.{field.name}`."
                yield Finding("P704", message, field.place, "idle")
