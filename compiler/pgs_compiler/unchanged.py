"""Whether a folder already holds what a compilation would write there, because nothing that it reads has changed.

Laws:
* only a compilation without any finding is remembered, so that nothing is left untold;
* it is remembered by a digest over everything that decides it: this compiler and Python, the project file, the
  sources, all code of the packages, what is installed, the options, and the snapshot that came of it;
* the folder is verified like any other snapshot, and a verdict cannot be forged (`verdicts`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pgs_compiler
import pgs_process
import pgs_snapshot
from pgs_compiler.verdicts import Verdicts
from pgs_compiler.waivers import Policy
from pgs_compiler.workspace import Workspace, open_workspace
from pgs_snapshot.canonical import digest, digest_of
from pgs_snapshot.exchange import fits
from pgs_snapshot.folder import open_snapshot
from pgs_snapshot.locate import Locator, search_path
from pgs_snapshot.seal import MANIFEST, SealBroken
from pgs_snapshot.values import Value


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides a compilation, and the folder that its snapshot goes to."""

    decides: str
    folder: Path
    verdicts: Verdicts

    def root(self) -> str | None:
        """The id of the snapshot in the folder, if it is what compiling would give."""
        try:
            sealed = open_snapshot(self.folder)
        except SealBroken:
            return None
        if sealed.signature is not None and not fits(sealed.manifest, sealed.signature):
            return None  # to compile takes it away
        root = sealed.root
        return root if self.verdicts.passed(self._of(root)) else None

    def keep(self, root: str) -> None:
        """Note that the compilation gave this snapshot, without a finding."""
        self.verdicts.keep(self._of(root))

    def _of(self, root: str) -> str:
        return digest_of([self.decides, root])


def standing(root: Path, paths: tuple[Path, ...], policy: Policy, folder: Path) -> Standing | None:
    """What decides a compilation of the workspace at `root`; None where it cannot even be opened."""
    opened = open_workspace(root, paths)
    if opened.value is None or opened.findings:
        return None
    named = policy.baseline or (root / found.text if (found := opened.value.project.baseline) else None)
    decides: Value = {
        "baseline": digest((named / MANIFEST).read_bytes()) if named and (named / MANIFEST).is_file() else str(named),
        "code": _code(opened.value),
        "paths": list[Value](sorted(map(str, paths))),
        "sources": {path: digest(data) for path, data in opened.value.sources().items()},
        "strict": policy.strict,
        "today": policy.today.isoformat() if opened.value.project.waivers else "",
        "tools": [sys.version, sys.platform, *_tools()],
    }
    return Standing(digest_of(decides), folder, Verdicts(os.environ, "compile"))


def _tools() -> list[Value]:
    """The sources of the compiler, of what judges rules and of the format, and everything installed, by version."""
    own = [*_files(Path(str(each.__file__)).parent for each in (pgs_compiler, pgs_process, pgs_snapshot))]
    installed = {found.name for entry in search_path() for found in Path(entry).glob("*.dist-info")}
    return [*own, *sorted(installed)]


def _code(workspace: Workspace) -> Value:
    """Every source of the packages that the project lists, wherever they lie."""
    listed = workspace.project.packages.items()
    folders = {name: (workspace.root / folder).absolute() for name, folder in listed if folder}
    locator = Locator(search_path(), folders)
    found = ((name, locator.find(name)) for name, _ in listed)
    return {name: [*_files(map(Path, package.inside))] if package else [] for name, package in found}


def _files(folders: Iterable[Path]) -> Iterable[str]:
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            yield f"{file.relative_to(folder)} {digest(file.read_bytes())}"
