"""Prover, checker and a walk through every run agree, on random graphs over the contracts of one program.

The graphs call each other, loop, wait, and undo.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_compiler.prove.labels import Labels
from pgs_compiler.prove.requirements import Broken, Witness, decide, subject
from pgs_compiler.prove.selected import linked
from pgs_compiler.prove.unfolding import unfold
from pgs_snapshot.canonical import canonical, digest
from pgs_snapshot.codec import decode, encode
from pgs_snapshot.laws import Assertion, Form, Proof, Proofs, Requirement, Selector
from pgs_snapshot.model import (
    Callee,
    CallNode,
    ContractNode,
    EachNode,
    Edge,
    ExitKind,
    ExitNode,
    Graph,
    IntentNode,
    Literal_,
    Node,
    Signal,
    Undo,
    WaitNode,
)
from pgs_snapshot.proofs import ProofRefused
from pgs_snapshot.snapshot import INDEX, PROOFS, graph_path
from tests.compiler.prove.forged import GRAPH, WORKFLOW, confirmed, proven, sealed_files

OTHER_LAWS = "artifacts/assertion/proven__AS_ORDERS_V0.json"
LAWS = "artifacts/assertion/proven__AS_ORDER_V0.json"
BOOKED, NOTED = "proven::ST_BOOKED_V0", "proven::ST_NOTES_V0"
WRITES = {"CC_BOOK_V0", "CC_NOTE_V0"}
CALLED = ("proven::WF_OUTER_V0", "proven::WF_INNER_V0")
"""What the workflow calls, and what that calls."""

Program = dict[str, Graph]


@dataclass(frozen=True, slots=True)
class Event:
    """What happens in a run: the end of a step, of a node, or of the run."""

    what: str  # "step", "contract", "exit", "workflow", or "commit"
    name: str  # store or transform of a step, contract, workflow, kind of exit
    outcome: str
    undone: bool = False  # by a FAILED exit, unless it is committed


UNDOING = (Event("step", NOTED, "SUCCESS"), Event("contract", "CC_NOTE_V0", "SUCCESS"))
"""What undoes a node; nothing undoes that."""


def step(name: str, outcome: str) -> Event:
    return Event("step", name, outcome, name in (BOOKED, NOTED))


# Every way through each contract, as its author would tell it: the ends of steps, and how it ends.
LOOKUP = "core::CT_LOOKUP_V0"
RUNS: dict[str, list[tuple[list[Event], str]]] = {
    "CC_LOOK_V0": [
        ([step(LOOKUP, "NOT_FOUND")], "UNKNOWN"),
        ([step(LOOKUP, "SUCCESS"), step("", "UNKNOWN")], "UNKNOWN"),
        ([step(LOOKUP, "SUCCESS"), step("", "SUCCESS")], "SUCCESS"),
    ],
    "CC_BOOK_V0": [
        ([step(BOOKED, "CONFLICT")], "TAKEN"),
        ([step(BOOKED, "ALREADY_EXISTS"), step(NOTED, "SUCCESS"), step("", "AGAIN")], "AGAIN"),
        ([step(BOOKED, "SUCCESS"), step(NOTED, "SUCCESS"), step("", "SUCCESS")], "SUCCESS"),
    ],
    "CC_NOTE_V0": [([step(NOTED, "SUCCESS")], "SUCCESS")],
}
ENDS = {code: sorted({end for _, end in ways}) for code, ways in RUNS.items()}
SIGNALS = (Signal("AGREED", "proven::EV_BOUGHT_V0", ("core::AC_OPERATOR_V0",), (), {}, None),)
KINDS: tuple[ExitKind, ...] = ("COMPLETED", "DENIED", "FAILED")
NOTE_IT = Undo("proven::CC_NOTE_V0", {}, ())
LOOP_ENDS = ("SUCCESS", "SOME_FAILED", "EMPTY")


@st.composite
def graphs(draw: st.DrawFn, name: str = WORKFLOW, calls: tuple[str, ...] = ()) -> Graph:
    """An intent, up to five contracts, waits, calls and loops, and an exit of each kind; edges lead forward."""
    codes = draw(st.lists(st.sampled_from([*sorted(RUNS), "wait", *calls, *calls]), min_size=1, max_size=4))
    ids = [f"n{index}" for index in range(len(codes))]
    exits = [kind.lower() for kind in KINDS]
    nodes: list[Node] = [IntentNode("admit", "proven::IN_ORDER_V0", {"ACK": Edge("n0"), "NACK": Edge("denied")}, "a:1")]
    for index, code in enumerate(codes):
        id, later = ids[index], [*ids[index + 1 :], *exits]

        def edges(ends: tuple[str, ...] | list[str], later: list[str] = later) -> Mapping[str, Edge]:
            return {end: Edge(draw(st.sampled_from(later))) for end in ends}

        undo = draw(st.sampled_from([None, NOTE_IT])) if calls else None
        if code == "wait":
            nodes.append(WaitNode(id, None, None, SIGNALS, edges(("AGREED", "EXPIRED")), "a:1"))
        elif code in RUNS:
            nodes.append(ContractNode(id, f"proven::{code}", {}, (), edges(ENDS[code]), "a:1", undo=undo))
        elif draw(st.booleans()):
            nodes.append(CallNode(id, Callee(code), {}, (), edges(KINDS), "a:1", undo=undo))
        else:
            stop = draw(st.sampled_from([(), ("DENIED",)]))
            ends = (*LOOP_ENDS, *(["STOPPED"] if stop else []))
            most = draw(st.sampled_from([1, 9]))
            nodes.append(EachNode(id, Literal_([]), Callee(code), {}, (), most, stop, edges(ends), "a:1"))
    nodes += [ExitNode(kind.lower(), kind, (kind,), None, {}, {}, {}, "a:1") for kind in KINDS]
    compiled = decode(Graph, json.loads(sealed_files()[GRAPH]))
    return replace(compiled, workflow=name, start="admit", nodes=tuple(nodes))


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """A workflow, and what it may call."""
    outer, inner = CALLED
    found = {inner: draw(graphs(inner)), outer: draw(graphs(outer, (inner,)))}
    return {WORKFLOW: draw(graphs(WORKFLOW, CALLED)), **found}


def selector(what: str, name: str, *outcomes: str) -> Selector:
    return decode(Selector, {"what": what, "name": name, **({"outcomes": list(outcomes)} if outcomes else {})})


CHOICES = [
    *(selector("exit", kind) for kind in KINDS),
    *(selector("contract", f"proven::{code}", end) for code, ends in ENDS.items() for end in ends),
    *(selector("contract", f"proven::{code}") for code in RUNS),
    *(selector("workflow", CALLED[0], kind) for kind in KINDS),
    selector("wait", "AGREED"),
    selector("store", NOTED, "SUCCESS"),
    selector("store", BOOKED),
    selector("store", BOOKED, "ALREADY_EXISTS"),
    selector("transform", LOOKUP, "NOT_FOUND"),
]
SIDES = st.lists(st.sampled_from(CHOICES), min_size=1, max_size=2).map(tuple)
MOST_RUNS = 3_000
FORMS = st.sampled_from(("every_path_to", "after", "never"))


@dataclass(frozen=True, slots=True)
class Did:
    """A node of a walk that can be undone: the number of commits when it was entered."""

    began: int


@dataclass(frozen=True, slots=True)
class Way:
    """A way through a workflow.

    Attributes:
        events: all of them, in order; `gone` has the numbers of those that were undone, with the number from which on.
        end: the kind of exit.
    """

    events: tuple[Event, ...]
    gone: Mapping[int, int]
    end: str


def commits(events: tuple[Event, ...]) -> int:
    return sum(event.what == "commit" for event in events)


class Walk:
    """Every run of a program, event by event; of a loop up to three items."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def runs(self) -> Iterator[Way]:
        for way in self.workflow(WORKFLOW, (), {}):
            yield replace(way, events=(*way.events, Event("exit", way.end, way.end)))

    def workflow(self, name: str, events: tuple[Event, ...], gone: Mapping[int, int]) -> Iterator[Way]:
        start = len(events)
        for id in ("n0", "denied"):
            yield from self._behind(name, id, start, (), events, gone)

    def _behind(
        self, name: str, id: str, start: int, did: tuple[Did, ...], events: tuple[Event, ...], gone: Mapping[int, int]
    ) -> Iterator[Way]:
        node = next(node for node in self._program[name].nodes if node.id == id)
        if isinstance(node, ExitNode):
            if node.exit == "FAILED":
                gone = dropped(events, gone, start)
                for one in reversed(did):
                    if one.began < commits(events):
                        events = (*events, *UNDOING)
            yield Way(events, gone, node.exit)
            return
        for end, more, lost in self._through(node, events, gone):
            wrote = any(
                event.undone and event.what == "step" and event.outcome == "SUCCESS" and number not in lost
                for number, event in enumerate(more)
                if number >= len(events)
            )
            undo = node.undo if isinstance(node, ContractNode | CallNode) else None
            here = (*did, Did(commits(events))) if undo and wrote else did
            yield from self._behind(name, node.next[end].to, start, here, more, lost)

    def _through(
        self, node: Node, events: tuple[Event, ...], gone: Mapping[int, int]
    ) -> Iterator[tuple[str, tuple[Event, ...], Mapping[int, int]]]:
        match node:
            case ContractNode(contract=contract):
                code = contract.partition("::")[2]
                for steps, end in RUNS[code]:
                    yield end, (*events, *steps, Event("contract", code, end, code in WRITES)), gone
            case WaitNode():
                for end in node.next:
                    yield end, (*events, Event("commit", "", ""), Event("wait", end, end)), gone
            case CallNode(call=call):
                for way in self._call(call.workflows[0], events, gone):
                    yield way.end, way.events, way.gone
            case EachNode():
                yield "EMPTY", events, gone
                yield from self._items(node, events, gone, True, 1 if node.max == 1 else 3)

    def _items(
        self, node: EachNode, events: tuple[Event, ...], gone: Mapping[int, int], ok: bool, left: int
    ) -> Iterator[tuple[str, tuple[Event, ...], Mapping[int, int]]]:
        for way in self._call(node.call.workflows[0], events, gone):
            if way.end in node.stop:
                yield "STOPPED", way.events, way.gone
                continue
            fine = ok and way.end == "COMPLETED"
            yield "SUCCESS" if fine else "SOME_FAILED", way.events, way.gone
            if left > 1:
                yield from self._items(node, way.events, way.gone, fine, left - 1)

    def _writes(self, name: str) -> bool:
        """Whether a workflow has a contract that writes, as such a contract is an effect whichever way it takes."""
        nodes = self._program[name].nodes
        codes = {node.contract.partition("::")[2] for node in nodes if isinstance(node, ContractNode)}
        called = (node.call.workflows[0] for node in nodes if isinstance(node, CallNode | EachNode))
        return bool(codes & WRITES) or any(map(self._writes, called))

    def _call(self, name: str, events: tuple[Event, ...], gone: Mapping[int, int]) -> Iterator[Way]:
        for way in self.workflow(name, events, gone):
            inside = way.events[len(events) :]
            undone = self._writes(name) and way.end != "FAILED" and not commits(inside)
            yield replace(way, events=(*way.events, Event("workflow", name, way.end, undone)))


