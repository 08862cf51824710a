"""intake: what somebody asks for, checked and made into what a run starts from.

What is refused here leaves no run and no trace. Whether a protocol admits a payload and an actor is decided
by the run itself, at its intent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import cast

import orjson
from jsonschema_rs import Draft202012Validator

from pgs_runtime.core.linked import Graph
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.ports import Ports, request_run_id, run_id, timestamp
from pgs_runtime.redaction import REDACTED, Redact, commit, redact_of
from pgs_runtime.run.attempt import Given
from pgs_runtime.run.outcomes import Outcome, standing
from pgs_runtime.run.signals import Sent, Word
from pgs_runtime.stores.port import Request, Run
from pgs_runtime.stores.sealing import Keys, is_sealed
from pgs_runtime.trace.record import FORMAT
from pgs_runtime.vault.belonging import Belonging, name_in
from pgs_runtime.waivers.waived import demand_lasting, told
from pgs_snapshot.canonical import canonical, digest
from pgs_snapshot.defaults import filler
from pgs_snapshot.frozen import frozen
from pgs_snapshot.model import Schema
from pgs_snapshot.problems import problems
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.validation import validator
from pgs_snapshot.values import MAX_DEPTH, NotPlain, Value, plain
from pgs_snapshot.visible import visible

MAX_REASON = 1000  # bytes of what a person says
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@+-]{0,199}")
_UNKNOWN: Schema = {"labels": ["unknown"]}  # nobody has declared what the attributes of such an actor hold


@frozen
class Actor:
    """Who acts: the type that a protocol declares, an id, and the attributes of that type.

    `authenticated_by` says who vouches for it: `local` is the operating system's user at a command line.
    """

    type: str
    id: str
    attributes: dict[str, Value]
    authenticated_by: str = "local"


@frozen
class Ask:
    """What is asked for, checked as far as that takes no protocol; its values are copies.

    Attributes:
        text: the payload's canonical bytes.
        actor: `id`, `type` and attributes.
        config: by name, without defaults.
    """

    payload: Value
    text: bytes
    actor: dict[str, Value]
    authenticated_by: str
    request_id: str | None
    config: dict[str, Value]


class Intake:
    """Makes asks into what runs of one snapshot and store start from."""

    def __init__(self, snapshot: Snapshot, ports: Ports, belonging: Belonging, store: bytes) -> None:
        """`store` is the store's id."""
        self._snapshot = snapshot
        self._ports = ports
        self._belonging = belonging
        self._store = store
        self._limits = snapshot.limits()
        self._rests_on = [waiver for waiver in snapshot.waivers() if waiver.error]
        self._actors = frozenset(snapshot.names("artifacts/actor"))
        self._redacts: dict[str, Redact | None] = {}
        self._configs: dict[str, Draft202012Validator] = {}

    @property
    def secret(self) -> bytes:
        """The store's; what commitments of a run are made under that belongs to nobody."""
        return self._belonging.secret

    def ask(self, payload: object, actor: Actor, request_id: str | None, config: dict[str, Value] | None) -> Ask:
        """Check and copy what is asked for.

        Raises:
            Refusal: R009, R011, R012, R013, R018.
        """
        if request_id is not None and not _REQUEST_ID.fullmatch(request_id):
            raise Refusal(
                "R009",
                f"`{visible(request_id[:40])}` is not the form of a request id.",
                ExitCode.USAGE,
                hint="Use 1 to 200 letters, digits and `_.:@+-`, the first a letter or digit.",
            )
        taken = _taken(payload, "R011", "payload", self._limits.payload_depth)
        text, most = canonical(taken), self._limits.payload_bytes
        if len(text) > most:
            raise Refusal("R012", f"The payload has more than {most} bytes.", ExitCode.REJECTED)
        return Ask(
            taken,
            text,
            _actor(actor),
            actor.authenticated_by,
            request_id,
            configuration({} if config is None else config),
        )

    def beginning(self, graph: Graph, ask: Ask) -> Callable[[], Given]:
        """What a run starts from, whenever it is asked for with the keys that its subjects then have.

        Raises:
            Refusal: R013, the configuration does not fit the binding; R150, a waiver that the snapshot rests on has
                ended.
        """
        configs = self._configured(graph, ask.config)
        if ask.request_id is None:
            run = run_id(self._ports)
        else:
            run = request_run_id(self._store, graph.workflow, ask.request_id)
        started = timestamp(self._ports.clock())
        demand_lasting(self._rests_on, started)
        facts: dict[str, Value] = {"id": run, "started": started, "time": started}
        own = ask.actor.keys() - {"id", "type"}
        private = graph.private or bool(own and self._hides(str(ask.actor["type"])))
        subjects_now = self._belonging.of(run, self._named(graph, ask.payload)) if private else tuple

        def given() -> Given:
            subjects = subjects_now()
            header = self.header(graph, ask, configs, Keys(subjects, self._belonging.secret).secret)
            header["started"] = started
            if subjects:
                header["subjects"] = cast(Value, sorted({subject.id for subject in subjects}))
            body: dict[str, Value] = {"format": FORMAT, "header": header, "kind": "run"}
            return Given(run, body, ask.payload, ask.actor, configs, facts, subjects)

        return given

    def _named(self, graph: Graph, payload: Value) -> tuple[str, ...]:
        """The subjects that a payload names; nobody where it lacks one, for then it is not admitted."""
        names = [name_in(payload, ref.path) for ref in self._snapshot.intent(graph.start.name).subjects]
        return tuple(name for name in names if name) if all(names) else ()

    def request(self, graph: Graph, ask: Ask, given: Given) -> Request:
        """What the store keeps of what was asked."""
        told = cast("dict[str, Value]", given.header["header"])["payload_digest"]
        return Request(
            workflow=graph.workflow,
            snapshot=self._snapshot.id,
            fingerprint=canonical(dict(self._ports.fingerprint)).decode(),
            key=ask.request_id,
            payload=ask.text,
            payload_digest=str(told[REDACTED] if isinstance(told, dict) else told),
            actor=canonical(ask.actor),
        )

    def sent(self, event: str, fields: object, actor: Actor) -> Sent:
        """A signal, checked as far as that takes no wait.

        Raises:
            Refusal: R086, R012, R018.
        """
        taken = _taken(fields, "R086", "event", self._limits.payload_depth)
        most = self._limits.payload_bytes
        if len(canonical(taken)) > most:
            raise Refusal("R012", f"The event has more than {most} bytes.", ExitCode.REJECTED)
        who = _actor(actor)
        return Sent(event, taken, who, partial(self.who, who), actor.authenticated_by)

    def word(self, actor: Actor, reason: str) -> Word:
        """What somebody says of a run, and why.

        Raises:
            Refusal: R018; R086, the reason is no text that a trace can hold.
        """
        why = _taken(reason, "R086", "reason")
        if not isinstance(why, str) or len(canonical(why)) > MAX_REASON:
            raise Refusal("R086", f"A reason is a text of at most {MAX_REASON} bytes.", ExitCode.REJECTED)
        return Word(partial(self.who, _actor(actor)), actor.authenticated_by, why)

    def _configured(self, graph: Graph, stated: dict[str, Value]) -> dict[str, dict[str, Value]]:
        """The configuration of each binding: the workflow's own, and those of what it calls.

        Each gets those of the stated values that it declares; what none declares is refused by the first.
        """
        bindings = list(dict.fromkeys(graph.reach))
        if not bindings:
            if stated:
                raise Refusal("R013", f"`{graph.workflow}` has no binding to configure.", ExitCode.USAGE)
            return {}
        declared = {binding: _names(self._snapshot.binding(binding).config) for binding in bindings}
        strange = stated.keys() - frozenset().union(*declared.values())
        configs: dict[str, dict[str, Value]] = {}
        for binding in bindings:
            asked = declared[binding] | strange if binding == bindings[0] else declared[binding]
            own = {name: value for name, value in stated.items() if name in asked}
            configs[binding] = self._config(binding, own)
        return configs

    def _config(self, binding: str, stated: dict[str, Value]) -> dict[str, Value]:
        """The configuration of a binding, defaults filled in."""
        schema = self._snapshot.binding(binding).config
        if binding not in self._configs:
            self._configs[binding] = validator(schema)
        fill = filler(schema)
        config = fill(stated) if fill else stated
        found = problems(self._configs[binding], config)
        if found:
            where = str(found[0]["at"])
            raise Refusal("R013", f"Configuration of `{binding}`: it {found[0]['why']}.", ExitCode.USAGE, where)
        return cast("dict[str, Value]", config)

    # --- the record ------------------------------------------------------------------------------

    def header(
        self, graph: Graph, ask: Ask, configs: Mapping[str, dict[str, Value]], secret: bytes
    ) -> dict[str, Value]:
        """What line 0 tells: the request, redacted, and what it runs on."""
        intent = self._snapshot.intent(graph.start.name)
        payload = self._redacted(ask.payload, intent.name, intent.payload, secret)
        labelled = self._redacts[intent.name] is not None
        header: dict[str, Value] = {
            "actor": self.who(ask.actor, secret),
            "authenticated_by": ask.authenticated_by,
            "fingerprint": dict(self._ports.fingerprint),
            "payload": payload,
            "payload_digest": commit(ask.payload, secret) if labelled else digest(ask.text),
            "snapshot": self._snapshot.id,
            "workflow": graph.workflow,
        }
        shown = {
            binding: self._redacted(config, binding, self._snapshot.binding(binding).config, secret)
            for binding, config in configs.items()
            if config
        }
        if graph.binding in shown:
            header["config"] = shown.pop(graph.binding)
        if shown:
            header["configs"] = cast(Value, shown)
        if ask.request_id is not None:
            header["request_id"] = ask.request_id
        if self._rests_on:
            header["waivers"] = [told(waiver) for waiver in self._rests_on]
        return header

    def who(self, actor: dict[str, Value], secret: bytes) -> Value:
        """The actor as the trace of a run with this secret shows it.

        Of a type that the snapshot does not know, no attribute is shown.
        """
        type = str(actor["type"])
        own: dict[str, Value] = {name: value for name, value in actor.items() if name not in ("id", "type")}
        if own:
            own = cast("dict[str, Value]", self._redacted(own, f"actor {type}", self._attributes(type), secret))
        return {**own, "id": actor["id"], "type": type}

    def _attributes(self, type: str) -> Schema:
        return self._snapshot.actor(type).attributes if type in self._actors else _UNKNOWN

    def _hides(self, type: str) -> bool:
        """Whether attributes of actors of a type are not shown."""
        return self._redact(f"actor {type}", self._attributes(type)) is not None

    def _redacted(self, value: Value, name: str, schema: Schema, secret: bytes) -> Value:
        """A value with commitments in place of what is labelled. `name` stands for the schema."""
        redact = self._redact(name, schema)
        return redact(value, secret) if redact else value

    def _redact(self, name: str, schema: Schema) -> Redact | None:
        if name not in self._redacts:
            self._redacts[name] = redact_of(schema)
        return self._redacts[name]


