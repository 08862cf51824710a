"""What judges one process: its rules with those that it inherits, against the names that there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pgs_compiler.audits.skeleton import arguments_of, field_type
from pgs_compiler.bodies.code import Code
from pgs_compiler.bodies.contracts import Declared
from pgs_process.audit.conditions import misfit
from pgs_process.audit.looking import sight
from pgs_process.audit.recipe import AuditRecipe, RuleSpec
from pgs_process.paths import nearest

_SAMPLES: Mapping[str, object] = {
    "integer": 0, "float": 0.0, "number": 0, "string": "", "boolean": False, "list": [], "dict": {}, "set": set(),
}  # fmt: skip


class UnknownName(Exception):
    """A recipe, or a command, names what there is not; the message begins with the place."""


@dataclass(frozen=True, slots=True)
class Effective:
    """A rule with the entry of the recipe that it stands in."""

    spec: RuleSpec
    entry: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One process as an engine with the recipe would judge it; `at` is where it is written."""

    name: str
    at: str
    inputs: tuple[Effective, ...]
    outputs: tuple[Effective, ...]
    side_effects: tuple[str, ...]
    errors: tuple[str, ...]


def effective(code: Code, processes: Mapping[str, Declared], recipe: AuditRecipe, name: str) -> Judged:
    """The rules that judge a process.

    Raises:
        UnknownName: there is no such process, or the recipe names a process, an argument, a field, a side effect or an
            error that there is not, or asks of a field what its type never meets.
    """
    if name not in processes:
        meant = nearest(name, processes)
        raise UnknownName(f"There is no process `{name}`." + (f" Is it `{meant}`?" if meant else ""))
    for other, entry in recipe.definitions.items():
        if other not in processes and not other.startswith("_"):
            meant = nearest(other, processes)
            hint = f"; perhaps `{meant}` is meant" if meant else ""
            raise UnknownName(f"{entry.place}: There is no process `{other}`{hint}.")
    declared = processes[name]
    chain = list(_chain(recipe, name))
    inputs = tuple(Effective(spec, one) for one in chain for spec in recipe.definitions[one].input_rules)
    outputs = tuple(Effective(spec, one) for one in chain for spec in recipe.definitions[one].output_rules)
    for rule in (*inputs, *outputs):
        _check(code, declared, rule.spec)
    contract = declared.contract
    for one in chain:
        entry = recipe.definitions[one]
        for role, words, known in (
            ("side effect", entry.side_effects, contract.side_effects),
            ("error", entry.errors, contract.errors),
        ):
            for word in words:
                if word not in known:
                    raise UnknownName(f"{entry.place}: `{name}` declares no {role} `{word}`.")
    at = code.place(declared.module, declared.function)
    return Judged(name, f"{at.path}:{at.line}", inputs, outputs, contract.side_effects, contract.errors)


def _chain(recipe: AuditRecipe, name: str) -> Iterator[str]:
    """The entries that a process has its rules from, the farthest first."""
    names: list[str] = []
    at: str | None = name if name in recipe.definitions else None
    while at is not None:
        names.append(at)
        at = recipe.definitions[at].inherits
    yield from reversed(names)


def _check(code: Code, declared: Declared, spec: RuleSpec) -> None:
    arguments = arguments_of(declared)
    try:
        seen = sight(spec.target_field, arguments)
    except ValueError as error:
        raise UnknownName(f"{spec.place}: {error}.") from error
    if seen.layer in ("domain", "global") and seen.names:
        field = seen.names[0]
        if code.fields and field not in code.fields and field not in code.members:
            meant = nearest(field, code.fields)
            hint = f"; perhaps `{meant}` is meant" if meant else ""
            raise UnknownName(f"{spec.place}: There is no field `{field}` of `{seen.layer}`{hint}.")
        if len(seen.names) == 1 and seen.function is None:
            kind = field_type(code, f"{seen.layer}.{field}")
            if kind in _SAMPLES and misfit(spec.condition, _SAMPLES[kind]):
                raise UnknownName(
                    f"{spec.place}: `{spec.target_field}` is of type `{kind}`, which never meets `{spec.condition}`."
                )


# --- as text and as JSON -------------------------------------------------------------------------


def as_data(judged: Judged) -> dict[str, object]:
    """As JSON has it."""
    return {
        "process": judged.name,
        "at": judged.at,
        "inputs": [_rule(rule) for rule in judged.inputs],
        "outputs": [_rule(rule) for rule in judged.outputs],
        "side_effects": list(judged.side_effects),
        "errors": list(judged.errors),
    }


def _rule(rule: Effective) -> dict[str, object]:
    spec = rule.spec
    return {
        "field": spec.target_field,
        "condition": spec.condition,
        "limit": spec.value,
        "level": spec.level,
        "threshold": spec.max_threshold,
        "min_threshold": spec.min_threshold,
        "reset_on_success": spec.reset_on_success,
        "under_threshold": spec.under_threshold,
        "mode": spec.mode,
        "message": spec.message,
        "from": rule.entry,
        "at": spec.place,
    }


def as_text(judged: Judged) -> str:
    """As people read it: a line a rule, in columns."""
    lines = [f"{judged.name}  {judged.at}"]
    for role, rules in (("inputs", judged.inputs), ("outputs", judged.outputs)):
        lines.append(role if rules else f"{role}  no rules")
        rows = [_columns(rule, judged.name) for rule in rules]
        widths = [max((len(row[at]) for row in rows), default=0) for at in range(4)]
        for row in rows:
            lines.append(
                "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) + f"  {row[4]}"
            )
            lines += [f"      {row[5]}"] if row[5] else []
    lines.append("side effects  " + (", ".join(judged.side_effects) or "none"))
    lines.append("errors  " + (", ".join(judged.errors) or "none"))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _columns(rule: Effective, name: str) -> tuple[str, ...]:
    spec = rule.spec
    acts = [f"{spec.level}" if spec.mode == "enforce" else f"{spec.level} ({spec.mode})"]
    if spec.max_threshold > 1:
        acts.append(f"acts at {spec.max_threshold}" + (" in a row" if spec.reset_on_success else " in all"))
        acts.append(f"until then {'let through' if spec.under_threshold == 'commit' else 'rejected'}")
    origin = f"from {rule.entry}" if rule.entry != name else ""
    return (
        spec.target_field,
        f"{spec.condition} {spec.value}",
        ", ".join(acts),
        origin,
        spec.place,
        spec.message or "",
    )