def dropped(events: tuple[Event, ...], gone: Mapping[int, int], start: int) -> Mapping[int, int]:
    """What is gone behind a FAILED exit: every effect since the last commit within the call."""
    last = max((number for number, event in enumerate(events) if event.what == "commit"), default=-1)
    fresh = {
        number: len(events)
        for number in range(max(start, last + 1), len(events))
        if events[number].undone and number not in gone
    }
    return {**gone, **fresh}


def is_meant(event: Event, selectors: tuple[Selector, ...]) -> bool:
    what = {"store": "step", "transform": "step"}
    return any(
        event.what == what.get(one.what, one.what)
        and event.name == (one.name.partition("::")[2] if one.what == "contract" else one.name)
        and (not one.outcomes or event.outcome in one.outcomes)
        for one in selectors
    )


def holds(form: Form, of: tuple[Selector, ...], by: tuple[Selector, ...], way: Way) -> bool:
    """What a form demands of one run."""
    first = [index for index, event in enumerate(way.events) if is_meant(event, of)]
    second = [index for index, event in enumerate(way.events) if is_meant(event, by)]
    never = len(way.events)
    match form:
        case "every_path_to":
            return all(any(j < i and way.gone.get(j, never) > i for j in second) for i in first)
        case "after":
            return all(any(j > i and j not in way.gone for j in second) for i in first if i not in way.gone)
        case "never":
            return not any(i < j for i in first for j in second)
    return True


