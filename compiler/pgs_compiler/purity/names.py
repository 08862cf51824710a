"""C611, C613: a transform names only builtins and attributes that compute."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator

from pgs_compiler.purity.advice import advice
from pgs_compiler.purity.source import Offence, Source
from pgs_snapshot.sealed_code.pure import BUILTINS, MODULES, names, offers

_FRAMES = names(
    "ag_await ag_code ag_frame co_code co_consts co_names cr_await cr_code cr_frame f_back f_builtins f_code f_globals"
    " f_lasti f_lineno f_locals f_trace func_code func_globals gi_code gi_frame gi_yieldfrom mro tb_frame tb_lasti"
    " tb_lineno tb_next with_traceback"
)
# Special names that ordinary code writes itself; the others lead to classes, modules and globals.
_WRITTEN = names("__init__ __post_init__ __new__ __members__ __eq__ __lt__ __le__ __gt__ __ge__ __contains__")
_CLOCKS = frozenset({"now", "today", "utcnow"})
_LOCAL_TIME = frozenset({"fromtimestamp", "astimezone"})
_BY_LOCALE = ("%a", "%A", "%b", "%B", "%c", "%p", "%x", "%X", "%Z")


def check(source: Source) -> Iterator[Offence]:
    for node in source.nodes:
        match node:
            case ast.Name(ctx=ast.Load()):
                yield from _name(source, node)
            case ast.Attribute():
                yield from _attribute(source, node)
            case ast.Call():
                yield from _call(source, node)
            case ast.FormattedValue(format_spec=ast.JoinedStr(values=[*_, ast.Constant(str(spec))])) if _is_local(spec):
                yield _locale(node, f"The format `{spec}` depends on the locale.")


def _name(source: Source, node: ast.Name) -> Iterator[Offence]:
    if source.scopes.binder(node.id, node) is None and node.id not in BUILTINS:
        known = advice(f"builtins.{node.id}")
        yield Offence("C611", node, f"`{node.id}` {known.does}.", "named here", known.instead)


def _attribute(source: Source, node: ast.Attribute) -> Iterator[Offence]:
    base, attr = source.origin(node.value), node.attr
    if base in MODULES and not offers(base, attr):
        known = advice(f"{base}.{attr}")
        yield Offence("C613", node, f"`{base}.{attr}` {known.does}.", "named here", known.instead)
    elif attr in _FRAMES or (attr.startswith("__") and attr.endswith("__") and not _is_written(source, node)):
        why = f"`.{attr}` leads from a value to Python's own workings."
        yield Offence("C613", node, why, "leads out of the value")
    elif attr in _CLOCKS and (base.startswith("datetime.") or _is_called(source, node)):
        known = advice("datetime.datetime.now")
        yield Offence("C613", node, f"`.{attr}` {known.does}.", "the clock", known.instead)


def _is_written(source: Source, node: ast.Attribute) -> bool:
    match node:
        case ast.Attribute(value=ast.Call(func=ast.Name("type")), attr="__name__"):
            return True  # the name of a value's class, as messages have it
        case ast.Attribute(value=ast.Name("object"), attr="__setattr__"):
            function = source.scopes.function(node)  # how a frozen dataclass sets a field while it is made
            return isinstance(function, ast.FunctionDef) and function.name in ("__post_init__", "__init__", "__new__")
    return node.attr in _WRITTEN


def _is_called(source: Source, node: ast.Attribute) -> bool:
    match source.scopes.parents.get(node):
        case ast.Call(func=called, args=args, keywords=keywords):
            return called is node and not args and not keywords
    return False


def _call(source: Source, node: ast.Call) -> Iterator[Offence]:
    callee = source.callee(node)
    match node:
        case ast.Call(func=ast.Attribute(attr=attr), args=args, keywords=[]) if attr in _LOCAL_TIME:
            # With a zone it is the same everywhere; without one it takes that of the machine.
            if len(args) < (2 if attr == "fromtimestamp" else 1):
                why = f"`.{attr}` without a zone takes that of the machine."
                yield Offence("C613", node.func, why, "local time", "Hand a zone to it, such as `UTC`.")
        case ast.Call(func=ast.Attribute(attr="strftime"), args=[*_, ast.Constant(str(form))]):
            for directive in _BY_LOCALE:
                if directive in form.replace("%%", ""):
                    yield _locale(node, f"`{directive}` depends on the locale.")
        case ast.Call(func=ast.Attribute(value=template, attr="format" | "format_map")):
            yield from _template(source, template, node)
        case ast.Call(func=ast.Name("format"), args=[_, ast.Constant(str(spec))]) if _is_local(spec):
            yield _locale(node, f"The format `{spec}` depends on the locale.")
        case ast.Call(args=[_, name, *_]) if callee in ("builtins.getattr", "builtins.hasattr"):
            yield from _by_name(node, [name])
        case ast.Call(args=names) if callee == "operator.attrgetter":
            yield from _by_name(node, names)
        case ast.Call(args=[name, *_]) if callee == "operator.methodcaller":
            yield from _by_name(node, [name])


def _by_name(node: ast.Call, names: list[ast.expr]) -> Iterator[Offence]:
    """An attribute that a value names may be any attribute."""
    for name in names:
        written = name.value if isinstance(name, ast.Constant) else None
        if not isinstance(written, str) or written.startswith("_") or written in _FRAMES or written in _CLOCKS:
            why = f"`{ast.unparse(node.func)}` takes an attribute that is not written out as an ordinary name."
            yield Offence("C613", name, why, "may be any attribute", "Write the attribute out, or take a dict.")


def _template(source: Source, template: ast.expr, call: ast.Call) -> Iterator[Offence]:
    """A template reaches attributes, so it has to be one that can be read."""
    text = _written(source, template)
    if text is None:
        if source.origin(template):  # a function called `format` of some module
            return
        why = "A template that is not written out can reach any attribute of what it is given."
        yield Offence("C613", call.func, why, "not written out", "Write an f-string.")
        return
    try:
        fields = [(name, spec) for _, name, spec, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        return  # the call raises, and the examples show that
    for name, spec in fields:
        if "._" in name or any(part in _FRAMES for part in name.split(".")[1:]):
            why = f"`{{{name}}}` leads from a value to Python's own workings."
            yield Offence("C613", template, why, "leads out of the value")
        if spec is not None and _is_local(spec):
            yield _locale(template, f"The format `{spec}` depends on the locale.")


def _written(source: Source, node: ast.expr) -> str | None:
    """A text that stands in the source, here or as a constant of the module."""
    match node:
        case ast.Constant(str(text)):
            return text
        case ast.Name(id=name) if source.local(node) is None:
            match source.defined(name):
                case ast.Assign(value=ast.Constant(str(text))) | ast.AnnAssign(value=ast.Constant(str(text))):
                    return text
    return None


def _is_local(spec: str) -> bool:
    """Whether a format writes numbers as the locale does."""
    return spec.endswith("n")


def _locale(node: ast.AST, why: str) -> Offence:
    return Offence("C613", node, why, "by the locale", "Write the form out, or take it as an input.")
