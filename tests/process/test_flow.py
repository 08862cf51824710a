"""Signals, state machines, and chains of processes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pgs_process import (
    AuditRecipe,
    ChainEvent,
    ConfigError,
    ProcessEngine,
    ProcessRecipe,
    RuleSpec,
    SignalBus,
    StateMachine,
    ThreadExecutor,
    WorkflowManager,
    load_machine,
    process,
)
from tests.process.contexts import System, raw

MACHINE = {
    "states": {
        "IDLE": {"events": {"CMD_GO": "WORKING", "CMD_BAD": "FAILING"}},
        "WORKING": {"entry": ["one", "two"], "events": {"EVT_CHAIN_DONE": "IDLE", "CMD_CANCEL": "CANCELLED"}},
        "FAILING": {
            "entry": ["one", "fails", "two"],
            "events": {"EVT_CHAIN_FAIL": "IDLE", "EVT_CHAIN_BLOCKED": "CANCELLED"},
        },
        "CANCELLED": {"events": {"EVT_CHAIN_DONE": "IDLE", "CMD_GO": "WORKING"}},
    }
}


@pytest.mark.parametrize("events", ["events", "on", "transitions"])
@pytest.mark.parametrize("entry", ["entry", "process"])
@pytest.mark.parametrize("chain", ["p", ["p", "q"]])
def test_tb117_an_event_leads_to_a_state_and_gives_its_entry(events: str, entry: str, chain: object) -> None:
    machine = StateMachine({"states": {"IDLE": {events: {"GO": "BUSY"}}, "BUSY": {entry: chain}}})
    assert machine.trigger("UNKNOWN") == []
    assert machine.get_current_state() == "IDLE"
    assert machine.trigger("GO") == (["p"] if chain == "p" else ["p", "q"])
    assert machine.get_current_state() == "BUSY"


def test_tb117_of_two_names_for_one_thing_the_first_is_taken() -> None:
    machine = StateMachine(
        {"states": {"A": {"transitions": {"GO": "A"}, "events": {"GO": "B"}}, "B": {"process": "q", "entry": "p"}}}, "A"
    )
    assert machine.trigger("GO") == ["p"]
    assert machine.current_state == "B"


@pytest.mark.parametrize(
    ("definition", "told"),
    [
        (
            {"states": {"IDLE": {"events": {"GO": "BUSSY"}}, "BUSY": {}}},
            "`BUSSY`, which is no state; perhaps `BUSY` is meant",
        ),
        ({"states": {"IDLE": {"event": {"GO": "IDLE"}}}}, "has no `event`; perhaps `events` is meant"),
        ({"states": {}}, "has `states`"),
        ({"states": {"IDLE": {"entry": [5]}}}, "name of a process"),
        ({"states": {"A": {}}, "initial": "B"}, "begins in `B`"),
    ],
)
def test_tb118_a_machine_that_is_not_sound_is_refused_when_it_is_loaded(
    definition: dict[str, object], told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        StateMachine(definition)
    assert told in str(caught.value)


def test_tb119_the_key_on_is_not_lost_to_yaml(tmp_path: Path) -> None:
    (tmp_path / "workflow.yaml").write_text(
        "states:\n  IDLE:\n    on:\n      YES: BUSY\n      NO: IDLE\n  BUSY: {entry: p}\n"
    )
    assert load_machine(tmp_path / "workflow.yaml").trigger("YES") == ["p"]
    assert StateMachine({"states": {"IDLE": {True: {"GO": "IDLE"}}}}).handles("GO")


def test_tb121_the_bus_delivers_in_order_each_once() -> None:
    bus = SignalBus()
    assert bus.empty()
    for signal in ("a", 5, {"b": 1}):
        bus.emit(signal)
    assert bus.qsize() == 3
    assert [bus.get(), bus.get(timeout=1), bus.get(block=False), bus.get(block=False), bus.get(timeout=0.01)] == [
        "a",
        5,
        {"b": 1},
        None,
        None,
    ]


def test_tb121_the_executor_gives_futures() -> None:
    executor = ThreadExecutor(max_workers=2)
    assert executor.submit(lambda a, b: a + b, 1, b=2).result() == 3
    executor.shutdown(wait=True)
    with pytest.raises(RuntimeError):
        executor.submit(print)


class Plant:
    """A workflow over an engine whose processes add their names to the state; `gate` holds `one` back."""

    def __init__(self, fails: Callable[[object], object], recipe: AuditRecipe | None = None) -> None:
        self.system, self.bus, self.gate = System(), SignalBus(), threading.Event()
        self.gate.set()
        self.engine = ProcessEngine(self.system, audit_recipe=recipe)
        for name, body in (
            ("one", lambda ctx: self.one(ctx)),
            ("two", lambda ctx: ctx.domain.items.append("two")),
            ("fails", fails),
        ):
            self.engine.register_process(name, process([], ["domain.items"], errors=["ValueError"])(body))  # type: ignore[arg-type]
        self.executor = ThreadExecutor(1)
        self.manager = WorkflowManager(self.engine, self.executor, self.bus)
        self.manager.load_workflow(MACHINE)

    def one(self, ctx):  # type: ignore[no-untyped-def]
        self.gate.wait(5)
        ctx.domain.items.append("one")

    @property
    def state(self) -> str:
        assert self.manager.fsm is not None
        return self.manager.fsm.get_current_state()

    @property
    def items(self) -> list[object]:
        return raw(self.system, "items")[3:]  # type: ignore[index]


def raises(ctx: object) -> None:
    raise ValueError


def test_tb122_a_signal_is_processed_at_once_and_its_chain_in_order_elsewhere() -> None:
    plant = Plant(raises)
    plant.gate.clear()
    plant.manager.process_signal("CMD_GO")
    assert (plant.state, plant.items) == ("WORKING", [])
    plant.gate.set()
    assert plant.bus.get(timeout=5) == "EVT_CHAIN_DONE"
    assert plant.items == ["one", "two"]
    plant.executor.shutdown()


def test_tb123_a_chain_that_ends_says_so_and_what_was_committed_stays() -> None:
    plant = Plant(raises)
    plant.manager.process_signal("CMD_BAD")
    event = plant.bus.get(timeout=5)
    assert event == "EVT_CHAIN_FAIL"
    assert isinstance(event, ChainEvent)
    assert isinstance(event.error, ValueError)
    assert plant.items == ["one"]
    plant.manager.process_signal(event)
    assert plant.state == "IDLE"
    plant.executor.shutdown()


@pytest.mark.parametrize(
    ("level", "event", "state"),
    [("S", "EVT_CHAIN_STOPPED", "IDLE"), ("A", "EVT_CHAIN_ABORTED", "IDLE"), ("B", "EVT_CHAIN_BLOCKED", "CANCELLED")],
)
def test_tb124_the_levels_of_audit_give_events_of_their_own(level: str, event: str, state: str) -> None:
    recipe = AuditRecipe({"fails": ProcessRecipe("fails", [], [RuleSpec("domain.x", "max", 0, level)])})
    plant = Plant(lambda ctx: ctx.domain.items.append(1), recipe)
    plant.manager.process_signal("CMD_BAD")
    got = plant.bus.get(timeout=5)
    assert got == event
    plant.manager.process_signal(got)
    assert plant.state == state
    plant.executor.shutdown()


def test_tb128_the_end_of_a_chain_belongs_to_the_run_that_began_it() -> None:
    plant = Plant(raises)
    plant.gate.clear()
    plant.manager.process_signal("CMD_GO")
    plant.manager.process_signal("CMD_CANCEL")
    plant.gate.set()
    done = plant.bus.get(timeout=5)
    assert done == "EVT_CHAIN_DONE"
    plant.manager.process_signal(done)
    assert plant.state == "CANCELLED"
    plant.manager.process_signal("EVT_CHAIN_DONE")
    assert plant.state == "IDLE"
    plant.executor.shutdown()


def test_tb129_the_loop_processes_signals_until_it_is_stopped() -> None:
    plant = Plant(raises)
    loop = threading.Thread(target=plant.manager.run_workflow, args=("any", None))
    loop.start()
    plant.bus.emit("CMD_GO")
    for _ in range(500):
        if plant.items == ["one", "two"] and plant.state == "IDLE":
            break
        threading.Event().wait(0.01)
    plant.manager.stop()
    loop.join(5)
    assert not loop.is_alive()
    assert (plant.items, plant.state) == (["one", "two"], "IDLE")


def test_signals_that_are_there_are_processed_without_a_loop() -> None:
    plant = Plant(raises)
    plant.gate.clear()
    plant.bus.emit("UNKNOWN")
    plant.bus.emit("CMD_GO")
    assert plant.manager.process_signals() == 2
    plant.gate.set()
    assert plant.bus.get(timeout=5) == "EVT_CHAIN_DONE"
    plant.executor.shutdown()