def confirmed_by_the_checker(program: Program, requirement: Requirement, witness: Witness) -> bool:
    """What the checker says of a witness, in a snapshot with these graphs and this one requirement."""
    files = {path: data for path, data in sealed_files().items() if path != OTHER_LAWS}
    laws = decode(Assertion, json.loads(files[LAWS]))
    index = json.loads(files[INDEX])
    files |= {graph_path(name): canonical(encode(graph)) for name, graph in program.items()}
    index["names"] |= {name: {"tags": []} for name in program if name != WORKFLOW}
    files[INDEX] = canonical(index)
    files[LAWS] = canonical(encode(replace(laws, requires=(requirement,))))
    proof = Proof(laws.name, WORKFLOW, 0, witness.reached, witness.found, witness.counted)
    rests = {path: digest(files[path]) for path in used(program, WORKFLOW)}
    files[PROOFS] = canonical(encode(Proofs((proof,), {WORKFLOW: rests})))
    try:
        return bool(confirmed(files))
    except ProofRefused:
        return False


def used(program: Program, name: str) -> set[str]:
    """The files on which proofs about a workflow rest."""
    kept = {graph_path(name), "artifacts/intent/proven__IN_ORDER_V0.json"}
    stores = {"proven::CC_BOOK_V0": (BOOKED, NOTED), "proven::CC_NOTE_V0": (NOTED,)}
    for node in program[name].nodes:
        undo = node.undo if isinstance(node, ContractNode | CallNode) else None
        codes = {of.contract for of in (node, undo) if isinstance(of, ContractNode | Undo)}
        kept |= {f"artifacts/contract/{code.replace('::', '__')}.json" for code in codes}
        kept |= {
            f"artifacts/store/{store.replace('::', '__')}.json" for code in codes for store in stores.get(code, ())
        }
        for called in node.call.workflows if isinstance(node, CallNode | EachNode) else ():
            kept |= used(program, called)
    return kept


