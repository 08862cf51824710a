"""Constitutions: what a domain may use, and what each of its workflows has to say and to satisfy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pgs_compiler.declarations import (
    Assertion,
    Constitution,
    Contract,
    Declaration,
    OperationStepSyntax,
    Process,
    SideEffect,
    Store,
    Transform,
    Workflow,
)
from pgs_compiler.findings import Finding, Place, Related
from pgs_compiler.laws import (
    DeclassifiersSyntax,
    ImplementationsSyntax,
    LimitsSyntax,
    MayUseSyntax,
    OneWriterSyntax,
    RuleSyntax,
    SideEffectsSyntax,
    WorkflowsSyntax,
)
from pgs_compiler.names import Name
from pgs_compiler.program import Program
from pgs_compiler.resolve import names_in
from pgs_snapshot.model import Graph
from pgs_snapshot.suggest import nearest

CORE = "core"


def check(program: Program) -> Iterator[Finding]:
    """Every rule of every constitution but the limits, and the domains that none governs."""
    constitutions = list(program.of(Constitution))
    for constitution in constitutions:
        yield from _unknown_domains(program, constitution)
        own = governed(program, constitution)
        for rule in constitution.rules:
            yield from _rule(program, own, rule)
    if constitutions:
        yield from _ungoverned(program, [found for one in constitutions for found in governed(program, one)])


def limits(program: Program, graphs: Mapping[str, Graph]) -> Iterator[Finding]:
    """The limits of constitutions, on workflows that are typed."""
    for constitution in program.of(Constitution):
        for rule in constitution.rules:
            for amount, most, place in rule.most if isinstance(rule, LimitsSyntax) else ():
                for workflow in governed(program, constitution):
                    graph = graphs.get(workflow.header.name)
                    taken = getattr(graph.bounds, amount) if graph else 0
                    if taken > most:
                        message = f"`{workflow.header.name}` can take {taken} {amount}, and the limit is {most}."
                        related = (Related(place, "the limit"),)
                        yield Finding("A857", message, workflow.header.place, f"{taken} {amount}", related)


def governed(program: Program, constitution: Constitution) -> list[Declaration]:
    """The declarations of the domains that a constitution governs, but for those of the subdomains that it spares."""
    domains, spared = ({word.text for word in words} for words in (constitution.domains, constitution.spared))
    headers = ((found, found.header) for found in program.declarations.values())
    return [found for found, header in headers if header.domain in domains and header.subdomain not in spared]


def _unknown_domains(program: Program, constitution: Constitution) -> Iterator[Finding]:
    known = {name.partition("::")[0] for name in program.declarations}
    own = [
        word for rule in constitution.rules if isinstance(rule, MayUseSyntax) for word in (rule.domain, *rule.others)
    ]
    for word in (*constitution.domains, *own):
        if word.text not in known:
            near = nearest(word.text, known)
            message = f"Nothing is declared in a domain `{word.text}`."
            yield Finding("A859", message, word.place, "unknown domain", hint=f"Write `{near}`." if near else "")
    domains = {word.text for word in constitution.domains}
    headers = [declaration.header for declaration in program.declarations.values()]
    subdomains = {header.subdomain for header in headers if header.domain in domains and header.subdomain}
    for word in constitution.spared:
        if word.text not in subdomains:
            near = nearest(word.text, subdomains)
            message = f"Nothing of what this constitution governs is in a subdomain `{word.text}`."
            yield Finding("A859", message, word.place, "unknown subdomain", hint=f"Write `{near}`." if near else "")


def _ungoverned(program: Program, governed: list[Declaration]) -> Iterator[Finding]:
    """The domains of which constitutions do not govern everything, at the first declaration that is left out."""
    known = {declaration.header.name for declaration in governed}
    left: dict[str, list[Place]] = {}
    for name, declaration in program.declarations.items():
        if name not in known:
            left.setdefault(declaration.header.domain, []).append(declaration.header.place)
    for domain in sorted(left.keys() - {CORE}):
        places, whole = sorted(left[domain]), all(name.partition("::")[0] != domain for name in known)
        count = f"{len(places)} declaration{'s' * (len(places) != 1)}"
        message = f"No constitution governs `{domain}`, which has {count}."
        if not whole:
            message = f"No constitution governs {count} of `{domain}`, in subdomains that are spared."
        yield Finding("A858", message, places[0], "not governed")


def _rule(program: Program, own: list[Declaration], rule: RuleSyntax) -> Iterator[Finding]:
    match rule:
        case MayUseSyntax():
            yield from _used(own, rule)
        case SideEffectsSyntax(allowed=allowed):
            yield from _side_effects(own, {name.text for name in allowed})
        case ImplementationsSyntax(packages=packages):
            yield from _implementations(own, {word.text for word in packages})
        case WorkflowsSyntax():
            yield from _workflows(program, own, rule)
        case OneWriterSyntax():
            yield from _writers(program, own)
        case DeclassifiersSyntax():
            yield from _declassifiers(program, own, rule)


def _used(own: list[Declaration], rule: MayUseSyntax) -> Iterator[Finding]:
    """Each declaration that uses another domain, once for each domain."""
    allowed = {rule.domain.text, *(word.text for word in rule.others)}
    for declaration in own:
        if declaration.header.domain != rule.domain.text:
            continue
        strangers = [name for name in names_in(declaration) if name.domain not in allowed]
        first: dict[str, Name] = {}
        for name in sorted(strangers, key=lambda name: name.place):
            first.setdefault(name.domain, name)
        for domain, name in first.items():
            message = f"`{rule.domain.text}` may not use `{domain}`, and this is `{name.text}`."
            related = (Related(rule.domain.place, "what it may use"),)
            yield Finding("A850", message, name.place, f"of `{domain}`", related)


def _side_effects(own: list[Declaration], allowed: set[str]) -> Iterator[Finding]:
    for declaration in own:
        for name in names_in(declaration) if not isinstance(declaration, Constitution) else ():
            if name.kind == "side_effect" and name.text not in allowed:
                message = f"`{name.text}` is not among the side effects that `{declaration.header.domain}` may have."
                yield Finding("A851", message, name.place, "not allowed")


def _implementations(own: list[Declaration], packages: set[str]) -> Iterator[Finding]:
    for declaration in own:
        if isinstance(declaration, Transform | SideEffect | Process):
            word = declaration.implementation
            package = word.text.partition(":")[0].partition(".")[0]
            if package not in packages:
                message = f"`{package}` is not among the packages that may implement `{declaration.header.domain}`."
                yield Finding("A852", message, word.place, "not allowed")


def _workflows(program: Program, own: list[Declaration], rule: WorkflowsSyntax) -> Iterator[Finding]:
    for workflow in own:
        if not isinstance(workflow, Workflow):
            continue
        header = workflow.header
        for name in rule.must_satisfy:
            assertion = program.get(name, Assertion)
            if not assertion.applies_to.selects(header.name, header.subdomain, header.tags):
                message = f"`{header.name}` has to satisfy `{name.text}`, which is about other workflows."
                about = Related(assertion.applies_to.place, "what it is about")
                demanded = (Related(name.place, "demanded here"), about)
                yield Finding("A853", message, header.place, "not asserted", demanded)
        for word in rule.must_have:
            if not getattr(header, word.text):
                related = (Related(word.place, "demanded here"),)
                yield Finding("A854", f"`{header.name}` has no `{word.text}`.", header.place, "lacks it", related)


def _writers(program: Program, own: list[Declaration]) -> Iterator[Finding]:
    """Stores of the domain that contracts of several domains write to; its own domain is the one that may."""
    written: dict[str, dict[str, Name]] = {store.header.name: {} for store in own if isinstance(store, Store)}
    for contract in program.of(Contract):
        for step in contract.steps:
            if isinstance(step, OperationStepSyntax) and step.store.text in written and _writes(program, step):
                written[step.store.text].setdefault(contract.header.domain, step.store)
    for store, writers in written.items():
        first = min(writers, key=lambda domain: (not store.startswith(f"{domain}::"), domain), default="")
        for domain in sorted(writers.keys() - {first}):
            message = f"`{store}` is written by `{domain}`, and by `{first}` as well."
            related = (Related(writers[first].place, f"by `{first}`"),)
            yield Finding("A856", message, writers[domain].place, "a second writer", related)


def _declassifiers(program: Program, own: list[Declaration], rule: DeclassifiersSyntax) -> Iterator[Finding]:
    """Transforms that remove a label: those that are declared here, and those of others that are used here."""
    label = rule.label.text
    if label not in program.labels:
        near = nearest(label, program.labels)
        message, hint = f"`{label}` is not a label of this project.", f"Write `{near}`." if near else ""
        yield Finding("N305", message, rule.label.place, "unknown label", hint=hint)
    allowed = {name.text for name in rule.only_by}
    related = (Related(rule.label.place, "who may"),)
    here = {declaration.header.name for declaration in own}
    for declaration in own:
        if isinstance(declaration, Transform) and declaration.header.name not in allowed:
            for word in declaration.declassifies:
                if word.text == label:
                    message = f"`{declaration.header.name}` is not among the transforms that may declassify `{label}`."
                    yield Finding("A855", message, word.place, "not allowed", related)
        for name in names_in(declaration) if isinstance(declaration, Contract) else ():
            if name.kind == "transform" and name.text not in allowed | here:
                removed = {word.text for word in program.get(name, Transform).declassifies}
                if label in removed:
                    message = f"`{name.text}` declassifies `{label}`, and is not among the transforms that may."
                    yield Finding("A855", message, name.place, "not allowed", related)


def _writes(program: Program, step: OperationStepSyntax) -> bool:
    side_effect = program.get(program.get(step.store, Store).side_effect, SideEffect)
    return any(op.name.text == step.operation.text and op.mode == "write" for op in side_effect.operations)
