"""Where checkpoints are kept: a folder, a git repository, or what a command does with them.

Laws:
* a checkpoint is there whole or not at all, under the name `SIZE.checkpoint`, and none is ever replaced;
* no shell reads anything; git runs without the settings and hooks of whoever is logged in.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from pgs_runtime.counted import counted
from pgs_runtime.faults import ExitCode, Refusal
from pgs_snapshot.notes import SIZE
from pgs_snapshot.visible import visible

_NAME = re.compile(r"(0|[1-9][0-9]{0,15})\.checkpoint")
_SECONDS = 60
_FOLDER = os.O_RDONLY | os.O_DIRECTORY
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


class Place(Protocol):
    """A place that keeps checkpoints by their size."""

    @property
    def name(self) -> str:
        """As the operator wrote it."""

    @property
    def readable(self) -> bool:
        """Whether it shows what it keeps."""

    def sizes(self) -> tuple[int, ...]:
        """The sizes of what is kept, sorted; none where that cannot be read.

        Raises:
            Refusal: R123, the place cannot be used.
        """

    def read(self, size: int) -> bytes:
        """The checkpoint of a size.

        Raises:
            Refusal: R123.
        """

    def keep(self, size: int, data: bytes) -> None:
        """Keep a checkpoint; of this size there is none yet.

        Raises:
            Refusal: R123; also where one is there.
        """


def place_of(text: str) -> Place:
    """The place that `DIR`, `git:DIR` or `command:PROGRAM ARGUMENT…` names.

    Raises:
        Refusal: R124, it names none.
    """
    kind, colon, rest = text.partition(":")
    if colon and kind == "git" and rest:
        return Repository(text, Path(rest))
    if colon and kind == "command":
        try:
            words = shlex.split(rest)
        except ValueError:
            words = []
        if words:
            return Command(text, tuple(words))
    if text and not (colon and kind in ("git", "command")):
        return Folder(text, Path(text))
    message = f"`{visible(text)}` names no place to keep checkpoints at."
    raise Refusal("R124", message, ExitCode.USAGE, hint="Name a folder, `git:FOLDER`, or `command:PROGRAM ARGUMENT`.")


class Source:
    """A place that is only read, so that one that cannot be used is the command line's mistake."""

    def __init__(self, place: Place) -> None:
        self.name, self.readable = place.name, place.readable
        self._place = place

    def sizes(self) -> tuple[int, ...]:
        with _asked_for():
            return self._place.sizes()

    def read(self, size: int) -> bytes:
        with _asked_for():
            return self._place.read(size)

    def keep(self, size: int, data: bytes) -> None:
        raise unusable(self.name, "it was named to be read")


@contextmanager
def _asked_for() -> Iterator[None]:
    try:
        yield
    except Refusal as refused:
        raise Refusal(refused.code, refused.message, ExitCode.USAGE, refused.where, refused.hint) from refused


def source_of(text: str) -> Place:
    """The place that `place_of` names, to be read only."""
    return Source(place_of(text))


def unusable(name: str, why: str, hint: str = "") -> Refusal:
    """R123: nothing can be kept at, or read from, a place."""
    return Refusal("R123", f"The place `{visible(name)}` cannot be used: {why}.", ExitCode.OUTPUT, hint=hint)


# --- a folder ------------------------------------------------------------------------------------


