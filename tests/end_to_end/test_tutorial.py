"""The tutorial is followed from its first line to its last: its files are written, its commands are run.

Run as a program, this writes into the page what its commands print now, where that is something else; what
has changed is then for you to judge.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.architecture.pages import Block, blocks, page
from tests.architecture.tree import ROOT

PAGE = page("tutorial.md")
RUN_ID = re.compile(r"\b[0-9a-v]{26}\b")


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the page, with what it prints there: a line `…` stands for any lines."""

    line: str
    printed: str

    def prints(self, text: str) -> bool:
        lines = self.printed.splitlines(keepends=True)
        pattern = "".join("(.*\n)*?" if line == "…\n" else re.escape(line) for line in lines)
        return re.fullmatch(pattern, text) is not None


def commands(block: Block) -> Iterator[Command]:
    for found in re.finditer(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", block.text, re.MULTILINE):
        yield Command(found[1], found[2])


COMMANDS = [command for block in blocks(PAGE) if block.language == "console" for command in commands(block)]


def followed(folder: Path) -> Iterator[str]:
    """Do what the page says in an empty folder; what each of its commands printed, in order."""
    (folder / "src/mytools").mkdir(parents=True)
    (folder / "src/mytools/__init__.py").touch()
    shell = _Shell(folder)
    for block in blocks(PAGE):
        if block.language == "console":
            yield from (shell.run(command.line) for command in commands(block))
        elif block.language == "diff":
            _change(folder / block.file, block.text)
        else:
            (folder / block.file).parent.mkdir(exist_ok=True)
            (folder / block.file).write_text(block.text, encoding="utf-8")


class _Shell:
    """A shell in a folder, which knows the last command's exit code and the last run's id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._code = 0
        self._run = ""

    def run(self, line: str) -> str:
        """What a command prints on both its outputs, with what differs from run to run left out."""
        done = subprocess.run(
            ["sh", "-c", f"(exit {self._code}); {line.replace('ID', self._run) if self._run else line}"],
            cwd=self._folder,
            env={"PATH": self._programs, "LC_ALL": "C.UTF-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        self._code = done.returncode
        text = done.stdout.decode()
        self._run = next(iter(RUN_ID.findall(text)), self._run)
        return self._settled(text)

    def _settled(self, text: str) -> str:
        text = RUN_ID.sub("ID", text.replace(str(self._folder), "…"))
        text = re.sub(r"\b[0-9a-f]{64}\b", "…", text)
        text = re.sub(r"\b\d{4}-\d\d-\d\dT[\d:.]+Z", "…", text)
        text = re.sub(r"(?<=\S) +(?=\d+(\.\d)? (ms|s)\b)", " ", text)  # times stand in a column
        return re.sub(r"\d+(\.\d)? (ms|s)\b", r"… \2", text)


def _change(file: Path, diff: str) -> None:
    """Change a file by a part of a diff, whose old lines stand there once."""
    lines = diff.splitlines()
    old = "\n".join(line[1:] for line in lines if line[0] in " -")
    new = "\n".join(line[1:] for line in lines if line[0] in " +")
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file.name} has {text.count(old)} times:\n{old}"
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each command prints, where it stands in the page."""
    return list(followed(tmp_path_factory.mktemp("tutorial") / "helpdesk"))


@pytest.mark.parametrize("number", range(len(COMMANDS)), ids=[command.line[:40] for command in COMMANDS])
def test_a_command_prints_what_the_page_says(number: int, answers: list[str]) -> None:
    if not COMMANDS[number].prints(answers[number]):
        assert answers[number] == COMMANDS[number].printed


def test_every_file_is_named_in_the_text() -> None:
    prose = re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert all(f"`{block.file}`" in prose for block in blocks(PAGE) if block.language != "console")


def rewritten() -> str:
    """The page with what its commands print now."""
    text, at = PAGE, 0
    with TemporaryDirectory() as folder:
        for command, answer in zip(COMMANDS, followed(Path(folder, "helpdesk")), strict=True):
            old = f"$ {command.line}\n{command.printed}"
            at = text.index(old, at)
            new = old if command.prints(answer) else f"$ {command.line}\n{answer}"
            text = text[:at] + new + text[at + len(old) :]
            at += len(new)
    return text


if __name__ == "__main__":
    (ROOT / "docs/tutorial.md").write_text(rewritten(), encoding="utf-8")
