"""Programs that hold: they compile without a finding, and lower to what their authors meant.

The programs are folders of `programs`, each a workspace of its own. What `flow` and `values` lower to is written
down beside them; `python -m tests.compiler.test_programs` writes it anew, for you to judge what has changed.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pgs_compiler.compiler import Compilation, compile_workspace
from pgs_snapshot import model
from pgs_snapshot.model import All, Compare, Default, Literal_, Query, Record, Ref, Text

FOLDER = Path(__file__).parent / "programs"
PROGRAMS = sorted(path.name for path in FOLDER.iterdir())
GOLDEN = ("flow", "till", "values")


@cache
def compiled(name: str) -> Compilation:
    return compile_workspace(FOLDER / name)


def contract(program: str, code: str) -> model.Contract:
    checked = compiled(program).checked
    assert checked is not None
    return checked.contracts[f"{program}::{code}"].contract


def graph(program: str, code: str) -> model.Graph:
    checked = compiled(program).checked
    assert checked is not None
    return checked.graphs[f"{program}::{code}"]


def steps_of(program: str, code: str) -> dict[str, Any]:
    return {step.name: step for step in contract(program, code).steps}


def cases_of(program: str, code: str) -> dict[str, Any]:
    """The conditions of the first step, a decision, by outcome."""
    (decision, *_) = contract(program, code).steps
    assert isinstance(decision, model.DecideStep)
    return {case.outcome: case.when for case in decision.cases}


def node(program: str, code: str, id: str) -> Any:
    return next(node for node in graph(program, code).nodes if node.id == id)


def lowered(name: str) -> dict[str, Any]:
    """The program's own documents by path, without those of `core`."""
    files = compiled(name).files
    assert files is not None
    own = [path for path in files if path.startswith((f"graphs/{name}__", "artifacts/")) and f"/{name}__" in path]
    return {path: json.loads(files[path]) for path in sorted(own)}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_sound_program_compiles_without_a_finding(name: str) -> None:
    assert compiled(name).findings == ()
    assert compiled(name).files is not None


@pytest.mark.parametrize("name", GOLDEN)
def test_a_program_lowers_to_what_is_written_down(name: str) -> None:
    assert lowered(name) == json.loads((FOLDER / name / "lowered.json").read_bytes())


def core_in(name: str) -> tuple[set[str], set[str]]:
    """What of `core` the snapshot of a program holds: names in its index, and references to code."""
    files = compiled(name).files
    assert files is not None
    names = {text for text in json.loads(files["index.json"])["names"] if text.startswith("core::")}
    sealed = {path.rpartition("/")[2].removesuffix(".json").replace("__", "::") for path in files if "/core__" in path}
    assert sealed == {text for text in names if not text.startswith("core::CS_")}  # a store holds its side effect
    implementations = json.loads(files["manifest.json"])["implementations"]
    code = {item["reference"] for item in implementations if item["reference"].startswith("pgs_capabilities.")}
    return names, code


def test_of_core_the_actors_are_sealed_and_what_the_program_uses() -> None:
    assert core_in("people") == ({"core::AC_OPERATOR_V0"}, set())
    names, code = core_in("stores")
    assert names == {
        "core::AC_OPERATOR_V0",
        "core::CS_EVENTS_V0",
        "core::CS_REGISTRY_V0",
        "core::CS_STATE_V0",
        "core::CT_COMPARE_EQUAL_V0",
        "core::CT_GENERATE_ID_V0",
    }
    assert code == {
        "pgs_capabilities.side_effects.events:Events",
        "pgs_capabilities.side_effects.registry:Registry",
        "pgs_capabilities.side_effects.state:State",
        "pgs_capabilities.transforms.identity:generate_id",
        "pgs_capabilities.transforms.records:compare_equal",
    }


def test_what_an_author_declares_is_sealed_though_no_workflow_uses_it() -> None:
    files = compiled("own_code").files
    assert files is not None
    assert not any(path.startswith("graphs/") for path in files)
    assert "artifacts/transform/parcel__CT_ZIP_V0.json" in files


# --- values --------------------------------------------------------------------------------------


def test_a_value_form_becomes_the_expression_of_its_kind() -> None:
    by_name = {name: step.inputs for name, step in steps_of("values", "CC_FORMS_V0").items()}
    assert by_name["literal"]["value"] == Literal_({"price": "$5", "inputs": "inputs.note"})
    assert by_name["default"]["value"] == Default(
        Ref(0, ("note",), optional=True),
        Default(Ref(0, ("order", "colour"), optional=True), Literal_("none")),
    )
    assert isinstance(by_name["text"]["value"], Text)
    assert by_name["text"]["value"].parts[0] == Literal_("{")
    assert by_name["members"]["value"] == Literal_(["RED", "GREEN"])
    assert isinstance(by_name["record"]["value"], Record)
    assert by_name["record"]["value"].members["note"] == Ref(0, ("note",), optional=True)
    assert by_name["whole"] == {
        "left": Ref(by_name["whole"]["left"].slot, ("value", "left")),
        "right": Ref(by_name["whole"]["right"].slot, ("value", "right")),
    }


def test_a_path_with_a_wildcard_or_slice_becomes_a_query_with_its_selectors() -> None:
    steps = steps_of("values", "CC_FORMS_V0")
    listed = steps["list"].inputs["value"]
    assert isinstance(listed, model.Items)
    prices, first_two, turned = listed.items
    assert prices == Query(0, ("lines", model.Wildcard(), "price"))
    assert first_two == Query(0, ("tags", model.Slice(0, 2)))
    assert turned == Query(0, ("tags", model.Slice(None, None, -1)))


