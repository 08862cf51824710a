"""The two programs as a user meets them: an installation to run them in, and what a command answered.

Every answer is checked for what holds whatever the command: no traceback, and no mistake of ours.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pgs_compiler.compiler import compile_program
from pgs_compiler.workspace import open_workspace
from pgs_runtime.operate.actors import local_actor
from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Actor, Runtime
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_snapshot.exchange import write_snapshot
from tests.warm import warm

ROOT = Path(__file__).parents[2]
TROUBLE = Path(__file__).with_name("trouble")

# What of the caller's environment a command sees: enough to find the interpreter, and nothing that could
# change what is printed.
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "XDG_CACHE_HOME", "XDG_STATE_HOME") if name in os.environ}
ENVIRONMENT["LC_ALL"] = "C.UTF-8"

Argument = str | bytes | Path

LITTLE_MEMORY = 'ulimit -v 800000; exec "$@"'
"""Runs a command with 800 MB of address space: what is not bounded does not fit."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended, and what it wrote to standard output and standard error."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        answer: dict[str, Any] = json.loads(self.out)
        return answer

    def error(self) -> dict[str, Any]:
        """The error object on standard output, whose message is on standard error as well."""
        error: dict[str, Any] = self.json()["error"]
        assert set(error) == {"code", "message", "where", "hint"}
        assert error["code"] in self.err
        return error


def command(
    program: str,
    arguments: Sequence[Argument],
    stdin: bytes = b"",
    environment: Mapping[str, str] = ENVIRONMENT,
    within: str = "",
) -> Answer:
    """Run a program.

    Args:
        program: `pgs_compiler` or `pgs_runtime`.
        within: how a shell runs it, where `"$@"` is the command: `ulimit -v 500000; "$@" >/dev/full`.
    """
    line = [sys.executable, "-I", "-m", program, *arguments]
    if within:
        line = ["bash", "-c", within, "bash", *line]
    if within or _starts_otherwise(environment):
        done = subprocess.run(line, input=stdin, capture_output=True, env=dict(environment), check=False)
        code, *said = done.returncode, done.stdout, done.stderr
    else:
        code, *said = warm(program).run([os.fsdecode(argument) for argument in arguments], stdin, environment)
    out, err = (text.decode(errors="surrogateescape") for text in said)
    assert code not in (70, 120), err
    assert "Traceback" not in out + err
    assert "mistake of ours" not in err
    return Answer(code, out, err)


def _starts_otherwise(environment: Mapping[str, str]) -> bool:
    """Whether something is set that the system or Python reads when a program starts, and not when a command does."""
    of_ours = {name for name in environment if name.startswith("PGS_")}
    return environment.get("LC_ALL") != ENVIRONMENT["LC_ALL"] or not environment.keys() <= ENVIRONMENT.keys() | of_ours


@dataclass(frozen=True, slots=True)
class Installation:
    """A workspace with a snapshot, and a data root, which may not exist yet."""

    workspace: Path
    data: Path

    def copied(self, folder: Path, *beside: str) -> Installation:
        """The same in another folder, with what is named of what lies beside it."""
        for source in (self.workspace, self.data, *(self.workspace.with_name(name) for name in beside)):
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, folder / source.name)
        return Installation(folder / self.workspace.name, folder / self.data.name)

    def compiler(self, *arguments: Argument, **how: Any) -> Answer:
        return command("pgs_compiler", [*arguments, "--workspace", self.workspace], **how)

    def runtime(self, *arguments: Argument, stdin: bytes = b"", **how: Any) -> Answer:
        places: list[Argument] = ["--workspace", self.workspace, "--data-root", self.data]
        return command("pgs_runtime", [*arguments, *places], stdin, **how)

    def run(self, workflow: Argument, payload: bytes, *options: Argument, **how: Any) -> Answer:
        """Run a workflow with a payload from standard input, and without a picture, which takes its time."""
        line = ["run", "--wf", workflow, "--payload", "-", "--no-picture", *options]
        return self.runtime(*line, stdin=payload, **how)

    def open(self, ports: Ports | None = None) -> Runtime:
        return Runtime.open(self.workspace, self.data, ports=ports)

    def runs(self) -> list[tuple[str, str]]:
        """Status and exit of every run in the store."""
        with closing(SqliteStore(self.data / "state.db")) as store:
            return [(run.status, run.exit or "") for run in store.runs()]

    def traces(self) -> list[str]:
        """The names of the trace files, sorted."""
        return sorted(path.name for path in (self.workspace / "traces").glob("*/*"))

    def untouched(self) -> bool:
        """Whether nothing was run: there is no store and no trace."""
        return not self.data.exists() and not (self.workspace / "traces").exists()


def operator(runtime: Runtime, user: str = "tester") -> Actor:
    """Who acts on a command line that names nobody."""
    return local_actor(runtime.snapshot, "", {}, user, "")


def compiled(root: Path) -> Mapping[str, bytes]:
    """The files of the snapshot that a workspace's sources give."""
    opened = open_workspace(root, ())
    assert opened.value is not None
    compilation = compile_program(opened.value.project, root, opened.value.files)
    assert compilation.files is not None, [finding.message for finding in compilation.findings]
    return compilation.files


def recompile(place: Installation, **members: str) -> None:
    """Compile a workspace again, with other or more members in its project file; an empty one is left out."""
    file = place.workspace / "pgs.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.partition(":")[0] not in members]
    added = [f"{name}: {text}" for name, text in members.items() if text]
    file.write_text("\n".join([*kept, *added, ""]), encoding="utf-8")
    write_snapshot(place.workspace / "protocol_snapshot", compiled(place.workspace))


def agrees(answer: Answer, place: Installation) -> bool:
    """Whether exit code, answer, the run's status in the store and the trace's last line say the same.

    `answer` is that of a run with `--json` that left a trace.
    """
    told = answer.json()
    with closing(SqliteStore(place.data / "state.db")) as store:
        run = store.run(told["trace_id"])
        kept = store.lines(told["trace_id"])
    assert run is not None
    file = place.workspace / "traces" / told["trace_id"] / f"{told['trace_id']}.jsonl"
    assert file.read_bytes() == b"".join(line + b"\n" for line in kept)
    last: dict[str, Any] = json.loads(kept[-1])
    end = last["name"] if last["kind"] == "exit" else last["fault"]["code"]
    kind = last["exit"] if last["kind"] == "exit" else "FAULTED"
    return bool(
        answer.code == told["exit_code"]
        and told["kind"] == run.status == kind
        and told["exit"] == run.exit == end
        and last["lines"] == len(kept) == run.head.line + 1
        and last["digest"] == run.head.digest
    )
