"""What can go wrong with a process, as errors of their own, so that nobody mistakes them for those of a body.

Each carries what it is about: `path` (as contracts write it), `process`, `rule`, `value`, `declared`. What caused it,
if something did, is its `__cause__`.
"""

from __future__ import annotations

from collections.abc import Sequence


class ProcessError(Exception):
    """The root of everything that this library refuses.

    `path` is where in the state, `process` the name it was registered under, `rule` the audit rule or invariant,
    `value` what was found there, `declared` what the contract allows.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        process: str | None = None,
        rule: str | None = None,
        value: object = None,
        declared: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.path = path
        self.process = process
        self.rule = rule
        self.value = value
        self.declared = tuple(declared)


class ContractViolationError(ProcessError):
    """A body did what its contract does not declare; nothing of the run stands."""


class DetachedError(ContractViolationError):
    """A value was used after it had been taken out of the state, or after its transaction."""


class UndeclaredError(ContractViolationError):
    """A body raised an error that its contract does not list; the original is the cause."""


class ArgumentsError(ProcessError, TypeError):
    """A process was called with other arguments than it takes; its body did not begin."""


class UnknownProcess(ProcessError, KeyError):
    """No process is registered under this name."""

    def __str__(self) -> str:
        return str(self.args[0])


class LockViolationError(ProcessError):
    """The state was written, or a process called, from where that is not allowed."""


class AuditInterlockError(ProcessError):
    """A rule of level S or A acted, or the interlock is engaged. `level` says which; S stops everything until a
    reset."""

    level: str = "A"


class AuditBlockError(ProcessError):
    """A rule of level B acted, or one that counts towards its threshold rejects meanwhile."""

    level: str = "B"


class InvariantError(ProcessError):
    """A run would have broken what holds of the whole state."""


class SchemaError(ProcessError):
    """A value is of another type than the schema of its context says."""


class ConfigError(ProcessError):
    """A contract, recipe, schema or machine is not sound; nothing was run with it."""
