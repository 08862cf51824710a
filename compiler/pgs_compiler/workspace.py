"""Files of a workspace: the project file, the declarations, and the declarations that come with PGS."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pgs_capabilities
from pgs_compiler.findings import Finding, Place, Result
from pgs_compiler.project import FILE, Project, read_project
from pgs_compiler.source import CORE, SourceFile

SUFFIXES = (".yaml", ".yml")
MAX_READ = (1 << 20) + 1  # one byte more than `read` allows, so that it can say that the file is too large
_CORE_FOLDER = Path(pgs_capabilities.__file__).parent / "declarations"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder with its project file, which may be missing, and its declarations."""

    root: Path
    project: Project
    files: tuple[SourceFile, ...]
    project_file: SourceFile | None

    def sources(self) -> dict[str, bytes]:
        """Bytes by path, for excerpts in reports."""
        own = (self.project_file,) if self.project_file else ()
        return {file.path: file.data for file in (*own, *self.files)}


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` that holds a project file, else `start` or its folder."""
    start = start.absolute()
    start = start if start.is_dir() else start.parent
    return next((folder for folder in (start, *start.parents) if (folder / FILE).is_file()), start)


def open_workspace(root: Path, paths: tuple[Path, ...]) -> Result[Workspace]:
    """Read the project file and every declaration under `paths`, or under the project's own sources.

    Hidden files and folders are not read, nor is anything but `.yaml` and `.yml` unless it is named itself.
    """
    reader = _Reader(root.absolute())
    project_file = reader.file(root / FILE) if (root / FILE).is_file() else None
    project: Project | None = Project()
    if project_file is not None:
        result = read_project(project_file)
        reader.findings += result.findings
        project = result.value
    if project is not None:
        if paths:
            reader.read(paths)
        else:
            reader.read_sources(project, project_file is not None)
    reader.folder(_CORE_FOLDER)
    files = tuple(reader.files[path] for path in sorted(reader.files))
    return Result(Workspace(root, project or Project(), files, project_file), tuple(reader.findings))


def core_files() -> tuple[SourceFile, ...]:
    """The declarations that come with PGS."""
    reader = _Reader(_CORE_FOLDER)
    reader.folder(_CORE_FOLDER)
    return tuple(reader.files[path] for path in sorted(reader.files))


class _Reader:
    """Reads files, each once, and notes what cannot be read."""

    def __init__(self, root: Path) -> None:
        self.files: dict[str, SourceFile] = {}
        self.findings: list[Finding] = []
        self._root = root

    def read_sources(self, project: Project, has_file: bool) -> None:
        """The project's own sources. None of them leads out of the workspace, be it through a link."""
        starts = [self._root / source for source in project.sources]
        for start in starts:
            if not start.resolve().is_relative_to(self._root.resolve()):
                self._refuse(start, "leads out of the workspace")
        if not has_file and not any(start.exists() for start in starts):
            message = f"There is no `{FILE}` here or above, and no folder `{project.sources[0]}`."
            self.findings.append(Finding("S101", message, None))
        if not self.findings:
            self.read(tuple(starts))

    def read(self, starts: tuple[Path, ...]) -> None:
        before = len(self.files)
        for start in starts:
            if not start.exists():
                message = f"There is no `{self._label(start)}`."
                self.findings.append(Finding("S101", message, None))
            elif start.is_dir():
                self.folder(start)
            else:
                self._add(start)
        if len(self.files) == before and not self.findings:
            where = ", ".join(f"`{self._label(start)}`" for start in starts) or "`sources`"
            self.findings.append(Finding("S101", f"There are no declarations in {where}.", None))

    def folder(self, start: Path) -> None:
        """The declarations below a folder. What a link leads to outside of it is not read."""
        inside = start.resolve()
        for folder, folders, names in os.walk(start, onerror=self._unlisted):
            links = [name for name in folders if Path(folder, name).is_symlink()]
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in links)
            for name in sorted((*names, *links)):
                path = Path(folder, name)
                if name.startswith(".") or (name not in links and not name.endswith(SUFFIXES)):
                    continue
                if path.absolute() == self._root / FILE:  # it declares nothing, and is read by itself
                    continue
                if not path.resolve().is_relative_to(inside):
                    self._refuse(path, f"is a link that leads out of `{self._label(start)}`")
                elif name in links:
                    self._refuse(path, "is a link to a folder")
                elif path != self._root / FILE:
                    self._add(path)

    def _unlisted(self, error: OSError) -> None:
        self._refuse(Path(error.filename), f"cannot be read: {error.strerror}")

    def _add(self, path: Path) -> None:
        file = self.file(path)
        if file is not None:
            self.files[file.path] = file

    def file(self, path: Path) -> SourceFile | None:
        """A file of any kind; None after a finding."""
        label = self._label(path)
        if not label.isprintable():  # bytes that are no text in the system's encoding are not, either
            self._refuse(path, "has a name that cannot be shown")
        elif label.startswith(f"{CORE}/") and Path(os.path.abspath(path)).parent != _CORE_FOLDER:
            self._refuse(path, "lies in a folder that is called like that of what comes with PGS")
        elif path.exists() and not path.is_file():  # to open a pipe would wait for its other end
            self._refuse(path, "is no file")
        else:
            try:
                with path.open("rb") as opened:
                    return SourceFile(label, opened.read(MAX_READ))
            except OSError as error:
                self._refuse(path, f"cannot be read: {error.strerror}")
        return None

    def _refuse(self, path: Path, why: str) -> None:
        label = ascii(self._label(path))[1:-1]
        self.findings.append(Finding("S101", f"`{label}` {why}.", Place(label, 1, 1, 1, 1)))

    def _label(self, path: Path) -> str:
        """The path as reports and snapshots show it: the same on every machine."""
        absolute = Path(os.path.abspath(path))
        if absolute.parent == _CORE_FOLDER:
            return f"{CORE}/{path.name}"
        if absolute.is_relative_to(self._root):
            return absolute.relative_to(self._root).as_posix()
        return Path(os.path.relpath(absolute, self._root)).as_posix()
