"""The bodies of processes, against files whose comments say what is found in their lines."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pgs_compiler.bodies import Promise, body_of, code_of, contracts_in, find_function, judge
from pgs_compiler.bodies.code import Python
from pgs_compiler.bodies.linting import NoSource, lint, lint_sources, strictly
from pgs_compiler.findings import Finding, Place
from pgs_process import Contract
from tests.architecture.tree import ROOT
from tests.compiler.test_cases import CASES, found_in, is_python

FOLDER = Path(__file__).parent / "process_lint"
MOVED = ROOT / "tests" / "process" / "moved"
NOWHERE = Place("contract.yaml", 1, 1, 1, 1)


def said(path: Path) -> list[tuple[int, str]]:
    """Line and code of all that a file's comments expect."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [(number, line.rpartition("  # ")[2]) for number, line in enumerate(lines, 1) if "  # P7" in line]
    return [(number, code) for number, codes in found for code in re.findall(r"P\d{3}", codes)]


def told(findings: tuple[Finding, ...]) -> list[tuple[int, str]]:
    return [(finding.place.line, finding.code) for finding in findings if finding.place]


def linted(**sources: str) -> tuple[Finding, ...]:
    return lint_sources({name: (f"{name}.py", text.encode()) for name, text in sources.items()}).findings


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.py")))
def test_exactly_what_the_comments_of_a_file_say_is_found(name: str) -> None:
    assert told(lint([FOLDER / name], ROOT).findings) == said(FOLDER / name)


def test_the_programs_of_predecessors_have_no_findings_but_the_theft_that_one_shows() -> None:
    found = lint([MOVED], ROOT)
    assert found.processes == 5
    assert [(finding.code, finding.message) for finding in found.findings] == [
        ("P753", "`steal` declares `domain_ctx.accounts`, and reads it nowhere."),
        ("P752", "`steal` writes `domain.total_reserves`, which is not among its outputs."),
    ]


@pytest.mark.parametrize("page", ["processes.md", "how-to/bank.md"])
def test_the_program_of_a_page_about_processes_has_no_findings(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    program = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]
    assert linted(bank=program) == ()


ADDED = [
    (case, index)
    for case in CASES
    if is_python(case)
    for index, entry in enumerate(json.loads((case / "expected.json").read_bytes()))
    if entry["hint"].startswith("Add `")
]


@pytest.mark.parametrize(("case", "index"), ADDED, ids=lambda part: getattr(part, "name", ""))
def test_what_a_hint_says_to_add_to_a_contract_mends_it(case: Path, index: int) -> None:
    hint = re.fullmatch(r"Add `(\".+\")` to `(\w+)`\.", str(found_in(case)[index]["hint"]))
    assert hint is not None
    word, role = hint.groups()
    source = (case / "input.py").read_text(encoding="utf-8")
    mended = re.sub(rf"{role}=\[", f"{role}=[{word}, ", source)
    if mended == source:
        mended = re.sub(r"\]\)\ndef ", f"], {role}=[{word}])\ndef ", source)
    assert mended != source
    assert linted(input=mended) == ()


# --- across modules ------------------------------------------------------------------------------

HELPERS = "def take(accounts, user):\n    accounts[user] -= 1\n\n\ndef told(ctx):\n    return ctx.domain.secret\n"
BODY = (
    "from pgs_process import process\nfrom {where} import take, told\n\n\n"
    '@process(inputs=["domain.accounts"], outputs=[])\n'
    "def p(ctx, user):\n    take(ctx.domain.accounts, user)\n    told(ctx)\n"
)


@pytest.mark.parametrize("where", [".helpers", "src.helpers", "helpers"])
def test_a_helper_in_another_source_is_followed(where: str) -> None:
    files = {
        "src.helpers": ("src/helpers.py", HELPERS.encode()),
        "src.body": ("src/body.py", BODY.format(where=where).encode()),
    }
    found = lint_sources(files).findings
    assert [(finding.code, str(finding.place)) for finding in found] == [
        ("P752", "src/helpers.py:2:5"),
        ("P751", "src/helpers.py:6:12"),
    ]
    assert [str(related.place) for finding in found for related in finding.related] == [
        "src/body.py:7:5",
        "src/body.py:8:5",
    ]


def test_a_helper_whose_source_is_not_named_is_not_followed_and_that_is_said() -> None:
    found = linted(body=BODY.format(where="helpers"))
    assert [finding.message for finding in found] == [
        "`p` hands `domain.accounts` to `helpers.take`, which cannot be followed.",
        "`p` hands the context to `helpers.told`, which cannot be followed.",
    ]
    assert {finding.code for finding in found} == {"P761"}


