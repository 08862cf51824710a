"""Every line of the runtime and every opcode of what commits, killed there; and who goes on with it, killed as well."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial

from pgs_snapshot.snapshot import Snapshot
from tests.durable.kills import Crashes, Grain, Kill, Seen, difference
from tests.durable.scenarios import EVERY
from tests.durable.soaking.report import Task, folder, shared_out

GRAINS: tuple[Grain, ...] = ("line", "opcode")
LEVELS = 3
TRIPLES = 1000
"""How often processes are killed one after the other, for each scenario and grain."""


def kills(snapshot: Snapshot, task: Task) -> int:
    """Kill each scenario at every point, and then at random points so many times one after the other."""
    wrong = 0
    for scenario in EVERY:
        for grain in GRAINS:
            with folder(in_memory=True) as place:
                crashes = [Crashes(snapshot, scenario, place / str(worker)) for worker in range(2)]
                total = crashes[0].total(grain)
                single = [(Kill(grain, at),) for at in range(1, total + 1)]
                wrong += _tried(f"{scenario.name}, each {grain}", crashes, single, task.again())
                after = [_several(grain, total, task.seed, number) for number in range(task.times(TRIPLES))]
                wrong += _tried(f"{scenario.name}, {LEVELS} {grain}s in turn", crashes, after, task.again())
    return wrong


def _several(grain: Grain, total: int, seed: int, number: int) -> tuple[Kill, ...]:
    """Kills of one process after the other; who goes on has less to do than who began, so they come earlier."""
    chance = random.Random(f"{seed}/{number}")  # noqa: S311 - which points, not a secret
    return tuple(Kill(grain, chance.randint(1, max(1, total // level))) for level in range(1, LEVELS + 1))


def _tried(name: str, crashes: Sequence[Crashes], points: Sequence[tuple[Kill, ...]], task: Task) -> int:
    """Kill at the points that are chosen, and say what differs."""
    chosen = task.chosen(points)
    told = shared_out(chosen, partial(_share, crashes, task))
    counts = [line for line in told if line.startswith("#")]
    done, killed = (sum(int(line.split()[place]) for line in counts) for place in (1, 2))
    wrong = [line for line in told if not line.startswith("#")]
    print(f"  {name}: {done} of {len(points)} points, {killed} kills, {len(wrong)} differences", flush=True)
    for line in wrong[:20]:
        print(f"    {line}", flush=True)
    return len(wrong)


def _share(crashes: Sequence[Crashes], task: Task, worker: int, points: Sequence[tuple[Kill, ...]]) -> list[str]:
    mine, done, wrong = crashes[worker % len(crashes)], 0, list[str]()
    for kills in points:
        if task.over():
            break
        done += 1
        found = difference(mine.after(*kills), mine.undisturbed)
        if found:
            wrong.append(f"{' then '.join(f'{kill.grain} {kill.at}' for kill in kills)}: {_shown(found)}")
    return [f"# {done} {mine.killed}", *wrong]


def _shown(found: Seen) -> str:
    return repr(found)[:2000].replace("\n", " ")
