"""`docs/library.md` lists what `core` declares; PGS_REWRITE_GOLDENS=1 writes its catalogue anew."""

from __future__ import annotations

import os
import re

from tests.architecture.tree import ROOT
from tests.capabilities.library_page import START, TITLES, catalogue
from tests.capabilities.test_declarations import FOLDER, SIDE_EFFECTS, TRANSFORMS, declared_in
from tests.capabilities.vectors import CALLS

PAGE = ROOT / "docs" / "library.md"


def test_the_catalogue_is_what_is_declared() -> None:
    written, _, listed = PAGE.read_text(encoding="utf-8").partition(START)
    if os.environ.get("PGS_REWRITE_GOLDENS"):
        PAGE.write_text(written + catalogue(), encoding="utf-8")
        return
    assert START + listed == catalogue()


def test_the_catalogue_has_a_title_for_every_file_with_transforms() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml") if declared_in(path, "transform")} == set(TITLES)


def test_the_table_of_recorded_names_has_all_of_them_and_leads_to_ours() -> None:
    rows = re.findall(r"^\| `(CT_\w+)` \| (.+?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name, _ in rows] == sorted(CALLS)
    known = {name.partition("::")[2] for name in (*TRANSFORMS, *SIDE_EFFECTS)}
    assert all(set(re.findall(r"`(C[TS]_\w+)`", ours)) <= known for _, ours in rows)
    assert all(re.findall(r"`(C[TS]_\w+)`", ours) for _, ours in rows)
