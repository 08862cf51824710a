"""What a contract is, how it is registered, and how a process is called."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from pgs_process import (
    ArgumentsError,
    ConfigError,
    ContractViolationError,
    POPEngine,
    ProcessEngine,
    TheusEngine,
    UnknownProcess,
    process,
)
from tests.process.contexts import System, ran, raw


def test_tb001_a_decorated_function_keeps_its_name_and_carries_its_contract() -> None:
    @process(inputs=["domain.x"], outputs=["domain.y"])
    def named(ctx: object) -> None:
        """What it does."""

    assert (named.__name__, named.__doc__) == ("named", "What it does.")
    contract = named.contract  # type: ignore[attr-defined]
    assert (contract.inputs, contract.outputs) == (("domain.x",), ("domain.y",))
    assert (list(contract.side_effects), list(contract.errors), list(contract.signals)) == ([], [], [])


@pytest.mark.parametrize("given", [{}, {"inputs": []}, {"outputs": []}])
def test_tb001_inputs_and_outputs_are_both_mandatory(given: dict[str, list[str]]) -> None:
    with pytest.raises(TypeError):
        process(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("domain.itens", "domain.items"),
        ("domain_ctx.itens", "domain_ctx.items"),
        ("domain.obj.valu", "domain.obj.value"),
        ("domian.items", "`domain`"),
        ("global.limt", "global.limit"),
    ],
)
def test_tb003_a_path_that_leads_nowhere_is_refused_with_its_line_and_the_nearest_one(path: str, meant: str) -> None:
    @process(inputs=[path], outputs=[])
    def reads(ctx: object) -> None: ...

    with pytest.raises(ConfigError) as caught:
        ProcessEngine(System()).register_process("reads", reads)
    first = inspect.getsourcelines(reads)[1]
    assert f"{__file__}:{first}: " in str(caught.value)
    assert meant in str(caught.value)
    assert caught.value.path == path


def test_tb003_the_line_is_that_of_the_path_where_it_is_written_there() -> None:
    @process(
        inputs=[],
        outputs=["domain.nosuch"],
    )
    def writes(ctx: object) -> None: ...

    with pytest.raises(ConfigError) as caught:
        ProcessEngine(System()).register_process("writes", writes)
    assert f"{__file__}:{inspect.getsourcelines(writes)[1] + 2}: the context has no `domain.nosuch`" in str(
        caught.value
    )


def test_tb005_arguments_go_by_name() -> None:
    engine = ProcessEngine(System())
    engine.register_process("p", process([], [])(lambda ctx, amount: amount))
    with pytest.raises(TypeError):
        engine.run_process("p", 5)  # type: ignore[call-arg]
    assert engine.run_process("p", amount=5) == 5


@pytest.mark.parametrize("arguments", [{}, {"amount": 1, "other": 2}])
def test_tb005_other_arguments_than_it_takes_are_an_error_of_their_own(arguments: dict[str, object]) -> None:
    engine = ProcessEngine(System())
    engine.register_process("p", process([], [], errors=["ValueError"])(lambda ctx, amount: amount))
    with pytest.raises(ArgumentsError):
        engine.run_process("p", **arguments)


def test_tb005_a_type_error_of_the_body_is_none_of_the_call() -> None:
    engine = ProcessEngine(System())
    engine.register_process("p", process([], [])(lambda ctx: len(5)))  # type: ignore[arg-type]
    with pytest.raises(ContractViolationError) as caught:
        engine.run_process("p")
    assert isinstance(caught.value.__cause__, TypeError)
    assert not isinstance(caught.value, TypeError)


def test_tb006_an_unknown_process_is_a_key_error_that_names_it() -> None:
    with pytest.raises(KeyError, match="nope") as caught:
        ProcessEngine(System()).run_process("nope")
    assert isinstance(caught.value, UnknownProcess)


def test_tb007_a_function_without_a_contract_is_refused() -> None:
    with pytest.raises(ConfigError, match="no contract"):
        ProcessEngine(System()).register_process("bare", lambda ctx: None)


def test_tb008_a_name_is_registered_once() -> None:
    engine = ProcessEngine(System())
    engine.register_process("p", process([], [])(lambda ctx: 1))
    with pytest.raises(ConfigError, match="already"):
        engine.register_process("p", process([], [])(lambda ctx: 2))
    assert engine.run_process("p") == 1


def test_tb010_a_body_that_edits_its_contract_changes_nothing() -> None:
    @process(inputs=["domain.x"], outputs=[])
    def body(ctx: object) -> object:
        body.contract = process(["domain.y"], [])(lambda c: None).contract  # type: ignore[attr-defined]
        return ctx.domain.y  # type: ignore[attr-defined]

    engine = ProcessEngine(System())
    engine.register_process("body", body)
    for _ in range(2):
        with pytest.raises(ContractViolationError, match=r"domain\.y"):
            engine.run_process("body")


def test_tb027_side_effects_are_part_of_the_contract_and_open_nothing() -> None:
    declared = process([], [], side_effects=["database"])(lambda ctx: None)
    assert declared.contract.side_effects == ("database",)  # type: ignore[attr-defined]
    engine = ProcessEngine(System())
    engine.register_process("p", declared)
    assert engine.contract("p").side_effects == ("database",)


def test_tb136_a_folder_is_registered_with_its_sub_folders(tmp_path: Path) -> None:
    decorated = "from pgs_process import process\n@process([], [])\ndef {0}(ctx): return '{0}'\ndef plain(ctx): pass\n"
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    (tmp_path / "one.py").write_text(decorated.format("first"))
    (tmp_path / "__skipped.py").write_text("raise RuntimeError")
    (tmp_path / "deep" / "deeper" / "two.py").write_text(decorated.format("second"))
    (tmp_path / "imports.py").write_text("from .one import first\n")
    engine = ProcessEngine(System())
    assert engine.scan_and_register(tmp_path) == ["second", "first"]
    assert engine.run_process("second") == "second"


def test_tb136_a_broken_module_is_reported_with_its_cause(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import nothing_of_this_name")
    with pytest.raises(ConfigError, match=r"broken\.py") as caught:
        ProcessEngine(System()).scan_and_register(tmp_path)
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_tb137_a_relative_import_works_and_a_folder_has_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "shared.py").write_text("NUMBER = 5")
    (tmp_path / "sub" / "p.py").write_text(
        "from pgs_process import process\nfrom .shared import NUMBER\n@process([], [])\ndef five(ctx): return NUMBER\n"
    )
    engine = ProcessEngine(System())
    engine.scan_and_register(tmp_path)
    assert engine.run_process("five") == 5
    with pytest.raises(ConfigError, match="no folder"):
        engine.scan_and_register(tmp_path / "nowhere")


def test_tb149_the_engines_of_the_predecessors_keep_their_names() -> None:
    assert TheusEngine is ProcessEngine
    with pytest.warns(DeprecationWarning, match="ProcessEngine"):
        engine = POPEngine(System(), strict_mode=False)
    engine.register_process("p", process(["domain.x"], ["domain.x"])(lambda ctx: setattr(ctx.domain_ctx, "x", 9)))
    engine.run_process("p")
    assert raw(engine.system, "x") == 9  # type: ignore[arg-type]


def test_tb148_the_local_layer_is_gone_after_the_run() -> None:
    def body(ctx):  # type: ignore[no-untyped-def]
        with pytest.raises(AttributeError):
            _ = ctx.local_ctx.tmp
        ctx.local_ctx.tmp = [1]
        ctx.local_ctx.tmp.append(2)
        return ctx.local.tmp

    system = System()
    for _ in range(2):
        assert ran(body, [], ["local.tmp"], system)[0] == [1, 2]


def test_errors_carry_what_they_are_about() -> None:
    with pytest.raises(ContractViolationError) as caught:
        ran(lambda ctx: ctx.domain.y, ["domain.x"])
    error = caught.value
    assert (error.path, error.process, error.declared) == ("domain.y", "body", ("domain.x",))
