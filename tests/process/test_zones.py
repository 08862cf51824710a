"""Signals, meta and heavy fields; and state as plain data."""

from __future__ import annotations

import logging
from importlib.util import find_spec

import pytest

from pgs_process import (
    ConfigError,
    ContractViolationError,
    LockViolationError,
    ProcessEngine,
    SignalBus,
    Zone,
    dehydrate,
    hydrate,
    process,
    resolve_zone,
)
from tests.process.contexts import System, ran, raw


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("sig_go", Zone.SIGNAL),
        ("cmd_stop", Zone.SIGNAL),
        ("meta_t", Zone.META),
        ("heavy_t", Zone.HEAVY),
        ("x", Zone.DATA),
        ("SIG_go", Zone.DATA),
        ("my_sig_go", Zone.DATA),
        ("domain_ctx.sig_go", Zone.SIGNAL),
        ("sig_layer.x", Zone.DATA),
        ("signal", Zone.DATA),
    ],
)
def test_tb081_the_zone_is_told_by_the_prefix_of_the_leaf(name: str, zone: Zone) -> None:
    assert resolve_zone(name) is zone


@pytest.mark.parametrize("path", ["domain.sig_go", "domain_ctx.cmd_do", "domain.meta_t"])
def test_tb082_signals_and_meta_are_no_inputs(path: str, caplog: pytest.LogCaptureFixture) -> None:
    declared = process([path], [])(lambda ctx: None)
    with pytest.raises(ContractViolationError, match="among its inputs"):
        ProcessEngine(System(), strict_mode=True).register_process("p", declared)
    with caplog.at_level(logging.WARNING, "pgs_process"):
        ProcessEngine(System(), strict_mode=False).register_process("p", declared)
    assert path in caplog.text


@pytest.mark.parametrize("name", ["sig_go", "cmd_do", "meta_t"])
def test_tb082_nor_do_they_come_with_the_whole_layer(name: str) -> None:
    with pytest.raises(ContractViolationError):
        ran(lambda ctx: getattr(ctx.domain, name), ["domain"])
    assert ran(lambda ctx: ctx.domain.x, ["domain"])[0] == 1


def test_a_signal_is_read_by_who_lists_it_under_signals() -> None:
    assert ran(lambda ctx: ctx.domain.sig_go, [], [], signals=["domain.sig_go"])[0] is False
    with pytest.raises(ConfigError, match="is none"):
        ran(lambda ctx: None, [], [], signals=["domain.x"])


