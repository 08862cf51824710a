"""Breaking the glass: who may overrides a rule for a while, or takes that back. Each leaves a run with a trace."""

from __future__ import annotations

from collections.abc import Callable

from pgs_runtime.core.durations import later
from pgs_runtime.core.expressions import Missing
from pgs_runtime.faults import ExitCode, Refusal, hint_of_unknown
from pgs_runtime.link.admission import admission
from pgs_runtime.ports import Ports, run_id, timestamp
from pgs_runtime.run.by_hand import completed
from pgs_runtime.run.commits import commit
from pgs_runtime.run.grounds import Live
from pgs_runtime.run.intake import Actor, Intake
from pgs_runtime.stores.port import Append, Run, Segment, Store
from pgs_runtime.trace.record import FORMAT, OVERRIDE, Chain
from pgs_runtime.waivers.overrides import STORE, Override, Said, all_overrides, granted, micros, of_intent, revoked
from pgs_snapshot import model
from pgs_snapshot.canonical import digest_of
from pgs_snapshot.frozen import frozen
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

_LIST = "`pgs_runtime waivers` lists them."


@frozen
class Grant:
    """What is to be overridden.

    Attributes:
        intent: its full name.
        rule: the name of one of its rules.
        until: when it is over, a time as RFC 3339 has it.
        only: the id of the one actor whom it is for, "" for all.
    """

    intent: str
    rule: str
    until: str
    only: str = ""


@frozen
class _Deed:
    """What a run of this kind does: what it was asked for, the line that tells of it, and the record that it adds."""

    payload: dict[str, Value]
    line: dict[str, Value]
    record: bytes
    exit: str


class Glass:
    """The rules of one snapshot that may be overridden, over one store."""

    def __init__(self, snapshot: Snapshot, store: Store, ports: Ports, intake: Intake) -> None:
        self._snapshot = snapshot
        self._store = store
        self._ports = ports
        self._intake = intake

    def override(self, grant: Grant, actor: Actor, reason: str) -> str:
        """Grant an override: its id, which is that of the run that tells of it.

        Raises:
            Refusal: R018; R151 to R155, it is not allowed so.
        """
        allowed = self._allowed(grant)
        said = self._said(actor, reason)
        self._demand_permitted(grant.intent, grant.rule, allowed.by, actor)
        if grant.only == actor.id:
            message = f"`{visible(actor.id)}` cannot use what `{visible(actor.id)}` grants: two people it takes."
            raise Refusal("R153", message, ExitCode.REJECTED, hint="Let somebody else grant it.")
        until = _until(grant.until, said.at, allowed.within)
        override = Override(said.run, grant.intent, grant.rule, said, until, grant.only, self._snapshot.id)
        told: dict[str, Value] = {"intent": grant.intent, "reason": said.reason, "rule": grant.rule, "until": until}
        told |= {"for": grant.only} if grant.only else {}
        line: dict[str, Value] = {"does": "grant", "within": allowed.within, **told}
        deed = _Deed(told, line, granted(override), "granted")
        self._done(grant.intent, said, actor, lambda: deed)
        return said.run

    def revoke(self, id: str, actor: Actor, reason: str) -> str:
        """Take an override back: the id of the run that tells of it.

        Raises:
            Refusal: R018; R153, R155; R156, there is nothing to take back.
        """
        found = next((each for each in all_overrides(self._store) if each.id == id), None)
        if found is None:
            raise Refusal("R156", f"There is no override `{visible(id[:80])}`.", ExitCode.USAGE, hint=_LIST)
        said = self._said(actor, reason)
        self._demand_permitted(found.intent, found.rule, self._may_revoke(found), actor)

        def deed() -> _Deed:
            now = next(each for each in of_intent(self._store, found.intent) if each.id == id)
            _demand_in_force(now, said.at)
            told: dict[str, Value] = {"override": id, "reason": said.reason}
            line: dict[str, Value] = {"does": "revoke", "intent": found.intent, "rule": found.rule, **told}
            return _Deed(told, line, revoked(id, said), "revoked")

        self._done(found.intent, said, actor, deed)
        return said.run

    # --- who may what ----------------------------------------------------------------------------

    def _allowed(self, grant: Grant) -> model.BreakGlass:
        known = self._snapshot.names("artifacts/intent")
        if grant.intent not in known:
            message = f"The snapshot has no intent `{visible(grant.intent[:160])}`."
            raise Refusal("R151", message, ExitCode.USAGE, hint=hint_of_unknown(grant.intent, known))
        intent = self._snapshot.intent(grant.intent)
        if grant.rule in intent.break_glass:
            return intent.break_glass[grant.rule]
        if grant.rule and grant.rule in intent.rules:
            message = f"The protocol lets nobody override `{grant.rule}` of `{grant.intent}`."
            raise Refusal("R152", message, ExitCode.REJECTED, hint=_may_be(intent))
        message = f"`{grant.intent}` has no rule `{visible(grant.rule[:80])}`."
        raise Refusal("R151", message, ExitCode.USAGE, hint=_may_be(intent))

    def _may_revoke(self, override: Override) -> tuple[str, ...]:
        """Whoever may grant it now, and who had the role in which it was granted."""
        known = override.intent in self._snapshot.names("artifacts/intent")
        allowed = self._snapshot.intent(override.intent).break_glass if known else {}
        by = allowed[override.rule].by if override.rule in allowed else ()
        return tuple(dict.fromkeys((*by, str(override.said.by["type"]))))

    def _demand_permitted(self, intent: str, rule: str, by: tuple[str, ...], actor: Actor) -> None:
        actors = set(self._snapshot.names("artifacts/actor"))
        attributes = {name: self._snapshot.actor(name).attributes for name in by if name in actors}
        _, problems = admission(attributes)({**actor.attributes, "id": actor.id, "type": actor.type})
        if problems:
            at, why = problems[0]["at"], problems[0]["why"]
            message = f"`{visible(actor.id)}` may not override `{rule}` of `{intent}`: `{at}` {why}."
            raise Refusal("R153", message, ExitCode.REJECTED)

    def _said(self, actor: Actor, reason: str) -> Said:
        word = self._intake.word(actor, reason)
        if not word.reason.strip():
            raise Refusal("R155", "An override has a reason.", ExitCode.REJECTED, hint="Say why, with `--reason`.")
        by: dict[str, Value] = {"id": actor.id, "type": actor.type}
        return Said(run_id(self._ports), by, word.authenticated_by, word.reason, timestamp(self._ports.clock()))

    # --- the run ---------------------------------------------------------------------------------

    def _done(self, intent: str, said: Said, actor: Actor, deed_now: Callable[[], _Deed]) -> None:
        """Commit the run; what it does is decided anew where others have committed meanwhile."""

        def once(live: Live) -> tuple[None, Segment]:
            n = live.length(STORE, intent) + 1
            deed = deed_now()
            header = self._header(said, actor, deed)
            chain = Chain(said.run)
            chain.add({"format": FORMAT, "header": header, "kind": "run"})
            live.line = len(chain.lines)
            live.append(Append(STORE, intent, n, deed.record, live.line))
            chain.add({**deed.line, "kind": "override"})
            chain.add(_ending(deed.exit, len(chain.lines) + 1))
            return None, self._segment(header, chain, live)

        if isinstance(commit(self._store, self._snapshot.limits().value_bytes, once), Run):
            raise AssertionError(f"the run id {said.run} was given out twice")

    def _header(self, said: Said, actor: Actor, deed: _Deed) -> dict[str, Value]:
        whole: dict[str, Value] = {**actor.attributes, "id": actor.id, "type": actor.type}
        return {
            "actor": self._intake.who(whole, self._intake.secret),
            "authenticated_by": said.authenticated_by,
            "fingerprint": dict(self._ports.fingerprint),
            "payload": deed.payload,
            "payload_digest": digest_of(deed.payload),
            "snapshot": self._snapshot.id,
            "started": said.at,
            "workflow": OVERRIDE,
        }

    def _segment(self, header: dict[str, Value], chain: Chain, live: Live) -> Segment:
        reads, writes = live.changes
        run = completed(header, chain)
        return Segment(run=run, expected=None, lines=tuple(chain.lines), reads=reads, writes=writes)