def _names(schema: Schema) -> frozenset[str]:
    """The members that a closed object declares."""
    return frozenset(cast("dict[str, Value]", schema.get("properties", {})))


def configuration(stated: object) -> dict[str, Value]:
    """Values by name, as a caller stated them.

    Raises:
        Refusal: R013, it is something else.
    """
    if not isinstance(stated, dict):
        raise Refusal("R013", "A configuration is an object: values by name.", ExitCode.USAGE)
    return cast("dict[str, Value]", _taken(stated, "R013", "configuration"))


def _actor(actor: Actor) -> dict[str, Value]:
    if not isinstance(actor.id, str) or not actor.id:
        raise _unacceptable("The `id` of an actor is a text, and not empty.", "/id")
    if not isinstance(actor.type, str):
        raise _unacceptable("The `type` of an actor is the name of a declaration.", "/type")
    if not isinstance(actor.attributes, dict):
        raise _unacceptable("The attributes of an actor are an object.")
    for name in ("id", "type"):
        if name in actor.attributes:
            raise _unacceptable(f"`{name}` says who an actor is, and is none of the attributes.", f"/{name}")
    whole = {**actor.attributes, "id": actor.id, "type": actor.type}
    return cast("dict[str, Value]", _taken(whole, "R018", "actor"))


