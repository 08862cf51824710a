"""The classes of `pgs_snapshot.model` as JSON values, and back.

Laws:
* `decode(type(x), encode(x)) == x`;
* a value that is decoded has one form: `encode(decode(kind, value)) == value`;
* a member that is None or equals its field's default is left out; every other member is there, and no more;
* an expression or a condition is an object whose one tag says what it is; a step or a node says it by `kind`.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar, cast

from pgs_snapshot import model
from pgs_snapshot.values import Value, escape

T = TypeVar("T")
Decoder: TypeAlias = Callable[[object], object]

_MISSING = object()
_KINDS: Mapping[str, type] = {
    "transform": model.TransformStep,
    "operation": model.OperationStep,
    "effect": model.EffectStep,
    "decide": model.DecideStep,
    "intent": model.IntentNode,
    "contract": model.ContractNode,
    "process": model.ProcessNode,
    "call": model.CallNode,
    "each": model.EachNode,
    "wait": model.WaitNode,
    "exit": model.ExitNode,
}
_NODES = frozenset({"intent", "contract", "process", "call", "each", "wait", "exit"})
_KIND_OF = {kind: name for name, kind in _KINDS.items()}
# Classes with one field, which is encoded as that field under a tag.
_EXPRESSIONS: Mapping[str, type] = {
    "literal": model.Literal_,
    "text": model.Text,
    "record": model.Record,
    "items": model.Items,
}
_CONDITIONS: Mapping[str, type] = {"all": model.All, "any": model.Any_, "not": model.Not}
_TAG_OF = {kind: tag for tag, kind in [*_EXPRESSIONS.items(), *_CONDITIONS.items()]}
_OPERATORS = frozenset(typing.get_args(model.Operator))
# The model's aliases are strings that refer to themselves: in type hints a class of its own stands for each.
_ALIASES = {name: type(name, (), {}) for name in ("Value", "Schema", "Expr", "Condition", "Step", "Node")}


class CodecRefused(ValueError):
    """A value does not have the form of the class that it should be.

    Attributes:
        pointer: JSON Pointer (RFC 6901) to the place, "" for the whole.
        why: what is wrong there.
    """

    def __init__(self, pointer: str, why: str) -> None:
        super().__init__(f"{pointer or 'the value'}: {why}")
        self.pointer = pointer
        self.why = why


def encode(item: object) -> Value:
    """The JSON value of an object of the model; its containers are fresh."""
    match item:
        case None | bool() | int() | float() | str():
            return item
        case tuple() | list():
            return [encode(part) for part in item]
        case Mapping():
            return {name: encode(part) for name, part in item.items()}
        case model.Ref(slot, path):
            return {"ref": [slot, *path], **_raised(item)}
        case model.Query(slot, selectors):
            return {"query": [slot, *map(encode, selectors)]}
        case model.Wildcard():
            return "*"
        case model.Slice(start, stop, step):
            return {"slice": [start, stop, step]}
        case model.Default(value, otherwise):
            return {"default": [encode(value), encode(otherwise)]}
        case model.Compare(op, operands):
            return {op: encode(operands), **_raised(item)}
    return _encode_fields(item)


def decode(kind: type[T], value: Value) -> T:
    """The object of class `kind` that `encode` gave `value` for; it shares the containers of plain values.

    Raises:
        CodecRefused: a member is unknown, missing, of another type, or written out where it is left out.
    """
    wanted: type = kind
    try:
        return cast(T, _decoder(wanted)(value))
    except _Refused as refused:
        pointer = "".join(f"/{escape(str(step))}" for step in reversed(refused.route))
        raise CodecRefused(pointer, refused.why) from None


# --- classes -------------------------------------------------------------------------------------


@functools.cache
def _hints(kind: type) -> Mapping[str, object]:
    return typing.get_type_hints(kind, localns=_ALIASES)


@functools.cache
def _fields(kind: type) -> Mapping[str, object]:
    """Each field of a class with the value that it has when it is left out, or `_MISSING`."""
    absent: dict[str, object] = {}
    for field in dataclasses.fields(kind):
        if field.default_factory is not dataclasses.MISSING:
            absent[field.name] = types.MappingProxyType(field.default_factory())  # one for all: unchangeable
        elif field.default is not dataclasses.MISSING:
            absent[field.name] = field.default
        else:
            optional = types.NoneType in typing.get_args(_hints(kind)[field.name])
            absent[field.name] = None if optional else _MISSING
    return absent


@functools.cache
def _flags(kind: type) -> tuple[str, ...]:
    """The fields of a tagged class that stand beside its tag when they are true."""
    return tuple(field.name for field in dataclasses.fields(kind) if field.default is False)


def _raised(item: object) -> dict[str, Value]:
    kind: type = type(item)
    return {flag: True for flag in _flags(kind) if getattr(item, flag)}


def _encode_fields(item: object) -> Value:
    kind: type = type(item)
    fields = _fields(kind)
    if kind in _TAG_OF:
        (only,) = fields
        return {_TAG_OF[kind]: encode(getattr(item, only))}
    encoded: dict[str, Value] = {"kind": _KIND_OF[kind]} if kind in _KIND_OF else {}
    for name, absent in fields.items():
        member = getattr(item, name)
        if absent is _MISSING or member != absent:
            encoded[name] = encode(member)
    return encoded


@functools.cache
def _decoder(hint: object) -> Decoder:
    if hint in _LEAVES:
        return _LEAVES[hint]
    arguments = typing.get_args(hint)
    match typing.get_origin(hint):
        case None:
            return _class_decoder(cast(type, hint))
        case builtin if builtin is tuple:
            return functools.partial(_tuple, _decoder(arguments[0]))
        case special if special is typing.Literal:
            return functools.partial(_one_of, frozenset(arguments))
        case types.UnionType | typing.Union:
            return functools.partial(_optional, _decoder(arguments[0]))
    return functools.partial(_mapping, _decoder(arguments[1]))


def _class_decoder(kind: type) -> Decoder:
    hints, tag = _hints(kind), _KIND_OF.get(kind)
    fields = [(name, _decoder(hints[name]), absent) for name, absent in _fields(kind).items()]
    known = {name for name, _, _ in fields} | ({"kind"} if tag else set())

    def decoded(value: object) -> object:
        members = _object(value)
        if tag and members.get("kind") != tag:
            raise _refused_at("kind", f"is not `{tag}`")
        unseen = len(members) - bool(tag)
        arguments = []
        for name, decoder, absent in fields:
            item = members.get(name, _MISSING)
            if item is _MISSING:
                if absent is _MISSING:
                    raise _Refused(f"`{name}` is missing")
                arguments.append(absent)
                continue
            unseen -= 1
            try:
                argument = decoder(item)
            except _Refused as refused:
                refused.route.append(name)
                raise
            if absent is not _MISSING and argument == absent:
                raise _refused_at(name, "is written out and says nothing")
            arguments.append(argument)
        if unseen:
            raise _refused_at(min(members.keys() - known), "is not known here")
        return kind(*arguments)

    return decoded


# --- leaves and containers -----------------------------------------------------------------------


class _Refused(Exception):
    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        self.route: list[str | int] = []


def _refused_at(step: str | int, why: str) -> _Refused:
    refused = _Refused(why)
    refused.route.append(step)
    return refused


def _at(step: str | int, decoder: Decoder, value: object) -> object:
    try:
        return decoder(value)
    except _Refused as refused:
        refused.route.append(step)
        raise


def _exactly(kind: type, noun: str, value: object) -> object:
    if type(value) is not kind:
        raise _Refused(f"is not {noun}")
    return value


def _object(value: object) -> dict[str, object]:
    return cast("dict[str, object]", _exactly(dict, "an object", value))


def _list(value: object) -> list[object]:
    return cast("list[object]", _exactly(list, "a list", value))


def _tuple(decoder: Decoder, value: object) -> tuple[object, ...]:
    return tuple([_at(index, decoder, item) for index, item in enumerate(_list(value))])


def _mapping(decoder: Decoder, value: object) -> Mapping[str, object]:
    decoded: dict[str, object] = {}
    for name, item in _object(value).items():
        try:
            decoded[name] = decoder(item)
        except _Refused as refused:
            refused.route.append(name)
            raise
    return decoded


def _optional(decoder: Decoder, value: object) -> object:
    return None if value is None else decoder(value)


def _one_of(choices: frozenset[str], value: object) -> object:
    if type(value) is not str or value not in choices:
        raise _Refused(f"is none of {', '.join(sorted(choices))}")
    return value


def _by_kind(kinds: frozenset[str], value: object) -> object:
    kind = _at("kind", functools.partial(_one_of, kinds), _object(value).get("kind"))
    return _decoder(_KINDS[cast(str, kind)])(value)


def _member(decoder: Decoder, kind: type, value: object) -> object:
    if type(decoded := decoder(value)) is not kind:
        raise _Refused(f"is not a {kind.__name__.rstrip('_')}")
    return decoded


# --- expressions and conditions ------------------------------------------------------------------


def _tagged(value: object, flags: tuple[str, ...]) -> tuple[str, object, dict[str, bool]]:
    """The one tag of an object, what stands under it, and the flags that are true beside it."""
    members = _object(value)
    raised = {flag: True for flag in flags if members.get(flag) is True}
    if len(members) == 1 + len(raised):
        for tag, content in members.items():
            if tag not in raised:
                return tag, content, raised
    raise _Refused("is not an object with one tag")


def _expr(value: object) -> object:
    tag, content, raised = _tagged(value, _flags(model.Ref))
    if tag == "ref":
        slot, path = cast("tuple[int, tuple[str | int, ...]]", _at(tag, _ref, content))
        return model.Ref(slot, path, **raised)
    for flag in raised:
        raise _refused_at(flag, "is not known here")
    match tag:
        case "query":
            return _at(tag, _query, content)
        case "default":
            return _at(tag, _default, content)
    return _wrapped(_EXPRESSIONS, tag, content)


def _condition(value: object) -> object:
    tag, content, raised = _tagged(value, _flags(model.Compare))
    if tag in _OPERATORS:
        operands = cast("tuple[model.Expr, ...]", _at(tag, functools.partial(_tuple, _expr), content))
        return model.Compare(cast(model.Operator, tag), operands, **raised)
    for flag in raised:
        raise _refused_at(flag, "is not known here")
    return _wrapped(_CONDITIONS, tag, content)


def _wrapped(wrappers: Mapping[str, type], tag: str, content: object) -> object:
    kind = wrappers.get(tag)
    if kind is None:
        raise _refused_at(tag, "is not known here")
    (hint,) = _hints(kind).values()
    return kind(_at(tag, _decoder(hint), content))


def _ref(value: object) -> tuple[object, tuple[object, ...]]:
    return _slot_and(_step, value)


def _query(value: object) -> object:
    slot, path = cast("tuple[int, tuple[str | int, ...]]", _slot_and(_selector, value))
    return model.Query(slot, path)


def _slot_and(decoder: Decoder, value: object) -> tuple[object, tuple[object, ...]]:
    parts = _list(value)
    if not parts or type(parts[0]) is not int:
        raise _Refused("does not begin with a slot")
    return parts[0], tuple([_at(index, decoder, part) for index, part in enumerate(parts[1:], start=1)])


def _step(value: object) -> object:
    if type(value) is not str and type(value) is not int:
        raise _Refused("is neither a member nor an index")
    return value


def _selector(value: object) -> object:
    if value == "*":
        return model.Wildcard()
    if type(value) is not dict:
        return _step(value)
    tag, content, _ = _tagged(value, ())
    if tag != "slice":
        raise _refused_at(tag, "is not known here")
    match content:
        case [start, stop, step] if {type(start), type(stop)} <= {int, types.NoneType} and type(step) is int:
            return model.Slice(cast("int | None", start), cast("int | None", stop), step)
    raise _refused_at(tag, "is not `[start, stop, step]`")


def _default(value: object) -> object:
    match value:
        case [first, second]:
            ref = _at(0, functools.partial(_member, _expr, model.Ref), first)
            return model.Default(cast(model.Ref, ref), cast(model.Expr, _at(1, _expr, second)))
    raise _Refused("is not a reference and what stands in for it")


_LEAVES: dict[object, Decoder] = {
    str: functools.partial(_exactly, str, "a string"),
    int: functools.partial(_exactly, int, "an integer"),
    bool: functools.partial(_exactly, bool, "a boolean"),
    _ALIASES["Value"]: lambda value: value,
    _ALIASES["Schema"]: _object,
    _ALIASES["Expr"]: _expr,
    _ALIASES["Condition"]: _condition,
    _ALIASES["Step"]: functools.partial(_by_kind, frozenset({"transform", "operation", "effect", "decide"})),
    _ALIASES["Node"]: functools.partial(_by_kind, _NODES),
    **{
        kind: functools.partial(_member, decoder, kind)
        for decoder, kinds in (
            (_expr, (*_EXPRESSIONS.values(), model.Ref, model.Query, model.Default)),
            (_condition, (*_CONDITIONS.values(), model.Compare)),
            (_selector, (model.Slice, model.Wildcard)),
        )
        for kind in kinds
    },
}
