"""Process contracts: functions that transform a shared state, each under a contract and as one transaction.

Usable alone: `from pgs_process import BaseDomainContext, BaseSystemContext, ProcessEngine, process`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pgs_process.audit.ledger import FileLedger, Ledger, MemoryLedger
    from pgs_process.audit.recipe import AuditRecipe, ProcessRecipe, RuleSpec, load_recipe
    from pgs_process.contexts import BaseDomainContext, BaseGlobalContext, BaseSystemContext
    from pgs_process.contract import Contract, process
    from pgs_process.engine import Done, ProcessEngine
    from pgs_process.faults import (
        ArgumentsError,
        AuditBlockError,
        AuditInterlockError,
        ConfigError,
        ContractViolationError,
        DetachedError,
        InvariantError,
        LockViolationError,
        ProcessError,
        SchemaError,
        UndeclaredError,
        UnknownProcess,
    )
    from pgs_process.flow.machines import StateMachine, load_machine
    from pgs_process.flow.signals import SignalBus
    from pgs_process.flow.workers import ThreadExecutor
    from pgs_process.flow.workflow import ChainEvent, WorkflowManager
    from pgs_process.hydrating import dehydrate, hydrate
    from pgs_process.predecessors import ConfigFactory, ContextZone, POPEngine, TheusEngine
    from pgs_process.schema import ContextSchema, FieldSpec, load_schema
    from pgs_process.transaction.drafts import MISSING
    from pgs_process.transaction.journal import Change, Delta, apply
    from pgs_process.zones import Zone, resolve_zone

__all__ = [
    "MISSING",
    "ArgumentsError",
    "AuditBlockError",
    "AuditInterlockError",
    "AuditRecipe",
    "BaseDomainContext",
    "BaseGlobalContext",
    "BaseSystemContext",
    "ChainEvent",
    "Change",
    "ConfigError",
    "ConfigFactory",
    "ContextSchema",
    "ContextZone",
    "Contract",
    "ContractViolationError",
    "Delta",
    "DetachedError",
    "Done",
    "FieldSpec",
    "FileLedger",
    "InvariantError",
    "Ledger",
    "LockViolationError",
    "MemoryLedger",
    "POPEngine",
    "ProcessEngine",
    "ProcessError",
    "ProcessRecipe",
    "RuleSpec",
    "SchemaError",
    "SignalBus",
    "StateMachine",
    "TheusEngine",
    "ThreadExecutor",
    "UndeclaredError",
    "UnknownProcess",
    "WorkflowManager",
    "Zone",
    "apply",
    "dehydrate",
    "hydrate",
    "load_machine",
    "load_recipe",
    "load_schema",
    "process",
    "resolve_zone",
]

_HOMES = {
    "audit.ledger": "FileLedger Ledger MemoryLedger",
    "audit.recipe": "AuditRecipe ProcessRecipe RuleSpec load_recipe",
    "contexts": "BaseDomainContext BaseGlobalContext BaseSystemContext",
    "contract": "Contract process",
    "engine": "Done ProcessEngine",
    "faults": "ArgumentsError AuditBlockError AuditInterlockError ConfigError ContractViolationError DetachedError"
    " InvariantError LockViolationError ProcessError SchemaError UndeclaredError UnknownProcess",
    "flow.machines": "StateMachine load_machine",
    "flow.signals": "SignalBus",
    "flow.workers": "ThreadExecutor",
    "flow.workflow": "ChainEvent WorkflowManager",
    "hydrating": "dehydrate hydrate",
    "predecessors": "ConfigFactory ContextZone POPEngine TheusEngine",
    "schema": "ContextSchema FieldSpec load_schema",
    "transaction.drafts": "MISSING",
    "transaction.journal": "Change Delta apply",
    "zones": "Zone resolve_zone",
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """A public name, from its module, which is loaded when first asked for: who only declares needs no engine."""
    if name not in _HOME_OF:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    found: object = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
