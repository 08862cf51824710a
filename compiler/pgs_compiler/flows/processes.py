"""A process at one node: what it is given and what it reads of its context goes into all that it gives and writes.

Its body is not looked into, so whatever it can see may stand in whatever it can change. What a field admits are the
labels that stand on it as a whole, for a body may put anything into any part; what any process writes there is held
from then on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pgs_compiler.declarations import Context, Process, ProcessNodeSyntax
from pgs_compiler.elaborate.processes import field_of
from pgs_compiler.flows.arrivals import Arrival, Sink, arrivals
from pgs_compiler.flows.contracts import recorded
from pgs_compiler.flows.declared import declared
from pgs_compiler.flows.lattice import Flow, Marks, flat, hidden, join, marked, merged, onward, taken
from pgs_compiler.flows.stores import Stores, field_name
from pgs_compiler.processes import Audit
from pgs_compiler.program import Program
from pgs_compiler.schemas.anatomy import labels_of
from pgs_snapshot.values import escape


@dataclass(frozen=True, slots=True)
class Ran:
    """A process that was followed.

    Attributes:
        outputs: what it gives, by outcome.
        hidden: JSON Pointers to what its record must not show: of `/inputs`, of `/hydrate/<field>` and
            `/delta/<field>`, of `/audit/<what a rule looks at>`, and of `/outputs/<outcome>`.
        sinks: the fields that it writes, and the key of the instance.
        arrivals: at these, and in its record.
    """

    outputs: Mapping[str, Flow]
    hidden: tuple[str, ...]
    sinks: tuple[Sink, ...]
    arrivals: tuple[Arrival, ...]


def run(program: Program, stores: Stores, node: ProcessNodeSyntax, given: Flow, session: Flow) -> Ran:
    """Follow what a process is given, and what its context holds, to what it gives and writes."""
    process = program.get(node.process, Process)
    code = process.header.name.partition("::")[2]
    inputs = taken(given, declared(program, process.inputs, f"{code}.inputs"))
    pointers = [*hidden(inputs, "/inputs")]
    seen: Marks = flat(inputs)
    for path in _touched(process):
        held = onward(stores.held(field_name(process.context.text, path)), node.id.place, f"`{code}` sees `{path}`")
        pointers += hidden(held, f"/hydrate/{escape(path)}")
        seen = merged(seen, flat(held))
    whole = onward(marked(seen), node.id.place, f"`{code}` computes with it")
    key = Sink("session", f"`{process.context.code}`")
    sinks, found = [key], [*arrivals(session, key)]
    for path in sorted({field_of(word.text) for word in process.writes}):
        sink = _field(program, process, path)
        sinks.append(sink)
        found += arrivals(whole, sink)
        stores.write(field_name(process.context.text, path), whole)
        pointers += hidden(whole, f"/delta/{escape(path)}")
    pointers += (f"/audit/{escape(text)}" for text in _looked_at(program, process) if whole.words)
    outputs = {}
    for outcome in process.outcomes:
        own = declared(program, outcome.outputs, f"{code} {outcome.name.text}")
        outputs[outcome.name.text] = join(own, whole) if outcome.outputs.fields else own
        pointers += hidden(outputs[outcome.name.text], f"/outputs/{outcome.name.text}")
        seen = merged(seen, flat(own))
    return Ran(outputs, tuple(sorted(set(pointers))), tuple(sinks), (*found, *recorded(seen)))


def _touched(process: Process) -> list[str]:
    """The fields that a process is given: who may write may read."""
    words = (*process.reads, *process.writes, *process.signals)
    return sorted({field_of(word.text) for word in words})


def _looked_at(program: Program, process: Process) -> Iterator[str]:
    """What the rules of a process look at."""
    for audit in program.of(Audit):
        if audit.target.text == process.header.name:
            yield from (rule.field.text for rule in (*audit.inputs, *audit.outputs))


def _field(program: Program, process: Process, path: str) -> Sink:
    context = program.get(process.context, Context)
    layer, _, name = path.partition(".")
    schema = context.field(layer, name)
    clears = labels_of(program.schema(schema)) if schema is not None else frozenset()
    place = schema.place if schema is not None else context.header.place
    return Sink("context", f"{process.context.code} {path}", clears, f"`{path}`", place)
