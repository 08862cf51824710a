"""Recipes: which rules guard which process, from Python or from YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pgs_process.audit.conditions import CONDITIONS, limit_fault
from pgs_process.faults import ConfigError
from pgs_process.paths import nearest

LEVELS = ("S", "A", "B", "C")
MODES = ("enforce", "warn", "audit")
_ABOUT = ("field", "level", "threshold", "min_threshold", "max_threshold", "reset_on_success", "message", "mode",
          "under_threshold")  # fmt: skip
_OF_PROCESS = ("inherits", "inputs", "outputs", "side_effects", "errors")


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """One rule: what it looks at, what has to hold, and what happens when it does not.

    `level` S stops everything, A ends the run, B rolls it back, C only notes it. It acts once `max_threshold`
    violations were counted; before that a run is rejected or, with `under_threshold="commit"`, let through, and noted
    after `min_threshold`. `reset_on_success` lets a run that meets the rule set the count to 0. `mode` warn and audit
    never refuse. `place` is where it was written.

    Raises:
        ConfigError: a condition, level, mode or limit that there is not.
    """

    target_field: str
    condition: str
    value: object
    level: str = "C"
    min_threshold: int = 0
    max_threshold: int = 1
    reset_on_success: bool = True
    message: str | None = None
    mode: str = "enforce"
    under_threshold: str = "reject"
    place: str = ""

    def __post_init__(self) -> None:
        if self.condition not in CONDITIONS:
            meant = nearest(self.condition, CONDITIONS)
            hint = f"; perhaps `{meant}` is meant" if meant else ""
            raise self.fault(f"there is no condition `{self.condition}`{hint}.")
        for name, value, known in (
            ("level", self.level, LEVELS),
            ("mode", self.mode, MODES),
            ("under_threshold", self.under_threshold, ("commit", "reject")),
        ):
            if value not in known:
                raise self.fault(f"`{name}` is one of {', '.join(f'`{word}`' for word in known)}, and not `{value}`.")
        for name, count in (("max_threshold", self.max_threshold), ("min_threshold", self.min_threshold)):
            if not isinstance(count, int) or isinstance(count, bool) or count < (1 if name == "max_threshold" else 0):
                raise self.fault(f"`{name}` is a count, and not `{count!r}`.")
        if not isinstance(self.reset_on_success, bool):
            raise self.fault("`reset_on_success` is `true` or `false`.")
        wrong = limit_fault(self.condition, self.value)
        if wrong is not None:
            raise self.fault(f"{wrong}, and not `{self.value!r}`.")

    def fault(self, message: str) -> ConfigError:
        """The error for what is wrong with this rule, with its place."""
        return ConfigError(
            f"{self.place or 'rule'}: `{self.target_field}`: {message}", path=self.target_field, rule=self.told
        )

    @property
    def told(self) -> str:
        """The rule in one line."""
        return f"{self.target_field} {self.condition} {self.value!r}"


@dataclass(slots=True)
class ProcessRecipe:
    """The rules of one process: for what comes in, and for the state that it proposes."""

    process_name: str
    input_rules: list[RuleSpec] = field(default_factory=list)
    output_rules: list[RuleSpec] = field(default_factory=list)
    side_effects: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    inherits: str | None = None
    place: str = ""


@dataclass(slots=True)
class AuditRecipe:
    """Recipes by process. A name that begins with `_` is a template, which others inherit."""

    definitions: dict[str, ProcessRecipe] = field(default_factory=dict)

    def rules_of(self, name: str) -> tuple[list[RuleSpec], list[RuleSpec]]:
        """The rules of a process for its inputs and its outputs, those that it inherits first.

        Raises:
            ConfigError: it inherits what there is not, or itself.
        """
        inputs: list[RuleSpec] = []
        outputs: list[RuleSpec] = []
        seen: list[str] = []
        at: str | None = name
        while at is not None:
            if at in seen:
                raise ConfigError(f"`{name}` inherits itself: {' → '.join([*seen, at])}.", process=name)
            if at not in self.definitions:
                raise ConfigError(
                    f"`{seen[-1] if seen else name}` inherits `{at}`, which the recipe does not have.", process=name
                )
            seen.append(at)
            recipe = self.definitions[at]
            inputs, outputs = [*recipe.input_rules, *inputs], [*recipe.output_rules, *outputs]
            at = recipe.inherits
        return inputs, outputs


def load_recipe(path: str | Path) -> AuditRecipe:
    """Read a recipe: `process_recipes: {NAME: {inherits: …, inputs: [{field: …, max: …, level: B}], outputs: […]}}`.

    Raises:
        ConfigError: there is no such file, it is no YAML, or something in it is unknown; with file, line and column.
    """
    from pgs_process.yaml_text import Yaml, read_yaml  # PyYAML is needed for this alone

    def rules(node: Yaml) -> list[RuleSpec]:
        return [rule for item in node.items() for rule in _rules(item.mapping(), item.place)]

    def _rules(fields: Mapping[str, Yaml], place: str) -> list[RuleSpec]:
        about = {key: value.plain() for key, value in fields.items() if key in _ABOUT}
        conditions = {key: value for key, value in fields.items() if key not in _ABOUT}
        if not isinstance(about.get("field"), str):
            raise ConfigError(f"{place}: A rule names its `field`.")
        if not conditions:
            raise ConfigError(f"{place}: `{about['field']}` has no condition.", path=str(about["field"]))
        for key, value in conditions.items():
            if key not in CONDITIONS:
                meant = nearest(key, (*CONDITIONS, *_ABOUT))
                hint = f"; perhaps `{meant}` is meant" if meant else ""
                raise ConfigError(f"{value.key_place}: A rule has no `{key}`{hint}.", rule=key)
        options = {key: value for key, value in about.items() if key not in {"field", "threshold"}}
        if "threshold" in about:
            options.setdefault("max_threshold", about["threshold"])
        return [
            RuleSpec(str(about["field"]), key, value.plain(), place=value.key_place, **options)  # type: ignore[arg-type]  # RuleSpec looks at each
            for key, value in conditions.items()
        ]

    root = read_yaml(path).mapping(("process_recipes",))
    definitions: dict[str, ProcessRecipe] = {}
    for name, node in root["process_recipes"].mapping().items() if "process_recipes" in root else ():
        parts = node.mapping(_OF_PROCESS)
        definitions[name] = ProcessRecipe(
            name,
            rules(parts["inputs"]) if "inputs" in parts else [],
            rules(parts["outputs"]) if "outputs" in parts else [],
            parts["side_effects"].texts() if "side_effects" in parts else [],
            parts["errors"].texts() if "errors" in parts else [],
            parts["inherits"].text() if "inherits" in parts else None,
            node.key_place,
        )
    recipe = AuditRecipe(definitions)
    for name in definitions:
        recipe.rules_of(name)
    return recipe
