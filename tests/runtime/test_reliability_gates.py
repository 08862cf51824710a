"""The cases of contracts and gates: CTX and GATE."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import cast

import orjson
import pytest

from pgs_runtime.examine.stock import Stock
from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_snapshot import model
from pgs_snapshot.processes import Level
from pgs_snapshot.values import Value
from tests.architecture.tree import ROOT
from tests.runtime.bank import (
    BANK,
    TRANSFER,
    field,
    move,
    opened,
    rule,
    transfer,
)
from tests.runtime.protocol import (
    ADA,
    AT,
    COUNT,
    FINGERPRINT,
    REJECTED,
    WORKFLOW,
    admit,
    ends,
    fields,
    graph,
    intent,
)
from tests.runtime.protocol import opened as opened_desk
from tests.runtime.teller import counting

NESTED: Value = {"a": {"b": {"c": [[1, 2, 3]]}}, "n": 1}
READS = {
    "attribute": "ctx.domain.secret",
    "getattr": "getattr(ctx.domain, 'secret')",
    "in a loop": "[ctx.domain.secret for _ in range(1)]",
}
MUTATORS = {
    "item": "d['x'] = 1",
    "delete": "del d['n']",
    "setdefault": "d.setdefault('x', 1)",
    "update": "d.update(x=1)",
    "or": "d |= {'x': 1}",
    "pop": "d.pop('n')",
    "popitem": "d.popitem()",
    "clear": "d.clear()",
    "depth 2": "d['a']['x'] = 1",
    "depth 3": "d['a']['b']['x'] = 1",
    "depth 4": "d['a']['b']['c'].append(4)",
    "slice": "d['a']['b']['c'][0][:] = []",
    "extend": "d['a']['b']['c'][0].extend([4])",
    "sort": "d['a']['b']['c'][0].sort(reverse=True)",
    "whole": "ctx.domain.held = {}",
    "delattr": "del ctx.domain.held",
}


def over(held: Value, source: str, reads: tuple[str, ...] = (), writes: tuple[str, ...] = ()) -> Runtime:
    """A process over a context that holds something, and a secret."""
    context = model.Context(BANK, "", {"domain.held": field({}, held), "domain.secret": field(COUNT, 7)}, (), AT)
    process = model.Process(
        name=TRANSFER,
        summary="",
        context=BANK,
        reads=reads,
        writes=writes,
        signals=(),
        inputs=fields(),
        outcomes={"SUCCESS": fields(["n"], n={})},
        errors={},
        implementation="desk.work:body",
        at=AT,
    )
    node = model.ProcessNode("work", TRANSFER, model.Literal_("main"), {}, (), {"SUCCESS": model.Edge("done")}, AT)
    shape = graph(admit("work"), node, ends("done"), REJECTED)
    return opened_desk(intent(fields()), context, process, shape, source=source)


def running(body: str, reads: tuple[str, ...] = (), writes: tuple[str, ...] = ()) -> Runtime:
    """A process with this line as its body."""
    return over(NESTED, f"def body(ctx):\n    {body}\n    return {{'n': 0}}\n", reads, writes)


def work(runtime: Runtime) -> tuple[str, str]:
    outcome = runtime.run(WORKFLOW, {}, ADA)
    return outcome.kind, outcome.exit


# --- contracts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_ctx_01_an_undeclared_read_ends_the_run_and_nothing_of_it_stands(read: str) -> None:
    runtime = running(f"ctx.domain.held['n'] = 2; {read}", writes=("domain.held",))
    assert work(runtime)[0] == "FAULTED"
    assert runtime.store.scan("state", BANK, "").cells == ()


@pytest.mark.parametrize("change", MUTATORS.values(), ids=MUTATORS)
def test_ctx_02_no_mutator_gets_past_a_contract_that_only_reads(change: str) -> None:
    runtime = running(f"d = ctx.domain.held; {change}", reads=("domain.held",))
    assert work(runtime) == ("FAULTED", "R170")
    assert runtime.store.scan("state", BANK, "").cells == ()


@pytest.mark.parametrize("change", MUTATORS.values(), ids=MUTATORS)
def test_ctx_02_every_mutator_does_to_a_declared_field_what_python_does(change: str) -> None:
    runtime = running(f"d = ctx.domain.held; {change}", writes=("domain.held",))
    plain = {"ctx": type("Ctx", (), {"domain": type("Domain", (), {"held": orjson.loads(orjson.dumps(NESTED))})()})()}
    if change == MUTATORS["delattr"]:
        assert work(runtime)[0] == "FAULTED"  # a field of a context is always there
        return
    exec(f"d = ctx.domain.held; {change}", plain)  # noqa: S102 (the test's own text)
    assert work(runtime) == ("COMPLETED", "COMPLETED")
    stored = orjson.loads(Stock(runtime.store).get(BANK, "main/domain.held")[0])
    assert stored == plain["ctx"].domain.held


def test_ctx_03_after_an_error_the_store_on_disk_is_the_one_before(tmp_path: Path) -> None:
    runtime = opened(store=SqliteStore(tmp_path / "state.db"))
    move(runtime, 30)
    before = Stock(runtime.store).get(BANK, "main/domain.accounts")
    assert move(runtime, -5).exit == "WRONG"
    assert move(runtime, 1).kind == "FAULTED"
    assert Stock(runtime.store).get(BANK, "main/domain.accounts") == before
    runtime.close()


@pytest.mark.parametrize(
    "path", ["domain.held.name_secret", "domain.secret", "domain.held.name.x", "DOMAIN.held", "domain.hel"]
)
def test_ctx_04_a_path_is_compared_name_by_name(path: str) -> None:
    steps = "".join(f"[{name!r}]" if at > 1 else f".{name}" for at, name in enumerate(path.split(".")))
    source = f"def body(ctx):\n    return {{'n': str(ctx{steps})}}\n"
    runtime = over({"name": "a", "name_secret": "b"}, source, reads=("domain.held.name",))
    assert work(runtime)[0] == "FAULTED"


@pytest.mark.tampers("the body keeps something from run to run, which the compiler refuses")
def test_ctx_05_what_a_body_keeps_is_dead_when_it_has_ended() -> None:
    source = """
