"""Rules that are written in a file: what is read of it, and what is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgs_process import AuditBlockError, ConfigError, ProcessEngine, load_recipe, process
from tests.process.audits import written
from tests.process.contexts import System, raw

RECIPE = """
process_recipes:
  _base:
    inputs:
      - {field: args.value, max: 100, level: B}
  set:
    inherits: _base
    outputs:
      - field: domain.x
        min: 0
        max: 50
        level: A
        threshold: 2
        reset_on_success: false
        message: x is off
"""


def test_a_recipe_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, RECIPE)
    low, high = load_recipe(path).definitions["set"].output_rules
    assert (low.condition, low.value, high.condition, high.value) == ("min", 0, "max", 50)
    assert (high.level, high.max_threshold, high.reset_on_success, high.message) == ("A", 2, False, "x is off")
    assert high.place == f"{path}:11:9"


@pytest.mark.parametrize("text", [None, "a: [", "a: b: c", "\tx", "- 1", "process_recipes: {a: {inputs: 5}}"])
def test_tb112_a_missing_or_malformed_file_is_named(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=r"recipe\.yaml"):
        load_recipe(path)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("max: 50", "maxx: 50", ":11:9: A rule has no `maxx`; perhaps `max` is meant."),
        ("outputs:", "output:", ":8:5: There is no key `output` here; perhaps `outputs` is meant."),
        ("process_recipes:", "proces_recipes:", ":2:1: There is no key `proces_recipes` here"),
        ("level: A", "level: Z", "`level` is one of `S`, `A`, `B`, `C`, and not `Z`."),
        ("inherits: _base", "inherits: _bas", "inherits `_bas`, which the recipe does not have"),
        ("inherits: _base", "inherits: set", "inherits itself: set → set"),
        ("        min: 0\n        max: 50\n", "", "has no condition"),
        ("field: domain.x", "level: B", "stands here twice"),
        ("threshold: 2", "threshold: many", "is a count"),
        ("min: 0", "min: zero", ":10:9: `domain.x`: `min` takes a number"),
    ],
)
def test_tb113_what_is_misspelt_is_refused_with_its_place(old: str, new: str, told: str, tmp_path: Path) -> None:
    path = written(tmp_path, RECIPE.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        ProcessEngine(System(), audit_recipe=path)
    assert told in str(caught.value)


def test_tb113_an_engine_with_rules_for_what_is_not_registered_does_not_start(tmp_path: Path) -> None:
    engine = ProcessEngine(System(), audit_recipe=written(tmp_path, RECIPE))
    engine.register_process("other", process([], ["domain.x"])(lambda ctx: setattr(ctx.domain, "x", 5)))
    for start in (engine.start, lambda: engine.run_process("other")):
        with pytest.raises(ConfigError, match="`set`, which is not registered"):
            start()
    assert raw(engine.system, "x") == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("recipe", [5, {"process_recipes": {}}, object()])
def test_tb113_an_object_that_is_no_recipe_is_refused(recipe: object) -> None:
    with pytest.raises(ConfigError, match="is no recipe"):
        ProcessEngine(System(), audit_recipe=recipe)  # type: ignore[arg-type]


def test_tb114_inherited_rules_apply(tmp_path: Path) -> None:
    engine = ProcessEngine(System(), audit_recipe=written(tmp_path, RECIPE))
    engine.register_process("set", process([], ["domain.x"])(lambda ctx, value: setattr(ctx.domain, "x", value)))
    with pytest.raises(AuditBlockError, match=r"args\.value"):
        engine.run_process("set", value=101)
    engine.run_process("set", value=50)
