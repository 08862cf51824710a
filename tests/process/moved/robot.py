"""A robot with a state machine, as it was written for theus 2.2."""

import time
from dataclasses import dataclass, field

from theus import BaseDomainContext, BaseGlobalContext, BaseSystemContext, TheusEngine, process
from theus.orchestrator import SignalBus, ThreadExecutor, WorkflowManager


@dataclass
class RobotDomain(BaseDomainContext):
    position: list = field(default_factory=lambda: [0, 0])
    places: list = field(default_factory=list)


@dataclass
class RobotSystem(BaseSystemContext):
    domain_ctx: RobotDomain = field(default_factory=RobotDomain)
    global_ctx: BaseGlobalContext = field(default_factory=BaseGlobalContext)


@process(inputs=["domain_ctx.position"], outputs=["domain_ctx.position"])
def step(ctx):
    ctx.domain_ctx.position[0] += 1


@process(inputs=["domain_ctx.position"], outputs=["domain_ctx.places"])
def report(ctx):
    ctx.domain_ctx.places.append(list(ctx.domain_ctx.position))


WORKFLOW = {
    "states": {
        "IDLE": {"events": {"CMD_MOVE": "MOVING"}},
        "MOVING": {"entry": ["step", "step", "report"], "events": {"EVT_CHAIN_DONE": "IDLE", "EVT_CHAIN_FAIL": "IDLE"}},
    }
}

engine = TheusEngine(RobotSystem(), strict_mode=True)
for name, body in (("step", step), ("report", report)):
    engine.register_process(name, body)
bus = SignalBus()
manager = WorkflowManager(engine, ThreadExecutor(max_workers=2), bus)
manager.load_workflow(WORKFLOW)
for _ in range(3):
    manager.process_signal("CMD_MOVE")
    print(manager.fsm.get_current_state())
    event = bus.get(timeout=5)
    print(event)
    manager.process_signal(event)
    time.sleep(0)
manager.stop()
print(manager.fsm.get_current_state(), [list(place) for place in engine.ctx.domain_ctx.places])
