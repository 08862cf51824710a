"""Processes at nodes: a sealed process, its context and its rules in, a contract of three steps out.

The first step reads an instance of the context (`HYDRATE`), the second runs the body under the guard of `pgs_process`,
the third writes what has changed (`COMMIT`). So the core knows nothing of processes, and a process is recorded,
replayed and taken back like everything else.

Laws:
* a body sees the declared fields as the segment has them, and what it keeps of them is dead when it ends;
* nothing is written before the rules of both gates, the invariants and the schemas of the fields were held against it;
* a run that is refused writes counts of violations and nothing else;
* a rule of level A or S that acts ends the run; its counts and the interlock are written all the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import SimpleNamespace
from typing import cast

import orjson

from pgs_process.audit.gate import Verdict, judge
from pgs_process.contexts import BaseDomainContext, BaseGlobalContext, BaseSystemContext
from pgs_process.contract import Contract as ProcessContract
from pgs_process.engine import ProcessEngine
from pgs_process.faults import ContractViolationError, InvariantError, UndeclaredError
from pgs_process.transaction.drafts import MISSING
from pgs_process.transaction.journal import Change, Delta
from pgs_runtime.core.expressions import getter
from pgs_runtime.core.linked import Build, Contract, Edge, Shown, Storage, Transformation
from pgs_runtime.faults import ExitCode, Fault
from pgs_runtime.link.audit import gates_of, stopped, told_violations
from pgs_runtime.link.capability import Capability, guarded, place_in
from pgs_runtime.redaction import Redact, Veil, commit, redact_of, redact_under
from pgs_runtime.stores.overlay import Held, Overlay, row_key
from pgs_runtime.stores.port import Put, StoreUnusable
from pgs_runtime.stores.sealing import is_sealed
from pgs_snapshot import model
from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen
from pgs_snapshot.processes import BLOCKED
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.validation import validator
from pgs_snapshot.values import NotPlain, Outcome, Value, plain

HYDRATE, COMMIT = "HYDRATE", "COMMIT"
_SUCCESS = "SUCCESS"
_LAYERS = {"domain": BaseDomainContext, "global": BaseGlobalContext}
_HYDRATED, _BODY = 3, 5  # slots of the outputs of the first two steps


class Processes:
    """The processes of one snapshot, each made when it is first linked."""

    def __init__(self, snapshot: Snapshot, load: Callable[[str], Capability], most: int) -> None:
        """Args:
        load: gives the function that an implementation reference means.
        most: bytes that a value may have.
        """
        self._snapshot = snapshot
        self._load = load
        self._most = most
        self._bodies: dict[str, Body] = {}

    def contract(
        self, node: model.ProcessNode, slot: int, given: Build, edges: Mapping[str, Edge], veiled: Veil
    ) -> Contract:
        """A process at one node. `given` builds its arguments."""
        body = self._body(node.process)
        session, outcomes = getter(node.session), tuple(body.sealed.outcomes)
        hides = _Hides(
            session=commit if veiled.at("session").whole else None,
            arguments=redact_under(veiled.at("inputs")) is not None,
            fields={path: redact_of(field.schema) for path, field in body.context.fields.items()},
            results={outcome: redact_under(veiled.at("outputs", outcome)) for outcome in outcomes},
        )

        def inputs(frame: list[Value]) -> dict[str, Value]:
            return {"arguments": given(frame), "session": session(frame)}

        return Contract(
            id=node.id,
            name=body.sealed.name,
            slot=slot,
            inputs=inputs,
            misfits=None,
            steps=(_hydrating(body, hides), _running(body, hides), _committing(body, hides)),
            outcomes=dict.fromkeys(outcomes, _result),
            failure="",
            next=edges,
            redact=commit if hides.session or hides.arguments else None,
            shown=hides.results,
            process=True,
        )

    def _body(self, process: str) -> Body:
        if process not in self._bodies:
            sealed = self._snapshot.process(process)
            context = self._snapshot.context(sealed.context)
            code = self._load(sealed.implementation)
            self._bodies[process] = Body(sealed, context, code, self._most, self._heard(context.name))
        return self._bodies[process]

    def _heard(self, context: str) -> dict[str, tuple[str, ...]]:
        """The workflows of machines that hear of the signals of a context, by path."""
        heard: dict[str, tuple[str, ...]] = {}
        for machine in map(self._snapshot.machine, self._snapshot.names("artifacts/machine")):
            for path, event in machine.signals.items() if machine.context == context else ():
                heard[path] = (*heard.get(path, ()), machine.events[event])
        return heard


_WRITTEN = ("counts", "heard", "set", "stop")
"""The parts of what a body gives that are written; of its signals those that some machine hears."""


class Body:
    """A process and its context, ready to run over any instance."""

    def __init__(
        self,
        sealed: model.Process,
        context: model.Context,
        function: Capability,
        most: int,
        heard: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.sealed = sealed
        self.context = context
        self.heard = heard
        self._most = most
        self._fits = {path: validator(field.schema).is_valid for path, field in context.fields.items()}
        arguments = [*cast("Mapping[str, Value]", sealed.inputs.get("properties", {}))]
        gate = sealed.gate or model.Gate((), ())
        self._before, self._after, self._counter = gates_of(sealed.name, gate, arguments, arguments)
        self._turn = threading.Lock()  # there is one context for all runs of a process
        self._layers = {layer: _layer(layer, context) for layer in _LAYERS}
        self._system = BaseSystemContext(self._layers["global"], self._layers["domain"])
        self._engine = ProcessEngine(self._system, strict_mode=True, invariants=_invariants(context))
        contract = ProcessContract(sealed.reads, sealed.writes, sealed.signals, errors=tuple(sealed.errors))
        self._engine.register_process(sealed.name, function, contract)
        self._call = guarded(sealed.name, sealed.outcomes, most)(self._called)
        self._delta = Delta()
        self._raised = False

    # --- the three steps -------------------------------------------------------------------------

    def hydrate(self, overlay: Overlay, inputs: dict[str, Value]) -> Outcome:
        """The fields of an instance that are stored, with what the others hold at first; and counts of violations."""
        session, fields = str(inputs["session"]), dict[str, Value]()
        for path, field in self.context.fields.items():
            held = overlay.cell("state", self.context.name, row_key(session, path)) if field.zone == "data" else None
            fields[path] = field.default if held is None or is_sealed(held.data) else self._read(held)
        return Outcome(_SUCCESS, fields=fields, counts=self._counter.read(overlay, session))

    def _read(self, held: Held) -> Value:
        try:
            return cast(Value, orjson.loads(held.data))
        except orjson.JSONDecodeError as error:
            message = f"`{self.context.name}` holds something that is no JSON."
            raise StoreUnusable("corrupt", message) from error

    def run(self, given: dict[str, Value]) -> Outcome:
        """Run the body between its gates: how it ended, what it gives, and what is to be written."""
        arguments = cast("dict[str, Value]", given["arguments"])
        counts = cast("Mapping[str, int]", given["counts"])
        with self._turn:
            self._set(cast("Mapping[str, Value]", given["fields"]))
            seen = SimpleNamespace(system=self._system, drafts={}, arguments=arguments)
            verdict = judge(self.sealed.name, self._before, seen, lambda key: counts.get(key, 0))
            found = [verdict]
            if verdict.refusal is not None:
                return self._refused(found)
            self._delta, self._raised = Delta(), False
            answer = self._call(arguments)
            changed = self._changed()
            delta = [self._told(change) for change in self._delta]
            verdict = judge(self.sealed.name, () if self._raised else self._after, seen, lambda key: counts.get(key, 0))
            found.append(verdict)
            if verdict.refusal is not None:
                return self._refused(found)
        signals = {path: value for path, value in changed.items() if self.context.fields[path].zone == "signal"}
        data = {path: value for path, value in changed.items() if self.context.fields[path].zone == "data"}
        parts: dict[str, Value] = {"delta": delta, "result": answer.outputs, "set": data}
        if signals:
            parts["signals"] = {path: value for path, value in signals.items() if value}
        if heard := sorted(path for path, value in signals.items() if value and path in self.heard):
            parts["heard"] = list[Value](heard)
        return Outcome(answer.name, **parts, **told_violations(found, self._counter))

    def commit(self, overlay: Overlay, inputs: dict[str, Value], *, shows: bool) -> Outcome:
        """Write what has changed.

        Args:
            shows: whether what a rule saw may be told.

        Raises:
            Fault: a rule of level A or S has acted.
        """
        session, outcome = str(inputs["session"]), str(inputs["outcome"])
        counts = cast("Mapping[str, int]", inputs.get("counts", {}))
        if "stop" in inputs:
            raise stopped(self._counter, session, counts, cast("dict[str, Value]", inputs["stop"]), shows=shows)
        for path, value in cast("dict[str, Value]", inputs.get("set", {})).items():
            data = canonical(value)
            if len(data) > self._most:
                message = f"`{path}` of `{self.context.name}` has more than {self._most} bytes, which is the limit."
                raise Fault("R034", message, ExitCode.LIMIT)
            key = row_key(session, path)
            held = overlay.cell("state", self.context.name, key)
            version = (held.version if held else 0) + 1
            put = Put(self.context.name, key, data, version, overlay.line)
            overlay.put(put, ("state", self.context.name, key), Held(data, version))
        self._counter.write(overlay, session, counts)
        return Outcome(outcome)

    # --- within ----------------------------------------------------------------------------------

    def _set(self, fields: Mapping[str, Value]) -> None:
        """Make the context the instance, in values that nobody else has."""
        for path, value in fields.items():
            layer, _, name = path.partition(".")
            own = orjson.loads(canonical(value)) if isinstance(value, dict | list) else value
            object.__setattr__(self._layers[layer], name, own)

    def _called(self, **arguments: Value) -> object:
        """What the boundary calls: the body, its declared errors as outcomes."""
        name = self.sealed.name
        try:
            done = self._engine.perform(name, **arguments)
        except UndeclaredError as undeclared:
            raise undeclared.__cause__ or undeclared from None
        except ContractViolationError as broken:
            raise Fault("R170", f"{name} did what its contract does not declare{self._at(broken.path)}.") from broken
        except InvariantError as broken:
            raise Fault("R171", f"{name} would break `{broken.rule}`.") from broken
        except Exception as error:
            outcome = next((self.sealed.errors[cls] for cls in _classes(error) if cls in self.sealed.errors), None)
            if outcome is None:
                raise
            self._raised = True
            return Outcome(outcome)
        self._delta = done.delta
        return {} if done.value is None else done.value

    def _at(self, path: str | None) -> str:
        """Where in the context, as far as it declares names: what follows may be a value."""
        under = (field for field in self.context.fields if f"{path}.".replace("[", ".").startswith(f"{field}."))
        named = next(under, "")
        return f", at `{named}`" if named else ""

    def _changed(self) -> dict[str, Value]:
        """What the fields that the body has touched hold now."""
        changed: dict[str, Value] = {}
        for change in self._delta:
            path = _field(change)
            if path in changed:
                continue
            layer, _, name = path.partition(".")
            try:
                changed[path] = plain(object.__getattribute__(self._layers[layer], name))
            except NotPlain as refused:
                schema = self.context.fields[path].schema
                where = f"`{path}`{place_in(schema, refused.pointer)}"
                raise Fault("R172", f"{self.sealed.name} left {where} as {refused.why}.") from refused
            if not self._fits[path](changed[path]):
                raise Fault("R172", f"{self.sealed.name} left `{path}` as what its schema does not take.")
        return changed

    def _told(self, change: Change) -> Value:
        told: dict[str, Value] = {"field": _field(change), "op": change.op, "path": change.place}
        for name, value in (("old", change.old), ("new", change.new)):
            if value is not MISSING:
                told[name] = plain(value)
        return told

    def _refused(self, found: Iterable[Verdict]) -> Outcome:
        """The end of a run that a rule does not let stand."""
        return Outcome(BLOCKED, delta=[], result={}, **told_violations(found, self._counter))


@frozen
class _Hides:
    """What of a process at a node may not be shown: by what, or (None) nothing."""

    session: Redact | None
    arguments: bool
    fields: Mapping[str, Redact | None]
    results: Shown

    @property
    def seen(self) -> bool:
        """Whether what rules saw may carry a label."""
        return self.arguments or any(self.fields.values())


def _hydrating(body: Body, hides: _Hides) -> Storage:
    return Storage(
        name="hydrate",
        inputs=lambda slots: {"session": _session(slots)},
        misfits=None,
        store=body.context.name,
        operation=HYDRATE,
        perform=body.hydrate,
        writes=False,
        next={_SUCCESS: None},
        redact=_hiding({"session": hides.session}),
        shown={_SUCCESS: _hiding({"fields": _hiding(hides.fields)})},
    )


def _running(body: Body, hides: _Hides) -> Transformation:
    return Transformation(
        name="run",
        inputs=lambda slots: {**_members(slots[_HYDRATED]), **_members(slots[0])},
        misfits=None,
        call=body.run,
        # Also where a rule can only stop the run: it is the commit that does, and the line first tells of the rule.
        next=dict.fromkeys([*body.sealed.outcomes, BLOCKED]),
        transform=body.sealed.name,
        shown={outcome: _told(hides, result) for outcome, result in {BLOCKED: None, **hides.results}.items()},
    )


def _committing(body: Body, hides: _Hides) -> Storage:
    return Storage(
        name="commit",
        inputs=lambda slots: {
            "outcome": slots[_BODY + 1],
            "session": _session(slots),
            **{name: part for name, part in _members(slots[_BODY]).items() if name in _WRITTEN},
        },
        misfits=None,
        store=body.context.name,
        operation=COMMIT,
        perform=partial(body.commit, shows=not hides.seen),
        writes=True,
        next={outcome: outcome for outcome in body.sealed.outcomes},
        redact=_hiding({"session": hides.session, "set": _hiding(hides.fields)}),
        shown=dict.fromkeys(body.sealed.outcomes),
        gate="commits",
        tells=body.heard,
    )


def _layer(layer: str, context: model.Context) -> object:
    """An object with the fields of a layer, as they are at first."""
    fields = {path.partition(".")[2]: field for path, field in context.fields.items() if path.startswith(f"{layer}.")}
    kind = type(layer.capitalize(), (_LAYERS[layer],), {"__annotations__": dict.fromkeys(fields, object)})
    made: object = kind()
    for name, field in fields.items():
        object.__setattr__(made, name, plain(field.default))
    return made


def _invariants(context: model.Context) -> Iterator[object]:
    return (plain(cast(Value, invariant)) for invariant in context.invariants)


def _classes(error: BaseException) -> Iterator[str]:
    return (cls.__name__ for cls in type(error).__mro__)


def _field(change: Change) -> str:
    """The field of the context that a change is in."""
    return f"{change.path[0]}.{change.path[1] if len(change.path) > 1 else change.key}"


def _session(slots: list[Value]) -> Value:
    return _members(slots[0])["session"]


def _members(value: Value) -> dict[str, Value]:
    return cast("dict[str, Value]", value)


def _result(slots: list[Value]) -> dict[str, Value]:
    return _members(_members(slots[_BODY])["result"])


# --- what a trace shows --------------------------------------------------------------------------


def _hiding(parts: Mapping[str, Redact | None]) -> Redact | None:
    """A function that redacts members by name, or None where none is redacted."""
    if not any(parts.values()):
        return None

    def redact(value: Value, secret: bytes) -> Value:
        members = _members(value)
        return {name: hide(item, secret) if (hide := parts.get(name)) else item for name, item in members.items()}

    return redact


def _told(hides: _Hides, result: Redact | None) -> Redact:
    """What a trace shows of the second step. What is to be written stands with the third."""

    def redact(value: Value, secret: bytes) -> Value:
        parts = {name: part for name, part in _members(value).items() if name not in ("heard", "set", "stop")}
        changes = cast("list[dict[str, Value]]", parts["delta"])
        parts["delta"] = [_change(change, hides.fields, secret) for change in changes]
        if result is not None:
            parts["result"] = result(parts["result"], secret)
        if "signals" in parts:
            hidden = _hiding(hides.fields)
            parts["signals"] = hidden(parts["signals"], secret) if hidden else parts["signals"]
        if "audit" in parts and hides.seen:
            audit = cast("list[dict[str, Value]]", parts["audit"])
            parts["audit"] = [{name: item for name, item in rule.items() if name != "value"} for rule in audit]
        return parts

    return redact


def _change(change: dict[str, Value], labelled: Mapping[str, Redact | None], secret: bytes) -> Value:
    """A change as a trace shows it: where a field holds something labelled, only that it was changed, and how."""
    if labelled.get(str(change["field"])) is None:
        return {name: part for name, part in change.items() if name != "field"}
    hidden: dict[str, Value] = {name: commit(change[name], secret) for name in ("new", "old") if name in change}
    return {**hidden, "op": change["op"], "path": change["field"]}
