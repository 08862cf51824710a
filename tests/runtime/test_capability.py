"""The boundary to an author's code: what goes in, what comes out, and what everything else becomes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_runtime.faults import ExitCode, Fault, Refusal
from pgs_runtime.link.capability import Guarded, guarded, loader
from pgs_runtime.stores.port import LawBroken, StoreBusy, StoreMisused, StoreUnusable
from pgs_snapshot.seal import SealBroken
from pgs_snapshot.values import Outcome, Value, plain, same
from tests.runtime.protocol import COUNT, TEXT, fields
from tests.snapshot.strategies import values

CANARY = "canary-0451"
ANYTHING = {"SUCCESS": fields(value={}), "NONE": fields()}


def behind(capability: Callable[..., object], most: int = 1000) -> Guarded:
    return guarded("desk::CT_X_V0", ANYTHING, most)(capability)


def fault_of(capability: Callable[..., object], inputs: dict[str, Value] | None = None) -> Fault:
    """The fault that a call ends in; whatever it says, the canary is not in it."""
    with pytest.raises(Fault) as raised:
        behind(capability)(inputs or {})
    assert CANARY not in raised.value.message
    return raised.value


def raising(error: BaseException) -> Callable[[], object]:
    def capability() -> object:
        raise error

    return capability


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"value": 1}, Outcome("SUCCESS", value=1)),
        ({"value": 1.0}, Outcome("SUCCESS", value=1)),
        ({"value": None}, Outcome("SUCCESS", value=None)),
        (OrderedDict(value=[1]), Outcome("SUCCESS", value=[1])),
        (Outcome("SUCCESS", value="x"), Outcome("SUCCESS", value="x")),
        (Outcome("NONE"), Outcome("NONE")),
    ],
)
def test_a_declared_answer_is_the_outcome(answer: object, expected: Outcome) -> None:
    outcome = behind(lambda: answer)({})
    assert outcome == expected
    assert type(outcome.outputs.get("value")) is type(expected.outputs.get("value"))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (None, "R024"),
        (1, "R024"),
        (CANARY, "R024"),
        ((1, 2), "R024"),
        ([{"value": 1}], "R024"),
        ({1, 2}, "R024"),
        (b"value", "R024"),
        (Outcome, "R024"),
        (SimpleNamespace(name="SUCCESS", outputs={"value": 1}), "R024"),
        ({1: 2}, "R025"),
        ({"value": float("nan")}, "R025"),
        ({"value": float("inf")}, "R025"),
        ({"value": 2**53}, "R025"),
        ({"value": (1,)}, "R025"),
        ({"value": {1}}, "R025"),
        ({"value": b""}, "R025"),
        ({"value": Decimal(1)}, "R025"),
        ({"value": {CANARY: object()}}, "R025"),
        ({"value": "\ud800"}, "R025"),
        ({"value": "\0"}, "R025"),
        ({"value": {"\ud800": 1}}, "R025"),
        ({"value": object}, "R025"),
        (Outcome("OTHER"), "R022"),
        (Outcome(CANARY), "R022"),
        (Outcome(["SUCCESS"]), "R022"),  # type: ignore[arg-type]
        (Outcome("NONE", value=1), "R023"),
        ({}, "R023"),
        ({"value": 1, CANARY: 2}, "R023"),
    ],
)
def test_any_other_answer_is_a_fault_that_shows_no_value(answer: object, code: str) -> None:
    fault = fault_of(lambda: answer)
    assert (fault.code, fault.exit_code) == (code, ExitCode.FAULT)


def test_outputs_that_are_no_object_are_a_fault() -> None:
    answer = Outcome("SUCCESS")
    answer.outputs = [1]  # type: ignore[assignment]
    assert fault_of(lambda: answer).code == "R024"


def test_an_answer_that_was_taken_apart_is_a_fault() -> None:
    answer = Outcome("NONE")
    del answer.outputs
    assert fault_of(lambda: answer).code == "R021"


def test_a_cycle_is_a_fault() -> None:
    cycle: list[object] = []
    cycle.append(cycle)
    assert fault_of(lambda: {"value": cycle}).code == "R025"


def test_a_list_that_is_shared_sixty_deep_is_a_fault_and_no_wait() -> None:
    shared: list[object] = []
    for _ in range(60):
        shared = [shared, shared]
    assert fault_of(lambda: {"value": shared}).code == "R025"


@pytest.mark.parametrize(("size", "fits"), [(998, True), (999, False), (1_000_000, False)])
def test_each_output_has_a_limit_of_its_own(size: int, fits: bool) -> None:
    two = guarded("two", {"SUCCESS": fields(a=TEXT, b=TEXT)}, 1000)(lambda: {"a": "x" * size, "b": "y" * 900})
    if fits:
        assert len(two({}).outputs) == 2
    else:
        with pytest.raises(Fault) as fault:
            two({})
        assert (fault.value.code, fault.value.exit_code) == ("R034", ExitCode.LIMIT)


def test_defaults_of_outputs_are_filled_in() -> None:
    schema = fields(["a"], a=COUNT, b={"type": "integer", "default": 7})
    outcome = guarded("x", {"SUCCESS": schema}, 1000)(lambda: {"a": 1})({})
    assert outcome.outputs == {"a": 1, "b": 7}


# --- exceptions ----------------------------------------------------------------------------------


class Quiet(BaseException):
    """What a handler of `Exception` does not see."""


@pytest.mark.parametrize(
    "error",
    [
        ValueError(CANARY),
        KeyError(CANARY),
        OSError(CANARY),
        AssertionError(CANARY),
        StopIteration(CANARY),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, CANARY),
        SystemExit(0),
        GeneratorExit(CANARY),
        asyncio.CancelledError(CANARY),
        Quiet(CANARY),
        BaseExceptionGroup(CANARY, [KeyboardInterrupt()]),
    ],
)
def test_whatever_is_raised_is_a_fault_and_its_text_is_not_told(error: BaseException) -> None:
    fault = fault_of(raising(error))
    assert (fault.code, fault.exit_code) == ("R021", ExitCode.FAULT)
    assert fault.message == f"desk::CT_X_V0 raised {type(error).__name__}."
    assert fault.__cause__ is error


def test_the_name_of_a_class_that_is_no_name_is_not_told() -> None:
    error = type(f"a {CANARY}", (Exception,), {})()
    assert fault_of(raising(error)).message == "desk::CT_X_V0 raised object."


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        Refusal("R000", "Decided.", ExitCode.USAGE),
        Fault("R034", "Too much.", ExitCode.LIMIT),
        StoreBusy("busy"),
        StoreUnusable("full", "no space"),
        StoreMisused("threads"),
        LawBroken("gap"),
        SealBroken("Z912", "changed"),
    ],
)
def test_what_is_not_the_authors_passes_the_boundary(error: BaseException) -> None:
    with pytest.raises(type(error)) as raised:
        behind(raising(error))({})
    assert raised.value is error


def test_recursion_without_end_is_a_limit() -> None:
    def recurse() -> object:
        return recurse()

    fault = fault_of(recurse)
    assert (fault.code, fault.exit_code) == ("R031", ExitCode.LIMIT)


def test_recursion_that_ends_is_an_answer() -> None:
    def depth(n: int) -> int:
        return 0 if n == 0 else 1 + depth(n - 1)

    assert behind(lambda: {"value": depth(500)})({}).outputs == {"value": 500}


def test_memory_that_is_not_there_is_a_limit() -> None:
    fault = fault_of(lambda: {"value": " " * (1 << 62)})
    assert (fault.code, fault.exit_code) == ("R035", ExitCode.LIMIT)


def test_the_sealed_line_that_raised_is_told() -> None:
    space: dict[str, Callable[[], object]] = {}
    exec(compile("def work():\n    raise ValueError('x')\n", "sealed:desk.work", "exec"), {}, space)  # noqa: S102
    assert fault_of(space["work"]).message == "desk::CT_X_V0 raised ValueError at desk.work:2."


def test_arguments_that_the_code_does_not_take_are_its_fault() -> None:
    fault = fault_of(lambda other: {"value": other}, {"value": 1})
    assert (fault.code, fault.message) == ("R021", "desk::CT_X_V0 raised TypeError.")


# --- copies --------------------------------------------------------------------------------------


def test_what_the_code_does_to_its_inputs_nobody_else_sees() -> None:
    def spoil(value: list[Value]) -> object:
        value.append(CANARY)
        return Outcome("NONE")

    inputs: dict[str, Value] = {"value": [1]}
    behind(spoil)(inputs)
    assert inputs == {"value": [1]}


def test_two_inputs_that_are_one_list_are_two_lists_to_the_code() -> None:
    shared: Value = [1]

    def compare(a: list[Value], b: list[Value]) -> object:
        return {"value": a is b}

    assert behind(compare)({"a": shared, "b": shared}).outputs == {"value": False}


def test_an_answer_is_a_copy_of_what_the_code_keeps() -> None:
    kept: list[Value] = []
    call = behind(lambda: {"value": kept})
    first = call({})
    kept.append(1)
    assert (first.outputs, call({}).outputs) == ({"value": []}, {"value": [1]})


@given(values)
def test_code_that_returns_its_inputs_returns_equal_values(value: Value) -> None:
    answered = guarded("x", ANYTHING, 1 << 20)(lambda value: {"value": value})({"value": value})
    assert same(answered.outputs["value"], plain(value))


@given(st.integers(0, 70))
def test_what_goes_in_comes_out_again_wrapped_or_is_refused_before_the_call(depth: int) -> None:
    value: Value = 1
    for _ in range(depth):
        value = [value]

    def wrapping(value: Value) -> object:
        return {"value": [{"value": value}]}

    call = guarded("x", ANYTHING, 1000)(wrapping)
    if depth < 60:
        call({"value": value})
    else:
        with pytest.raises(Fault) as fault:
            call({"value": value})
        assert (fault.value.code, fault.value.exit_code) == ("R036", ExitCode.LIMIT)


# --- loading -------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError(CANARY), SystemExit(0), RecursionError(CANARY), Quiet(CANARY)])
def test_a_module_that_raises_is_a_fault(error: BaseException) -> None:
    def load(reference: str) -> object:
        raise error

    with pytest.raises(Fault) as fault:
        loader(load)("desk.work:go")
    assert fault.value.message == f"`desk.work:go` cannot be loaded: {type(error).__name__}."


@pytest.mark.parametrize("error", [SealBroken("Z913", "not sealed"), KeyboardInterrupt()])
def test_a_broken_seal_and_an_interruption_are_no_faults(error: BaseException) -> None:
    def load(reference: str) -> object:
        raise error

    with pytest.raises(type(error)):
        loader(load)("desk.work:go")


def test_what_is_loaded_has_to_be_callable() -> None:
    with pytest.raises(Fault, match=r"`desk.work:go` is not callable\."):
        loader(lambda reference: 5)("desk.work:go")
