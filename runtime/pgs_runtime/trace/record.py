"""The record of a run: trace lines, each chained to the one before (format `pgs-trace/1`, `docs/trace.md`).

Laws:
* a line is the canonical JSON of one object on one line; its `digest` is SHA-256 over the same object without
  `digest`, its `prev` is the digest of the line before;
* nothing of the machinery is in a line: no clock, duration, process, host, path or text of an exception;
* what carries a label is a commitment, what is large is a digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import cast

from pgs_runtime.core.expressions import Looked
from pgs_runtime.core.linked import (
    TOP,
    Call,
    Contract,
    Decided,
    Decision,
    Each,
    Heard,
    Intent,
    Parts,
    Place,
    Reached,
    Seen,
    Step,
    Storage,
    Transformation,
    Visit,
    Wait,
)
from pgs_runtime.core.requests import Effect, Spot, Waiting
from pgs_runtime.ports import timestamp
from pgs_runtime.redaction import Redact, commit
from pgs_runtime.stores.sealing import Keys
from pgs_snapshot.canonical import canonical, digest, digest_of
from pgs_snapshot.values import Outcome, Value

FORMAT = "pgs-trace/1"
LOAD = "pgs::STATE_LOAD"  # what stands for the workflow where an operator put rows into stores
OVERRIDE = "pgs::OVERRIDE"  # and where somebody overrode a rule, or took that back
ERASURE = "pgs::ERASURE"  # and where one has erased a subject
RESET = "pgs::RESET"  # and where one has reset the interlock
ABANDONED = "ABANDONED"  # the name of the end of a run that was left as it stands
MAX_SHOWN = 4096  # bytes of canonical JSON; a larger value stands as its digest and size


_MARK = "\0"  # no value holds it
_PREV = b',"prev":"'


class Chain:
    """Lines of one run, each with its number and the digest of the one before.

    `size` is the sum of their bytes; `keys` are of those whom its labelled values belong to.
    """

    __slots__ = ("_head", "_tail", "keys", "lines", "run", "size")

    def __init__(self, run: str, keys: Keys | None = None) -> None:
        self.run = run
        self.keys = keys or Keys()
        self._tail = b'","run":"' + run.encode()
        self._head = b""
        self.lines: list[bytes] = []
        self.size = 0

    @property
    def head(self) -> str:
        """The digest of the last line."""
        return self._head.decode()

    def follow(self, lines: Sequence[bytes], head: str) -> None:
        """Go on behind lines that are on record. `head`: the digest of the last one."""
        self.lines, self._head = [*lines], head.encode()
        self.size = sum(map(len, lines))

    def add(self, body: dict[str, Value]) -> None:
        """Append a line."""
        body["n"] = len(self.lines)
        body["prev"] = self.head
        body["run"] = self.run
        text = canonical(body)
        if min(body) > "digest":
            self._append(text)
            return
        digest = sha256(text).hexdigest()
        self._keep(canonical({**body, "digest": digest}), digest.encode())

    def add_parts(self, parts: Parts) -> None:
        """Append a line whose bytes are known but for its number and what it follows.

        It has no member that sorts before `digest`.
        """
        before, between, after = parts
        self._append(b"".join((before, b"%d" % len(self.lines), between, self._head, self._tail, after)))

    def _append(self, text: bytes) -> None:
        head = sha256(text).hexdigest().encode()
        self._keep(b"".join((b'{"digest":"', head, b'",', text[1:])), head)

    def _keep(self, line: bytes, head: bytes) -> None:
        self._head = head
        self.lines.append(line)
        self.size += len(line)


class Narrator:
    """Says what a visit was, redacted under the secret of its run. One for a store."""

    def __init__(self) -> None:
        self._same: dict[bytes, bytes] = {}

    def tell(self, visit: Visit, chain: Chain) -> None:
        """Add the line of a visit.

        Where no step saw a value, the line is that of every visit that went the same way, but for its inputs, its
        outputs and its place in the chain.
        """
        node = visit.node
        if visit.refused or not isinstance(node, Contract):
            chain.add(self.visit(visit, chain.keys.secret))
            return
        way: tuple[str | int, ...] = (visit.outcome,)
        for _, _, seen in visit.steps:
            if not isinstance(seen, tuple) or seen[1]:
                chain.add(self.visit(visit, chain.keys.secret))
                return
            way += (seen[0],)
        parts = node.told.get(way)
        if parts is None:
            parts = node.told[way] = self._parts(self.visit(replace(visit, inputs={}, outputs={}, place=TOP), b""))
        if visit.inputs or visit.outputs or visit.place is not TOP:
            parts = self._with_values(parts, visit, node, chain.keys.secret)
        chain.add_parts(parts)

    def _parts(self, body: dict[str, Value]) -> Parts:
        """A line's canonical bytes around its number, and around what it follows and its run.

        What the lines of many nodes have alike is kept once.
        """
        text = canonical({**body, "n": 0, "prev": _MARK, "run": _MARK})
        before, rest = text.split(b'"n":0', 1)
        between, _, after = rest.split(b"\\u0000")
        before += b'"n":'
        return self._same.setdefault(before, before), between, self._same.setdefault(after, after)

    def _with_values(self, parts: Parts, visit: Visit, node: Contract, secret: bytes) -> Parts:
        """The parts with what went in, what came out and where it is, at their places in the canonical order."""
        before, between, after = parts
        if any(place is not None for place in visit.place.iterations):
            before = b'{"iteration":%b,%b' % (canonical(list(visit.place.iterations)), before[1:])
        if visit.inputs:
            before = b'{"inputs":%b,%b' % (canonical(_inputs(visit.inputs, node.redact, secret)), before[1:])
        if visit.outputs:
            outputs = _text(visit.outputs, node.shown[visit.outcome], secret)
            between = b'%b,"outputs":%b%b' % (between.removesuffix(_PREV), outputs, _PREV)
        if visit.place.parents:
            between = b'%b,"parent":%b%b' % (between.removesuffix(_PREV), canonical(list(visit.place.parents)), _PREV)
        return before, between, after

    def visit(self, visit: Visit, secret: bytes) -> dict[str, Value]:
        """The body of a node's line."""
        node = visit.node
        if isinstance(node, Intent):
            body: dict[str, Value] = {
                "kind": "intent",
                "node": node.id,
                "outcome": visit.outcome,
                "target": node.name,
            }
            audit: dict[str, Value] = {"audit": list(visit.audit)} if visit.audit else {}
            return body | placed(visit.place) | _refused(visit) | _overridden(visit) | audit
        body = {"node": node.id, "outcome": visit.outcome}
        match node:
            case Contract(name=target, redact=redact):
                steps = [_step(*done, secret) for done in visit.steps]
                kind = "undo" if node.undoing else "process" if node.process else "contract"
                body |= {"kind": kind, "steps": steps, "target": target}
            case Wait():
                body["kind"], redact = "wait", None
            case Call(callee=callee):
                redact = callee.redact
                body |= {"kind": "call", "target": visit.target}
            case Each(redact=redact):
                body["kind"] = "each"
        if visit.inputs:
            body["inputs"] = _inputs(visit.inputs, redact, secret)
        # Under an outcome that has no edge, which ends the run, nobody has said what is hidden.
        if visit.outputs and visit.outcome in node.shown:
            body["outputs"] = shown(visit.outputs, node.shown[visit.outcome], secret)
        return body | placed(visit.place) | _refused(visit)

    def returned(self, workflow: str, reached: Reached, place: Place, secret: bytes) -> dict[str, Value]:
        """The body of the line that ends a workflow which was called."""
        return {**_ending(reached, secret), "kind": "return", "target": workflow, **placed(place)}

    def exited(self, reached: Reached, secret: bytes) -> dict[str, Value]:
        """The body of the line that ends a run at an exit."""
        return {**_ending(reached, secret), "kind": "exit"}

    def intended(self, ask: Effect, key: str, secret: bytes) -> dict[str, Value]:
        """The body of the line that tells, before anything is done outside, what is going to be asked there."""
        step = ask.step
        body: dict[str, Value] = {
            "inputs": shown(ask.inputs, step.redact, secret),
            "key": key,
            "kind": "effect",
            "operation": step.operation,
            "side_effect": step.side_effect,
        }
        if step.writes and not step.keyed:
            body["delivery"] = "at_least_once"
        return body | spotted(ask.spot)

    def suspended(self, ask: Waiting, due: int) -> dict[str, Value]:
        """The body of the line that tells what a run waits for, and until when."""
        signals: list[Value] = [{"event": signal.event, "name": signal.name} for signal in ask.node.signals]
        return {"due": timestamp(due), "kind": "suspend", "signals": signals, **spotted(ask.spot)}

    def replied(self, ask: Effect, reply: Outcome, secret: bytes) -> dict[str, Value]:
        """The body of the line that tells how an effect ended; UNKNOWN: nobody knows, and the author has said so."""
        body: dict[str, Value] = {"kind": "reply", "outcome": reply.name, **spotted(ask.spot)}
        if reply.outputs:
            body["outputs"] = shown(reply.outputs, ask.step.shown[reply.name], secret)
        return body

    def heard(self, ask: Waiting, signal: Heard, reply: Outcome) -> dict[str, Value]:
        """The body of the line that tells which signal was accepted, and from whom."""
        body: dict[str, Value] = {"event": signal.event, "kind": "signal", "outcome": signal.name}
        return body | spotted(ask.spot)


