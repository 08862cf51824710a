"""The main job, start to end: compile the example protocols, run two of them, and say what happened.

Everything goes through the two commands, as a user would type them. State is kept in `demo/`, which is made anew at
each run; traces are left in `traces/`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "demo"
DATA = DEMO / "data"
REGISTER = "blockchain::WF_REGISTER_ACTOR_UNVERIFIED_V0"
GOVERN = "ai_governance::WF_GOVERN_AGENT_ACTION_V0"
DECIDING = {REGISTER: 2, GOVERN: 4}  # where on the way of each the demo's runs part

ACTOR = {"actor_record": {"first_name": "Ada", "last_name": "Byron", "email_registration": "ada@example.org"}}
LICENSES = {
    "ai_governance::ST_LICENSE_FACTS_V0": {
        "EMP_STD_001": {"license_status": "active", "license_tier": "standard", "org_unit": "engineering"}
    }
}
PERMITTED = {
    "tool_name": "PROVISION_STANDARD_LICENSE",
    "parameters": {"tier": "standard", "quantity": 50},
    "requesting_user_id": "EMP_STD_001",
    "domain_context": "ai_licensing",
}
FORBIDDEN = {
    **PERMITTED,
    "tool_name": "PROVISION_PREMIUM_LICENSE",
    "parameters": {"tier": "premium", "quantity": 10},
}


def command(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One of the two commands, run in the project's folder."""
    line = [sys.executable, "-I", "-m", module, *arguments]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)


def run(workflow: str, name: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Run a workflow with a payload written to `demo/NAME.json`; the command's JSON answer."""
    file = DEMO / f"{name}.json"
    file.write_text(json.dumps(payload, indent=2) + "\n")
    paths = ("--data-root", str(DATA), "--workspace", str(ROOT), "--payload", str(file))
    done = command("pgs_runtime", "run", "--wf", workflow, *paths, "--json")
    if not done.stdout:
        sys.exit(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout)
    if "error" in answer:
        sys.exit(done.stderr)
    node, outcome = answer["path"][DECIDING[workflow]]
    decided = f"{node} ended {outcome}"
    say(f"  {name:<10} {decided:<39} the run {answer['kind']}, exit code {done.returncode}")
    return answer


def changed(answers: Iterable[Mapping[str, Any]], store: str) -> int:
    """How many rows the runs added to a store."""
    return sum(sum(answer["effects"].get(store, {}).values()) for answer in answers)


def say(text: str = "") -> None:
    print(text, flush=True)


def state(name: str, rows: Mapping[str, Any]) -> None:
    """Seed the state that the governance of tool calls looks at."""
    file = DEMO / f"{name}.json"
    file.write_text(json.dumps(rows, indent=2) + "\n")
    paths = ("--data-root", str(DATA), "--workspace", str(ROOT))
    done = command("pgs_runtime", "state", "load", str(file), *paths)
    if done.returncode:
        sys.exit(done.stderr)


def main() -> None:
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir()

    say("Compiling protocols/ …")
    compiled = command("pgs_compiler", "compile", "protocols", "--out", "protocol_snapshot")
    if compiled.returncode:
        sys.exit(compiled.stderr)
    say(f"  sealed as {compiled.stdout.split()[0][:16]}… in protocol_snapshot/")

    say("\nRegistering the same actor twice …")
    first = run(REGISTER, "register", ACTOR)
    second = run(REGISTER, "again", ACTOR)

    say("\nAn agent asks for two tools …")
    state("licenses", LICENSES)
    permitted = run(GOVERN, "permitted", PERMITTED)
    forbidden = run(GOVERN, "forbidden", FORBIDDEN)

    say("\nWhat happened")
    actors = changed((first, second), "blockchain::ST_ACTORS_V0")
    events = changed((first, second), "blockchain::ST_IDENTITY_EVENTS_V0")
    say(f"  One actor, asked for twice: the registry has {actors} entry, its history {events} events.")
    say(f"  The permitted call ended {permitted['kind']}, the forbidden one {forbidden['kind']} ({forbidden['exit']});")
    say("  both are on the audit trail.")
    say("\nRead on")
    for answer in (second, forbidden):
        say(f"  {Path(answer['trace'][1]).relative_to(ROOT)}   (.png beside it)")
    last = Path(forbidden["trace"][0]).relative_to(ROOT)
    say(f"  .venv/bin/pgs_runtime examine {last} --data-root demo/data")


if __name__ == "__main__":
    main()
