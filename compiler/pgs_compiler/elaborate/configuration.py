"""What `$.config` holds: what a workflow's binding declares; for a contract what all its users bind alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pgs_compiler.declarations import (
    Binding,
    Contract,
    Workflow,
)
from pgs_compiler.program import Program
from pgs_compiler.schemas.anatomy import properties_of, required_of
from pgs_compiler.schemas.exact import closed
from pgs_compiler.uses import contracts_of, effects_of, stores_of
from pgs_snapshot.model import Schema

EMPTY: Schema = closed({}, ())


@dataclass(frozen=True, slots=True)
class User:
    """A workflow, and the configuration that its binding declares.

    Attributes:
        needs_binding: it uses stores, so that a check of its own tells of a missing binding.
    """

    workflow: Workflow
    binding: Binding | None
    schema: Schema
    needs_binding: bool


@dataclass(frozen=True, slots=True)
class Configuration:
    """The workflows that bind it, and the schema of what all of them declare alike."""

    users: tuple[User, ...]
    schema: Schema


def configuration_of(program: Program, workflow: Workflow) -> Configuration:
    """The configuration of a workflow."""
    user = _user(program, workflow)
    return Configuration((user,), user.schema)


def configuration(program: Program) -> Mapping[str, Configuration]:
    """The configuration of every contract."""
    users: dict[str, dict[str, User]] = {contract.header.name: {} for contract in program.of(Contract)}
    for workflow in program.of(Workflow):
        user = _user(program, workflow)
        for contract in contracts_of(workflow):
            users[contract.text][workflow.header.name] = user
    return {name: Configuration(tuple(found.values()), _shared(found)) for name, found in users.items()}


def _user(program: Program, workflow: Workflow) -> User:
    if workflow.binding is not None:
        binding = program.get(workflow.binding, Binding)
        return User(workflow, binding, program.fields(binding.config), False)
    return User(workflow, None, EMPTY, bool(stores_of(program, workflow) or effects_of(program, workflow)))


def _shared(users: Mapping[str, User]) -> Schema:
    """The members that all declare alike."""
    first, *others = [user.schema for user in users.values()] or [EMPTY]
    alike = {
        name: schema
        for name, schema in properties_of(first).items()
        if all(properties_of(other).get(name) == schema for other in others)
    }
    return closed(alike, required_of(first).intersection(alike, *(required_of(other) for other in others)))