def _inputs(inputs: dict[str, Value], redact: Redact | None, secret: bytes) -> Value:
    return commit(inputs, secret) if redact else digest_of(inputs)


def _step(step: Step, answer: Outcome, seen: Seen, secret: bytes) -> Value:
    body: dict[str, Value] = {"outcome": answer.name, "step": step.name}
    if isinstance(step, Decision):
        case, looked = cast(Decided, seen)
        body["case"] = case
        if looked:
            body["operands"] = [_looked(item, step, secret) for item in looked]
        return body
    body["outputs"] = shown(answer.outputs, step.shown[answer.name], secret)
    if isinstance(step, Transformation):
        body["transform"] = step.transform
        return body
    body["inputs"] = shown(cast("dict[str, Value]", seen), step.redact, secret)
    body["operation"] = step.operation
    if isinstance(step, Storage):
        body["store"] = step.store
    else:
        body["side_effect"] = step.side_effect
    return body


def _looked(looked: Looked, step: Decision, secret: bytes) -> Value:
    comparison = looked.comparison
    hidden = any(each is comparison for each in step.hidden)
    told: list[Value] = [commit(value, secret) if hidden else _short(value) for value in looked.values]
    return {"held": looked.held, "of": told, "op": comparison.op}


def _ending(reached: Reached, secret: bytes) -> dict[str, Value]:
    """What a line tells of an exit: its node, its kind, under which name, and what it gave and emitted."""
    exit = reached.exit
    body: dict[str, Value] = {"exit": exit.kind, "name": reached.name, "node": exit.id}
    if reached.result:
        body["result"] = shown(reached.result, exit.redact, secret)
    if reached.emitted:
        emitted = reached.emitted.items()
        body["emitted"] = {event: shown(fields, exit.emit[event][1], secret) for event, fields in emitted}
    return body


