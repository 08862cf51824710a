"""Prover, checker and a walk through every run agree, on random graphs over the contracts of one program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_compiler.prove.points import unfold
from pgs_compiler.prove.requirements import Broken, Witness, decide, subject
from pgs_compiler.prove.selected import effects_of
from pgs_snapshot.canonical import canonical, digest
from pgs_snapshot.codec import decode, encode
from pgs_snapshot.laws import Assertion, Form, Proof, Proofs, Requirement, Selector
from pgs_snapshot.model import ContractNode, Edge, ExitKind, ExitNode, Graph, IntentNode, Node, Signal, WaitNode
from pgs_snapshot.proofs import ProofRefused
from pgs_snapshot.snapshot import PROOFS
from tests.compiler.prove.forged import GRAPH, WORKFLOW, confirmed, proven, sealed_files

LAWS = "artifacts/assertion/proven__AS_ORDER_V0.json"
BOOKED, NOTED = "proven::ST_BOOKED_V0", "proven::ST_NOTES_V0"
WRITES = {"CC_BOOK_V0", "CC_NOTE_V0"}


@dataclass(frozen=True, slots=True)
class Event:
    """What happens in a run: the end of a step, of a node, or of the run."""

    what: str  # "step", "contract", "exit", or "wait", which commits
    name: str  # store or transform of a step, contract, kind of exit
    outcome: str

    @property
    def undone(self) -> bool:
        return self.name in (BOOKED, NOTED) or (self.what == "contract" and self.name in WRITES)


def step(name: str, outcome: str) -> Event:
    return Event("step", name, outcome)


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


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """An intent, up to five contracts and waits, and an exit of each kind; edges lead forward."""
    codes = draw(st.lists(st.sampled_from([*sorted(RUNS), "wait"]), min_size=1, max_size=5))
    ids = [f"n{index}" for index in range(len(codes))]
    exits = [kind.lower() for kind in KINDS]
    nodes: list[Node] = [IntentNode("admit", "proven::IN_ORDER_V0", {"ACK": Edge("n0"), "NACK": Edge("denied")}, "a:1")]
    for index, code in enumerate(codes):
        later = [*ids[index + 1 :], *exits]
        edges = {end: Edge(draw(st.sampled_from(later))) for end in ENDS.get(code, ("AGREED", "EXPIRED"))}
        if code == "wait":
            nodes.append(WaitNode(ids[index], None, None, SIGNALS, edges, "a:1"))
            continue
        nodes.append(ContractNode(ids[index], f"proven::{code}", {}, (), edges, "a:1"))
    nodes += [ExitNode(kind.lower(), kind, (kind,), None, {}, {}, {}, "a:1") for kind in KINDS]
    compiled = decode(Graph, json.loads(sealed_files()[GRAPH]))
    return replace(compiled, start="admit", nodes=tuple(nodes))


def selector(what: str, name: str, *outcomes: str) -> Selector:
    return decode(Selector, {"what": what, "name": name, **({"outcomes": list(outcomes)} if outcomes else {})})


CHOICES = [
    *(selector("exit", kind) for kind in KINDS),
    *(selector("contract", f"proven::{code}", end) for code, ends in ENDS.items() for end in ends),
    *(selector("contract", f"proven::{code}") for code in RUNS),
    selector("store", NOTED, "SUCCESS"),
    selector("store", BOOKED),
    selector("store", BOOKED, "ALREADY_EXISTS"),
    selector("transform", LOOKUP, "NOT_FOUND"),
]
SIDES = st.lists(st.sampled_from(CHOICES), min_size=1, max_size=2).map(tuple)
FORMS = st.sampled_from(("every_path_to", "after", "never"))


def runs(graph: Graph) -> Iterator[list[Event]]:
    """Every run of a graph, event by event."""
    nodes = {node.id: node for node in graph.nodes}

    def behind(id: str) -> Iterator[list[Event]]:
        node = nodes[id]
        if isinstance(node, ExitNode):
            yield [Event("exit", node.exit, node.exit)]
        elif isinstance(node, ContractNode):
            code = node.contract.partition("::")[2]
            for events, end in RUNS[code]:
                for rest in behind(node.next[end].to):
                    yield [*events, Event("contract", code, end), *rest]
        elif isinstance(node, WaitNode):
            yield from ([Event("wait", "", end), *rest] for end, edge in node.next.items() for rest in behind(edge.to))

    yield from behind("n0")
    yield from behind("denied")


def is_meant(event: Event, selectors: tuple[Selector, ...]) -> bool:
    what = {"store": "step", "transform": "step"}
    return any(
        event.what == what.get(one.what, one.what)
        and event.name == (one.name.partition("::")[2] if one.what == "contract" else one.name)
        and (not one.outcomes or event.outcome in one.outcomes)
        for one in selectors
    )


def holds(form: Form, of: tuple[Selector, ...], by: tuple[Selector, ...], run: list[Event]) -> bool:
    """What a form demands of one run. FAILED undoes every effect behind the last wait."""
    committed = max((index for index, event in enumerate(run) if event.what == "wait"), default=-1)
    gone = [run[-1].name == "FAILED" and event.undone and index > committed for index, event in enumerate(run)]
    first = [index for index, event in enumerate(run) if is_meant(event, of)]
    second = [index for index, event in enumerate(run) if is_meant(event, by)]
    match form:
        case "every_path_to":
            for index in first:
                counts = [j for j in second if not (run[index].what == "exit" and gone[j])]
                if not any(j < index for j in counts):
                    return False
        case "after":
            for index in first:
                if not gone[index] and not any(j > index and not gone[j] for j in second):
                    return False
        case "never":
            return not any(i < j for i in first for j in second)
    return True


def confirmed_by_the_checker(graph: Graph, requirement: Requirement, witness: Witness) -> bool:
    """What the checker says of a witness, in a snapshot with this graph and this one requirement."""
    files = sealed_files()
    laws = decode(Assertion, json.loads(files[LAWS]))
    files[GRAPH] = canonical(encode(graph))
    files[LAWS] = canonical(encode(replace(laws, requires=(requirement,))))
    kept = [GRAPH, "artifacts/intent/proven__IN_ORDER_V0.json"]
    codes = {node.contract for node in graph.nodes if isinstance(node, ContractNode)}
    kept += [f"artifacts/contract/{code.replace('::', '__')}.json" for code in codes]
    stores = {"proven::CC_BOOK_V0": (BOOKED, NOTED), "proven::CC_NOTE_V0": (NOTED,)}
    used = {store for code in codes for store in stores.get(code, ())}
    kept += [f"artifacts/store/{store.replace('::', '__')}.json" for store in used]
    proof = Proof(laws.name, WORKFLOW, 0, witness.reached, witness.found, witness.counted)
    files[PROOFS] = canonical(encode(Proofs((proof,), {WORKFLOW: {path: digest(files[path]) for path in kept}})))
    try:
        return bool(confirmed(files))
    except ProofRefused:
        return False


def decided(graph: Graph, requirement: Requirement) -> Witness | Broken:
    checked = proven().checked
    assert checked is not None
    contracts = {name: typed.contract for name, typed in checked.contracts.items()}
    return decide(subject(unfold(graph, contracts), effects_of(checked.program), checked.intents), requirement)


@given(graphs(), FORMS, SIDES, SIDES)
def test_a_demand_on_paths_is_proven_just_where_every_run_keeps_it(
    graph: Graph, form: Form, of: tuple[Selector, ...], by: tuple[Selector, ...]
) -> None:
    requirement = Requirement(form, "a:1", of, by)
    answer = decided(graph, requirement)
    assert isinstance(answer, Witness) == all(holds(form, of, by, run) for run in runs(graph))
    if isinstance(answer, Witness):
        assert confirmed_by_the_checker(graph, requirement, answer)


@given(graphs(), graphs(), FORMS, SIDES, SIDES)
def test_the_checker_takes_no_witness_of_another_graph_for_one_that_breaks_a_demand(
    graph: Graph, other: Graph, form: Form, of: tuple[Selector, ...], by: tuple[Selector, ...]
) -> None:
    requirement = Requirement(form, "a:1", of, by)
    answer = decided(graph, requirement)
    if isinstance(answer, Witness) and not all(holds(form, of, by, run) for run in runs(other)):
        assert not confirmed_by_the_checker(other, requirement, answer)


@given(graphs(), st.sampled_from(("nodes", "steps", "effects")), st.integers(0, 12))
def test_a_limit_is_proven_just_where_no_run_takes_more(graph: Graph, amount: str, limit: int) -> None:
    def taken(run: list[Event]) -> int:
        steps = [event for event in run if event.what == "step"]
        effects = [event for event in steps if event.undone]
        return {"nodes": 1 + len(run) - len(steps), "steps": len(steps), "effects": len(effects)}[amount]

    most = max(map(taken, runs(graph)))
    requirement = Requirement("at_most", "a:1", most={amount: limit})
    answer = decided(graph, requirement)
    assert isinstance(answer, Witness) == (most <= limit)
    if isinstance(answer, Broken):
        assert answer.count == most
    else:
        assert confirmed_by_the_checker(graph, requirement, answer)
        tighter = replace(requirement, most={amount: most - 1})
        assert not confirmed_by_the_checker(graph, tighter, answer)


@pytest.mark.parametrize("code", sorted(RUNS))
def test_the_walk_knows_every_outcome_of_its_contracts(code: str) -> None:
    checked = proven().checked
    assert checked is not None
    assert ENDS[code] == sorted(checked.contracts[f"proven::{code}"].contract.outcomes)