KEPT = []

def body(ctx):
    if KEPT:
        KEPT[0]["n"] = 3
    KEPT.append(ctx.domain.held)
    return {"n": 0}
"""
    runtime = over(NESTED, source, writes=("domain.held",))
    assert work(runtime) == ("COMPLETED", "COMPLETED")
    assert work(runtime)[0] == "FAULTED"
    assert Stock(runtime.store).stores() == {}


def test_ctx_06_what_one_node_gave_is_not_changed_by_another() -> None:
    source = """
def body(ctx):
    held = ctx.domain.held
    given = {"n": held}
    held["n"] += 1
    return given
"""
    runtime = over(NESTED, source, writes=("domain.held",))
    run = runtime.run(WORKFLOW, {}, ADA)
    line = orjson.loads(runtime.store.lines(run.trace_id)[2])
    first = line["outputs"]["n"]["n"]
    runtime.run(WORKFLOW, {}, ADA)
    again = orjson.loads(runtime.store.lines(run.trace_id)[2])
    assert again["outputs"]["n"]["n"] == first == 2


# --- gates ---------------------------------------------------------------------------------------


def test_gate_01_each_level_does_what_it_is_for() -> None:
    def ends_of(level: Level, times: int) -> list[str]:
        runtime = opened(transfer([rule(61, "args.amount", level, threshold=2, max=50)]))
        return [move(runtime, 60).kind for _ in range(times)]

    assert ends_of("C", 3) == ["COMPLETED", "COMPLETED", "COMPLETED"]
    assert ends_of("B", 3) == ["DENIED", "DENIED", "DENIED"]
    assert ends_of("A", 3) == ["DENIED", "STOPPED", "DENIED"]
    assert ends_of("S", 2) == ["DENIED", "STOPPED"]


def test_gate_02_nobody_ever_sees_what_a_gate_refuses(tmp_path: Path) -> None:
    gated = transfer(after=[rule(62, "domain.total_reserves", "B", min=400)])
    runtime = opened(gated, store=SqliteStore(tmp_path / "state.db"))
    move(runtime, 600)
    seen: set[bytes] = set()
    stop = threading.Event()

    def watch() -> None:
        reader = SqliteStore(tmp_path / "state.db")
        while not stop.is_set():
            cell = reader.get("state", BANK, "main/domain.total_reserves")
            seen.add(cell.value if cell else b"")
        reader.close()

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(30):
        assert move(runtime, 700).exit == "BLOCKED"
    stop.set()
    watcher.join()
    assert seen == {b"400"}
    runtime.close()


@pytest.mark.parametrize(
    "looks_at",
    [
        "domain.accounts.zoe",
        "domain.accounts.mean()",
        "domain.total_reserves.sum()",
        "args.source",
        "domain.accounts.ann.b",
    ],
)
@pytest.mark.parametrize("level", ["B", "A"])
def test_gate_03_a_rule_that_cannot_be_judged_is_broken_at_its_level(looks_at: str, level: Level) -> None:
    runtime = opened(transfer([rule(63, looks_at, level, min=1)]))
    assert move(runtime, 30).kind == {"B": "DENIED", "A": "STOPPED"}[level]


def test_gate_04_of_many_processes_that_are_killed_each_third_violation_acts(tmp_path: Path) -> None:
    file, chance = tmp_path / "state.db", random.Random(4)  # noqa: S311 (moments to kill at)
    SqliteStore(file).close()
    line = [sys.executable, "-m", "tests.runtime.teller", str(file), "12"]
    tellers = [subprocess.Popen(line, cwd=ROOT, stderr=subprocess.DEVNULL) for _ in range(4)]
    for teller in tellers[:3]:
        threading.Event().wait(0.2 + chance.random())
        teller.kill()
    for teller in tellers:
        teller.wait()
    subprocess.run([*line[:-1], "5"], cwd=ROOT, check=True)
    with Runtime(counting(), SqliteStore(file), Ports(fingerprint=FINGERPRINT)) as runtime:
        entries = runtime.store.log(0, 1000)
        kinds = [cast(str, getattr(runtime.store.run(entry.run), "status", "")) for entry in entries]
        assert len(kinds) >= 17
        assert kinds == (["DENIED", "DENIED", "STOPPED"] * len(kinds))[: len(kinds)]