def _ending(exit: str, lines: int) -> dict[str, Value]:
    return {
        "effects": {STORE: {"APPEND": 1}},
        "exit": "COMPLETED",
        "kind": "exit",
        "lines": lines,
        "name": "COMPLETED",
        "node": exit,
    }


def _may_be(intent: model.Intent) -> str:
    may_be = ", ".join(f"`{rule}`" for rule in intent.break_glass)
    return f"What may be overridden of it: {may_be}." if may_be else "Nothing of it may be overridden."


def _until(stated: str, at: str, within: str) -> str:
    """The end of an override, as a trace has times."""
    try:
        until = timestamp(micros(stated))
    except Missing:
        message = f"`{visible(stated[:40])}` is no time."
        raise Refusal("R154", message, ExitCode.REJECTED, hint="Write it as `2027-01-31T18:00:00Z`.") from None
    if until <= at:
        raise Refusal("R154", f"`{until}` is over already: it is {at}.", ExitCode.REJECTED)
    most = timestamp(later(micros(at), within))
    if until > most:
        message = f"An override of this rule lasts for `{within}` at most, and this one would for longer."
        raise Refusal("R154", message, ExitCode.REJECTED, hint=f"Granted now, it can last until `{most}`.")
    return until


def _demand_in_force(override: Override, now: str) -> None:
    if override.revoked is not None:
        by = visible(str(override.revoked.by["id"]))
        message = f"`{by}` has revoked the override `{override.id}` at {override.revoked.at}."
        raise Refusal("R156", message, ExitCode.USAGE, hint=_LIST)
    if not override.in_force(now):
        message = f"The override `{override.id}` has ended at {override.until}."
        raise Refusal("R156", message, ExitCode.USAGE, hint=_LIST)