def decided(program: Program, requirement: Requirement) -> Witness | Broken:
    checked = proven().checked
    assert checked is not None
    contracts = {name: typed.contract for name, typed in checked.contracts.items()}
    parts = linked(checked.program, {**checked.graphs, **program}, contracts, checked.intents)
    full, flat = unfold(parts, program[WORKFLOW]), unfold(parts, program[WORKFLOW], flat=True)
    assert full is not None
    assert flat is not None
    return decide(subject(full, flat, no_labels), requirement)


def no_labels(label: str) -> Labels:
    raise AssertionError(label)


def exact(program: Program) -> bool:
    """Whether a walk takes every way that counts: loops go on, and what a call is undone for may be doubtful."""
    nodes = [node for graph in program.values() for node in graph.nodes]
    return not any(isinstance(node, EachNode) or (isinstance(node, CallNode) and node.undo) for node in nodes)


@given(programs(), FORMS, SIDES, SIDES)
def test_a_demand_on_paths_is_proven_just_where_every_run_keeps_it(
    program: Program, form: Form, of: tuple[Selector, ...], by: tuple[Selector, ...]
) -> None:
    requirement = Requirement(form, "a:1", of, by)
    answer = decided(program, requirement)
    kept = all(holds(form, of, by, run) for run in islice(Walk(program).runs(), MOST_RUNS))
    if isinstance(answer, Witness):
        assert kept
        assert confirmed_by_the_checker(program, requirement, answer)
    elif exact(program):
        assert not all(holds(form, of, by, run) for run in Walk(program).runs())


