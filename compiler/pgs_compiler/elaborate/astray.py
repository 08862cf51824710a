"""Findings for references that lead nowhere: what is there instead, and what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgs_compiler.declarations import Reference
from pgs_compiler.elaborate.configuration import Configuration
from pgs_compiler.elaborate.places import step_place, with_step
from pgs_compiler.elaborate.scope import Route, Scope
from pgs_compiler.findings import Finding, Related
from pgs_compiler.schemas.anatomy import properties_of
from pgs_compiler.schemas.follow import Followed
from pgs_compiler.schemas.paths import Path, Step, parse_path
from pgs_compiler.source import Mapping, Sequence, Tree
from pgs_snapshot.suggest import nearest

_FILLED = re.compile(r"\$?\{\{?\s*(?:\$\.?)?([a-z][^{}\s]*)\s*\}?\}")
_ELSEWHERE = {
    "payload": "workflows and intents",
    "actor": "workflows and intents",
    "results": "workflows",
    "with": "nodes whose edges in carry `with`",
    "inputs": "contracts",
    "steps": "contracts",
    "run": "workflows and contracts",
    "config": "workflows and contracts",
    "item": "the `inputs` and the choice of an `each`",
    "index": "the `inputs` and the choice of an `each`",
    "event": "the `where` of a signal",
    "request": "an ingress",
    "result": "an egress",
    "exit": "an egress",
}


def unknown_root(syntax: Reference, words: Route, scope: Scope) -> Finding:
    """The finding for a reference whose first words name no slot."""
    root = words[0]
    why = next((scope.absent[words[:n]] for n in (2, 1) if words[:n] in scope.absent), None)
    if why:
        return Finding("T403", f"`{syntax.text}` is out of reach here: {why}.", syntax.place)
    members = scope.under(root)
    if len(words) > 1 and (members or scope.beyond(root)):
        return _unknown_member(syntax, words, members, scope)
    if members or scope.beyond(root):
        known = f"one of {', '.join(members)}" if members else "nothing has run before"
        return Finding("T403", f"`$.{root}` is no value of its own.", syntax.place, known)
    roots = scope.roots()
    near = nearest(root, roots)
    message = f"There is no `$.{root}` here." if root else "`$` alone names nothing."
    if root in _ELSEWHERE:
        message = f"`$.{root}` is for {_ELSEWHERE[root]}; here there is none."
    return Finding(
        "T402",
        message,
        step_place(syntax, 0) if root else syntax.place,
        f"known: {', '.join(f'$.{known}' for known in roots)}" if not near else "",
        hint=f"Write `{with_step(syntax, 0, near)}`." if near else "",
    )


def _unknown_member(syntax: Reference, words: Route, members: tuple[str, ...], scope: Scope) -> Finding:
    root, name = words[:2]
    near = nearest(name, members)
    elsewhere = [found for found in scope.sources(name) if found.startswith(f"$.{root}.")]
    meant = with_step(syntax, 1, near) if near else elsewhere[0] if len(elsewhere) == 1 else None
    later = nearest(name, scope.beyond(root)) if not meant else None
    known = f"known: {', '.join(members) or 'none'}"
    return Finding(
        "T403",
        f"There is no `$.{root}.{name}` here.",
        step_place(syntax, 1),
        "" if meant else f"`{later}` is out of reach: {scope.absent[root, later]}" if later else known,
        hint=f"Write `{meant}`." if meant else "",
    )


def leads_nowhere(syntax: Reference, start: int, ways: list[tuple[str, Followed]], missing: str) -> Finding:
    """The finding for a path that no variant of its slot has.

    Args:
        start: how many steps name the slot itself, behind the root.
        ways: each variant's `when` with what following it gave.
        missing: why the slot holds nothing at all, where `ways` is empty.
    """
    typos = [followed for _, followed in ways if followed.suggestion]
    if typos or not ways:
        why = typos[0].problem if typos else missing or "nothing is there"
    else:
        why = "; ".join(dict.fromkeys(_why(when, followed, syntax.path.steps[start:]) for when, followed in ways))
    index = start + 1 + max((followed.reached for _, followed in ways), default=0)
    meant = with_step(syntax, index, typos[0].suggestion or "") if typos else ""
    return Finding(
        "T404",
        f"`{syntax.text}` leads nowhere: {why}.",
        step_place(syntax, index) if ways else syntax.place,
        hint=f"Write `{meant}`." if meant else "",
    )


def _why(when: str, followed: Followed, steps: tuple[Step, ...]) -> str:
    """What of the path is not there; the steps behind it were never looked for."""
    name = steps[followed.reached] if followed.reached < len(steps) else None
    return f"there is no `{name}` {when}" if when and isinstance(name, str) else followed.problem


def lookalikes(tree: Tree, scope: Scope) -> Iterator[Finding]:
    """Findings for texts in which the author meant a reference, for it would lead to something here."""
    if isinstance(tree, Mapping):
        for entry in tree:
            yield from lookalikes(entry.value, scope)
    elif isinstance(tree, Sequence):
        for item in tree:
            yield from lookalikes(item, scope)
    elif isinstance(tree.value, str):
        filled = _FILLED.search(tree.value)
        text = f"$.{filled[1] if filled else tree.value}"
        path = parse_path(text)
        if not isinstance(path, Path) or not path.steps:
            return
        if scope.find((path.root, *(step for step in path.steps[:2] if isinstance(step, str)))) is None:
            return
        if filled:
            message = f"Nothing fills in `{filled[0]}`: only `$text` has placeholders."
            yield Finding("T440", message, tree.place, "a plain text")
        else:
            message = f"`{tree.value}` is a plain text; a reference starts with `$`."
            yield Finding("T440", message, tree.place, "a plain text", hint=f"Write `{text}`.")


def not_configured(syntax: Reference, name: str, configuration: Configuration) -> Finding | None:
    """The finding for a member of `$.config` that not every binding declares alike.

    None where a workflow without any binding is the reason, and a finding of its own tells so.
    """
    known = properties_of(configuration.schema)
    declaring = [user for user in configuration.users if name in properties_of(user.schema)]
    lacking = [user for user in configuration.users if user not in declaring]
    near = nearest(name, known)
    hint = f"Write `{with_step(syntax, 1, near)}`." if near else ""
    place = step_place(syntax, 1)
    if not configuration.users:
        return Finding("C634", f"No workflow uses this contract, so nothing declares `{name}`.", place)
    if not lacking:
        bindings = {user.binding.header.name: user.binding for user in declaring if user.binding}
        message = f"The bindings of the workflows that come here do not declare `{name}` alike."
        related = tuple(Related(binding.header.place, "declares it") for binding in bindings.values())
        return Finding("C634", message, place, "", related)
    user = lacking[0]
    if user.binding is None and user.needs_binding:
        return None
    if user.binding is None:
        message = f"`{user.workflow.header.name}` comes here and names no binding, so nothing declares `{name}`."
        related = (Related(user.workflow.header.place, "no `binding`"),)
        return Finding("C634", message, place, "", related)
    message = f"`{user.binding.header.name}` declares no `{name}` in its `config`."
    hint = hint or f"Add `{name}` to the `config` of the binding."
    return Finding("C634", message, place, "", (Related(user.binding.header.place, "the binding"),), hint)