class Folder:
    """A folder with a file for each checkpoint."""

    readable = True

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder

    def sizes(self) -> tuple[int, ...]:
        with self._opened() as opened:
            return _sizes(os.listdir(opened))

    def read(self, size: int) -> bytes:
        with self._opened() as opened:
            file = os.open(f"{size}.checkpoint", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=opened)
            with open(file, "rb") as held:
                return held.read(SIZE + 1)

    def keep(self, size: int, data: bytes) -> None:
        with self._opened() as opened:
            put(opened, f"{size}.checkpoint", data)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep out whoever else wants to be alone here, until the end of the block."""
        with self._opened() as opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _opened(self) -> Iterator[int]:
        try:
            opened = os.open(self._folder, _FOLDER)
            try:
                yield opened
            finally:
                os.close(opened)
        except OSError as error:
            hint = f"Make it: `mkdir -p {shlex.quote(str(self._folder))}`." if error.errno == errno.ENOENT else ""
            raise unusable(self.name, _why(error), hint) from error


def put(folder: int, name: str, data: bytes) -> None:
    """Put a new file into an open folder, whole and on the disk, or raise OSError and leave nothing."""
    passing = f".{name}.new"
    with suppress(FileNotFoundError):  # left by a writer that was killed
        os.unlink(passing, dir_fd=folder)
    _write(folder, passing, data)
    try:
        os.link(passing, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _write(folder, name, data)  # a file system without links, as on a stick
    finally:
        os.unlink(passing, dir_fd=folder)
    os.fsync(folder)


def _write(folder: int, name: str, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with open(os.open(name, flags, 0o644, dir_fd=folder), "wb") as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            os.unlink(name, dir_fd=folder)
            raise


def _sizes(names: Sequence[str]) -> tuple[int, ...]:
    return tuple(sorted(int(found[1]) for found in map(_NAME.fullmatch, names) if found))


def _why(error: OSError) -> str:
    match error.errno:
        case errno.EEXIST:
            return "a checkpoint of that size is there already"
        case errno.ENOENT:
            return "there is no such folder, or what was in it is gone"
        case errno.ELOOP:
            return "something in it is a symbolic link"
        case errno.EISDIR:
            return "a folder stands where a checkpoint is due"
    return (error.strerror or "it refuses").lower()


# --- a git repository ----------------------------------------------------------------------------


class Repository:
    """A git repository with a working tree: a commit for each checkpoint. What counts is what was committed."""

    readable = True

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder

    def sizes(self) -> tuple[int, ...]:
        try:
            inside = self._git("rev-parse", "--is-inside-work-tree")
        except Refusal as refused:
            if not any(said in refused.message for said in ("not a git repository", "cannot change to")):
                raise
            hint = f"Make it: `git init {shlex.quote(str(self._folder))}`."
            raise unusable(self.name, "it is no working tree of git", hint) from refused
        if inside.strip() != b"true":
            raise unusable(self.name, "it is no working tree of git")
        if not self._git("rev-list", "-n1", "--all").strip():
            return ()
        return _sizes(self._git("ls-tree", "--name-only", "HEAD").decode(errors="replace").splitlines())

    def read(self, size: int) -> bytes:
        return self._git("cat-file", "blob", f"HEAD:./{size}.checkpoint")

    def keep(self, size: int, data: bytes) -> None:
        name = f"{size}.checkpoint"
        if size in self.sizes():
            raise unusable(self.name, "a checkpoint of that size is there already")
        try:
            (self._folder / name).unlink(missing_ok=True)  # of a commit that did not come about
        except OSError as error:
            raise unusable(self.name, _why(error)) from error
        Folder(self.name, self._folder).keep(size, data)
        self._git("add", "--force", "--", name)
        self._git("commit", "--quiet", "--no-verify", "-m", f"Checkpoint of {counted(size, 'commit')}", "--", name)

    def _git(self, *arguments: str) -> bytes:
        settings = ["core.hooksPath=/dev/null", "commit.gpgSign=false", "core.fsmonitor=false", "core.autocrlf=false"]
        line = ["git", "-C", str(self._folder), *(word for setting in settings for word in ("-c", setting)), *arguments]
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            **{f"GIT_{who}_NAME": "pgs_runtime" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "checkpoint@localhost" for who in ("AUTHOR", "COMMITTER")},
        }
        return _ran(self.name, line, environment)


# --- a command -----------------------------------------------------------------------------------


class Command:
    """A program that takes a checkpoint on its standard input, and ends with 0 when that is kept."""

    readable = False

    def __init__(self, name: str, words: Sequence[str]) -> None:
        self.name = name
        self._words = words

    def sizes(self) -> tuple[int, ...]:
        return ()

    def read(self, size: int) -> bytes:
        raise unusable(self.name, "a command does not show what it keeps")

    def keep(self, size: int, data: bytes) -> None:
        _ran(self.name, self._words, {**os.environ, "PGS_CHECKPOINT_SIZE": str(size)}, data, subprocess.DEVNULL)


def _ran(
    name: str, line: Sequence[str], environment: dict[str, str], data: bytes = b"", out: int = subprocess.PIPE
) -> bytes:
    """What a program wrote, if it ended well and in time; nothing if that goes elsewhere."""
    try:
        done = subprocess.run(  # noqa: S603 no shell: the operator names the program
            line, input=data, stdout=out, stderr=subprocess.PIPE, env=environment, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise unusable(name, f"`{line[0]}` did not end within {_SECONDS} seconds") from error
    except OSError as error:
        raise unusable(name, f"`{line[0]}` cannot be started: {(error.strerror or 'refused').lower()}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        # git goes on after the line that says why.
        why = next((line for line in said if line.startswith("fatal: ")), said[-1] if said else "")
        told = f": {why[:200].rstrip('.')}" if why else ""
        raise unusable(name, f"`{line[0]}` ended with {done.returncode}{told}")
    return done.stdout or b""