@given(programs(), programs(), FORMS, SIDES, SIDES)
def test_the_checker_takes_no_witness_of_another_graph_for_one_that_breaks_a_demand(
    program: Program, other: Program, form: Form, of: tuple[Selector, ...], by: tuple[Selector, ...]
) -> None:
    requirement = Requirement(form, "a:1", of, by)
    answer = decided(program, requirement)
    runs = islice(Walk(other).runs(), MOST_RUNS)
    if isinstance(answer, Witness) and not all(holds(form, of, by, run) for run in runs):
        assert not confirmed_by_the_checker(other, requirement, answer)


@given(programs(), st.sampled_from(("nodes", "steps", "effects")), st.integers(0, 12))
def test_a_limit_is_proven_just_where_no_run_takes_more(program: Program, amount: str, limit: int) -> None:
    most: dict[str, int] = {}
    for name in reversed(CALLED):
        most[name] = taken(program[name], amount, most)
    expected = taken(program[WORKFLOW], amount, most)
    requirement = Requirement("at_most", "a:1", most={amount: limit})
    answer = decided(program, requirement)
    assert isinstance(answer, Witness) == (expected <= limit)
    if isinstance(answer, Broken):
        assert answer.count == expected
    else:
        assert confirmed_by_the_checker(program, requirement, answer)
        tighter = replace(requirement, most={amount: expected - 1})
        assert not confirmed_by_the_checker(program, tighter, answer)


def taken(graph: Graph, amount: str, called: Mapping[str, int]) -> int:
    """The most that a way through a graph takes, where each run of what it calls takes so much."""
    nodes = {node.id: node for node in graph.nodes}
    costs = {code: [cost(steps, amount) for steps, _ in ways] for code, ways in RUNS.items()}

    def behind(id: str) -> int:
        node = nodes[id]
        own = int(amount == "nodes")
        if isinstance(node, ExitNode):
            return own
        undone = isinstance(node, ContractNode | CallNode) and node.undo is not None
        own += undone * (1 if amount == "nodes" else costs["CC_NOTE_V0"][0])
        if isinstance(node, ContractNode):
            code = node.contract.partition("::")[2]
            pairs = zip(costs[code], RUNS[code], strict=True)
            return own + max(spent + behind(node.next[end].to) for spent, (_, end) in pairs)
        times = node.max if isinstance(node, EachNode) else 1
        own += times * called[node.call.workflows[0]] if isinstance(node, CallNode | EachNode) else 0
        return own + max(behind(edge.to) for edge in node.next.values())

    return behind("admit")


def cost(steps: list[Event], amount: str) -> int:
    kinds = {"nodes": [], "steps": steps, "effects": [event for event in steps if event.undone]}
    return len(kinds[amount])


@pytest.mark.parametrize("code", sorted(RUNS))
def test_the_walk_knows_every_outcome_of_its_contracts(code: str) -> None:
    checked = proven().checked
    assert checked is not None
    assert ENDS[code] == sorted(checked.contracts[f"proven::{code}"].contract.outcomes)
