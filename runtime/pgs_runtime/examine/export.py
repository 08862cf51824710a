"""export: the files of a run, `traces/<ID>/<ID>.jsonl`, `.md` and `.png`, made from the store.

Laws:
* the store is the record and the files are copies: they can be made again, and then have the same bytes;
* a file is there whole or not at all, and only its owner can read it;
* an id becomes a path only after its form was checked, and no symbolic link on the way is followed
  or replaced.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from pgs_runtime.examine.account import account
from pgs_runtime.examine.reasons import Meaning
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.runtime import Runtime
from pgs_runtime.trace.lines import is_run_id, joined
from pgs_runtime.trace.reading import Trace, trace_of
from pgs_snapshot.frozen import frozen
from pgs_snapshot.seal import SealBroken
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.visible import visible

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@frozen
class Exported:
    """The files that were written, and what there is to say about those that were not.

    `way` is that of the run: nodes with the outcomes under which it left them.
    """

    paths: tuple[Path, ...]
    notes: tuple[str, ...]
    way: tuple[tuple[str, str], ...]


def export(runtime: Runtime, folder: Path, run: str, picture: bool = True) -> Exported:
    """Write the files of a run of the runtime's store.

    Args:
        folder: `traces`; it is made if need be, in a folder that is there.

    Raises:
        Refusal: R063, it is no run's id; R014, there is no such run; R055, its lines are no trace;
            R062, a file cannot be written, and the run stands all the same.
    """
    if not is_run_id(run):
        raise Refusal("R063", f"`{visible(run[:80])}` is not the id of a run.", ExitCode.USAGE)
    lines = runtime.trace(run)
    try:
        _, snapshot = runtime.origin(run)
    except (Refusal, SealBroken):  # it is not at hand any more, and the files say so
        return write(folder, lines, None, picture)
    return write(folder, lines, snapshot, picture)


def write(folder: Path, lines: Sequence[bytes], snapshot: Snapshot | None, picture: bool = True) -> Exported:
    """Write the files that these lines of a run give.

    Args:
        lines: as a store keeps them.
        snapshot: if it is not the one that ran, there is no picture and the account is shorter.

    Raises:
        Refusal: R055, the lines are no trace; R062, a file cannot be written.
    """
    trace = trace_of(lines)
    run = trace.header.run
    ran = snapshot if snapshot is not None and snapshot.id == trace.header.snapshot else None
    image, note = _picture(trace, ran) if picture else (b"", "")
    told = account(trace, ran, f"{run}.png" if image else "", note)
    files = {f"{run}.jsonl": joined(lines), f"{run}.md": told.encode()}
    if image:
        files[f"{run}.png"] = image
    _write_files(folder, run, files)
    return Exported(tuple(folder / run / name for name in files), (note,) if note else (), trace.way)


def _picture(trace: Trace, snapshot: Snapshot | None) -> tuple[bytes, str]:
    """The PNG, or nothing and why not. What an operator loaded has no graph, and that needs no words."""
    if trace.is_operators:
        return b"", ""
    graph = Meaning(snapshot, trace.header.workflow).graph
    if graph is None:
        return b"", "The snapshot that ran is not at hand."
    # Drawing takes longer to load than most runs take.
    from pgs_snapshot.drawing.picture import TooLarge, WayNotInGraph, picture_of
    from pgs_snapshot.drawing.png import draw

    try:
        state = trace.ending.kind if trace.ending else trace.state if trace.state != "CUT" else ""
        return draw(picture_of(graph, trace.way, trace.header.run, trace.taken_back, state)), ""
    except (TooLarge, WayNotInGraph) as refused:
        return b"", str(refused)


# --- files ---------------------------------------------------------------------------------------


def _write_files(folder: Path, run: str, files: dict[str, bytes]) -> None:
    path = folder
    try:
        with _opened(str(folder)) as above:
            path = folder / run
            with _opened(run, above) as place:
                for name, data in files.items():
                    path = folder / run / name
                    _replace(place, name, data)
    except OSError as error:
        raise _unwritable(path, run, error) from error


@contextmanager
def _opened(name: str, within: int | None = None) -> Iterator[int]:
    """A folder that is no symbolic link, made if it is not there, for one writer at a time."""
    descriptor = _made(name, within)
    try:
        # Network file systems may not lock a folder. Two writers then write the same bytes, and one may fail.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _made(name: str, within: int | None) -> int:
    try:
        os.mkdir(name, 0o700, dir_fd=within)
    except FileExistsError:
        return os.open(name, _FOLDER, dir_fd=within)
    descriptor = os.open(name, _FOLDER, dir_fd=within)
    os.fchmod(descriptor, 0o700)
    if within is not None:
        os.fsync(within)
    return descriptor


def _replace(place: int, name: str, data: bytes) -> None:
    """Put a file in its place at once, or leave what is there."""
    try:
        if not stat.S_ISREG(os.stat(name, dir_fd=place, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, "not a file")
    except FileNotFoundError:
        pass
    passing = f".{name}.new"
    with suppress(FileNotFoundError):  # left by a writer that was killed; the lock says that none is at work
        os.unlink(passing, dir_fd=place)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(passing, flags, 0o600, dir_fd=place)
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.rename(passing, name, src_dir_fd=place, dst_dir_fd=place)
    except OSError:
        os.unlink(passing, dir_fd=place)
        raise
    os.fsync(place)


def _unwritable(path: Path, run: str, error: OSError) -> Refusal:
    in_the_way = error.errno in (errno.ELOOP, errno.ENOTDIR)
    why = (in_the_way and _what_stands(path)) or error.strerror
    hint = f"The run stands. Mend what is in the way. Then type `pgs_runtime export {run}`."
    return Refusal("R062", f"`{visible(str(path))}` cannot be written: {why}.", ExitCode.OUTPUT, hint=hint)


def _what_stands(path: Path) -> str:
    """What is where a file or folder of ours belongs; "" if that cannot be told."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return ""
    if stat.S_ISLNK(mode):
        return "it is a symbolic link, which is not followed"
    if stat.S_ISDIR(mode):
        return "it is a folder and not a file"
    return "it is a file and not a folder" if stat.S_ISREG(mode) else "it is neither a file nor a folder"
