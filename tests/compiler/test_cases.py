"""Every folder of `cases` holds declarations and, in `expected.json`, all that is found in them.

A folder is called `<CODE>-<slug>`: the rule that it shows, and what it shows of it. Cases of the family S are
read, those of the family I imported; where there is Python alone, its processes are held against their contracts;
all others are compiled, with the `pgs.yaml` that the folder may hold. Where there is a folder `published`, its
declarations were published before, and those under `protocols` are compared with them.
`python -m tests.compiler.test_cases` writes every `expected.json` anew; what has changed is then for you to judge.
"""

from __future__ import annotations

import json
import re
import shutil
from functools import cache
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pgs_compiler.bodies.linting import lint
from pgs_compiler.census import Examined, examined
from pgs_compiler.compiler import Compilation, compile_workspace
from pgs_compiler.findings import Finding
from pgs_compiler.importing.importer import bring_in
from pgs_compiler.project import FILE
from pgs_compiler.read import read
from pgs_compiler.rules import RULES
from pgs_compiler.source import SourceFile
from pgs_compiler.waivers import Policy
from pgs_snapshot.exchange import write_snapshot

CASES = sorted((Path(__file__).parent / "cases").iterdir())
PUBLISHED = "published"
# An operating system's refusal to read a file, or to start a process, which no file can hold.
WITHOUT_CASE = {"S101", "C645"}


@cache
def findings_of(case: Path) -> tuple[Finding, ...]:
    if case.name[0] == "S":
        sources = (SourceFile(path.name, path.read_bytes()) for path in inputs_of(case))
        return tuple(chain.from_iterable(read(source).findings for source in sources))
    if case.name[0] == "I":
        return bring_in(case).findings
    if is_python(case):
        return lint([case], case).findings
    return looked_into(case)[0]


@cache
def looked_into(case: Path) -> tuple[tuple[Finding, ...], tuple[Examined, ...]]:
    """What is found in a case, and what each rule looked at: nothing where the project file has a mistake."""
    compilation = compiled(case)
    return compilation.findings, () if compilation.reached == "open" else examined(compilation)


def inputs_of(case: Path) -> tuple[Path, ...]:
    """The declarations of a case."""
    return tuple(sorted(path for path in case.rglob("*.yaml") if path.name != FILE and PUBLISHED not in path.parts))


def is_python(case: Path) -> bool:
    """Whether a case is Python alone."""
    return case.name[0] != "I" and not inputs_of(case)


def compiled(case: Path) -> Compilation:
    published = case / PUBLISHED
    if not published.is_dir():
        return compile_workspace(case, inputs_of(case))
    baseline = compile_workspace(published, tuple(sorted(published.rglob("*.yaml"))))
    assert baseline.files is not None
    with TemporaryDirectory() as folder:
        write_snapshot(Path(folder) / "baseline", baseline.files)
        return compile_workspace(case, policy=Policy(baseline=Path(folder) / "baseline"))


def found_in(case: Path) -> list[dict[str, str | int]]:
    """What is found in a case, as `expected.json` has it."""
    return [
        {
            "code": finding.code,
            "line": finding.place.line if finding.place else 0,
            "column": finding.place.column if finding.place else 0,
            "message": finding.message,
            "hint": finding.hint,
        }
        for finding in findings_of(case)
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_gives_exactly_what_it_expects(case: Path) -> None:
    assert found_in(case) == json.loads((case / "expected.json").read_bytes())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_shows_the_rule_that_it_is_called_after(case: Path) -> None:
    code = case.name.split("-")[0]
    assert code in RULES
    assert code in {entry["code"] for entry in json.loads((case / "expected.json").read_bytes())}


@pytest.mark.parametrize("case", [case for case in CASES if case.name[0] != "S"], ids=lambda case: case.name)
def test_one_mistake_gives_one_finding(case: Path) -> None:
    assert len(json.loads((case / "expected.json").read_bytes())) == 1


def test_a_rule_without_a_failing_example_does_not_exist() -> None:
    shown = {case.name.split("-")[0] for case in CASES}
    assert RULES.keys() - shown == WITHOUT_CASE


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_messages_are_sentences_and_hold_nothing_that_cannot_be_seen(case: Path) -> None:
    for entry in json.loads((case / "expected.json").read_bytes()):  # which is what is found
        for text in filter(None, (str(entry["message"]), str(entry["hint"]))):
            assert text.endswith((".", "?"))
            assert text.isprintable()


def mended(source: str, finding: Finding) -> str | None:
    """The source with what the hint says in the place of what is marked, if the hint says what to write."""
    hint = re.fullmatch(r"(?:Write|Is it) `(.+)`[.?]", finding.hint)
    place = finding.place
    if hint is None or place is None or place.line != place.end_line:
        return None
    lines = source.split("\n")
    line = lines[place.line - 1]
    start, end = place.column - 1, place.end_column - 1
    if hint[1].startswith("$.") and not line[start:end].strip("\"'").startswith("$"):
        # A part of a reference is marked, or none at all; the hint has the reference as a whole.
        whole = next((m for m in re.finditer(r"\$[^\s,{}\]\"]*", line) if m.start() <= start < m.end()), None)
        start, end = whole.span() if whole else (start, end)
    lines[place.line - 1] = line[:start] + hint[1] + line[end:]
    return "\n".join(lines)


MENDABLE = [
    case
    for case in CASES
    if case.name[0] != "S" and re.search("Write|Is it", (case / "expected.json").read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("case", MENDABLE, ids=lambda case: case.name)
def test_what_a_hint_says_to_write_mends_what_is_marked(case: Path, tmp_path: Path) -> None:
    (finding,) = findings_of(case)
    assert finding.place is not None
    copy = tmp_path / case.name
    shutil.copytree(case, copy)
    file = copy / finding.place.path
    text = mended(file.read_text(encoding="utf-8"), finding)
    assert text is not None
    file.write_text(text, encoding="utf-8")
    assert finding.code not in {found.code for found in findings_of(copy)}


ADDED = re.compile(r"Add `(- .+)`\.")
ADDABLE = [case for case in CASES if ADDED.search((case / "expected.json").read_text(encoding="utf-8"))]


@pytest.mark.parametrize("case", ADDABLE, ids=lambda case: case.name)
def test_a_case_that_a_hint_says_to_add_makes_the_decision_whole(case: Path, tmp_path: Path) -> None:
    (finding,) = findings_of(case)
    added = ADDED.fullmatch(finding.hint)
    assert added is not None
    copy = tmp_path / case.name
    shutil.copytree(case, copy)
    file = copy / "input.yaml"
    cases, outcomes, rest = file.read_text(encoding="utf-8").partition("outcomes:\n")
    file.write_text(f"{cases}      {added[1]}\n{outcomes}{rest}", encoding="utf-8")
    assert finding.code not in {found.code for found in findings_of(copy)}


if __name__ == "__main__":
    for folder in CASES:
        text = json.dumps(found_in(folder), indent=2, ensure_ascii=False)
        (folder / "expected.json").write_text(text + "\n", encoding="utf-8")