def spotted(spot: Spot) -> dict[str, Value]:
    """Where something is asked: the node, its place, and the step."""
    body: dict[str, Value] = {"node": spot.node, **placed(spot.place)}
    if spot.step:
        body["step"] = spot.step
    if spot.undoing:
        body["undoing"] = True
    return body


def placed(place: Place) -> dict[str, Value]:
    """Where a line stands, if that is within another node."""
    body: dict[str, Value] = {}
    if place.parents:
        body["parent"] = list(place.parents)
    if any(iteration is not None for iteration in place.iterations):
        body["iteration"] = list(place.iterations)
    return body


def shown(value: Value, redact: Redact | None, secret: bytes) -> Value:
    """A value as a trace shows it: redacted, and as a digest where it is large."""
    return _short(redact(value, secret) if redact else value)


def _text(value: Value, redact: Redact | None, secret: bytes) -> bytes:
    """The canonical bytes of `shown`."""
    text = canonical(redact(value, secret) if redact else value)
    return text if len(text) <= MAX_SHOWN else canonical(_digested(text))


def _refused(visit: Visit) -> dict[str, Value]:
    """Why the payload, the actor or the inputs were not taken: where, and what is wrong there."""
    return {"refused": list(visit.refused)} if visit.refused else {}


def _overridden(visit: Visit) -> dict[str, Value]:
    """What let a request in although rules do not hold; nothing in the list: it was asked for, and there is none."""
    return {} if visit.overridden is None else {"overridden": list(visit.overridden)}


def _short(value: Value) -> Value:
    """The value, or its digest and size where it is large."""
    if not isinstance(value, str | list | dict):
        return value
    text = canonical(value)
    return value if len(text) <= MAX_SHOWN else _digested(text)


def _digested(text: bytes) -> Value:
    return {"$digest": digest(text), "size": len(text)}
