"""A page about an import: of each workflow whether it compiles, and what stands against it.

`python -m pgs_compiler.importing.report FOLDER` prints it; the same folder gives the same page.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from pgs_compiler.findings import Finding, ordered
from pgs_compiler.importing.importer import Imported, bring_in
from pgs_compiler.importing.known import NEAR, OPERATIONS, TRANSFORMS
from pgs_compiler.importing.outcome import Verdict, verdicts
from pgs_compiler.rules import RULES

HEAD = """\
# An import of {documents} published documents

What `pgs_compiler import` makes of a published corpus in the dialect of a predecessor: {documents} documents with
{workflows} workflows. `python -m pgs_compiler.importing.report FOLDER` makes this page, and a test compares it where
the corpus is at hand. [How to import](how-to/import.md) says what the words mean, and
[a decision](decisions/0050-a-dialect-is-imported-with-its-defects.md) why it is so.

A workflow is compiled with all that it uses and nothing else. It **compiles**, or it **waits for code** that is
published nowhere, or it is **refused** for what stands below it. Nothing was mended by hand.
"""


def page(imported: Imported) -> str:
    """The page, as Markdown."""
    found = verdicts(imported)
    head = HEAD.format(documents=len(imported.published.documents), workflows=len(found))
    parts = [head, _totals(imported, found), _table(imported, found), _rules(imported)]
    parts += [_workflow(imported, verdict) for verdict in found]
    parts += [_unused(imported, found), _implementations(imported)]
    return "\n".join(parts)


def _totals(imported: Imported, found: tuple[Verdict, ...]) -> str:
    states, keys = Counter(verdict.state for verdict in found), imported.keys
    errors = [finding for finding in imported.findings if finding.blocks]
    rows = [
        ("documents read", len(imported.published.sources)),
        ("of these, without a declaration", len(set(imported.published.unread))),
        ("workflows", len(found)),
        ("that compile", states["compiles"]),
        ("that wait for code", states["waits for code"]),
        ("that are refused", states["refused"]),
        ("errors, each once", len(errors)),
        ("of these, the importer's", sum(finding.code.startswith("I") for finding in errors)),
        ("of these, the compiler's", sum(not finding.code.startswith("I") for finding in errors)),
        ("warnings", len(imported.findings) - len(errors)),
        ("keys", sum(keys.values())),
        ("keys that are carried", keys["carried"]),
        ("keys that are known and mean nothing here", keys["idle"]),
        ("keys that a finding names", keys["found"]),
    ]
    return "## Totals\n\n" + _rows(("", ""), ((name, f"{number:,}") for name, number in rows))


def _table(imported: Imported, found: tuple[Verdict, ...]) -> str:
    rows = (
        (f"`{imported.world.full_name(each.workflow)}`", each.state, str(len(each.documents)), _kinds(each.findings))
        for each in found
    )
    return "## Workflows\n\n" + _rows(("workflow", "", "documents", "errors"), rows)


def _rules(imported: Imported) -> str:
    kinds = Counter(finding.code for finding in imported.findings)
    rows = ((code, RULES[code].severity, str(kinds[code]), RULES[code].title) for code in sorted(kinds))
    text = (
        "Each finding once, however many workflows it concerns, and also where no workflow uses what it is about.\n\n"
    )
    return "## By kind\n\n" + text + _rows(("code", "", "times", "what is demanded"), rows)


def _workflow(imported: Imported, verdict: Verdict) -> str:
    lines = [f"## {imported.world.full_name(verdict.workflow)}", "", f"`{verdict.workflow.path}`: {verdict.state}."]
    for code in sorted({finding.code for finding in verdict.findings}):
        lines += ["", f"{code}, {RULES[code].title[0].lower()}{RULES[code].title[1:]}:", ""]
        lines += [f"- {finding.place}: {finding.message}" for finding in verdict.findings if finding.code == code]
    return "\n".join(lines) + "\n"


def _unused(imported: Imported, found: tuple[Verdict, ...]) -> str:
    used = {path for verdict in found for path in verdict.documents}
    rest = [document for document in imported.published.documents.values() if document.path not in used]
    about: dict[str, list[Finding]] = {}
    for finding in imported.findings:
        if finding.place and finding.blocks:
            about.setdefault(finding.place.path, []).append(finding)
    text = f"{len(rest)} documents are part of no workflow, or are written as what `core` has.\n\n"
    rows = ((f"`{each.path}`", _kinds(about.get(each.path, ()))) for each in rest)
    alone = ordered([finding for each in rest for finding in about.get(each.path, ())])
    told = "".join(f"- {finding.place}: {finding.code}: {finding.message}\n" for finding in alone)
    return "## Documents of no workflow\n\n" + text + _rows(("document", "errors"), rows) + f"\n{told}"


def _implementations(imported: Imported) -> str:
    """Which transforms and side effects are those of `core`, and which wait for code."""
    rows = []
    effects = {name: known.side_effect for (name, _), known in OPERATIONS.items()}
    known = {name: f"`core::{each.core}`" for name, each in TRANSFORMS.items()}
    known |= {name: f"`core::{each}`" for name, each in effects.items()}
    for document in [*imported.published.of_kind("CT"), *imported.published.of_kind("CS")]:
        waits = imported.world.full_name(document) in imported.world.unimplemented
        near = f"; `core::{NEAR[document.name]}` is for the same" if document.name in NEAR else ""
        here = known.get(document.name) or (f"waits for code{near}" if waits else "no counterpart")
        rows.append((f"`{document.name}`", here))
    text = "No code is published with the documents. What behaves as something of `core` does is written as that.\n\n"
    return "## Implementations\n\n" + text + _rows(("publication", "here"), rows)


def _kinds(findings: Iterable[Finding]) -> str:
    kinds = Counter(finding.code for finding in findings)
    return ", ".join(f"{code} ×{number}" if number > 1 else code for code, number in sorted(kinds.items()))


def _rows(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(page(bring_in(Path(sys.argv[1]))))
