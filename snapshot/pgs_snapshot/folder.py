"""A snapshot's folder, read whole: each file once, within limits, and never two versions mixed.

All paths are relative to the open folder, and no symbolic link is followed. A folder that is exchanged for
another meanwhile (`pgs_snapshot.exchange`) may lose its files while they are read; then the other is read.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pgs_snapshot.seal import SealBroken, Sealed, verify
from pgs_snapshot.visible import visible

_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class FolderLimits:
    """The most that is read of a folder that says it is a snapshot. Sizes in bytes; `depth` in folders."""

    files: int = 100_000
    file_size: int = 16 << 20
    total_size: int = 256 << 20
    depth: int = 6


LIMITS = FolderLimits()


def open_snapshot(folder: Path, limits: FolderLimits = LIMITS, pin: str | None = None) -> Sealed:
    """Read and verify the snapshot in a folder.

    Args:
        folder: the folder itself, not a symbolic link to it.
        limits: beyond them nothing more is read.
        pin: the root that it must have, or None for any.

    Raises:
        SealBroken: there is none, or it is not what was sealed.
    """
    for _ in range(_ATTEMPTS):
        with _opened(str(folder), os.O_DIRECTORY) as descriptor:
            try:
                return verify(read_folder(descriptor, limits), pin)
            except SealBroken:
                if _still(folder, descriptor):
                    raise
    raise SealBroken("Z901", f"`{folder}` is replaced again and again while it is read; try again.")


def read_folder(descriptor: int, limits: FolderLimits = LIMITS) -> dict[str, bytes]:
    """The bytes of every file in an open folder and the folders in it, by path.

    Raises:
        SealBroken: something is neither a file nor a folder, a folder is empty, or a limit is exceeded.
    """
    reader = _Reader(limits)
    reader.read(descriptor, "")
    return reader.found


class _Reader:
    """The files found so far, and how many more bytes may be."""

    def __init__(self, limits: FolderLimits) -> None:
        self.limits = limits
        self.room = limits.total_size
        self.found: dict[str, bytes] = {}

    def read(self, descriptor: int, prefix: str) -> None:
        with os.scandir(descriptor) as entries:
            names = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
        if prefix and not names:
            raise SealBroken("Z907", f"The folder `{visible(prefix)}` is not part of the snapshot.", prefix)
        if prefix.count("/") > self.limits.depth:
            raise SealBroken("Z911", f"`{visible(prefix)}` lies deeper than {self.limits.depth} folders.", prefix)
        for name, is_folder in names:
            path = prefix + name
            if is_folder:
                with _opened(name, os.O_DIRECTORY, path, descriptor) as inner:
                    self.read(inner, f"{path}/")
            else:
                with _opened(name, os.O_NONBLOCK, path, descriptor) as opened:
                    self._take(opened, path)

    def _take(self, descriptor: int, path: str) -> None:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise SealBroken("Z910", f"`{visible(path)}` is neither a file nor a folder.", path)
        if status.st_size > min(self.room, self.limits.file_size) or len(self.found) == self.limits.files:
            raise SealBroken("Z911", f"`{visible(path)}` makes the snapshot larger than the limit.", path)
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(status.st_size + 1)  # one more, so that a file that grows is not taken for what it was
        self.room -= len(data)
        self.found[path] = data


@contextmanager
def _opened(name: str, flags: int, path: str = "", within: int | None = None) -> Iterator[int]:
    """A descriptor of a file or folder that is no symbolic link."""
    shown = visible(path or name)
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | flags, dir_fd=within)
    except OSError as error:
        match error.errno:
            case errno.ENOENT if within is None:
                raise SealBroken("Z901", f"There is no snapshot at `{shown}`.") from None
            case errno.ENOENT:
                raise SealBroken("Z906", f"`{shown}` went away while the snapshot was read.", path) from None
            case errno.ELOOP | errno.ENOTDIR:
                raise SealBroken("Z910", f"`{shown}` is a symbolic link, or no folder.", path) from None
        raise SealBroken("Z910", f"`{shown}` cannot be read: {error.strerror}.", path) from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _still(folder: Path, descriptor: int) -> bool:
    """Whether the open folder is the one that stands at its path."""
    try:
        return os.path.samestat(os.stat(folder, follow_symlinks=False), os.fstat(descriptor))
    except OSError:
        return False
