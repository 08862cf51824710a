"""Archives of an agent's actions, and which of them a change of one limit changes, computed without any engine."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from pgs_runtime.operate.state import load_state
from pgs_runtime.ports import Ports
from pgs_runtime.replay.archive import Tried, against, filed_in
from pgs_runtime.replay.workbench import trying
from pgs_runtime.runtime import Actor, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.trace.lines import joined
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.end_to_end.programs import ROOT, compiled
from tests.end_to_end.scenarios import GOVERN, LICENSE_FACTS

OPERATOR = Actor("core::AC_OPERATOR_V0", "operator", {})
STANDARD = "quantity: {type: integer, minimum: 1, maximum: 100}"
PREMIUM = "quantity: {type: integer, minimum: 1, maximum: 50}"
TOOLS = ("READ_RECORD", "PROVISION_STANDARD_LICENSE", "PROVISION_PREMIUM_LICENSE", "DELETE_EVERYTHING")
USERS = 20


@dataclass(frozen=True, slots=True)
class Action:
    """What an agent asked for: the number of its employee, the tool, and how many licences."""

    user: int
    tool: str
    quantity: int

    @property
    def licensed(self) -> bool:
        """Whether the employee's licence reaches the tool."""
        known = self.user < USERS and self.user % 7 != 0
        return known and (self.tool != TOOLS[2] or self.user % 2 == 1)

    @property
    def payload(self) -> dict[str, Value]:
        tier = "premium" if self.tool == TOOLS[2] else "standard"
        parameters: Value = {"tier": tier, "quantity": self.quantity}
        if self.tool == TOOLS[0]:
            parameters = {"record_type": "license_pool", "id": str(self.quantity)}
        return {
            "tool_name": self.tool,
            "parameters": parameters,
            "requesting_user_id": f"EMP_{self.user}",
            "domain_context": "ai_licensing",
        }


def actions(number: int, seed: int) -> Iterator[Action]:
    chance = random.Random(seed)  # noqa: S311 - it only has to repeat
    for _ in range(number):
        yield Action(chance.randrange(USERS + 1), chance.choice(TOOLS), chance.randrange(1, 121))


def archived(files: Mapping[str, bytes], folder: Path, number: int, seed: int = 1) -> dict[str, Action]:
    """Make so many runs, and leave their traces as `run` leaves them; what was asked, by run."""
    ticks = count(1_772_355_600_000_000, 1_000)
    runtime = Runtime(Snapshot(verify(files)), MemoryStore(), Ports(clock=lambda: next(ticks)))
    tiers = ("standard", "enterprise")
    facts: Value = {
        f"EMP_{user}": {
            "license_status": "active" if user % 7 else "expired",
            "license_tier": tiers[user % 2],
            "org_unit": "engineering",
        }
        for user in range(USERS)
    }
    load_state(runtime, {LICENSE_FACTS: facts}, OPERATOR)
    made: dict[str, Action] = {}
    for action in actions(number, seed):
        run = runtime.run(GOVERN, action.payload, OPERATOR).trace_id
        place = folder / run
        place.mkdir(parents=True)
        (place / f"{run}.jsonl").write_bytes(joined(runtime.trace(run)))
        made[run] = action
    return made


def with_limit(folder: Path, old: str, new: str) -> Mapping[str, bytes]:
    """The files of the snapshot of the examples, with one line of their gates changed."""
    shutil.copytree(ROOT / "protocols", folder / "protocols")
    shutil.copy(ROOT / "pgs.yaml", folder)
    gates = folder / "protocols" / "ai_governance" / "agent_governance" / "gates.yaml"
    text = gates.read_text(encoding="utf-8")
    assert text.count(old) == 1
    gates.write_text(text.replace(old, new), encoding="utf-8")
    return compiled(folder)


def tried(files: Mapping[str, bytes], folder: Path) -> Tried:
    """What becomes of the traces of a folder on a snapshot."""
    with trying(Snapshot(verify(files))) as bench:
        return against(bench, filed_in(folder, None, lambda run: None), lambda id: None)


def beyond(made: Mapping[str, Action], tool: str, least: int, most: int) -> set[str]:
    """The runs that asked for so many licences, by an employee who has one."""
    return {run for run, each in made.items() if each.tool == tool and each.licensed and least <= each.quantity <= most}
