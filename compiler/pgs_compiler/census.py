"""What each rule had to look at in a workspace: so many nodes, so many schemas, perhaps none.

A rule says nothing about itself here. Its code belongs to a part of the language (`SUBJECTS`), and the objects of
that part are counted in what was really read, parsed and checked: an object that a check goes through is counted
by its class wherever it stands. Declarations that come with PGS are checked like all others and not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from types import MappingProxyType
from typing import get_args

from pgs_compiler import declarations as d
from pgs_compiler.compiler import Compilation, Phase
from pgs_compiler.findings import Place, Waiver
from pgs_compiler.laws import DeclassifiersSyntax, RequirementSyntax
from pgs_compiler.machines import EntrySyntax, MachineSignal, StateSyntax, TimerSyntax, Transition
from pgs_compiler.names import KINDS, Name
from pgs_compiler.project import FILE
from pgs_compiler.published import published_names
from pgs_compiler.read import read
from pgs_compiler.rules import RULES, Rule
from pgs_compiler.schemas.syntax import Property, SchemaSyntax
from pgs_compiler.source import CORE, SourceFile

SUBJECTS: Mapping[str, str] = MappingProxyType(
    {
        "S": "file",
        "D": "document",
        "D22": "waiver",
        "N301": "declaration",
        "N302": "name",
        "N303": "name",
        "N304": "entity",
        "N305": "label holder",
        "N306": "declaration",
        "T401": "document",
        "T402": "reference",
        "T403": "reference",
        "T404": "reference",
        "T405": "bound value",
        "T406": "bound value",
        "T407": "input list",
        "T408": "reference",
        "T409": "default",
        "T410": "text",
        "T411": "input list",
        "T412": "comparison",
        "T413": "comparison",
        "T414": "taker",
        "T415": "emit",
        "T416": "exit",
        "T417": "edge",
        "T418": "transform step",
        "T419": "transform",
        "T450": "loop",
        "T451": "callee",
        "T452": "signal",
        "T453": "wait",
        "T460": "schema",
        "T461": "request part",
        "T462": "ingress",
        "T463": "ingress",
        "T464": "request part",
        "T465": "ingress",
        "T42": "document",
        "T43": "document",
        "T427": "schema",
        "T433": "schema",
        "T440": "constant",
        "F50": "node",
        "F51": "workflow",
        "F511": "edge",
        "F513": "intent",
        "F514": "override",
        "F515": "override",
        "F516": "override",
        "F517": "intent",
        "F520": "workflow",
        "F521": "node",
        "F522": "node",
        "F523": "declaration",
        "F53": "step",
        "F530": "contract",
        "F531": "contract",
        "F532": "contract",
        "F535": "case",
        "F536": "decision",
        "F540": "exit",
        "F541": "exit",
        "F550": "workflow",
        "F551": "callee",
        "F552": "callee",
        "F553": "callee",
        "F554": "loop",
        "F555": "loop",
        "F556": "workflow",
        "F557": "node",
        "F558": "undo",
        "F559": "contract",
        "F560": "signal",
        "F561": "outcome",
        "F570": "step",
        "F571": "edge",
        "F572": "bound value",
        "C60": "implementation",
        "C61": "implementation",
        "C612": "example",
        "C621": "store",
        "C622": "operation step",
        "C623": "external step",
        "C624": "place",
        "C625": "workflow",
        "C626": "policy",
        "C627": "policy",
        "C628": "side_effect",
        "C629": "policy",
        "C630": "store",
        "C631": "workflow",
        "C632": "workflow",
        "C633": "binding",
        "C634": "reference",
        "C635": "binding",
        "C636": "binding",
        "C637": "operation step",
        "C638": "policy",
        "C639": "side_effect",
        "C640": "transform",
        "C641": "example",
        "C642": "example",
        "C643": "example",
        "C644": "example",
        "C645": "example",
        "C646": "implementation",
        "C65": "implementation",
        "C690": "ingress",
        "C691": "ingress",
        "C692": "ingress",
        "C693": "egress",
        "C694": "response",
        "C695": "response",
        "C696": "transport",
        "C697": "ingress",
        "C698": "ingress",
        "C699": "response",
        "P70": "context",
        "P703": "invariant",
        "P71": "process",
        "P72": "audit",
        "P75": "body",
        "P76": "body",
        "P780": "transition",
        "P781": "state",
        "P782": "state",
        "P783": "entry",
        "P784": "transition",
        "P785": "machine",
        "P786": "transition",
        "P787": "timer",
        "P788": "entry",
        "P789": "machine",
        "P790": "signal of a machine",
        "P791": "entry",
        "A801": "clearance",
        "A802": "operation step",
        "A810": "key",
        "A811": "process",
        "A803": "emit",
        "A804": "exit",
        "A805": "exit",
        "A806": "transform",
        "A807": "external step",
        "A808": "side_effect",
        "A809": "clearing part",
        "A83": "requirement",
        "A839": "assertion",
        "A840": "requirement",
        "A841": "assertion",
        "A842": "requirement",
        "A843": "requirement",
        "A85": "constitution",
        "A858": "declaration",
        "I": "publication",
        "Z915": "published name",
        "Z916": "published name",
        "Z917": "baseline",
    }
)
"""What a rule looks at, by its code or how its code begins; the longest that fits is the rule's."""

