"""Reports for programs, asserted whole."""

from __future__ import annotations

import json

from pgs_compiler.findings import Finding, Place, Related
from pgs_compiler.render import Style, render


def test_every_part_of_a_finding_has_its_key_in_a_fixed_order() -> None:
    finding = Finding(
        "S104",
        "`next` stands twice in this mapping.",
        Place("protocols/a.yaml", 7, 5, 7, 9),
        "stands here again",
        (Related(Place("protocols/a.yaml", 6, 5, 6, 9), "first stands here"),),
        "Merge the two.",
    )
    assert (
        render([finding], {}, "json", Style())
        == """\
{
  "format": "pgs-findings/1",
  "findings": [
    {
      "code": "S104",
      "rule": "duplicate-key",
      "severity": "error",
      "message": "`next` stands twice in this mapping.",
      "path": "protocols/a.yaml",
      "line": 7,
      "column": 5,
      "end_line": 7,
      "end_column": 9,
      "label": "stands here again",
      "hint": "Merge the two.",
      "related": [
        {
          "path": "protocols/a.yaml",
          "line": 6,
          "column": 5,
          "end_line": 6,
          "end_column": 9,
          "label": "first stands here"
        }
      ],
      "waived": null
    }
  ],
  "counts": {
    "errors": 1,
    "warnings": 0,
    "files": 1,
    "waived": 0
  }
}
"""
    )


def test_what_concerns_no_file_has_null_for_its_place() -> None:
    report = json.loads(render([Finding("S115", "Nothing is declared.", None)], {}, "json", Style()))
    place = {name: report["findings"][0][name] for name in ("path", "line", "column", "end_line", "end_column")}
    assert set(place.values()) == {None}
    assert report["counts"] == {"errors": 1, "warnings": 0, "files": 0, "waived": 0}


def test_nothing_found_is_an_empty_list() -> None:
    report = json.loads(render([], {"a.yaml": b"a: 1"}, "json", Style()))
    assert report == {
        "format": "pgs-findings/1",
        "findings": [],
        "counts": {"errors": 0, "warnings": 0, "files": 0, "waived": 0},
    }


def test_text_comes_back_as_it_was_although_the_report_is_ascii() -> None:
    message = "`\x1b[31m\u202e東京` is odd."
    shown = render([Finding("S110", message, None)], {}, "json", Style())
    assert shown.isascii()
    assert json.loads(shown)["findings"][0]["message"] == message