def test_tb084_a_signal_is_delivered_once() -> None:
    system, bus = System(), SignalBus()
    engine = ProcessEngine(system, bus=bus)

    def body(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.sig_go = True
        ctx.domain.cmd_do = "CMD_SCAN"

    engine.register_process("p", process([], ["domain.sig_go", "domain.cmd_do"])(body))
    engine.run_process("p")
    assert [bus.get(block=False) for _ in range(3)] == ["sig_go", "CMD_SCAN", None]
    assert engine.take_signals() == {"domain.sig_go": True, "domain.cmd_do": "CMD_SCAN"}
    assert engine.take_signals() == {}
    assert (raw(system, "sig_go"), raw(system, "cmd_do")) == (False, "")


def test_tb085_a_signal_of_a_run_that_is_rolled_back_is_not_raised() -> None:
    bus = SignalBus()

    def body(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.sig_go = True
        raise ValueError

    system = System()
    with pytest.raises(ValueError, match=r"^$"):
        ran(body, [], ["domain.sig_go"], system, errors=["ValueError"], bus=bus)
    assert raw(system, "sig_go") is False
    assert bus.empty()


def heavies() -> list[object]:
    """Heavy values; numpy's where it is installed."""
    found: list[object] = [bytearray(b"heavy")]
    if find_spec("numpy") is not None:
        import numpy

        found.append(numpy.zeros(3))
    return found


@pytest.mark.parametrize("value", heavies(), ids=lambda value: type(value).__name__)
def test_tb088_tb089_a_heavy_input_is_read_in_place_and_not_written(value: object) -> None:
    system = System()
    object.__setattr__(object.__getattribute__(system, "domain_ctx"), "heavy_blob", value)
    before = bytes(value)  # type: ignore[call-overload]

    def writes(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.heavy_blob[0] = 5

    with pytest.raises(ContractViolationError) as caught:
        ran(writes, ["domain.heavy_blob"], [], system)
    assert isinstance(caught.value.__cause__, TypeError | ValueError)
    assert bytes(value) == before  # type: ignore[call-overload]
    assert ran(lambda ctx: sum(ctx.domain.heavy_blob), ["domain.heavy_blob"], [], system)[0] == sum(value)  # type: ignore[call-overload]


def test_a_heavy_output_is_handed_on_by_reference() -> None:
    blob, system = bytearray(b"new"), System()

    def body(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.heavy_blob = blob
        assert ctx.domain.heavy_blob is blob

    engine = ProcessEngine(system)
    engine.register_process("p", process([], ["domain.heavy_blob"])(body))
    (change,) = engine.perform("p").delta
    assert raw(system, "heavy_blob") is change.new is blob


def small() -> System:
    """A context whose data zone is JSON."""
    system = System()
    domain = object.__getattribute__(system, "domain_ctx")
    for name in ("tags", "queue", "tup", "frozen", "obj", "objects", "net", "raw", "color"):
        object.__setattr__(domain, name, None)
    return system


def test_tb144_what_is_dehydrated_is_detached_and_only_of_the_data_zone() -> None:
    system = small()
    for data in (system.domain_ctx.to_dict(), dehydrate(system)["domain"]):
        assert not {"sig_go", "cmd_do", "meta_t", "heavy_blob"} & set(data)  # type: ignore[call-overload]
        data["items"].append(9)  # type: ignore[index, call-overload]
        data["d"]["n"].append(9)  # type: ignore[index, call-overload]
    assert (raw(system, "items"), raw(system, "d")["n"]) == ([1, 2, 3], [1])  # type: ignore[index]
    assert "sig_go" in system.domain_ctx.to_dict(exclude_zones=[])


@pytest.mark.parametrize("value", [2**53, float("nan"), {1: 2}, {1, 2}, b"x", {"deep": [float("inf")]}])
def test_what_has_no_form_in_json_is_not_dehydrated(value: object) -> None:
    system = small()
    object.__setattr__(object.__getattribute__(system, "domain_ctx"), "maybe", value)
    with pytest.raises(ConfigError, match=r"domain\.maybe"):
        dehydrate(system)


def test_tb145_a_locked_context_is_hydrated_only_within_an_edit() -> None:
    system = small()
    engine = ProcessEngine(system, strict_mode=True)
    for load in (lambda: system.domain_ctx.from_dict({"x": 5}), lambda: hydrate(system, {"domain": {"x": 5}})):
        with pytest.raises(LockViolationError):
            load()
    with engine.edit() as c:
        c.domain_ctx.from_dict({"x": 5, "items": [9]})
    assert (raw(system, "x"), raw(system, "items")) == (5, [9])


@pytest.mark.parametrize(
    "data", [{"sig_go": True}, {"nosuch": 1}, {"x": "1"}, {"x": True}, {"items": {}}, {"x": 5, "y": "2"}]
)
def test_tb146_what_does_not_fit_is_refused_and_nothing_of_it_set(data: dict[str, object]) -> None:
    system = small()
    with pytest.raises(ConfigError):
        system.domain_ctx.from_dict(data)
    with pytest.raises(ConfigError):
        hydrate(system, {"domain": data})
    assert (raw(system, "x"), raw(system, "y"), raw(system, "sig_go")) == (1, 2, False)


def test_state_comes_back_as_it_was() -> None:
    system, other = small(), small()
    object.__setattr__(object.__getattribute__(system, "domain_ctx"), "d", {"k": [1, {"l": None}]})
    hydrate(other, dehydrate(system))
    assert dehydrate(other) == dehydrate(system)
