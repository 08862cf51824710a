"""Examples are run in processes that differ, and what they show is told once."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pgs_compiler.verdicts import Verdicts
from pgs_snapshot.canonical import digest
from pgs_snapshot.sealed_code.caller import Caller, NotStarted
from pgs_snapshot.values import Value
from tests.compiler.purity.snippets import compiled, errors

SAME: list[tuple[Value, Value]] = [(1, 1), (2, 2), (3, 3)]
PLAIN = "def f(x):\n    return x\n"


@pytest.fixture(autouse=True)
def nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    for variable, name in (("XDG_CACHE_HOME", "cache"), ("XDG_STATE_HOME", "state")):
        monkeypatch.setenv(variable, str(tmp_path / name))
    return tmp_path


def messages(folder: Path, snippet: str, examples: list[tuple[Value, Value]]) -> list[tuple[str, str]]:
    folder.mkdir(exist_ok=True)
    found = compiled(folder, snippet, examples).findings
    return [(finding.code, finding.message) for finding in found]


# --- what differs --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("snippet", "why"),
    [
        ("def f(x):\n    return str(f)", "an address"),
        ("def f(x):\n    return list(dict.fromkeys(g(x)))\ndef g(x):\n    return {str(n) for n in range(9)}", "hashes"),
        ("from datetime import datetime\ndef f(x):\n    return datetime(2026, 6, 1).timestamp()", "the time zone"),
    ],
    ids=["addresses", "hashes", "time zones"],
)
def test_ct_02_what_differs_between_processes_is_refused(snippet: str, why: str, tmp_path: Path) -> None:
    assert errors(compiled(tmp_path, snippet, SAME)) == ["C642"], why


def test_ct_02_a_joined_set_is_refused_where_it_is_joined(tmp_path: Path) -> None:
    compilation = compiled(tmp_path, "def f(x):\n    return ','.join({'a', 'b', 'c'})", SAME)
    (finding,) = compilation.findings
    assert finding.place is not None
    assert (finding.code, finding.place.path, finding.place.line) == ("C617", "snippets/snippet.py", 2)


def test_ct_03_an_input_that_a_helper_changes_is_refused(tmp_path: Path) -> None:
    snippet = "def f(x):\n    g(x)\n    return 1\n\n\ndef g(rows):\n    rows.append(1)\n"
    found = messages(tmp_path, snippet, [([1], 1), ([2], 1), ([3], 1)])
    assert found == [("C643", "`snippets::CT_SNIPPET_V0` changes its inputs.")]


def test_ct_03_a_state_that_the_gate_does_not_see_is_refused(tmp_path: Path) -> None:
    snippet = "TABLE = {'rows': [0]}\n\n\ndef f(x):\n    [*TABLE.values()][0].append(x)\n    return 1\n"
    (found,) = messages(tmp_path, snippet, [(1, 1), (2, 1), (3, 1)])
    assert found == (
        "C642",
        "`snippets::CT_SNIPPET_V0` leaves something behind in its modules, which the next call meets.",
    )


@pytest.mark.parametrize(
    ("snippet", "why"),
    [
        ("def f(x):\n    while x:\n        x = x + 1\n    return x", "processor time"),
        ("def f(x):\n    return len(str(x * 7 ** (10**8)))", "processor time"),
        ("def f(x):\n    return 'x' * 10**10", "memory"),
        ("def f(x):\n    return [n for n in range(10**10)]", "memory"),
    ],
    ids=["a loop", "a power", "a text", "a list"],
)
def test_ct_05_an_example_that_takes_too_much_is_refused(snippet: str, why: str, tmp_path: Path) -> None:
    assert messages(tmp_path, snippet, SAME) == [
        ("C644", f"`snippets::CT_SNIPPET_V0` takes more {why} than a transform may.")
    ]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("float('nan')", "gives no JSON for this example: at `/result` NaN and infinities are not JSON numbers"),
        ("b'a'", "gives no JSON for this example: at `/result` a Python bytes, which JSON does not have"),
        ("[1, (2,)]", "gives no JSON for this example: at `/result/1` a Python tuple, which JSON does not have"),
        ("2", "gives `2` as `result` for this example, not `1`"),
        ("[][0]", "raises IndexError at snippets.snippet:2"),
        ("f(x)", "calls itself without end at this example"),
        ("'x' * 300000", "gives more as `result` than a value may hold"),
    ],
)
def test_an_example_that_is_not_true_is_told_by_what_happens(given: str, why: str, tmp_path: Path) -> None:
    found = messages(tmp_path, f"def f(x):\n    return {given}", [(1, 1), (2, 1), (3, 1)])
    assert set(found) == {("C641", f"`snippets::CT_SNIPPET_V0` {why}.")}
    assert len(found) == 3


# --- three processes -----------------------------------------------------------------------------


def processes(folder: Path, monkeypatch: pytest.MonkeyPatch, snippet: str = PLAIN) -> int:
    """How many processes a compilation starts."""
    count = 0
    start = Caller._started

    def counted(self: Caller) -> subprocess.Popen[bytes]:
        nonlocal count
        count += 1
        return start(self)

    folder.mkdir()
    with monkeypatch.context() as patched:
        patched.setattr(Caller, "_started", counted)
        compiled(folder, snippet, SAME)
    return count


def test_the_examples_of_all_transforms_are_run_in_three_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert processes(tmp_path / "work", monkeypatch) == 3


def test_without_processes_nothing_is_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Caller) -> object:
        raise NotStarted("there is no room")

    monkeypatch.setattr(Caller, "_started", refuse)
    (found,) = messages(tmp_path / "work", PLAIN, SAME)
    assert found == ("C645", "The examples cannot be run: there is no room.")


# --- verdicts ------------------------------------------------------------------------------------


def test_what_passed_is_not_tried_again_and_a_change_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert processes(tmp_path / "first", monkeypatch)
    assert not processes(tmp_path / "second", monkeypatch)
    assert processes(tmp_path / "third", monkeypatch, PLAIN + "# changed\n")


def test_what_did_not_pass_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert processes(tmp_path / "first", monkeypatch, "def f(x):\n    return str(f)")
    assert processes(tmp_path / "second", monkeypatch, "def f(x):\n    return str(f)")


@pytest.mark.parametrize("forged", [b"", b"passed", b"0" * 64, b"\xff" * 64])
def test_a_damaged_or_forged_verdict_is_none(forged: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert processes(tmp_path / "first", monkeypatch)
    for file in (tmp_path / "cache/pgs/probe").iterdir():
        file.write_bytes(forged)
    assert processes(tmp_path / "second", monkeypatch)
    assert not processes(tmp_path / "third", monkeypatch)


def test_a_verdict_of_one_thing_is_none_of_another(tmp_path: Path) -> None:
    verdicts = Verdicts(os.environ, "probe")
    verdicts.keep(digest(b"a"))
    kept = tmp_path / "cache/pgs/probe"
    (kept / digest(b"b")).write_bytes((kept / digest(b"a")).read_bytes())
    assert (verdicts.passed(digest(b"a")), verdicts.passed(digest(b"b"))) == (True, False)


def test_a_verdict_holds_only_where_it_was_reached(tmp_path: Path) -> None:
    Verdicts(os.environ, "probe").keep(digest(b"a"))
    (tmp_path / "state/pgs/probe/key").unlink()
    assert not Verdicts(os.environ, "probe").passed(digest(b"a"))


@pytest.mark.parametrize("mode", [0o644, 0o620, 0o604])
def test_a_secret_that_others_can_read_or_write_is_none(mode: int, tmp_path: Path) -> None:
    Verdicts(os.environ, "probe").keep(digest(b"a"))
    (tmp_path / "state/pgs/probe/key").chmod(mode)
    assert not Verdicts(os.environ, "probe").passed(digest(b"a"))


def test_a_secret_behind_a_link_is_none(tmp_path: Path) -> None:
    Verdicts(os.environ, "probe").keep(digest(b"a"))
    key = tmp_path / "state/pgs/probe/key"
    key.rename(tmp_path / "elsewhere")
    key.symlink_to(tmp_path / "elsewhere")
    assert not Verdicts(os.environ, "probe").passed(digest(b"a"))


def test_where_nothing_can_be_kept_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for environment in ({}, {"HOME": "relative"}, {"HOME": str(tmp_path / "file")}):
        verdicts = Verdicts(environment, "probe")
        verdicts.keep(digest(b"a"))
        assert not verdicts.passed(digest(b"a"))
