"""The page about the format is enough for a stranger: its verifier works, and it names all that there is."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from pgs_runtime.evidence.verify import LEVELS
from pgs_runtime.trace.lines import LIMITS, joined
from pgs_runtime.trace.reading import OPERATORS
from pgs_runtime.trace.record import LOAD, MAX_SHOWN
from pgs_snapshot.values import Value
from tests.architecture.tree import ROOT
from tests.runtime.till import RUNS, left_by, open_till, rechained

PAGE = (ROOT / "docs/trace.md").read_text(encoding="utf-8")
NAMED = {word for span in re.findall(r"`([^`\n]+)`", PAGE) for word in re.findall(r"[\w$-]+", span)}
PAID = left_by(open_till(), "paid")


def judged(data: bytes) -> subprocess.CompletedProcess[str]:
    (verifier,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    done = subprocess.run([sys.executable, "-I", "-c", verifier], input=data, capture_output=True, check=False)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def members(value: Value) -> set[str]:
    if isinstance(value, list):
        return {name for item in value for name in members(item)}
    if not isinstance(value, dict):
        return set()
    return set(value) | {name for item in value.values() for name in members(item)}


def test_the_verifier_on_the_page_accepts_what_a_run_leaves_and_prints_its_head() -> None:
    done = judged(joined(PAID))
    last = json.loads(PAID[-1])
    assert (done.stdout, done.returncode) == (f"{last['run']} {last['digest']}\n", 0)


@pytest.mark.parametrize(
    "data",
    [
        joined(PAID).replace(b"SUCCESS", b"FAILURE", 1),
        joined(PAID[:-1]),
        joined([*PAID[:2], *PAID[3:]]),
        joined(rechained(PAID, lambda bodies: bodies[-1].update(lines=7))),
        joined(PAID)[:-1],
        joined(PAID).replace(b'":"', b'": "', 1),
    ],
)
def test_the_verifier_on_the_page_refuses_what_was_changed(data: bytes) -> None:
    assert judged(data).returncode != 0


@pytest.mark.parametrize("name", RUNS)
def test_the_page_names_every_member_that_a_trace_has(name: str) -> None:
    for line in left_by(open_till(), name):
        body = json.loads(line)
        data = [
            body.pop("result", None),
            body.pop("emitted", None),
            body.pop("outputs", None),
            body.pop("effects", None),
        ]
        if "header" in body:
            data.append(body["header"].pop("payload"))
        for step in body.get("steps", []):
            data += [step.pop("inputs", None), step.pop("outputs", None)]
        assert members(body) <= NAMED


def test_the_page_has_the_operators_levels_and_limits_of_the_code() -> None:
    assert " ".join(OPERATORS) in PAGE
    found = "every|the last|the store|the log|that checkpoint"
    assert re.findall(rf"^\| `([a-z-]+)` \| (?:{found})", PAGE, re.MULTILINE) == list(LEVELS)
    assert f"{LIMITS.size >> 20} MiB, {LIMITS.lines:,} lines, and {LIMITS.depth} arrays" in PAGE
    assert f"more than {MAX_SHOWN:,} bytes" in PAGE
    assert f"`{LOAD}`" in PAGE