CLASSES: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {
        "declaration": (d.Header,),
        "name": (Name,),
        "node": get_args(d.NodeSyntax),
        "callee": (d.CalleeSyntax,),
        "loop": (d.EachNodeSyntax,),
        "wait": (d.WaitNodeSyntax,),
        "signal": (d.SignalSyntax,),
        "undo": (d.UndoSyntax,),
        "exit": (d.ExitNodeSyntax,),
        "edge": (d.EdgeSyntax,),
        "emit": (d.EmitSyntax,),
        "step": get_args(d.StepSyntax),
        "transform step": (d.TransformStepSyntax,),
        "operation step": (d.OperationStepSyntax,),
        "external step": (d.EffectStepSyntax,),
        "taker": (d.Contract, d.Process),
        "key": (d.OperationStepSyntax, d.ProcessNodeSyntax),
        "decision": (d.DecideStepSyntax,),
        "case": (d.CaseSyntax,),
        "comparison": (d.Comparison,),
        "input list": (d.Bindings,),
        "bound value": (d.Bound,),
        "constant": (d.Constant,),
        "reference": (d.Reference,),
        "default": (d.DefaultForm,),
        "text": (d.TextForm,),
        "schema": (SchemaSyntax, Property),
        "label holder": (SchemaSyntax, Property, DeclassifiersSyntax),
        "outcome": (d.OutcomeFields, d.SignalSyntax),
        "policy": (d.PolicySyntax,),
        "override": (d.BreakGlassSyntax,),
        "place": (d.Store, d.EffectStepSyntax),
        "example": (d.Example,),
        "implementation": (d.Transform, d.SideEffect, d.Process),
        "clearance": (d.Store, d.Event),
        "clearing part": (d.Store, d.Event, d.OperationSyntax, d.ExitNodeSyntax, d.Egress),
        "requirement": get_args(RequirementSyntax),
        "request part": (d.RequestPart,),
        "response": (d.ResponseSyntax,),
        "transport": (d.Ingress, d.Egress),
        "invariant": (d.InvariantSyntax,),
        "body": (d.Process,),
        "state": (StateSyntax,),
        "entry": (EntrySyntax,),
        "transition": (Transition,),
        "timer": (TimerSyntax,),
        "signal of a machine": (MachineSignal,),
        "waiver": (Waiver,),
    }
)
"""The parts of declarations by their classes. A kind of declaration is a part of its own name."""

