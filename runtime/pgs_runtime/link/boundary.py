"""The boundary of one snapshot: whatever of it runs an author's code, each made once, when it is first linked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pgs_runtime.core.linked import Perform, Send, Storage
from pgs_runtime.link.capability import Capability, Guarded, guarded
from pgs_runtime.link.outside import outward
from pgs_runtime.link.places import Access, place_of
from pgs_runtime.redaction import Veil, commit, redact_under
from pgs_runtime.stores.overlay import Overlay
from pgs_snapshot import model
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.validation import validator
from pgs_snapshot.values import Outcome, Value

if TYPE_CHECKING:
    from pgs_runtime.link.processes import Processes


class Boundary:
    """What the graphs of one snapshot call."""

    def __init__(
        self,
        snapshot: Snapshot,
        load: Callable[[str], Capability],
        transform_of: Callable[[model.Transform], Capability],
        outside: Callable[[str], Mapping[str, Value]],
        function_of: Callable[[str], Capability],
    ) -> None:
        """Args:
        load: gives the class that a side effect's implementation reference means.
        transform_of: gives what a transform is called by.
        outside: gives the operator's settings for an external side effect.
        function_of: gives the function that a process's implementation reference means.
        """
        self._snapshot = snapshot
        self._load = load
        self._transform_of = transform_of
        self._outside = outside
        self._function_of = function_of
        self._most = snapshot.limits().value_bytes
        self._outwards: dict[str, Send] = {}
        self._transforms: dict[str, Guarded] = {}
        self._operations: dict[tuple[str, str], Perform] = {}
        self._processes: Processes | None = None

    @property
    def processes(self) -> Processes:
        """The processes of the snapshot."""
        if self._processes is None:
            from pgs_runtime.link.processes import Processes  # 30 ms, which most snapshots have no use for

            self._processes = Processes(self._snapshot, self._function_of, self._most)
        return self._processes

    def guarding(self, contract: str, gate: model.Gate, veiled: Veil) -> tuple[Storage, Storage | None]:
        """What has the rules judged that guard a contract, before its steps and behind them."""
        from pgs_runtime.link.audit import gate_step, gates_of  # as above

        before, after, counter = gates_of(contract, gate, ("inputs",), ("inputs", "outputs"))
        given = veiled.at("inputs")
        opening = gate_step(contract, before, counter, "opens", redact_under(Veil(members={"inputs": given})))
        if not after:
            return opening, None
        seen = Veil(members={"inputs": given, "outputs": veiled.at("outputs", "SUCCESS")})
        return opening, gate_step(contract, after, counter, "closes", redact_under(seen))

    def admitting(self, intent: str, gate: model.Gate, hides: bool) -> Storage:
        """What has the rules judged that guard an intent. `hides`: of what they see something may not be shown."""
        from pgs_runtime.link.audit import gate_step, gates_of  # as above

        rules, _, counter = gates_of(intent, gate, ("payload", "actor"), ())
        return gate_step(intent, rules, counter, "admits", commit if hides else None)

    def transform(self, name: str) -> Guarded:
        if name not in self._transforms:
            sealed = self._snapshot.transform(name)
            self._transforms[name] = guarded(name, sealed.outcomes, self._most)(self._transform_of(sealed))
        return self._transforms[name]

    def operation(self, store: str, operation: str) -> Perform:
        """An operation of a store: its side effect is made anew for each, over the place it then works on."""
        if (store, operation) not in self._operations:
            sealed = self._snapshot.store(store)
            guard = guarded(f"{operation} of {store}", sealed.operations[operation].outcomes, self._most)
            side_effect = self._load(sealed.implementation)
            holds = validator(sealed.schema).is_valid
            access = Access(store, sealed.entity, holds, sealed.operations[operation].mode == "write")

            def perform(overlay: Overlay, inputs: dict[str, Value]) -> Outcome:
                place = place_of(overlay, sealed.semantics, access)

                def capability(**given: Value) -> object:
                    return getattr(side_effect(place), operation.lower())(**given)

                return guard(capability)(inputs)

            self._operations[store, operation] = perform
        return self._operations[store, operation]

    def outward(self, side_effect: str) -> Send:
        """What asks an external side effect: its implementation is made anew for each try."""
        if side_effect not in self._outwards:
            sealed = self._snapshot.side_effect(side_effect)
            implementation, timeout = self._load(sealed.implementation), self._snapshot.limits().effect_seconds
            self._outwards[side_effect] = outward(sealed, implementation, self._outside, self._most, timeout)
        return self._outwards[side_effect]
