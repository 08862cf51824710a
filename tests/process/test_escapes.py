"""Every way out of a contract or a transaction that the page names is tried, and closed."""

from __future__ import annotations

import copy
import re
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from pgs_process import BaseDomainContext, ProcessEngine, ProcessError, process
from tests.architecture.tree import ROOT
from tests.process.escapes import ESCAPES, SECRET, Escape, Stop, fields

PAGE = ROOT / "docs" / "processes.md"


@dataclass
class Domain(BaseDomainContext):
    items: object = None
    matrix: object = None
    d: object = None
    obj: object = None
    objs: object = None
    tags: object = None
    queue: object = None
    tup: object = None
    raw: object = None
    x: object = None
    y: object = None
    secret: object = None


@dataclass
class System:
    domain_ctx: Domain = field(default_factory=Domain)


@pytest.mark.parametrize("escape", ESCAPES, ids=lambda escape: escape.text)
def test_the_way_is_closed(escape: Escape) -> None:
    system, kept = System(Domain(**fields())), []  # type: ignore[var-annotated]
    domain = object.__getattribute__(system, "domain_ctx")
    paths = [[f"domain.{path}" for path in side] for side in (escape.inputs, escape.outputs)]
    engine = ProcessEngine(system, strict_mode=True)
    plain = {name: object.__getattribute__(domain, name) for name in fields()}
    before = copy.deepcopy(described(plain))
    engine.register_process("p", process(*paths, errors=["Stop"])(lambda ctx: escape.act(ctx, kept)))
    try:
        kept.append(engine.run_process("p"))
    except (ProcessError, Stop) as error:
        kept.append(error)
    if escape.after is not None:
        with suppress(ProcessError, AttributeError, TypeError, LookupError):
            escape.after(kept)
    assert described({name: object.__getattribute__(domain, name) for name in fields()}) == before
    assert SECRET not in shown(kept)


def described(plain: dict[str, object]) -> dict[str, object]:
    """The state as data that can be compared."""
    owners = [plain["obj"], *plain["objs"]]  # type: ignore[misc]
    return {
        **{name: value for name, value in plain.items() if name not in {"obj", "objs"}},
        "owners": [vars(o) for o in owners],
    }


def shown(kept: list[object]) -> str:
    """All that an attempt has seen."""
    text = []
    for value in kept:
        try:
            text.append(repr(value))
        except ProcessError:
            continue
    return " ".join(text)


def test_the_page_names_every_way() -> None:
    rows = re.findall(r"^\| (.+?) \| (?:held|got out|–)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [escape.text.replace("|", r"\|") for escape in ESCAPES]
    assert len(ESCAPES) >= 60