@pytest.mark.parametrize(
    "imported",
    [
        "from pgs_process import process as p",
        "import pgs_process\np = pgs_process.process",
        "import pgs_process.contract as c\np = c.process",
        "from pgs_process.contract import process\np: object = process",
        "from theus import process as p",
        "from pgs_process import *\np = process",
        "try:\n    from theus import process as p\nexcept ImportError:\n    from pgs_process import process as p",
    ],
)
def test_a_process_is_found_by_whatever_name_its_decorator_has(imported: str) -> None:
    found = linted(body=f'{imported}\n\n@p([], ["domain.x"])\ndef body(ctx):\n    ctx.domain.y = ctx.domain.x = 1\n')
    assert [finding.message for finding in found] == ["`body` writes `domain.y`, which is not among its outputs."]


def test_another_decorator_of_the_name_is_none() -> None:
    text = "from elsewhere import process\n\n@process(inputs=[], outputs=[])\ndef body(ctx):\n    ctx.domain.y = 1\n"
    assert lint_sources({"body": ("body.py", text.encode())}).processes == 0


# --- by the compiler -----------------------------------------------------------------------------


def test_a_body_is_held_against_a_contract_that_stands_elsewhere() -> None:
    text = b"def body(ctx, by):\n    ctx.domain.x += by\n    ctx.domain.y = 1\n"
    code = code_of([Python("shop.body", "shop", ast.parse(text), "shop/body.py", text)])
    function = find_function(code, "shop.body", "body")
    assert function is not None
    body = body_of(code, "shop.body", function)
    promise = Promise("PC_BODY_V0", Contract((), ("domain.x", "domain.z")), lambda role, word: NOWHERE)
    assert [(finding.code, finding.message) for finding in judge(code, body, promise)] == [
        ("P754", "`PC_BODY_V0` declares the output `domain.z`, and writes it nowhere."),
        ("P752", "`PC_BODY_V0` writes `domain.y`, which is not among its outputs."),
    ]
    assert list(contracts_in(code)) == []


def test_a_body_without_end_is_given_up_and_that_is_said() -> None:
    text = "def a(ctx):\n" + "    ctx.domain.x += ctx.domain.x\n" * 6000
    code = code_of([Python("m", "", ast.parse(text), "m.py", text.encode())])
    body = body_of(code, "m", code.modules["m"].tree.body[0])
    assert [(breach.code, breach.does) for breach in body.breaches] == [
        ("P761", "is too large to be followed to its end")
    ]
    assert body.spreads


# --- the command ---------------------------------------------------------------------------------


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "pgs_compiler", "process", "lint", *arguments]
    return subprocess.run(line, cwd=cwd, capture_output=True, text=True, check=False)


def test_the_command_reports_and_ends_with_one(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "bank.py").write_text((MOVED / "bank.py").read_text(encoding="utf-8"), encoding="utf-8")
    done = command("src", "--format", "json", cwd=tmp_path)
    assert done.returncode == 1
    assert [entry["code"] for entry in json.loads(done.stdout)["findings"]] == ["P753", "P752"]
    assert command("src", cwd=tmp_path).stdout.endswith("1 error, 1 warning in 1 file\n")


def test_warnings_end_it_with_one_only_where_it_is_strict(tmp_path: Path) -> None:
    text = 'from pgs_process import process\n\n\n@process(inputs=["domain.x"], outputs=[])\ndef p(ctx):\n    return 1\n'
    (tmp_path / "p.py").write_text(text, encoding="utf-8")
    assert command("p.py", cwd=tmp_path).returncode == 0
    assert command("p.py", "--strict", cwd=tmp_path).returncode == 1
    found = lint([tmp_path / "p.py"], tmp_path)
    assert [finding.severity for finding in (*found.findings, *strictly(found).findings)] == ["warning", "error"]


def test_nothing_is_run_or_imported(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(
        'from pgs_process import process\nopen("ran", "w")\n\n\n@process([], [])\ndef p(ctx):\n    return 1\n', "utf-8"
    )
    done = command(".", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "no findings\n")
    assert [path.name for path in tmp_path.iterdir()] == ["p.py"]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("gone", "error: There is no `gone`.\n"),
        ("empty", "error: `empty` holds no Python source.\n"),
        ("nothing.py", "error: There is no process in `nothing.py`.\n"),
    ],
)
def test_where_there_is_nothing_to_look_at_that_is_said(argument: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "nothing.py").write_text("x = 1\n", encoding="utf-8")
    done = command(argument, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, message)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoSource, match="There is no"):
        lint([tmp_path / "gone"], tmp_path)
