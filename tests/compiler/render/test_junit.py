"""Reports for test dashboards, asserted whole."""

from __future__ import annotations

from pgs_compiler.findings import Finding, Place
from pgs_compiler.render import Style, render
from pgs_compiler.source import CORE

SOURCE = b"workflow: shop::WF_ORDER_V0\nsummary: no\n"


def test_a_finding_is_a_failure_with_its_excerpt_and_a_clean_file_passes() -> None:
    finding = Finding("S105", '`no` is <odd> & "so".', Place("b.yaml", 2, 10, 2, 12), "this")
    sources = {"b.yaml": SOURCE, "c.yaml": SOURCE, "a.yaml": SOURCE, f"{CORE}/actors.yaml": SOURCE}
    assert (
        render([finding], sources, "junit", Style(color=True))
        == """\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1">
  <testsuite name="pgs_compiler" tests="3" failures="1" errors="0" skipped="0">
    <testcase classname="a.yaml" name="no findings" />
    <testcase classname="c.yaml" name="no findings" />
    <testcase classname="b.yaml" name="S105 ambiguous-scalar at 2:10" file="b.yaml" line="2">
      <failure type="S105" message="`no` is &lt;odd&gt; &amp; &quot;so&quot;.">\
error[S105] ambiguous-scalar: `no` is &lt;odd&gt; &amp; "so".
 --&gt; b.yaml:2:10
  |
2 | summary: no
  |          ^^ this</failure>
    </testcase>
  </testsuite>
</testsuites>
"""
    )


def test_a_warning_passes_and_keeps_its_excerpt_as_output() -> None:
    warning = Finding("D215", "No summary.", Place("b.yaml", 1, 11, 1, 28))
    assert (
        render([warning], {"b.yaml": SOURCE}, "junit", Style())
        == """\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="1" failures="0">
  <testsuite name="pgs_compiler" tests="1" failures="0" errors="0" skipped="0">
    <testcase classname="b.yaml" name="D215 no-summary at 1:11" file="b.yaml" line="1">
      <system-out>\
warning[D215] no-summary: No summary.
 --&gt; b.yaml:1:11
  |
1 | workflow: shop::WF_ORDER_V0
  |           ^^^^^^^^^^^^^^^^^</system-out>
    </testcase>
  </testsuite>
</testsuites>
"""
    )


def test_what_concerns_no_file_is_a_case_of_the_compiler() -> None:
    shown = render([Finding("S115", "Nothing is declared.", None)], {}, "junit", Style())
    assert '<testcase classname="pgs_compiler" name="S115 empty">' in shown


def test_nothing_to_read_and_nothing_found_is_an_empty_suite() -> None:
    assert (
        render([], {}, "junit", Style())
        == """\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="0" failures="0">
  <testsuite name="pgs_compiler" tests="0" failures="0" errors="0" skipped="0" />
</testsuites>
"""
    )


def test_characters_that_xml_forbids_are_escaped() -> None:
    shown = render([Finding("S105", "`\x00\ufffe\ud800` is odd.", None)], {}, "junit", Style())
    assert 'message="`\\x00\\ufffe\\ud800` is odd."' in shown
