"""A published library, brought over whole; and the laws that hold of every import."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_compiler.compiler import compile_workspace
from pgs_compiler.findings import Place
from pgs_compiler.importing.account import all_entries
from pgs_compiler.importing.importer import Imported, bring_in
from pgs_compiler.importing.outcome import verdicts
from pgs_compiler.importing.published import domains
from pgs_compiler.importing.writing import written
from pgs_compiler.read import read
from pgs_compiler.source import Entry, Mapping, Scalar, Sequence, SourceFile, Tree, to_value
from tests.compiler.test_cases import CASES

HERE = Path(__file__).parent
LIBRARY = HERE / "library"
GOLDEN = HERE / "library.written"
MUSEUM = HERE / "museum"
KEPT = HERE / "museum.txt"
IMPORTS = [LIBRARY, MUSEUM, *(case for case in CASES if case.name[0] == "I")]
NOWHERE = Place("a.md", 1, 1, 1, 2)


@pytest.fixture(scope="module")
def library() -> Imported:
    return bring_in(LIBRARY)


def test_a_library_is_written_as_it_is_kept(library: Imported) -> None:
    if os.environ.get("PGS_REWRITE_GOLDENS"):
        shutil.rmtree(GOLDEN, ignore_errors=True)
        for path, text in library.files.items():
            (GOLDEN / path).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / path).write_text(text, encoding="utf-8")
    kept = {file.relative_to(GOLDEN).as_posix(): file.read_text(encoding="utf-8") for file in files_of(GOLDEN)}
    assert dict(library.files) == kept


def test_a_museum_full_of_mistakes_gives_what_is_kept() -> None:
    """Everything that the importer knows to report, and what it writes all the same."""
    imported = bring_in(MUSEUM)
    lines = [f"{found.code} {found.place}\n  {found.message}\n" for found in imported.findings]
    text = "".join(lines) + "".join(f"\n==> {path}\n{content}" for path, content in imported.files.items())
    if os.environ.get("PGS_REWRITE_GOLDENS"):
        KEPT.write_text(text, encoding="utf-8")
    assert text == KEPT.read_text(encoding="utf-8")


def test_folders_that_are_alike_as_names_are_domains_of_their_own() -> None:
    alike = ["my lib.workflows", "my-lib.workflows", "my-lib.intents", "My_Lib", "shop.lib", "lib.workflows"]
    assert domains(alike) == {
        "My_Lib": "my_lib",
        "my lib.workflows": "my_lib_2",
        "my-lib.intents": "my_lib_3",
        "my-lib.workflows": "my_lib_3",
        "lib.workflows": "published_lib",
        "shop.lib": "published_shop_lib",
    }


def test_what_is_written_compiles_as_a_workspace(library: Imported) -> None:
    compilation = compile_workspace(GOLDEN)
    assert not [finding for finding in compilation.findings if finding.severity == "error"]
    assert compilation.root
    (verdict,) = verdicts(library)
    assert (verdict.state, verdict.findings) == ("compiles", ())


def test_a_namespace_alone_is_imported_with_what_core_has_of_what_it_names(library: Imported) -> None:
    alone = bring_in(LIBRARY / "library")
    same = {path: text.partition("\n")[2] for path, text in library.files.items() if path != "pgs.yaml"}
    assert {path: text.partition("\n")[2] for path, text in alone.files.items() if path != "pgs.yaml"} == same


def test_a_finding_of_the_compiler_stands_at_the_published_line(library: Imported) -> None:
    found = [(finding.code, str(finding.place)) for finding in library.compiled]
    assert found == [
        ("F572", "library/capability_contracts/CC_CHECK_LIMIT_V0.md:26:16"),
        ("F572", "library/capability_contracts/CC_LEND_V0.md:53:18"),
    ]


def test_an_import_gives_the_same_wherever_the_folder_lies_and_whatever_its_order(
    library: Imported, tmp_path: Path
) -> None:
    copy = tmp_path / "elsewhere" / "library"
    for file in reversed(files_of(LIBRARY)):
        target = copy / file.relative_to(LIBRARY)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    again = bring_in(copy)
    assert dict(again.files) == dict(library.files)
    assert again.findings == library.findings


@pytest.mark.parametrize("folder", IMPORTS, ids=lambda folder: folder.name)
def test_every_key_is_carried_or_idle_or_named(folder: Path) -> None:
    imported = bring_in(folder)
    documents = imported.published.documents.values()
    entries = [entry for document in documents for entry in all_entries(document.machine)]
    assert sum(imported.keys.values()) == len(entries)
    lines = {(finding.place.path, finding.place.line) for finding in imported.own if finding.place}
    for entry in entries:
        if imported.world.account.fates[entry.key.place] == "found":
            at = range(1, entry.key.place.line + 1)
            assert any((entry.key.place.path, line) in lines for line in at)


@pytest.mark.parametrize("folder", IMPORTS, ids=lambda folder: folder.name)
def test_every_line_that_is_written_comes_from_a_published_one(folder: Path) -> None:
    imported = bring_in(folder)
    lengths = {path: len(data.splitlines()) for path, data in imported.published.sources.items()}
    for path, lines in imported.origins.lines().items():
        assert path in imported.files
        for _, origin in lines:
            assert 1 <= origin.line <= lengths[origin.path]


def test_a_key_that_nobody_knows_is_named_wherever_it_stands(tmp_path: Path) -> None:
    """One unknown key is put behind each key of a contract, one after the other."""
    source = (LIBRARY / "library/capability_contracts/CC_LEND_V0.md").read_text(encoding="utf-8")
    lines = source.split("\n")
    first = lines.index("```yaml") + 1
    tried = 0
    for index in range(first, len(lines) - 2):
        line = lines[index]
        if not line.strip() or line.lstrip().startswith("-") or not line.rstrip().endswith(":"):
            continue
        following = lines[index + 1]
        indent = len(following) - len(following.lstrip())
        if following.lstrip().startswith("-") or line.strip() in OPEN:
            continue
        changed = [*lines[: index + 1], " " * indent + "zzz: 1", *lines[index + 1 :]]
        folder = tmp_path / str(index)
        shutil.copytree(LIBRARY, folder)
        target = folder / "library/capability_contracts/CC_LEND_V0.md"
        target.write_text("\n".join(changed), encoding="utf-8")
        places = [finding.place for finding in bring_in(folder).own if finding.code == "I954" and finding.place]
        assert (index + 2) in [place.line for place in places], line
        tried += 1
    assert tried >= 3


OPEN = {"inputs:", "outputs:", "data:", "on_result:", "next:", "fields:", "book:"}
"""Mappings whose keys are the author's own."""


# --- writing ---------------------------------------------------------------------------------------


def tree_of(value: object) -> Tree:
    if isinstance(value, dict):
        return Mapping(tuple(Entry(Scalar(key, NOWHERE), tree_of(each)) for key, each in value.items()), NOWHERE)
    if isinstance(value, list):
        return Sequence(tuple(tree_of(each) for each in value), NOWHERE)
    assert value is None or isinstance(value, str | int | float | bool)
    return Scalar(value, NOWHERE)


TEXTS = st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126), max_size=140)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | TEXTS
    | st.sampled_from(["on", "12:30", "1e3", "#"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=5))
def test_what_is_written_is_read_back_as_it_was(value: dict[str, object]) -> None:
    tree = tree_of(value)
    assert isinstance(tree, Mapping)
    result = read(SourceFile("a.yaml", written([tree]).encode()))
    assert result.value is not None, result.findings
    assert [to_value(each) for each in result.value] == [value]


def files_of(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())