def test_what_may_be_absent_at_one_ending_may_be_absent_in_the_outcome() -> None:
    price = Ref(3, ("price",), optional=True)
    done = contract("values", "CC_ENDINGS_V0").outcomes["DONE"]
    assert done == {"price": Default(price, Literal_(0)), "whole": Record({"price": price})}


# --- flow ----------------------------------------------------------------------------------------


def test_an_exit_is_called_after_every_member_of_the_enumeration_that_is_its_reason() -> None:
    assert node("flow", "WF_APPLY_V0", "poor").names == ("TOO_SHORT", "TOO_OLD")
    assert node("flow", "WF_APPLY_V0", "done").names == ("COMPLETED",)


def test_exits_of_one_name_may_differ_in_what_they_surely_give() -> None:
    assert "required" in node("flow", "WF_APPLY_V0", "late").result_schema
    assert set(node("flow", "WF_APPLY_V0", "done").result_schema["properties"]) == {"grade", "comment"}


def test_what_an_edge_carries_is_the_union_over_the_edges_in() -> None:
    inputs = node("flow", "WF_APPLY_V0", "tell").inputs
    assert inputs["grade"] == Ref(4, ("grade",))
    assert inputs["seen"] == Ref(5, ("points",)), "both outcomes that lead here give it"
    assert inputs["note"] == Ref(0, ("note",), optional=True)


def test_a_named_input_failure_is_an_outcome_though_every_step_surely_fits() -> None:
    assert contract("flow", "CC_GRADE_V0").on_input_failure == "UNREADABLE"
    assert contract("flow", "CC_TELL_V0").on_input_failure is None


def test_the_bounds_of_a_graph_are_those_of_its_longest_way() -> None:
    assert graph("flow", "WF_APPLY_V0").bounds == model.Bounds(nodes=4, steps=3, effects=0)
    assert graph("stores", "WF_PUT_V0").bounds == model.Bounds(nodes=3, steps=6, effects=4)


# --- decisions -----------------------------------------------------------------------------------


def test_a_pattern_is_lowered_to_the_form_that_is_matched_at_run_time() -> None:
    cases = cases_of("decisions", "CC_OPERATORS_V0")
    matching = cases["MATCHING"]
    assert isinstance(matching, Compare)
    assert matching.operands[1] == Literal_("^(?:[a-z]{2,8}-[0-9]+)$")


def test_times_compare_as_instants_and_dates_as_text() -> None:
    cases = cases_of("decisions", "CC_OPERATORS_V0")
    assert [cases[name].instants for name in ("MORE", "AT_LEAST", "AT_MOST", "LESS")] == [
        True,
        True,
        False,
        False,
    ]


def test_what_exists_makes_sure_of_is_asked_first() -> None:
    cases = cases_of("decisions", "CC_OPERATORS_V0")
    urgent = cases["URGENT"]
    assert isinstance(urgent, All)
    assert urgent.conditions[0] == Compare("exists", (Ref(0, ("note",), optional=True),))


# --- stores, people, code ------------------------------------------------------------------------


def test_a_step_that_continued_under_several_outcomes_exposes_which() -> None:
    steps = steps_of("stores", "CC_PUT_V0")
    assert steps["register"].next == {"SUCCESS": None, "ALREADY_EXISTS": None, "CONFLICT": "CONFLICT"}
    assert contract("stores", "CC_PUT_V0").slots.index("steps.register.outcome") == steps["first"].inputs["left"].slot


def test_a_missing_optional_input_is_bound_to_its_default() -> None:
    steps = steps_of("stores", "CC_PUT_V0")
    assert steps["place"].inputs["expected"] == Default(
        Ref(steps["place"].inputs["expected"].value.slot, ("version",), optional=True),
        Literal_(0),
    )


def test_an_intent_knows_the_attributes_that_all_its_actors_share() -> None:
    checked = compiled("people").checked
    assert checked is not None
    assert checked.intents["people::IN_VISIT_V0"].actors == ("people::AC_CLERK_V0", "people::AC_GUARD_V0")
    assert node("people", "WF_VISIT_V0", "look").inputs["branch"] == Ref(1, ("branch",))


def test_a_generic_transform_gives_what_its_variables_stand_for() -> None:
    checked = compiled("own_code").checked
    assert checked is not None
    outputs = checked.contracts["parcel::CC_LABEL_V0"].outputs["SUCCESS"]["properties"]
    assert outputs["weights"]["items"] == {"type": "integer"}
    assert outputs["names"]["items"] == {"type": "string"}


def test_code_of_the_project_is_sealed_under_its_digest() -> None:
    files = compiled("own_code").files
    assert files is not None
    source = (FOLDER / "own_code" / "parcel" / "lists.py").read_bytes()
    assert source in [data for path, data in files.items() if path.startswith("sources/")]


def legible(value: Any, indent: int = 0) -> str:
    """JSON in which whatever has room on a line stands on one."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    if len(text) + indent < 110 or not isinstance(value, dict | list):
        return text
    inner = " " * (indent + 1)
    if isinstance(value, list):
        parts = [legible(item, indent + 1) for item in value]
    else:
        parts = [f"{json.dumps(key)}: {legible(value[key], indent + 1)}" for key in sorted(value)]
    opening, closing = "[]" if isinstance(value, list) else "{}"
    body = ",\n".join(inner + part for part in parts)
    return f"{opening}\n{body}\n{' ' * indent}{closing}"


if __name__ == "__main__":
    for name in GOLDEN:
        (FOLDER / name / "lowered.json").write_text(legible(lowered(name)) + "\n", encoding="utf-8")
