"""Everything that judges the runs of one engine: gates, the schema, invariants, the interlock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pgs_process.audit.gate import Gate
from pgs_process.audit.ledger import Ledger, MemoryLedger
from pgs_process.audit.recipe import AuditRecipe, load_recipe
from pgs_process.faults import AuditInterlockError, ConfigError
from pgs_process.invariants import Invariant, UnchangedUnless, check_invariants, read_invariants
from pgs_process.layers import attribute_of_layer, fields_of
from pgs_process.registered import check_path
from pgs_process.schema import ContextSchema
from pgs_process.zones import Zone, resolve_zone

if TYPE_CHECKING:
    from pgs_process.engine import ProcessEngine
    from pgs_process.frame import Frame
    from pgs_process.registered import Registered


class Rules:
    """What judges the runs of one engine, and the record of it."""

    def __init__(
        self,
        system: object,
        recipe: AuditRecipe,
        schema: ContextSchema | None,
        invariants: list[Invariant],
        ledger: Ledger,
    ) -> None:
        self._system = system
        self._recipe = recipe
        self._schema = schema
        self._always = [invariant for invariant in invariants if not isinstance(invariant, UnchangedUnless)]
        self._by_process = [invariant for invariant in invariants if isinstance(invariant, UnchangedUnless)]
        self._ledger = ledger
        self._record = ledger.load()
        self.watches = schema is not None or bool(invariants)

    @classmethod
    def of(
        cls,
        system: object,
        recipe: AuditRecipe | str | Path | None,
        schema: ContextSchema | None,
        invariants: Iterable[object],
        ledger: Ledger | None,
    ) -> Rules:
        """Read what an engine was given.

        Raises:
            ConfigError: something in it is not sound.
        """
        if isinstance(recipe, str | Path):
            recipe = load_recipe(recipe)
        if recipe is not None and not isinstance(recipe, AuditRecipe):
            raise ConfigError(f"A `{type(recipe).__name__}` is no recipe; `load_recipe` reads one.")
        if schema is not None and not isinstance(schema, ContextSchema):
            raise ConfigError(f"A `{type(schema).__name__}` is no schema; `load_schema` reads one.")
        read = read_invariants(invariants)
        for invariant in read:
            path = ".".join((invariant.seen.layer or "", *invariant.seen.names))
            check_path(path, system, lambda text=invariant.text: text)  # type: ignore[misc]  # the usual idiom
        return cls(system, recipe or AuditRecipe(), schema, read, ledger or MemoryLedger())

    def attach(self, entries: Mapping[str, Registered]) -> None:
        """Give every registered process its gate.

        Raises:
            ConfigError: a recipe is for a process that is not registered, or a rule does not fit the context.
        """
        for name in self._recipe.definitions:
            inputs, outputs = self._recipe.rules_of(name)
            if name not in entries:
                if name.startswith("_"):
                    continue
                raise ConfigError(f"The recipe has rules for `{name}`, which is not registered.", process=name)
            entry = entries[name]
            if (inputs or outputs) and entry.gate is None:
                gate = Gate(name, entry.body, inputs, outputs, self)
                gate.check_against(self._system)
                entry.gate = gate

    def check_commit(self, frame: Frame) -> None:
        """Judge what a run would change against the schema and the invariants.

        Raises:
            SchemaError, InvariantError: it cannot stand.
        """
        check_invariants(self._by_process, frame)
        if frame.outer is None:
            if self._schema is not None:
                self._schema.check(frame.journal, frame.entry.name)
            if frame.drafts:
                check_invariants(self._always, frame)

    # --- the record -----------------------------------------------------------------------------------------------

    @property
    def halted(self) -> str | None:
        """Why everything is stopped, if it is."""
        return self._record.halted

    def refuse_if_halted(self, name: str) -> None:
        """See to it that nothing runs while the interlock is engaged.

        Raises:
            AuditInterlockError: it is.
        """
        if self._record.halted is not None:
            error = AuditInterlockError(
                f"`{name}` does not run: the interlock is engaged, until it is reset. {self._record.halted}",
                process=name,
            )
            error.level = "S"
            raise error

    def count(self, key: str) -> int:
        """Violations of a rule since it last acted."""
        return self._record.counts.get(key, 0)

    def keep(self, counts: Mapping[str, int]) -> None:
        """Keep other counts."""
        self._record.counts.update(counts)
        self._ledger.save(self._record)

    def halt(self, why: str) -> None:
        """Stop everything."""
        self._record.halted = why
        self._ledger.save(self._record)

    def reset(self, by: str, reason: str) -> None:
        """Let everything go on; who says so, and why, stays in the record.

        Raises:
            ConfigError: nobody or no reason is named.
        """
        if not by.strip() or not reason.strip():
            raise ConfigError("The interlock is reset by somebody and for a reason.")
        self._record.resets.append({"by": by, "reason": reason, "was": self._record.halted or ""})
        self._record.halted = None
        self._ledger.save(self._record)

    # --- signals --------------------------------------------------------------------------------------------------

    def take_signals(self, engine: ProcessEngine) -> dict[str, object]:
        """The signals that are set, by path, set back to what says that there is none."""
        taken: dict[str, object] = {}
        with engine.edit() as context:
            for layer in ("global", "domain"):
                attribute = attribute_of_layer(self._system, layer)
                if attribute is None:
                    continue
                held = object.__getattribute__(self._system, attribute)
                for name in fields_of(held):
                    if resolve_zone(name) is Zone.SIGNAL and (value := object.__getattribute__(held, name)):
                        taken[f"{layer}.{name}"] = value
                        setattr(getattr(context, attribute), name, _silent(value))
        return taken


def _silent(value: object) -> object:
    if isinstance(value, bool):
        return False
    return type(value)() if isinstance(value, str | int | float | list | dict | set) else None
