"""A program that has been started, imported and not begun: each command is a process of its own, forked from it.

A command takes a fifth of a second to import what it needs, and the tests give thousands of them. Here one process of
each program imports it once and waits; for a command it forks itself, and the fork takes over streams, arguments,
environment and folder, and does what `python -I -m` would do from there, up to its exit code. Nothing of one command is
left to the next. It ends with the tests, by whatever way they end: their side of the line is then closed.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module

LOADED = {
    "pgs_compiler": ("pgs_compiler.__main__", "pgs_compiler.compiler", "pgs_compiler.unchanged", "pgs_compiler.render"),
    "pgs_runtime": ("pgs_runtime.__main__", "pgs_runtime.examine.answers", "pgs_runtime.operate.opening"),
}
"""By program: the module of its `main`, and what most of its commands import besides."""

_ONE_MESSAGE = 100_000


class Warm:
    """The waiting process of a program, from the side of the tests."""

    def __init__(self, program: str) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # Pipes, as commands have them, so that its streams are what those of a command would be.
        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__, program, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env={"LC_ALL": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        theirs.close()

    def run(self, arguments: Sequence[str], stdin: bytes, environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
        """The exit code of a command, as `subprocess` gives it, and what it wrote to its standard streams."""
        asked = json.dumps([list(arguments), dict(environment), os.getcwd()]).encode()
        if len(asked) > _ONE_MESSAGE:
            raise ValueError("a command line that long is for a process of its own")
        mine, theirs = zip(*(os.pipe()[:: 1 if reads else -1] for reads in (False, True, True, True)), strict=True)
        socket.send_fds(self._line, [asked], [*theirs])
        for descriptor in theirs:
            os.close(descriptor)
        return _told(mine, stdin)

    def ended(self) -> int:
        """Let go of the line, and wait for its end: the exit code."""
        self._line.close()
        self._process.communicate()
        return self._process.returncode


def _told(mine: Sequence[int], stdin: bytes) -> tuple[int, bytes, bytes]:
    """Write and read what goes through the pipes, until each is closed at the other side."""
    giving, *reading = mine
    told: dict[int, list[bytes]] = {descriptor: [] for descriptor in reading}
    rest = memoryview(stdin)
    waiting = select.poll()
    for descriptor in reading:
        waiting.register(descriptor, select.POLLIN)
    waiting.register(giving, select.POLLOUT)
    is_open = {*mine}
    while is_open:
        for descriptor, _ in waiting.poll():
            if descriptor == giving:
                rest = _given(giving, rest)
                over = not rest
            else:
                told[descriptor].append(os.read(descriptor, 1 << 16))
                over = not told[descriptor][-1]
            if over:
                waiting.unregister(descriptor)
                os.close(descriptor)
                is_open.remove(descriptor)
    out, err, code = (b"".join(told[descriptor]) for descriptor in reading)
    if not code:
        raise RuntimeError("the process that commands are forked from has ended")
    return int(code), out, err


def _given(descriptor: int, rest: memoryview) -> memoryview:
    """What is left to write; nothing for a command that does not read."""
    try:
        return rest[os.write(descriptor, rest[: select.PIPE_BUF]) :]
    except BrokenPipeError:
        return rest[:0]


@cache
def warm(program: str) -> Warm:
    """The waiting process of a program, started where it was not."""
    return Warm(program)


# --- the waiting process itself ----------------------------------------------------------------------


def _serve(line: socket.socket) -> tuple[list[str], dict[str, str], str]:
    """Fork for each command, and tell how it ended; what comes back is the command, within the fork."""
    heard, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    answers: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([line, heard], [], [])
        if heard in ready:
            os.read(heard, 1 << 16)
            _tell(answers)
        if line not in ready:
            continue
        asked, descriptors, _, _ = socket.recv_fds(line, _ONE_MESSAGE, 4)
        if not asked:
            os._exit(0)
        child = os.fork()
        if child == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for number in range(3):
                os.dup2(descriptors[number], number)
            line.detach()
            os.closerange(3, 1 << 10)
            arguments, environment, folder = json.loads(asked)
            return arguments, environment, folder
        for descriptor in descriptors[:3]:
            os.close(descriptor)
        answers[child] = descriptors[3]


def _tell(answers: dict[int, int]) -> None:
    """Say of each fork that has ended with what code."""
    while answers:
        child, status = os.waitpid(-1, os.WNOHANG)
        if not child:
            return
        os.write(answers[child], str(os.waitstatus_to_exitcode(status)).encode())
        os.close(answers.pop(child))


def _main() -> None:
    program, descriptor = sys.argv[1:]
    main, *_ = [import_module(name) for name in LOADED[program]]
    gc.collect()
    gc.freeze()
    arguments, environment, folder = _serve(socket.socket(fileno=int(descriptor)))
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [str(main.__file__), *arguments]
    gc.unfreeze()
    main.main()


if __name__ == "__main__":
    _main()
