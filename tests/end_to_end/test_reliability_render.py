"""What data does to pictures, accounts and terminals: nothing, it is text."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest

from tests.end_to_end.programs import ENVIRONMENT, Installation, agrees
from tests.end_to_end.test_reliability_limits import DECLARATIONS, lengthen

BEHAVE = "trouble::WF_BEHAVE_V0"
COMPLETE = b'{"how":"complete"}'
HOSTILE = r"""<<IMG SRC='/etc/passwd'/>> \N \G x']; evil [label=' javascript:x {a|b} <script>alert(1)</script>"""
MARKUP = (
    "``` ````\n# head\n| a | b |\n[x](javascript:alert(1)) <script>alert(1)</script> ![](http://tracker.example/x)"
    " <img src=x> ~~~ \u202e \x1b[31m"
)


# --- REND-01 -------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["dot", "svg", "mermaid"])
def test_rend_01_a_picture_has_no_markup_from_what_an_author_writes(form: str, trouble: Installation) -> None:
    file = trouble.workspace / DECLARATIONS
    source = file.read_text(encoding="utf-8").replace("  before:\n", f"  before:\n    summary: {json.dumps(HOSTILE)}\n")
    assert HOSTILE in json.loads(source.split("summary: ")[2].split("\n")[0])
    file.write_text(source, encoding="utf-8")
    answer = trouble.compiler("graph", BEHAVE, "--format", form)
    assert (answer.code, answer.err) == (0, "")
    assert not re.search(r"<<|passwd|evil|javascript|<script|image=|shapefile|URL=|href=", answer.out)
    if form == "svg":
        tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(answer.out).iter()}  # noqa: S314
        assert tags <= {
            "svg",
            "title",
            "desc",
            "style",
            "g",
            "rect",
            "path",
            "polygon",
            "line",
            "text",
            "tspan",
        }


# --- REND-02 -------------------------------------------------------------------------------------


def test_rend_02_a_graph_that_is_too_large_is_not_drawn_and_the_run_does_not_mind(
    trouble: Installation,
) -> None:
    lengthen(trouble, 1000)
    line = ["run", "--wf", "trouble::WF_LONG_V0", "--payload", "-"]
    answer = trouble.runtime(*line, stdin=COMPLETE)
    assert (answer.code, answer.err) == (0, "")
    assert "note     The picture would have 1003 nodes; 300 is the most that can be read." in answer.out
    assert [name.partition(".")[2] for name in trouble.traces()] == ["jsonl", "md"]
    drawn = trouble.compiler("graph", "WF_LONG_V0", "--out", trouble.workspace / "graph.png")
    assert (drawn.code, drawn.out) == (1, "")
    assert drawn.err.endswith("300 is the most that can be read.\n")
    assert not (trouble.workspace / "graph.png").exists()


# --- REND-03 -------------------------------------------------------------------------------------


def test_rend_03_an_account_shows_hostile_values_as_code_alone(trouble: Installation) -> None:
    payload = json.dumps({"how": MARKUP, "key": MARKUP.replace("\n", " ")}).encode()
    answer = trouble.run(BEHAVE, payload, "--json", "--request-id", "R1")
    assert (answer.code, answer.json()["result"]) == (0, {"value": MARKUP})
    (account,) = (trouble.workspace / "traces").glob("*/*.md")
    text = account.read_text(encoding="utf-8")
    assert all(line.isprintable() for line in text.splitlines())
    prose = prose_of(text)
    assert "The run ended **COMPLETED**" in prose
    assert not re.search(r"[<>|]|\]\(|!\[|javascript|tracker|# head|~~~", prose)


def prose_of(markdown: str) -> str:
    """The text without fenced blocks and code spans (CommonMark 0.31, sections 4.5 and 6.1)."""
    fenced = re.sub(r"(?ms)^ *(`{3,})[^`\n]*\n.*?^ *\1`*$", "", markdown)
    return re.sub(r"(?s)(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", fenced)


@pytest.mark.parametrize("option", [[], ["--json"]], ids=["text", "json"])
def test_rend_03_a_terminal_gets_no_control_characters(option: list[str], trouble: Installation) -> None:
    payload = json.dumps({"how": MARKUP}).encode()
    for command in (trouble.run(BEHAVE, payload, *option), trouble.run("\x1b[31m\u202e", payload, *option)):
        assert all(line.isprintable() for line in (command.out + command.err).splitlines())


# --- REND-04 -------------------------------------------------------------------------------------


def test_rend_04_a_run_needs_no_program_to_draw_its_picture(trouble: Installation) -> None:
    line = ["run", "--wf", BEHAVE, "--payload", "-", "--json"]
    answer = trouble.runtime(*line, stdin=COMPLETE, environment={**ENVIRONMENT, "PATH": ""})
    assert (answer.code, answer.err) == (0, "")
    assert agrees(answer, trouble)
    (picture,) = (trouble.workspace / "traces").glob("*/*.png")
    assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_rend_04_a_picture_of_the_compiler_needs_no_program_either(trouble: Installation) -> None:
    picture = trouble.workspace / "graph.png"
    nothing = {**ENVIRONMENT, "PATH": ""}
    assert trouble.compiler("graph", BEHAVE, "--out", picture, environment=nothing).code == 0
    assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


# --- TRC-05 --------------------------------------------------------------------------------------

FORGERY = '\n{"kind":"exit","exit":"COMPLETED"}\r\n\u2028\x1b[2J"}\n{"kind":"run.end"'


def test_trc_05_what_a_payload_holds_adds_no_line_to_a_trace(trouble: Installation) -> None:
    for key, how in (("a", "complete"), ("b", FORGERY)):
        assert trouble.run(BEHAVE, json.dumps({"how": how, "key": key}).encode(), "--json").code == 0
    files = sorted((trouble.workspace / "traces").glob("*/*.jsonl"))
    plain, forged = ([json.loads(line)["kind"] for line in file.read_bytes().split(b"\n")[:-1]] for file in files)
    assert plain == forged
    for file in files:
        verified, examined = trouble.runtime("verify", file), trouble.runtime("examine", file)
        assert (verified.code, examined.code) == (0, 0)
        assert all(line.isprintable() for line in (verified.out + examined.out).splitlines())