TURNS: Mapping[str, Phase] = MappingProxyType(
    {
        "": "check",
        "S": "open",
        "D": "parse",
        "N": "resolve",
        "N305": "check",
        "T401": "parse",
        "T42": "parse",
        "T427": "check",
        "T43": "parse",
        "T433": "check",
        "P78": "parse",
        "P79": "parse",
        "P783": "check",
        "P790": "parse",
        "P791": "check",
        "A83": "prove",
        "A840": "prove",
        "A841": "prove",
        "A842": "prove",
        "A843": "prove",
        "C60": "bind",
        "A802": "bind",
        "A803": "bind",
        "A804": "bind",
        "A805": "bind",
        "A807": "bind",
        "A809": "bind",
        "A810": "bind",
        "A811": "bind",
        "C61": "bind",
        "C699": "bind",
        "P714": "bind",
        "P75": "bind",
        "P76": "bind",
        "P717": "bind",
        "P718": "bind",
        "C612": "check",
        "C64": "bind",
        "C65": "bind",
        "I": "open",
        "Z": "bind",
        "Z917": "open",
    }
)
"""The phase in which a rule has its turn, by code as above."""

_PHASES: tuple[Phase, ...] = get_args(Phase)


@dataclass(frozen=True, slots=True)
class Examined:
    """A rule with what it looked at.

    Attributes:
        count: of the objects; None where errors ended the work before the rule's turn.
        findings, waived: what was found, and how much of that is waived.
    """

    rule: Rule
    subject: str
    count: int | None
    findings: int
    waived: int


def subject_of(code: str) -> str:
    """What a rule looks at.

    Raises:
        KeyError: nothing is said of it.
    """
    return SUBJECTS[_longest(SUBJECTS, code)]


def examined(compilation: Compilation) -> tuple[Examined, ...]:
    """Every rule with what it looked at in a compilation, by code."""
    counts = _counts(compilation)
    reached = _PHASES.index(compilation.reached)
    found = Counter(finding.code for finding in compilation.findings)
    waived = Counter(finding.code for finding in compilation.findings if finding.waiver)
    rows = []
    for code in sorted(RULES):
        subject = subject_of(code)
        count = counts[subject] if _PHASES.index(TURNS[_longest(TURNS, code)]) <= reached else None
        rows.append(Examined(RULES[code], subject, count, found[code], waived[code]))
    return tuple(rows)


def _longest(starts: Iterable[str], code: str) -> str:
    return max((start for start in starts if code.startswith(start)), key=len, default=code)


def _counts(compilation: Compilation) -> Counter[str]:
    files = [SourceFile(path, data) for path, data in compilation.sources.items() if _own(path)]
    classes: Counter[type] = Counter()
    kinds: Counter[str] = Counter()
    for declaration in compilation.declarations:
        if _own(declaration.header.place.path):
            kinds[declaration.header.kind] += 1
            _count(declaration, classes)
    if compilation.project is not None:
        _count((compilation.project.actor, compilation.project.waivers), classes)
    counts = Counter({part: sum(classes[each] for each in known) for part, known in CLASSES.items()})
    counts.update({kind: kinds[kind] for kind in KINDS})
    counts["published name"] = len(published_names(compilation.published)) if compilation.published else 0
    counts["baseline"] = int(compilation.published is not None)
    counts["file"] = len(files)
    counts["document"] = sum(len(read(file).value or ()) for file in files if file.path != FILE)
    return counts


def _own(path: str) -> bool:
    return not path.startswith(f"{CORE}/")


def _count(item: object, classes: Counter[type]) -> None:
    """Count every object of a declaration by its class."""
    if isinstance(item, tuple):
        parts: Iterable[object] = item
    elif is_dataclass(item) and not isinstance(item, type | Place):
        classes[type(item)] += 1
        parts = (getattr(item, field.name) for field in fields(item))
    else:
        return
    for part in parts:
        _count(part, classes)
