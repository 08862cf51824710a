"""Where the Machine block of a document begins and ends, in documents as people write them."""

from __future__ import annotations

import pytest

from pgs_compiler.importing.markdown import machine_block
from pgs_compiler.source import Mapping, Scalar, SourceFile, to_value


def block(text: str | bytes) -> Mapping:
    data = text if isinstance(text, bytes) else text.encode()
    result = machine_block(SourceFile("doc.md", data))
    assert result.value is not None, result.findings
    return result.value


def refused(text: str | bytes) -> list[tuple[str, int]]:
    data = text if isinstance(text, bytes) else text.encode()
    result = machine_block(SourceFile("doc.md", data))
    assert result.value is None
    return [(finding.code, finding.place.line if finding.place else 0) for finding in result.findings]


HEAD = "# A title\n\n## Machine\n\n"


def test_places_are_those_of_the_document() -> None:
    found = block(f"{HEAD}```yaml\na: 1\nb:\n  c: x\n```\n")
    assert to_value(found) == {"a": 1, "b": {"c": "x"}}
    inner = found.entries[1].value
    assert isinstance(inner, Mapping)
    assert str(inner.entries[0].value.place) == "doc.md:8:6"


def test_lines_end_as_on_any_machine() -> None:
    found = block(f"{HEAD}```yaml\na: 1\nb: x\n```\n".replace("\n", "\r\n"))
    assert to_value(found) == {"a": 1, "b": "x"}
    assert found.entries[1].key.place.line == 7


def test_a_byte_order_mark_is_no_part_of_the_document() -> None:
    found = block(b"\xef\xbb\xbf## Machine\n\n```yaml\na: 1\n```\n")
    assert str(found.entries[0].key.place) == "doc.md:4:1"


@pytest.mark.parametrize(
    "fence",
    [
        ("```yaml", "```"),
        ("~~~yaml", "~~~"),
        ("````yml", "`````"),
        ("```", "```  "),
        ("  ```YAML", " ```"),
        ("~~~", "~~~~"),
    ],
)
def test_a_block_is_fenced_by_backticks_or_tildes(fence: tuple[str, str]) -> None:
    opening, closing = fence
    assert to_value(block(f"{HEAD}{opening}\na: 1\n{closing}\n")) == {"a": 1}


def test_a_longer_fence_holds_shorter_ones() -> None:
    found = block(f"{HEAD}````yaml\na: |\n  ```yaml\n  x: 1\n  ```\n````\n")
    assert to_value(found) == {"a": "```yaml\nx: 1\n```\n"}


def test_a_fence_of_tildes_holds_one_of_backticks() -> None:
    assert to_value(block(f"{HEAD}~~~yaml\na: |\n  ```\n~~~\n")) == {"a": "```\n"}


def test_a_heading_within_a_block_is_none() -> None:
    text = f"# A\n\n```yaml\n## Machine\n```\n\n{HEAD[11:]}```yaml\n# Machine\na: 1\n```\n"
    assert to_value(block(text)) == {"a": 1}


def test_blocks_of_other_languages_and_sections_are_passed_over() -> None:
    text = (
        "## Example\n\n```yaml\nb: 2\n```\n\n## Machine ##\n\n```json\n{}\n```\n\n### Block\n\n```yaml\na: 1\n```\n\n"
    )
    assert to_value(block(text + "## More\n\n```yaml\nc: 3\n```\n")) == {"a": 1}


def test_a_code_span_of_three_backticks_opens_nothing() -> None:
    assert to_value(block(f"```yaml``` is how a block begins.\n\n{HEAD}```yaml\na: 1\n```\n")) == {"a": 1}


def test_an_indented_block_keeps_its_columns() -> None:
    found = block(f"{HEAD}  ```yaml\n  a: 1\n  b: 2\n  ```\n")
    assert str(found.entries[1].key.place) == "doc.md:7:3"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("I951", 1)]),
        ("# A title\n", [("I951", 1)]),
        ("Machine\n\n```yaml\na: 1\n```\n", [("I951", 1)]),
        (HEAD, [("I952", 3)]),
        (f"{HEAD}```yaml\na: 1\n", [("I952", 5)]),
        (f"{HEAD}````yaml\na: 1\n```\n", [("I952", 5)]),
        (f"{HEAD}```yaml\na: 1\n~~~\n", [("I952", 5)]),
        (f"{HEAD}```yaml\n```\n", [("I952", 5)]),
        (f"{HEAD}```yaml\n\n\n```\n", [("I952", 5)]),
        (f"{HEAD}```yaml", [("I952", 5)]),
        (f"{HEAD}```yaml\na: 1\n```\n\n~~~yaml\nb: 1\n~~~\n", [("I952", 9)]),
        (f"{HEAD}```yaml\na: 1\n```\n\n## Machine\n", [("I952", 9)]),
        (f"{HEAD}```yaml\n- a\n```\n", [("I952", 5)]),
        (f"{HEAD}```yaml\nword\n```\n", [("I952", 5)]),
        (f"{HEAD}```yaml\na: 1\n---\nb: 1\n```\n", [("I952", 5)]),
        (f"{HEAD}```yaml\na: on\n```\n", [("S105", 6)]),
        (f"{HEAD}```yaml\na: 1\na: 2\n```\n", [("S104", 7)]),
        (f"{HEAD}```yaml\na: [1\n```\n", [("S103", 6)]),
        (b"## Machine\n\n\xff\n", [("S102", 3)]),
        (HEAD.encode("utf-16"), [("S102", 1)]),
    ],
)
def test_what_is_no_block_is_named_at_its_line(text: str | bytes, expected: list[tuple[str, int]]) -> None:
    assert refused(text) == expected


def test_a_deep_block_and_a_large_one_are_refused_as_anywhere() -> None:
    assert refused(f"{HEAD}```yaml\na: {'[' * 90}{']' * 90}\n```\n") == [("S113", 6)]
    assert refused(f"{HEAD}```yaml\na: {'x' * 2**20}\n```\n")[0][0] == "S113"


@pytest.mark.parametrize(
    "line", ["#" + " " * 900_000 + "x", "```" + " " * 900_000 + "`", "`" * 900_000, "# " + "# " * 400_000]
)
def test_a_long_line_of_signs_takes_no_longer_than_any_other(line: str) -> None:
    assert refused(f"{line}\n") == [("I951", 1)]


@pytest.mark.parametrize(
    ("title", "named"), [("Machine", 1), ("Machine #", 1), ("Machine#", 0), ("# Machine", 0), ("", 0)]
)
def test_a_heading_is_called_what_stands_between_its_signs(title: str, named: int) -> None:
    result = machine_block(SourceFile("doc.md", f"## {title}\n\n```yaml\na: 1\n```\n".encode()))
    assert (result.value is not None) == bool(named)


def test_a_scalar_keeps_its_quotes() -> None:
    value = block(f'{HEAD}```yaml\na: "1"\n```\n').entries[0].value
    assert isinstance(value, Scalar)
    assert (value.value, value.quoted) == ("1", True)