def _unacceptable(message: str, where: str = "") -> Refusal:
    return Refusal("R018", message, ExitCode.REJECTED, where)


def _taken(value: object, code: str, what: str, depth: int = MAX_DEPTH) -> Value:
    """A copy of a value in the value domain."""
    exit_code = ExitCode.USAGE if code == "R013" else ExitCode.REJECTED
    try:
        return plain(value, depth)
    except NotPlain as refused:
        message = f"The {what} is no JSON value as protocols have it: {refused.why}."
        raise Refusal(code, message, exit_code, refused.pointer) from refused


def repeated(run: Run, ask: Ask) -> Outcome:
    """The answer of an earlier run of the same request id."""
    if ask.request_id is None:
        raise AssertionError(f"the run id {run.id} was given out twice")
    if is_sealed(run.request.payload) or is_sealed(run.request.actor):
        message = f"The request id `{ask.request_id}` was used by the run `{run.id}`, which was erased."
        hint = "Whether it was the same request can be told by nobody any more. Send it with a new request id."
        raise Refusal("R131", message, ExitCode.REJECTED, hint=hint)
    earlier = cast("dict[str, Value]", orjson.loads(run.request.actor))
    if (earlier["id"], earlier["type"]) != (ask.actor["id"], ask.actor["type"]):
        raise _used(ask.request_id, "by another actor", "actor")
    if run.request.payload != ask.text:
        raise _used(ask.request_id, f"for another payload, by run `{run.id}`", "payload")
    return standing(run, repeated=True)


def _used(request_id: str, how: str, what: str) -> Refusal:
    message = f"The request id `{request_id}` was used {how}."
    return Refusal("R015", message, ExitCode.REJECTED, hint=f"Send a new request id with a new {what}.")
