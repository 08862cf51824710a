"""Engines under rules, and the files that hold rules."""

from __future__ import annotations

from pathlib import Path

from pgs_process import AuditRecipe, ProcessEngine, ProcessRecipe, RuleSpec, process
from tests.process.contexts import System


def audited(system: System, outputs: list[RuleSpec] = [], inputs: list[RuleSpec] = [], **more: object) -> ProcessEngine:  # noqa: B006
    """An engine with a process `set` that sets any field, under these rules, and one without, `free`."""

    def sets(ctx: object, name: str = "x", value: object = 99) -> None:
        setattr(ctx.domain, name, value)  # type: ignore[attr-defined]

    recipe = AuditRecipe({"set": ProcessRecipe("set", inputs, outputs)})
    engine = ProcessEngine(system, audit_recipe=recipe, **more)  # type: ignore[arg-type]
    for name in ("set", "free"):
        engine.register_process(name, process([], ["domain"])(sets))
    return engine


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path
