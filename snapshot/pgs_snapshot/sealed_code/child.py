"""The program of a process that calls transforms, and may be stopped at any time.

It reads requests from standard input and writes answers to standard output, each a length (4 bytes, big endian) and
that much JSON. The first request says what is sealed and how much a call may take; each other is one call.

Laws:
* a call that uses more processor time than it may is ended by the system, together with this process: a handler would
  have to wait for the end of what a C function does;
* a call that needs more memory than it may is refused it, where the system can do so (Linux), and else is told to have
  had too much;
* the process ends when its standard input does, so it never outlives who started it.
"""

from __future__ import annotations

import os
import resource
import signal
import struct
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import cast

import orjson

from pgs_snapshot.canonical import canonical
from pgs_snapshot.sealed_code.answers import Answer, Broken, answer, class_of, sealed_line
from pgs_snapshot.sealed_code.modules import SealedModules
from pgs_snapshot.values import Value

LENGTH = struct.Struct(">I")
_CHANGEABLE = (bytearray, dict, list, set)
_STATE_DEPTH = 8


class _Calls:
    def __init__(self, setup: dict[str, Value]) -> None:
        sources = cast("dict[str, str]", setup["modules"])
        self._modules = SealedModules({name: text.encode() for name, text in sources.items()}, pure=True)
        self._functions: dict[str, Callable[..., object] | Broken] = {}
        self._seconds = cast(float, setup["seconds"])
        self._bytes = cast(int, setup["bytes"])
        self._most = cast(int, setup["most"])
        self._watch = bool(setup["watch"])
        self._begin = 0

    def limit(self) -> None:
        """From now on the process gets no more memory than it has and a call may take."""
        self._begin = _peak()
        used = _address_space()
        if used:
            most = resource.getrlimit(resource.RLIMIT_AS)[1]
            wanted = used + self._bytes
            # Whoever started us may have set a lower limit, which stays.
            resource.setrlimit(
                resource.RLIMIT_AS, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most)
            )

    def call(self, reference: str, inputs: dict[str, Value]) -> dict[str, Value]:
        seen = _Seen(inputs) if self._watch else None
        signal.setitimer(signal.ITIMER_PROF, self._seconds)
        try:
            function = self._function(reference)
            if seen is not None:
                seen.begin()
            answered: Answer = function if isinstance(function, Broken) else answer(function, inputs)
            reply = self._reply(answered)
        except MemoryError:
            reply = {"why": "memory"}
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        if _peak() - self._begin > self._bytes and "outcome" in reply:
            reply = {"why": "memory"}
        if seen is not None:
            reply |= seen.end()
        # What a call took and did not give back is no loss for the next one.
        reply["last"] = reply.get("why") == "memory" or _peak() - self._begin > self._bytes // 2
        return reply

    def _function(self, reference: str) -> Callable[..., object] | Broken:
        if reference not in self._functions:
            try:
                loaded = self._modules.load(reference)
                self._functions[reference] = loaded if callable(loaded) else Broken("load", "nothing callable")
            except MemoryError:
                raise
            except BaseException as cause:  # noqa: BLE001 (an author's code runs when its module is loaded)
                told = sealed_line(cause.__cause__ or cause)
                self._functions[reference] = Broken("load", told)
        return self._functions[reference]

    def _reply(self, answered: Answer) -> dict[str, Value]:
        if isinstance(answered, Broken):
            return {
                "why": answered.why,
                "text": answered.text,
                "pointer": answered.pointer,
                "under": answered.outcome,
            }
        for name, value in answered.outputs.items():
            if _length(value, self._most) > self._most or len(canonical(value)) > self._most:
                return {"why": "size", "text": name}
        return {"outcome": answered.name, "outputs": answered.outputs}


def _length(value: Value, most: int) -> int:
    """Bytes that a value takes at least as JSON, looked at until they are more than `most`.

    Writing it takes several times its memory, and who writes it ends the process where there is none.
    """
    if isinstance(value, str):
        return len(value) + 2
    if not isinstance(value, dict | list):
        return 1
    length = 2 + (sum(map(len, value)) if isinstance(value, dict) else 0)
    for item in value.values() if isinstance(value, dict) else value:
        if length > most:
            break
        length += _length(item, most)
    return length


class _Seen:
    """What a call could change beside its answer: its inputs, and what the sealed modules hold."""

    def __init__(self, inputs: dict[str, Value]) -> None:
        self._inputs = inputs
        self._before = canonical(inputs)
        self._held: object = None

    def begin(self) -> None:
        """The modules are loaded, and the call follows."""
        self._held = _all_held()

    def end(self) -> dict[str, Value]:
        return {"changed": _changed(self._before, self._inputs), "kept": self._held != _all_held()}


def _all_held() -> tuple[object, ...]:
    own = [module for name, module in sorted(sys.modules.items()) if name.startswith("sealed:")]
    return tuple(_held(module) for module in own)


def _held(module: ModuleType) -> object:
    known = {name: value for name, value in vars(module).items() if not name.startswith("__")}
    return tuple((name, _shape(value, _STATE_DEPTH)) for name, value in sorted(known.items()))


def _shape(value: object, depth: int) -> object:
    """Something that is equal as long as a value is: by content where it can change, else by where it lies."""
    if isinstance(value, str | int | float | bool | None):
        return (class_of(value), value)
    if not depth:
        return id(value)
    if isinstance(value, dict):
        return tuple((_shape(key, depth - 1), _shape(item, depth - 1)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return (class_of(value), *(_shape(item, depth - 1) for item in value))
    if isinstance(value, _CHANGEABLE):
        return (class_of(value), len(value), frozenset(map(str, value)))
    return id(value)


def _changed(before: bytes, inputs: Mapping[str, Value]) -> bool:
    try:
        return canonical(dict(inputs)) != before
    except (TypeError, ValueError):  # what is in there now is no JSON
        return True


def _peak() -> int:
    """The most bytes of memory that this process had."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _address_space() -> int:
    """Bytes of address space in use, 0 where the system does not limit it."""
    if sys.platform != "linux":
        return 0
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


# --- frames --------------------------------------------------------------------------------------


def read_frame(descriptor: int, most: int = 1 << 30) -> bytes:
    """The next frame; b"" at the end, and for one that is cut off or longer than `most`."""
    head = _exactly(descriptor, LENGTH.size)
    size = LENGTH.unpack(head)[0] if head else 0
    return _exactly(descriptor, size) if 0 < size <= most else b""


def write_frame(descriptor: int, data: bytes) -> None:
    """Write a frame whole."""
    rest = memoryview(LENGTH.pack(len(data)) + data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _exactly(descriptor: int, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = os.read(descriptor, size - len(parts))
        if not part:
            return b""
        parts += part
    return bytes(parts)


def main() -> None:
    """Answer calls until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for who started this, and that one decides
    setup = orjson.loads(read_frame(0) or b"{}")
    if not setup:
        return
    ballast = [bytes(number % 512) for number in range(setup["ballast"])]  # so that things lie elsewhere
    calls = _Calls(setup)
    write_frame(1, b"{}")
    calls.limit()
    while request := read_frame(0):
        reference, inputs = orjson.loads(request)
        reply = calls.call(reference, inputs)
        write_frame(1, orjson.dumps(reply))
        if reply["last"]:
            break
    del ballast
