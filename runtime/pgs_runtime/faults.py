"""Faults: what ends a run without an exit, and what refuses one before it starts. Each has a code and an exit code.

| family | means | exit |
| --- | --- | --- |
| R001 | the command line | 2 |
| R009, R01x | the request: workflow, payload, actor, request id | 2, 5 |
| R02x | a capability or the engine broke its word | 6 |
| R03x | a limit was exceeded | 10 |
| R04x | the store | 8, 11 |
| R05x | the seal, a trace | 3 |
| R061, R062, R063 | output could not be written; the run stands | 2, 14 |
| R064, R065, R066 | the process for transforms | 6, 10 |
| R067, R068, R069 | the settings of external effects | 2 |
| R08x | a live run: a signal, a person's word, going on with it | 2, 5, 9, 11 |
| R10x | a run that is done again | 2, 9 |
| R11x | keys, and who is trusted | 2, 3 |
| R12x | checkpoints, and where they are kept | 2, 3, 14 |
| R13x | what is erased, and what cannot be hidden | 2, 5, 6, 9 |
| R15x | what is waived and overridden | 2, 5, 7 |
| R17x | processes and the rules at gates | 2, 6, 7 |
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Literal

from pgs_snapshot.limits import Limits


class ExitCode(IntEnum):
    """How both programs end."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    SEAL = 3
    DENIED = 4
    REJECTED = 5
    FAULT = 6
    STOPPED = 7
    STORE = 8
    DIVERGED = 9
    LIMIT = 10
    BUSY = 11
    IN_DOUBT = 12
    WAITING = 13
    OUTPUT = 14
    BUG = 70
    INTERRUPTED = 130


def status_of_fault(exit_code: ExitCode | int) -> Literal["FAULTED", "STOPPED"]:
    """How a run stands that a fault with this exit code has ended: a rule has stopped it, or something broke."""
    return "STOPPED" if exit_code == ExitCode.STOPPED else "FAULTED"


def hint_of_unknown(wanted: str, known: Sequence[str]) -> str:
    """What to type instead of a name that the snapshot does not have; `known` are those that it has."""
    from pgs_snapshot.suggest import unknown  # 1.3 ms, where nothing is run

    return unknown(wanted, known, "`index.json` in the snapshot lists them")


class Refusal(Exception):
    """Something cannot be done, and this says why.

    Attributes:
        code: a stable code, `R0xx`.
        message: one sentence.
        where: a place: `path:line:column`, a JSON Pointer, a file, or "".
        hint: what to do, or "".
        exit_code: how a program that stops for it ends.
    """

    def __init__(self, code: str, message: str, exit_code: ExitCode, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.exit_code = exit_code
        self.where = where
        self.hint = hint


class Fault(Refusal):
    """A run ends here, rolled back: a capability broke its contract, or a limit was exceeded.

    `message` is hashed into the trace, so it holds no value and no text of an exception; `cause` has those.
    """

    def __init__(self, code: str, message: str, exit_code: ExitCode = ExitCode.FAULT, where: str = "") -> None:
        super().__init__(code, message, exit_code, where)


UNHIDDEN = "R134"
BREAKS = (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)
"""What breaks where bytes are made of a value."""


def unhidden(broken: BaseException) -> Fault:
    """What would have hidden a labelled value broke.

    Its text may hold the value, so that it is told in no message; raise this from None.
    """
    return Fault(UNHIDDEN, f"What carries a label could not be hidden ({type(broken).__name__}).")


def exceeded(limits: Limits, lines: int, size: int) -> Fault:
    """The limit of a run that was reached."""
    if lines >= limits.run_lines:
        return Fault("R030", f"The run has {limits.run_lines} lines, which is the limit.", ExitCode.LIMIT)
    if size > limits.run_bytes:
        return Fault("R032", f"The record has more than {limits.run_bytes} bytes, which is the limit.", ExitCode.LIMIT)
    return Fault("R033", f"The run takes more than {limits.run_seconds} s, which is the limit.", ExitCode.LIMIT)
