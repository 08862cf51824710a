"""Voyages: a workflow with every kind of node and step that the language has, and one that calls and loops only.

| workflow | does |
| --- | --- |
| `RUN` of `calling()` | calls one of two workflows, and then one for each item of a list |
| `RUN` of `outside()` | sends something out, waits for an answer, calls, loops; what it has done can be undone |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pgs_runtime.runtime import Actor
from pgs_snapshot import model
from pgs_snapshot.model import Compare, Edge, Literal_, Ref
from pgs_snapshot.values import Value
from tests.runtime.protocol import (
    AT,
    CLERK,
    COUNT,
    REJECTED,
    TEXT,
    admit,
    asks,
    contract,
    ends,
    fields,
    graph,
    intent,
    journal,
    node,
)

ASKED = fields(id=TEXT, kind={"enum": ["PLAIN", "FANCY"]}, list={"type": "array", "items": COUNT})
GIVEN = fields(n=COUNT)
SOURCE = """
from pgs_snapshot.values import Outcome


class Post:
    def __init__(self, outside):
        self._key = outside.key

    def send(self, *, id):
        return Outcome("SUCCESS", receipt="R-" + id)

    def find(self, *, id):
        return Outcome("DECLINED")
"""
PLAIN, FANCY = "desk::WF_PLAIN_V0", "desk::WF_FANCY_V0"
_LIMITED: dict[str, Value] = {"type": "integer", "maximum": 5}
_ID = Ref(0, ("id",))
POST, ANSWERED = "desk::CS_POST_V0", "desk::EV_ANSWERED_V0"

YES: dict[str, Value] = {"id": "v", "yes": True}
BOB = Actor(CLERK, "bob", {})


def request() -> dict[str, Value]:
    return {"id": "v", "kind": "FANCY", "list": [1, 2]}


def _note() -> model.Contract:
    append = asks("log", "LOG", "APPEND", {"stream": Literal_("s"), "record": Ref(0, ("n",))}, ("record",))
    append = replace(append, next={"SUCCESS": "SUCCESS"})
    return contract("note", fields(n=_LIMITED), [append], {"SUCCESS": {}, "VIOLATION": {}}, failure="VIOLATION")


def _callee(name: str) -> model.Graph:
    noted = node("note", "note", {"n": Ref(0, ("n",))}, ("n",), SUCCESS="done", VIOLATION="failed")
    done = ends("done", result={"n": Ref(0, ("n",))})
    start = admit("note", intent=f"desk::IN_{name}_V0")
    return graph(start, noted, done, ends("failed", "FAILED"), REJECTED, workflow=f"desk::WF_{name}_V0")


def _chosen() -> model.Callee:
    return model.Callee(None, Ref(0, ("kind",)), {"PLAIN": PLAIN, "FANCY": FANCY})


def _to(id: str, *outcomes: str) -> Mapping[str, Edge]:
    return {outcome: Edge(id) for outcome in outcomes}


def _loop(item: int) -> model.EachNode:
    edges = {**_to("done", "SUCCESS", "EMPTY"), **_to("failed", "SOME_FAILED", "STOPPED", "TOO_MANY")}
    inputs = {"n": Ref(item)}
    return model.EachNode("loop", Ref(0, ("list",)), model.Callee(PLAIN), inputs, ("n",), 3, ("FAILED",), edges, AT)


def _shared() -> tuple[object, ...]:
    return (
        intent(ASKED),
        *(intent(GIVEN, name=f"desk::IN_{name}_V0") for name in ("PLAIN", "FANCY")),
        journal("LOG", COUNT),
        _note(),
        _callee("PLAIN"),
        _callee("FANCY"),
    )


def calling() -> tuple[object, ...]:
    """What calls and loops, and is run."""
    edges = {**_to("loop", "COMPLETED"), **_to("failed", "FAILED", "REJECTED")}
    one = model.CallNode("one", _chosen(), {"n": Literal_(1)}, (), edges, AT)
    nodes = (admit("one"), one, _loop(7), ends("done", result={"items": Ref(6, ("items",))}))
    return *_shared(), graph(*nodes, ends("failed", "FAILED"), REJECTED, hidden={"one": ("/inputs/n",)})


def outside() -> tuple[object, ...]:
    """What leaves the process: it sends, waits, and undoes what was done."""
    answers = {"SUCCESS": fields(receipt=TEXT), "DECLINED": fields()}
    operations = {
        "SEND": model.Operation("write", fields(id=TEXT), answers),
        "FIND": model.Operation("read", fields(id=TEXT), answers),
    }
    post = model.SideEffect(POST, "", operations, "desk.work:Post", AT)
    binding = model.Binding("desk::RB_OUT_V0", "", (), fields(), AT, {}, {POST: model.Policy("lookup", None, "FIND")})
    sending = model.EffectStep(
        "send", POST, "SEND", {"id": _ID}, (), {"SUCCESS": "SUCCESS", "DECLINED": "DECLINED"}, AT
    )
    out = contract("out", fields(id=TEXT), [sending], {"SUCCESS": {"receipt": Ref(3, ("receipt",))}, "DECLINED": {}})
    undo = model.Undo("desk::CC_NOTE_V0", {"n": Literal_(9)}, ("n",))
    sent = node("send", "out", {"id": _ID}, SUCCESS="answer", DECLINED="failed")
    heard = Compare("eq", (Ref(11, ("yes",)), Literal_(True)))
    signal = model.Signal("YES", ANSWERED, (CLERK,), ("admit",), {"id": _ID}, heard)
    no = model.Signal("NO", ANSWERED, (CLERK,), (), {"id": _ID}, None)
    edges = {**_to("one", "YES"), **_to("failed", "NO", "EXPIRED")}
    wait = model.WaitNode("answer", Literal_("P2D"), None, (signal, no), edges, AT)
    edges = {**_to("loop", "COMPLETED"), **_to("failed", "FAILED", "REJECTED")}
    one = model.CallNode("one", _chosen(), {"n": Literal_(1)}, (), edges, AT, undo=undo)
    nodes = (admit("send"), replace(sent, undo=undo), wait, one, replace(_loop(9), concurrent=True), ends("done"))
    made = graph(*nodes, ends("failed", "FAILED"), REJECTED, binding=binding.name, hidden={"send": ("/undo/inputs/n",)})
    answered = model.Event(ANSWERED, "", fields(id=TEXT, yes={"type": "boolean"}), (), AT)
    return *_shared(), post, binding, out, answered, replace(made, commits=("answer", "send"))
