"""What a disk holds after the power was cut: what was synced, and any part of what was not.

The model is of a file system that promises what POSIX says and no more. In `ordered`, names change in the order in
which they were changed, as in a journal; in `loose`, any of those changes may be there that were not synced.
"""

from __future__ import annotations

import codecs
import random
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

Model: TypeAlias = Literal["ordered", "loose"]
What: TypeAlias = Literal["create", "write", "cut", "remove", "sync", "sync folder", "said"]
SECTOR = 512
CALLS = "openat,pwrite64,write,ftruncate,fdatasync,fsync,unlink,unlinkat,rename,renameat,renameat2,close"

_CALL = re.compile(r"(?:\d+\s+)?(\w+)\((.*)\)\s+=\s+(-?\d+)")
_BEGUN = " <unfinished ...>"
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True, slots=True)
class Op:
    """One call: of a file by its path below the folder that is watched, or what the program said of itself."""

    what: What
    path: str = ""
    offset: int = 0
    data: bytes = b""


def read_log(log: Path, root: Path) -> Iterator[Op]:
    """What was done below a folder, from the log of `strace -f -xx`."""
    opened: dict[int, str] = {}
    ends: dict[str, int] = {}
    for line in _whole(log.read_text(encoding="ascii").splitlines()):
        found = _CALL.match(line)
        if found is None or int(found[3]) < 0:
            continue
        call, arguments, result = found[1], found[2], int(found[3])
        texts = [codecs.decode(text.replace("\\x", ""), "hex") for text in _TEXT.findall(arguments)]
        if call == "openat":
            opened[result] = texts[0].decode()
            if "O_CREAT" in arguments and (path := _below(opened[result], root)):
                yield Op("create", path)
            continue
        if call in ("unlink", "unlinkat"):
            if path := _below(texts[0].decode(), root):
                yield Op("remove", path)
            continue
        if call.startswith("rename"):
            if any(_below(text.decode(), root) for text in texts):
                raise ValueError(f"a renaming is not in the model: {line[:200]}")
            continue
        descriptor = int(arguments.split(",")[0])
        if call == "close":
            opened.pop(descriptor, None)
        elif call == "write" and descriptor == 2:
            yield Op("said", texts[0].decode(errors="replace").strip())
        else:
            yield from _done(call, arguments, texts, opened.get(descriptor, ""), root, ends)


def _whole(lines: Iterable[str]) -> Iterator[str]:
    """The calls, those that another thread interrupted put together again, where they ended."""
    begun: dict[str, str] = {}
    for line in lines:
        process, _, rest = line.partition(" ")
        if rest.endswith(_BEGUN):
            begun[process] = line.removesuffix(_BEGUN)
        elif resumed := _RESUMED.match(rest.strip()):
            yield begun.pop(process) + resumed[1]
        else:
            yield line


def _done(call: str, arguments: str, texts: list[bytes], name: str, root: Path, ends: dict[str, int]) -> Iterator[Op]:
    """What was done to an open file. `ends`: of what was written to files from their beginning on."""
    path = _below(name, root)
    if call in ("fsync", "fdatasync") and Path(name).is_dir():
        yield Op("sync folder", path)
    elif not path:
        return
    elif call == "pwrite64":
        yield Op("write", path, int(arguments.rsplit(",", 1)[1]), texts[0])
    elif call == "write":
        yield Op("write", path, ends.get(path, 0), texts[0])
        ends[path] = ends.get(path, 0) + len(texts[0])
    elif call == "ftruncate":
        yield Op("cut", path, int(arguments.split(",")[1]))
    else:
        yield Op("sync", path)


def _below(name: str, root: Path) -> str:
    path = Path(name)
    return str(path.relative_to(root)) if path.is_relative_to(root) and path != root else ""


@dataclass
class _File:
    """A file: as programs see it, as it is on the disk for certain, and what is on its way."""

    seen: bytearray
    certain: bytearray
    pending: list[Op] = field(default_factory=list)


class Disk:
    """A folder, as calls change it. Names and contents are synced each for themselves."""

    def __init__(self, files: dict[str, bytes], model: Model) -> None:
        self._model = model
        self._names = {name: _File(bytearray(data), bytearray(data)) for name, data in files.items()}
        self._certain = dict(self._names)
        self._renamed: list[tuple[str, _File | None]] = []

    def do(self, op: Op) -> None:
        if op.what == "create":
            if op.path not in self._names:
                self._names[op.path] = _File(bytearray(), bytearray())
                self._renamed.append((op.path, self._names[op.path]))
        elif op.what == "remove":
            self._names.pop(op.path, None)
            self._renamed.append((op.path, None))
        elif op.what in ("write", "cut"):
            file = self._names[op.path]
            _apply(file.seen, op)
            file.pending.append(op)
        elif op.what == "sync":
            self._synced(self._names[op.path])
        elif op.what == "sync folder":
            self._renamed = self._put(self._renamed, lambda name, file: True)

    def _synced(self, file: _File) -> None:
        for op in file.pending:
            _apply(file.certain, op)
        file.pending.clear()
        # A journal of names goes as a whole; else a file that is synced is there, and that is all that is known.
        self._renamed = self._put(self._renamed, lambda name, of: self._model == "ordered" or of is file)

    def _put(
        self, changes: list[tuple[str, _File | None]], so: Callable[[str, _File | None], bool]
    ) -> list[tuple[str, _File | None]]:
        """Make some changes of names certain, and give the others back."""
        later: list[tuple[str, _File | None]] = []
        for name, file in changes:
            if not so(name, file):
                later.append((name, file))
            elif file is None:
                self._certain.pop(name, None)
            else:
                self._certain[name] = file
        return later

    def cut(self, chance: random.Random | None, all: bool = False) -> dict[str, bytes]:
        """What is there after the power was cut now.

        Args:
            chance: decides about everything that was not synced; None: nothing of it is there, or `all`.
        """
        names = dict(self._certain)
        changes = self._renamed if all else []
        if chance is not None:
            some = self._renamed[: chance.randint(0, len(self._renamed))]
            changes = some if self._model == "ordered" else [each for each in self._renamed if chance.random() < 0.5]
        for name, file in changes:
            if file is None:
                names.pop(name, None)
            else:
                names[name] = file
        return {name: bytes(_left(file, chance, all)) for name, file in names.items()}


def _left(file: _File, chance: random.Random | None, all: bool) -> bytearray:
    """What is left of a file: its pending writes are there, not there, or there in part, each for itself."""
    data = bytearray(file.certain)
    for op in file.pending:
        luck = chance.random() if chance is not None else (0.0 if all else 1.0)
        if luck < 0.45:
            _apply(data, op)
        elif chance is not None and luck < 0.65 and op.what == "write" and len(op.data) > SECTOR:
            torn = chance.randrange(1, -(-len(op.data) // SECTOR)) * SECTOR
            first = chance.random() < 0.5
            part = op.data[:torn] if first else op.data[torn:]
            _apply(data, Op("write", op.path, op.offset + (0 if first else torn), part))
    return data


def _apply(data: bytearray, op: Op) -> None:
    end = op.offset + len(op.data)
    if op.what == "cut":
        del data[op.offset :]
    if len(data) < end:
        data.extend(bytes(end - len(data)))
    data[op.offset : end] = op.data
