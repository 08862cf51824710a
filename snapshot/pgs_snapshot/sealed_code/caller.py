"""Calls transforms in a process of their own, which is stopped when a call takes too much.

Laws:
* what one call does to the process is the fault of that call alone: the next one gets a new process;
* nothing is started before the first call, and a fork of this process starts its own;
* the process knows the sealed sources and nothing of the environment.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import cast

import orjson

from pgs_snapshot.canonical import canonical
from pgs_snapshot.locate import search_path
from pgs_snapshot.sealed_code.answers import Answer, Broken, Why
from pgs_snapshot.sealed_code.child import read_frame, write_frame
from pgs_snapshot.values import Outcome, Value

_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from pgs_snapshot.sealed_code.child import main; main()"
)
# The system ends a call by its processor time; by the clock only what waits, and nothing of a transform does.
_PATIENCE = 10.0
_MOST_REPLY = 64 << 20


class NotStarted(Exception):
    """No process could be started. Its text says why."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a call may take: processor seconds, bytes of memory, and bytes of canonical JSON for each output."""

    seconds: float
    memory: int
    value: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What differs between machines, for processes that try whether it matters.

    Attributes:
        environment: all of the variables.
        folder: the working directory.
        ballast: how many objects lie in memory before anything else does.
        watch: whether inputs and modules are compared before and after each call.
    """

    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    folder: str = "/"
    ballast: int = 0
    watch: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, and what was seen beside it: whether inputs were changed, and whether something was kept."""

    answer: Answer
    changed: bool = False
    kept: bool = False


class Caller:
    """One process at a time, for the transforms of one set of sealed modules."""

    def __init__(self, modules: Mapping[str, bytes], budget: Budget, surroundings: Surroundings | None = None) -> None:
        self._modules = modules
        self._budget = budget
        self._surroundings = surroundings or Surroundings()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._at_the_end: weakref.finalize[..., Caller] | None = None
        self._lock = threading.Lock()

    def call(self, reference: str, inputs: dict[str, Value]) -> Told:
        """Call `package.module:function` with a copy of the inputs, in the canonical order of their members.

        Raises:
            NotStarted: there is no process to call it in.
        """
        with self._lock:
            process = self._running()
            try:
                write_frame(_descriptor(process.stdin), canonical([reference, inputs]))
                reply = self._reply(process)
            except BrokenPipeError:
                reply = None
            except BaseException:
                self._stop()  # the answer would be taken for that of the next call
                raise
            if reply is None:
                return Told(self._ended())
            if reply["last"]:
                self._stop()
            return _told(reply)

    def close(self) -> None:
        """End the process. Another call starts a new one."""
        with self._lock:
            self._stop()

    # --- the process -----------------------------------------------------------------------------

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._owner == os.getpid():
            return self._process
        self._process = None  # after a fork it is another's
        process = self._started()
        setup: dict[str, Value] = {
            "ballast": self._surroundings.ballast,
            "bytes": self._budget.memory,
            "modules": {name: source.decode() for name, source in self._modules.items()},
            "most": self._budget.value,
            "seconds": self._budget.seconds,
            "watch": self._surroundings.watch,
        }
        try:
            write_frame(_descriptor(process.stdin), orjson.dumps(setup))
            ready = read_frame(_descriptor(process.stdout))
        except BrokenPipeError:
            ready = b""
        self._process, self._owner = process, os.getpid()
        self._at_the_end = weakref.finalize(self, _end, process, os.getpid())
        if not ready:
            code = process.wait()
            self._stop()
            raise NotStarted(f"the process for transforms ended with {code} before it was ready")
        return process

    def _started(self) -> subprocess.Popen[bytes]:
        path = orjson.dumps(list(search_path())).decode()
        command = [sys.executable, "-P", "-s", "-B", "-c", _START, path]
        try:
            return subprocess.Popen(  # noqa: S603 (our own interpreter with our own program)
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=dict(self._surroundings.environment),
                cwd=self._surroundings.folder,
                bufsize=0,
            )
        except OSError as error:
            raise NotStarted(f"`{sys.executable}` cannot be started: {error.strerror}") from error

    def _reply(self, process: subprocess.Popen[bytes]) -> dict[str, Value] | None:
        """The answer to a call; None when the process ended, or had to be."""
        output = _descriptor(process.stdout)
        deadline = time.monotonic() + self._budget.seconds * 2 + _PATIENCE
        while not select.select([output], [], [], max(deadline - time.monotonic(), 0))[0]:
            if time.monotonic() >= deadline:
                process.kill()
        data = read_frame(output, _MOST_REPLY)
        return cast("dict[str, Value]", orjson.loads(data)) if data else None

    def _ended(self) -> Broken:
        """Why the process ended in the middle of a call."""
        process = self._process
        code = process.wait() if process is not None else 0
        self._stop()
        why: Why = "died"
        if code in (-signal.SIGPROF, -signal.SIGKILL):
            why = "time"
        elif code == -signal.SIGABRT:
            why = "memory"  # what is written in C or Rust ends the process when it is refused memory
        return Broken(why)

    def _stop(self) -> None:
        self._process = None
        if self._at_the_end is not None:
            self._at_the_end()
            self._at_the_end = None


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    """End a process and what leads to it. After a fork it is not ours to end."""
    if owner == os.getpid():
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _descriptor(pipe: object) -> int:
    return cast(int, pipe.fileno())  # type: ignore[attr-defined]


def _told(reply: Mapping[str, Value]) -> Told:
    answer: Answer
    if "outcome" in reply:
        answer = Outcome(str(reply["outcome"]), **cast("dict[str, Value]", reply["outputs"]))
    else:
        answer = Broken(
            cast(Why, reply["why"]),
            str(reply.get("text", "")),
            str(reply.get("pointer", "")),
            str(reply.get("under", "")),
        )
    return Told(answer, bool(reply.get("changed")), bool(reply.get("kept")))
