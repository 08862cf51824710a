"""parse: documents as trees in, declarations out. Syntax only: names are text with a place.

One function a kind, listed in `_PARSERS`. Whatever a document holds is read to its end, so that every mistake
in it is reported at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from pgs_compiler.declarations import Declaration, Header
from pgs_compiler.findings import Finding, Result
from pgs_compiler.names import CODE, DOMAIN, KINDS, MAX_NAME, kind_of
from pgs_compiler.parse import (
    artifacts,
    assertions,
    constitutions,
    contracts,
    intents,
    machines,
    processes,
    transports,
    workflows,
)
from pgs_compiler.shape import Fields, Report, article
from pgs_compiler.source import Entry, Mapping, Scalar, Tree
from pgs_snapshot.suggest import nearest

_PARSERS: dict[str, Callable[[Header, Fields], Declaration | None]] = {
    "workflow": workflows.workflow,
    "intent": intents.intent,
    "actor": artifacts.actor,
    "contract": contracts.contract,
    "transform": artifacts.transform,
    "side_effect": artifacts.side_effect,
    "store": artifacts.store,
    "binding": artifacts.binding,
    "entity": artifacts.entity,
    "event": artifacts.event,
    "assertion": assertions.assertion,
    "constitution": constitutions.constitution,
    "ingress": transports.ingress,
    "egress": transports.egress,
    "context": processes.context,
    "process": processes.process,
    "audit": processes.audit,
    "machine": machines.machine,
}


def parse(documents: Iterable[Tree]) -> Result[tuple[Declaration, ...]]:
    """Every document as a declaration; those with a mistake are left out and reported."""
    report = Report()
    trees = tuple(documents)
    home = next((domain for tree in trees if (domain := _domain(tree))), "")
    found = [_document(tree, home, report) for tree in trees]
    return Result(tuple(item for item in found if item is not None), tuple(report.findings))


def _domain(tree: Tree) -> str:
    """The domain of a document that names one, for hints to its neighbours."""
    first = tree.entries[0].value if isinstance(tree, Mapping) and tree.entries else None
    domain, separator, _ = str(first.value if isinstance(first, Scalar) else "").partition("::")
    return domain if separator and DOMAIN.fullmatch(domain) else ""


def _document(tree: Tree, home: str, report: Report) -> Declaration | None:
    before = len(report.findings)
    if not isinstance(tree, Mapping) or not tree.entries:
        report.add("D203", "A document is a mapping whose first key says what it declares.", tree.place)
        return None
    first = tree.entries[0]
    if first.name not in KINDS:
        _unknown_kind(tree, first, report)
        return None
    fields = Fields(tree, f"this {first.name.replace('_', ' ')}", report)
    header = _header(first, fields, home)
    declaration = _PARSERS[first.name](header or Header(first.name, "", "", first.key.place), fields)
    fields.done()
    errors = any(found.severity == "error" for found in report.findings[before:])
    return None if errors else declaration


def _unknown_kind(tree: Mapping, first: Entry, report: Report) -> None:
    near = nearest(first.name, tuple(KINDS))
    named = next((entry.name for entry in tree if entry.name in KINDS), None)
    if named and not (near and _declares(first)):
        report.add(
            "D214",
            f"The first key of a document says what it declares; here that is `{named}`.",
            first.key.place,
            f"not `{first.name}`",
            f"Move `{named}` to the top.",
        )
        return
    report.add(
        "D214",
        f"`{first.name}` is not a kind of declaration.",
        first.key.place,
        "" if near else f"known: {', '.join(KINDS)}",
        f"Write `{near}`." if near else "",
    )


def _declares(entry: Entry) -> bool:
    """Whether the value is a name in full, as only a declaration has one."""
    value = entry.value.value if isinstance(entry.value, Scalar) else None
    domain, separator, code = str(value).partition("::")
    return bool(separator) and bool(DOMAIN.fullmatch(domain)) and bool(CODE.fullmatch(code))


def _header(first: Entry, fields: Fields, home: str) -> Header | None:
    """The parts that every document has. The name here is always in full."""
    word = fields.word(first.name)
    summary = fields.text("summary", required=False)
    description, subdomain = fields.text("description", False), fields.text("subdomain", False)
    owner, tags = fields.text("owner", False), fields.words("tags", False)
    if word is None:
        return None
    domain, separator, code = word.text.partition("::")
    prefix = KINDS[first.name]
    if not separator or not DOMAIN.fullmatch(domain) or not CODE.fullmatch(code) or len(code) > MAX_NAME:
        fields.report.add(
            "D204",
            f"`{word.text}` does not have the form of a full name.",
            word.place,
            f"like `domain::{prefix}_SOMETHING_V0`",
            _completed(word.text, prefix, home),
        )
        return None
    if kind_of(code) != first.name:
        fields.report.add(
            "D206",
            f"`{code}` is not the name of {article(first.name)}.",
            word.place,
            f"{article(first.name)} is called `{prefix}_…`",
            f"Write `{domain}::{prefix}{code[2:]}`.",
        )
        return None
    if not summary and "summary" not in fields:
        hint = "Add `summary: …`, one line."
        fields.lack("summary", Finding("D215", f"`{code}` has no summary.", word.place, hint=hint))
    return Header(
        first.name,
        word.text,
        summary,
        word.place,
        subdomain,
        owner,
        description,
        tuple(tag.text for tag in tags),
    )


def _completed(text: str, prefix: str, home: str) -> str:
    """A hint where the mistake is a missing domain, prefix or version."""
    domain, separator, rest = re.sub(":+", "::", text).rpartition("::")
    domain = domain.lower() if separator else home
    for code in (rest, f"{rest}_V0", f"{prefix}_{rest}", f"{prefix}_{rest}_V0"):
        if DOMAIN.fullmatch(domain) and CODE.fullmatch(code) and kind_of(code) == kind_of(f"{prefix}_"):
            return f"Write `{domain}::{code}`."
    return ""
