"""From documents of scenario files to scenarios, or everything that is wrong with them."""

from __future__ import annotations

from pgs_compiler.findings import Place
from pgs_compiler.scenarios.expectations import expected
from pgs_compiler.scenarios.reader import Reader
from pgs_compiler.scenarios.scenario import Doubled, Miss, Scenario, Signalled
from pgs_compiler.source import Mapping, Scalar, Tree, to_value
from pgs_compiler.source import Sequence as Items
from pgs_snapshot.model import IntentNode
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.suggest import nearest
from pgs_snapshot.values import Value, escape

_KEYS = ("scenario", "workflow", "payload", "actor", "state", "config", "clock", "doubles", "signals", "expect")
_DOUBLE = ("op", "side_effect", "outcome", "outputs", "inputs")
_SIGNAL = ("event", "fields", "actor", "at", "refused")
_UNKNOWN = "UNKNOWN"


def read_scenario(tree: Tree, snapshot: Snapshot) -> Scenario | tuple[Miss, ...]:
    """A scenario, or what is wrong with it."""
    reader = Reader(snapshot)
    body = reader.keys(tree, _KEYS, "A scenario", ("scenario", "workflow", "expect"))
    scenario = _scenario(reader, body) if body is not None else None
    return scenario if scenario and not reader.misses else tuple(reader.misses)


def title(tree: Tree) -> str:
    """What a document is called, as far as it says."""
    named = tree.get("scenario") if isinstance(tree, Mapping) else None
    return str(named.value) if isinstance(named, Scalar) else "a document without a name"


def _scenario(reader: Reader, body: Mapping) -> Scenario | None:
    places = {entry.name: entry.key.place if entry.name == "state" else entry.value.place for entry in body}
    workflow = _workflow(reader, reader.text(body.get("workflow"), "`workflow`"), places["workflow"])
    if reader.misses:  # other names stand in its domain
        return None
    domain = workflow.partition("::")[0]
    payload, clock, state = body.get("payload"), body.get("clock"), body.get("state")
    doubles = reader.items(body.get("doubles"), "`doubles`")
    signals = reader.items(body.get("signals"), "`signals`")
    role, own = _role(reader.snapshot, workflow), str(reader.snapshot.project().get("actor", ""))
    actor = _acting(reader.object(body.get("actor"), "`actor`"), role)
    return Scenario(
        name=reader.text(body.get("scenario"), "`scenario`"),
        place=places["scenario"],
        workflow=workflow,
        payload={} if payload is None else to_value(payload),
        actor=actor,
        state=_by_store(reader.object(state, "`state`"), domain),
        config=reader.object(body.get("config"), "`config`"),
        clock=reader.text(clock, "`clock`") or None,
        doubles=tuple(double for each in doubles if (double := _double(reader, each, domain))),
        signals=tuple(signal for each in signals if (signal := _signal(reader, each, domain, own or role))),
        expect=expected(reader, body.get("expect"), workflow),
        places=places | _below("config", body.get("config"), "") | _below("state", state, domain),
    )


def _below(at: str, tree: Tree | None, domain: str) -> dict[str, Place]:
    """The places of what stands in a tree, by where the runtime says that it stands: names of stores in full."""
    found: dict[str, Place] = {}
    for entry in tree if isinstance(tree, Mapping) else ():
        name = f"{domain}::{entry.name}" if domain and "::" not in entry.name else entry.name
        found[f"{at}/{escape(name)}"] = entry.key.place
        found |= _below(f"{at}/{escape(name)}", entry.value, "")
    for number, item in enumerate(tree.items if isinstance(tree, Items) else ()):
        found[f"{at}/{number}"] = item.place
        found |= _below(f"{at}/{number}", item, "")
    return found


def _workflow(reader: Reader, given: str, place: Place) -> str:
    known = reader.snapshot.workflows()
    found = [name for name in known if given in (name, name.partition("::")[2])]
    if len(found) == 1:
        return found[0]
    if not given:  # no text, which was told
        return given
    near = nearest(given, [*known, *(name.partition("::")[2] for name in known)])
    hint = "Write it in full." if found else f"Is `{near}` meant?" if near else ""
    reader.miss(place, f"There {'are several workflows' if found else 'is no workflow'} `{given}`.", hint)
    return given


def _role(snapshot: Snapshot, workflow: str) -> str:
    """Who acts where nobody is named: the project's own actor, or where that is not admitted the first that is."""
    own, start = str(snapshot.project().get("actor", "")), snapshot.graph(workflow).nodes[0]
    admitted = snapshot.intent(start.intent).actors if isinstance(start, IntentNode) else ()
    return own if own in admitted or not admitted else admitted[0]


def _acting(actor: Value, role: str) -> Value:
    return {"type": role, **actor} if isinstance(actor, dict) else actor


def _by_store(rows: Value, domain: str) -> Value:
    if not isinstance(rows, dict):
        return rows
    return {name if "::" in name else f"{domain}::{name}": held for name, held in rows.items()}


def _double(reader: Reader, tree: Tree, domain: str) -> Doubled | None:
    body = reader.keys(tree, _DOUBLE, "A double", ("op", "side_effect", "outcome"))
    if body is None:
        return None
    known = reader.snapshot.names("artifacts/side_effect")
    place = {entry.name: entry.value.place for entry in body}
    given = reader.text(body.get("side_effect"), "`side_effect`")
    side_effect = reader.name(given, domain, known, place["side_effect"], "external side effect")
    operation, outcome = reader.text(body.get("op"), "`op`"), reader.text(body.get("outcome"), "`outcome`")
    outputs = reader.object(body.get("outputs"), "`outputs`")
    if side_effect in known:
        operations = reader.snapshot.side_effect(side_effect).operations
        if operation not in operations:
            reader.miss(place["op"], f"`{given}` has no operation `{operation}`.")
        elif outcome != _UNKNOWN and outcome not in operations[operation].outcomes:
            ends = ", ".join(f"`{name}`" for name in (*sorted(operations[operation].outcomes), _UNKNOWN))
            reader.miss(place["outcome"], f"`{operation}` does not end as `{outcome}`.", f"It ends as {ends}.")
    return Doubled(tree.place, side_effect, operation, outcome, outputs, reader.object(body.get("inputs"), "`inputs`"))


def _signal(reader: Reader, tree: Tree, domain: str, role: str) -> Signalled | None:
    body = reader.keys(tree, _SIGNAL, "A signal")
    if body is None:
        return None
    event, at, refused = body.get("event"), body.get("at"), body.get("refused")
    if event is None and at is None:
        reader.miss(tree.place, "A signal has an `event`, or an `at` until which time passes.")
        return None
    given = reader.text(event, "`event`")
    place = event.place if event is not None else tree.place
    named = reader.name(given, domain, reader.snapshot.names("artifacts/event"), place, "event")
    fields = reader.object(body.get("fields"), "`fields`")
    actor = _acting(reader.object(body.get("actor"), "`actor`"), role)
    no = isinstance(refused, Scalar) and refused.value is True
    if refused is not None and not no:
        reader.miss(refused.place, "`refused` is `true`, or is not there.")
    return Signalled(tree.place, named, fields, actor, reader.text(at, "`at`") or None, no)
