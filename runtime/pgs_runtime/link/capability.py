"""The capability boundary: the one place where an author's code is called.

Laws:
* what goes in is a fresh copy, so nothing that the code does to it is seen by anyone else;
* what comes out is a value of the domain, under a declared outcome, and fits that outcome's schema;
* whatever else happens is a `Fault`: an exception is never an outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias, cast

from pgs_runtime.faults import ExitCode, Fault, Refusal
from pgs_runtime.stores.port import LawBroken, StoreBusy, StoreMisused, StoreUnusable
from pgs_snapshot.canonical import canonical
from pgs_snapshot.defaults import filler
from pgs_snapshot.model import Schema
from pgs_snapshot.seal import SealBroken
from pgs_snapshot.sealed_code.answers import class_of, sealed_line
from pgs_snapshot.validation import validator
from pgs_snapshot.values import MAX_DEPTH, NotPlain, Outcome, Value, plain

_WRAPPED = 4
"""By how many containers an answer may wrap what was given: outputs, a list of records, a record."""

Capability: TypeAlias = Callable[..., object]


class Guarded(Protocol):
    """A capability behind the boundary."""

    def __call__(self, inputs: dict[str, Value]) -> Outcome: ...


def guarded(name: str, outcomes: Mapping[str, Schema], most: int) -> Callable[[Capability], Guarded]:
    """Put a capability behind the boundary.

    Args:
        name: what faults call it: the transform, or operation and store.
        outcomes: the declared outcomes with the schemas of their outputs.
        most: bytes of canonical JSON that each of its outputs may have.
    """
    fill = {outcome: filler(schema) for outcome, schema in outcomes.items()}
    fits = {outcome: validator(schema).is_valid for outcome, schema in outcomes.items()}

    def guard(capability: Capability) -> Guarded:
        def call(inputs: dict[str, Value]) -> Outcome:
            outcome, answered = _answer(name, capability, inputs)
            # The name is not told: it may be anything, a value among it.
            if type(outcome) is not str or outcome not in fits:
                raise Fault("R022", f"{name} answered with an outcome that it does not declare.")
            outputs = _outputs(name, answered, outcomes[outcome], most)
            fill_in = fill[outcome]
            if fill_in is not None:
                outputs = cast("dict[str, Value]", fill_in(outputs))
            if not fits[outcome](outputs):
                raise Fault("R023", f"{name} gave outputs that `{outcome}` does not declare.")
            return Outcome(outcome, **outputs)

        return call

    return guard


def loader(load: Callable[[str], object]) -> Callable[[str], Capability]:
    """A loader of implementations behind the boundary: their modules' own code is an author's, too."""

    def loaded(reference: str) -> Capability:
        try:
            found = load(reference)
        except _NOT_THE_AUTHORS:
            raise
        except BaseException as cause:
            raise Fault("R027", f"`{reference}` cannot be loaded: {sealed_line(cause)}.") from cause
        if not callable(found):
            raise Fault("R027", f"`{reference}` is not callable.")
        return found

    return loaded


# What a place raises about the store, what was decided already, and the key that stops the program.
_NOT_THE_AUTHORS = (
    KeyboardInterrupt,
    LawBroken,
    Refusal,
    SealBroken,
    StoreBusy,
    StoreMisused,
    StoreUnusable,
)


def _answer(name: str, capability: Capability, inputs: dict[str, Value]) -> tuple[object, object]:
    """The outcome and the outputs of a call, not looked at yet."""
    given = _given(name, inputs)
    try:
        answer = capability(**given)
        # What is read here may run an author's code as well.
        if type(answer) is Outcome:
            return answer.name, answer.outputs
        if isinstance(answer, dict):
            return "SUCCESS", dict(answer)
    except _NOT_THE_AUTHORS:
        raise
    except RecursionError as cause:
        raise Fault("R031", f"{name} recursed without end.", ExitCode.LIMIT) from cause
    except MemoryError as cause:
        raise Fault("R035", f"{name} took more memory than there is.", ExitCode.LIMIT) from cause
    except BaseException as cause:  # `SystemExit` among it: an implementation must not end the program
        raise Fault("R021", f"{name} raised {sealed_line(cause)}.") from cause
    raise Fault("R024", f"{name} returned a Python {class_of(answer)} instead of its outputs.")


def _given(name: str, inputs: dict[str, Value]) -> dict[str, Value]:
    """A copy of the inputs, not nested so deep that a store could keep them and not give them back."""
    try:
        return cast("dict[str, Value]", plain(inputs, MAX_DEPTH - _WRAPPED))
    except NotPlain as refused:
        raise Fault("R036", f"{name} cannot be given its inputs: {refused.why}.", ExitCode.LIMIT) from refused


def _outputs(name: str, answered: object, schema: Schema, most: int) -> dict[str, Value]:
    try:
        outputs = plain(answered)
    except NotPlain as refused:
        raise Fault("R025", f"{name} gave no JSON{place_in(schema, refused.pointer)}: {refused.why}.") from refused
    if not isinstance(outputs, dict):
        raise Fault("R024", f"{name} returned a Python {class_of(answered)} instead of its outputs.")
    if len(canonical(outputs)) > most and any(len(canonical(value)) > most for value in outputs.values()):
        raise Fault("R034", f"{name} gave more than {most} bytes, which is the limit.", ExitCode.LIMIT)
    return outputs


def place_in(schema: Schema, pointer: str) -> str:
    """A JSON Pointer as far as the schema declares its names, to stand behind what is wrong there.

    A name that is not declared may be a value, and this is hashed into the trace.
    """
    shown, inside = "", schema
    for token in pointer.split("/")[1:]:
        properties, items = inside.get("properties"), inside.get("items")
        name = token.replace("~1", "/").replace("~0", "~")
        below = properties.get(name) if isinstance(properties, dict) else items if token.isdigit() else None
        if below is None and not (token.isdigit() and inside.get("type") == "array"):
            break
        shown += f"/{token}"
        inside = below if isinstance(below, dict) else {}
    return f" at `{shown}`" if shown else ""
