"""Leases: which process moves a run, and whether that process is still there.

A lease names its owner as machine, space of process numbers, process, and when that began. So who looks at a lease
on the same machine sees at once that its owner is gone, and need not wait until it ends.
"""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")


def own(entropy: bytes, proc: Path = _PROC) -> str:
    """The name of this process as an owner. `entropy` sets apart what nobody can look up."""
    machine = _machine(proc)
    began = _began(proc, os.getpid())
    return f"{machine}:{os.getpid()}:{began}:{entropy.hex()}" if machine and began else f"::{entropy.hex()}"


def is_gone(owner: str, proc: Path = _PROC) -> bool:
    """Whether the process of that name is certainly not running any more; where that cannot be told, it is not."""
    machine, _, rest = owner.rpartition(":")[0].partition(":")
    number, _, began = rest.partition(":")
    if not machine or machine != _machine(proc) or not number.isdigit():
        return False
    now = _began(proc, int(number))
    return now != began if now else not _is_there(int(number))


def _machine(proc: Path) -> str:
    """This boot of this machine, and the space of its process numbers; "" where the system does not say."""
    try:
        boot = (proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{os.readlink(proc / 'self/ns/pid').partition('[')[2].rstrip(']')}"
    except OSError:
        return ""


def _began(proc: Path, process: int) -> str:
    """When a process began, in ticks since the machine did; "" if that cannot be seen, "0" if it is not buried yet."""
    try:
        stat = (proc / str(process) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "0" if fields[0] in ("Z", "X") else fields[19]


def _is_there(process: int) -> bool:
    """Whether there is such a process, be it one of another user, which /proc may hide."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
