"""Declarations in YAML that two readers take differently, or that cost too much: refused at their place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.end_to_end.programs import LITTLE_MEMORY, Installation

PROJECT = "format: pgs-project/1\nname: strict\nversion: 1\nsources: [protocols]\n"
FILE = "protocols/strict.yaml"


# Each source with its findings.
AMBIGUOUS: Mapping[str, tuple[bytes, list[str]]] = {
    "YML-01": (b"nodes:\n  a: {kind: CT}\n  a: {kind: CS}\n", ["S104 3:3"]),
    "YML-02": (
        b"on: {NO: reject, YES: approve}\nregion: no\n",
        ["S105 1:1", "S105 1:6", "S105 1:18", "S105 2:9"],
    ),
    "YML-03": (b"t: 12:30\nmode: 010\ncount: 1_000\n", ["S105 1:4", "S105 2:7", "S105 3:8"]),
    "YML-04": (b"d: 2001-12-14\n", ["S105 1:4"]),
    "YML-05": (b"b: &b {x: 1}\nc: {<<: *b, z: 2}\n", ["S106 1:4", "S106 2:5", "S106 2:9"]),
    "YML-08": (
        b"x: !!python/object/apply:os.system ['id']\nz: !!binary aGk=\nw: !foo 1\n",
        ["S107 1:4", "S107 2:4", "S107 3:4"],
    ),
    "YML-09": (b"%YAML 1.1\n---\na: 1\n---\nb: 2\n", ["S108 1:1"]),
    "YML-10": (b"{1: a, true: b, null: c}\n", ["S109 1:2", "S109 1:8", "S109 1:17"]),
    "YML-11-escaped": (b'id: "approve\\u202e"\n"a\\u200b": 1\n', ["S110 1:5", "S110 2:1"]),
    "YML-11-raw": ('id: "approve\u202e"\n'.encode(), ["S110 1:13"]),
    "YML-12": (b'{"e\\u0301": 1, "\\u00e9": 2}\n', ["S111 1:2"]),
    "YML-13-bytes": (b"a: \xff\xfe\n", ["S102 1:4"]),
    "YML-13-mark": (b"\xef\xbb\xbfa: 1\n", ["S102 1:1"]),
    "YML-13-utf-16": ("a: 1\n".encode("utf-16"), ["S102 1:1"]),
    "YML-14": (b"i: 9007199254740993\nf: 1e400\ng: .nan\n", ["S112 1:4", "S105 2:4", "S112 3:4"]),
}
# Each source with its first finding.
COSTLY: Mapping[str, tuple[str, str]] = {
    "YML-06": (
        "a: &a [x]\n"
        + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        "S106 1:4",
    ),
    "YML-07": ("[" * 200_000 + "]" * 200_000, "S113 1:33"),
    "YML-15-file": ("a" * 20_000_000, "S113 1:1"),
    "YML-15-nodes": ("- 1\n" * 260_000, "S113 100000:3"),
    "YML-15-scalar": (f"a: {'b' * 1_000_000}\n", "S113 1:4"),
}


def workspace(folder: Path) -> Installation:
    """A workspace without declarations."""
    (folder / "protocols").mkdir()
    (folder / "pgs.yaml").write_text(PROJECT, encoding="utf-8")
    return Installation(folder, folder / "data")


@pytest.fixture
def place(tmp_path: Path) -> Installation:
    return workspace(tmp_path)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[str]]:
    """The findings of all sources by name, as `code line:column`, from one command with little memory."""
    place = workspace(tmp_path_factory.mktemp("strict"))
    sources = {name: source for name, (source, _) in AMBIGUOUS.items()}
    sources |= {name: source.encode() for name, (source, _) in COSTLY.items()}
    for name, source in sources.items():
        (place.workspace / "protocols" / f"{name}.yaml").write_bytes(source)
    answer = place.compiler("compile", "--format", "json", within=LITTLE_MEMORY)
    assert (answer.code, answer.err) == (1, "")
    assert sorted(path.name for path in place.workspace.iterdir()) == ["pgs.yaml", "protocols"]
    found: dict[str, list[str]] = {}
    for finding in answer.json()["findings"]:
        assert finding["message"].endswith(".")
        assert finding["message"].isprintable()
        at = f"{finding['code']} {finding['line']}:{finding['column']}"
        found.setdefault(Path(finding["path"]).stem, []).append(at)
    return found


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_yml_ambiguous_yaml_is_refused_where_it_stands_and_nothing_is_written(
    name: str, found: Mapping[str, list[str]]
) -> None:
    assert found[name] == AMBIGUOUS[name][1]


@pytest.mark.parametrize("name", COSTLY)
def test_yml_costly_yaml_is_refused_within_little_memory(name: str, found: Mapping[str, list[str]]) -> None:
    assert found[name][0] == COSTLY[name][1]


def test_yml_02_the_text_of_a_finding_quotes_the_line_and_says_what_to_type(place: Installation) -> None:
    (place.workspace / FILE).write_bytes(b"region: no\n")
    answer = place.compiler("compile")
    assert (answer.code, answer.out) == (1, "")
    assert f" --> {FILE}:1:9\n" in answer.err
    assert '  = hint: Quote it: `"no"`, or write `false`.\n' in answer.err


def test_yml_09_several_documents_in_a_file_are_read(place: Installation) -> None:
    actors = "".join(f"actor: strict::AC_{name}_V0\nsummary: Somebody\n---\n" for name in ("A", "B"))
    (place.workspace / FILE).write_text(actors.removesuffix("---\n"), encoding="utf-8")
    answer = place.compiler("compile")
    assert (answer.code, answer.err) == (0, "")
    made = sorted(path.name for path in (place.workspace / "protocol_snapshot/artifacts/actor").iterdir())
    assert made[-2:] == ["strict__AC_A_V0.json", "strict__AC_B_V0.json"]


def test_yml_13_what_a_reader_cannot_see_is_never_printed(place: Installation) -> None:
    (place.workspace / FILE).write_bytes('id: "\u202eevil\x1b[31m"\n# \u202e\x9b\n'.encode())
    answer = place.compiler("check")
    assert answer.code == 1
    assert all(line.isprintable() for line in answer.out.splitlines())
