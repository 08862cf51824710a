"""A snapshot's folder, written: a complete new folder beside the old one, and the two exchanged in one step.

Killed at any point, the path holds the old snapshot or the new one, whole. What a kill leaves beside it has a
name with a dot in front and is removed by the next write.

A snapshot holds no secrets, and another user may run it than compiled it: its files are 0644 and its folders
0755, less what the umask takes away.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pgs_snapshot.endorsed import signed_statement
from pgs_snapshot.folder import LIMITS, FolderLimits, open_snapshot, read_folder
from pgs_snapshot.manifest import Manifest
from pgs_snapshot.seal import MANIFEST, SIGNATURE, SealBroken, Sealed, read_manifest, verify

_HERE = -100  # AT_FDCWD of Linux
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS
_NOT_HERE = {errno.ENOSYS, errno.EINVAL, errno.EXDEV, errno.ENOTSUP}


class NotReplaceable(Exception):
    """A folder is not replaced, because it holds something else than a snapshot."""


def write_snapshot(folder: Path, files: Mapping[str, bytes], limits: FolderLimits = LIMITS) -> bool:
    """Make a folder hold exactly these files, and answer whether it did not before.

    Signatures that are there and speak of this snapshot stay; others go with what they spoke of.

    Args:
        folder: where; its parent exists. Only a snapshot, an empty folder or nothing is replaced.
        files: bytes by path, the manifest among them.
        limits: what is larger is not written, for nobody would open it.

    Raises:
        SealBroken: the files are no snapshot.
        NotReplaceable: the folder holds something else, or the snapshot is too large.
        OSError: the disk is full, or the place cannot be written; what was there before still is.
    """
    sealed = verify(files)
    _demand_openable(files, limits)
    folder = folder.absolute()
    with _locked(folder.parent) as parent:
        _remove_leftovers(folder)
        before = _replaceable(folder)
        if SIGNATURE not in files and SIGNATURE in before and fits(sealed.manifest, before[SIGNATURE]):
            files = {**files, SIGNATURE: before[SIGNATURE]}
        if before == dict(files):
            return False
        beside = _beside(folder, "new")
        try:
            _write(beside, files)
            _put(beside, folder)
            os.fsync(parent)
        finally:
            shutil.rmtree(beside, ignore_errors=True)  # a leftover harms nobody, and the next write tries again
    return True


def put_signature(folder: Path, make: Callable[[Sealed], bytes]) -> Sealed:
    """Put signatures beside the manifest of the snapshot in a folder, in one step, and answer the snapshot.

    Args:
        make: the envelope for that snapshot. No other process exchanges the snapshot meanwhile.

    Raises:
        SealBroken: there is none, or the folder with these signatures would be none.
        OSError: the place cannot be written; what was there before still is.
    """
    folder = folder.absolute()
    with _locked(folder.parent) as parent:
        _remove_leftovers(folder)
        sealed = open_snapshot(folder)
        beside = _beside(folder, "new")
        signed = verify({**sealed.files(), SIGNATURE: make(sealed)})
        try:
            _write(beside, {SIGNATURE: signed.files()[SIGNATURE]})
            (beside / SIGNATURE).rename(folder / SIGNATURE)
            _synced(folder)
            os.fsync(parent)
        finally:
            shutil.rmtree(beside, ignore_errors=True)  # as above
    return signed


def fits(manifest: Manifest, signature: bytes) -> bool:
    """Whether an envelope speaks of the snapshot with this manifest."""
    try:
        signed_statement(manifest, signature)
    except SealBroken:
        return False
    return True


def _demand_openable(files: Mapping[str, bytes], limits: FolderLimits) -> None:
    size, largest = sum(map(len, files.values())), max(map(len, files.values()))
    if len(files) > limits.files or size > limits.total_size or largest > limits.file_size:
        raise NotReplaceable(
            f"The snapshot would have {len(files):,} files and {size:,} bytes, {largest:,} of them in one. No more "
            f"is opened than {limits.files:,} files and {limits.total_size:,} bytes, {limits.file_size:,} in one file."
        )


@contextlib.contextmanager
def _locked(parent: Path) -> Iterator[int]:
    """An open folder in which no other process writes a snapshot meanwhile."""
    descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Network file systems may not lock a folder. Two writers then still write apart, and one may fail.
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _beside(folder: Path, what: str) -> Path:
    return folder.with_name(f".{folder.name}.{os.getpid()}.{what}")


def _remove_leftovers(folder: Path) -> None:
    for path in sorted(folder.parent.iterdir()):
        mine = path.name.startswith(f".{folder.name}.") and path.suffix in (".new", ".old")
        if not mine or path.is_symlink() or not path.is_dir():
            continue
        if path.suffix == ".old" and not os.path.lexists(folder):
            path.rename(folder)
        else:
            shutil.rmtree(path)


def _replaceable(folder: Path) -> dict[str, bytes]:
    """What the folder holds: a snapshot, perhaps a damaged one, or nothing."""
    if not os.path.lexists(folder):
        return {}
    if folder.is_symlink() or not folder.is_dir():
        raise NotReplaceable(f"`{folder}` is not a folder of its own; a snapshot cannot be written there.")
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        found = read_folder(descriptor)
        known = _listed(found[MANIFEST]) if MANIFEST in found else set()
    except SealBroken as broken:
        raise NotReplaceable(f"`{folder}` holds what is not a snapshot, so it stays: {broken.message}") from broken
    finally:
        os.close(descriptor)
    others = sorted(found.keys() - known)
    if others:
        raise NotReplaceable(f"`{folder}` holds `{others[0]}`, which is not of a snapshot, so it stays.")
    return found


def _listed(manifest: bytes) -> set[str]:
    return {MANIFEST, SIGNATURE, *(file.path for file in read_manifest(manifest).files)}


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a new folder, and have it on the disk."""
    folder.mkdir(0o755)
    folders = {folder}
    for path in sorted(files):
        target = folder / path
        for parent in reversed(target.relative_to(folder).parents[:-1]):
            if folder / parent not in folders:
                (folder / parent).mkdir(0o755)
                folders.add(folder / parent)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with open(descriptor, "wb") as file:
            file.write(files[path])
            file.flush()
            os.fsync(descriptor)
    for each in sorted(folders, reverse=True):
        _synced(each)


def _synced(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put(new: Path, folder: Path) -> None:
    """Put a folder in the place of another, which then stands at `new` or is gone."""
    if not os.path.lexists(folder) or not any(folder.iterdir()):
        new.rename(folder)
    elif not exchange(new, folder):
        # Two steps: a kill between them leaves the place empty until the next write puts the old one back.
        aside = _beside(folder, "old")
        folder.rename(aside)
        try:
            new.rename(folder)
        except OSError:
            aside.rename(folder)
            raise
        aside.rename(new)


def exchange(left: Path, right: Path) -> bool:
    """Exchange two paths in one step; answers False where the system or the file system has no such step.

    By renameat2(2) with RENAME_EXCHANGE on Linux, renamex_np(2) with RENAME_SWAP on macOS.

    Raises:
        OSError: there is such a step, and it did not succeed.
    """
    import ctypes  # slow to load, and rarely needed

    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(left), os.fsencode(right)
    if sys.platform == "darwin":
        done = libc.renamex_np(*names, _EXCHANGE)
    elif hasattr(libc, "renameat2"):
        done = libc.renameat2(_HERE, names[0], _HERE, names[1], _EXCHANGE)
    else:
        return False
    if done == 0:
        return True
    number = ctypes.get_errno()
    if number in _NOT_HERE:
        return False
    raise OSError(number, os.strerror(number), str(left), None, str(right))
