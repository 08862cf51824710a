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
            outputs = _outputs(name, answered, most)
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
            raise Fault("R027", f"`{reference}` cannot be loaded: {_sealed_line(cause)}.") from cause
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
        raise Fault("R021", f"{name} raised {_sealed_line(cause)}.") from cause
    raise Fault("R024", f"{name} returned a Python {_class(answer)} instead of its outputs.")


def _given(name: str, inputs: dict[str, Value]) -> dict[str, Value]:
    """A copy of the inputs, not nested so deep that a store could keep them and not give them back."""
    try:
        return cast("dict[str, Value]", plain(inputs, MAX_DEPTH - _WRAPPED))
    except NotPlain as refused:
        raise Fault("R036", f"{name} cannot be given its inputs: {refused.why}.", ExitCode.LIMIT) from refused


def _outputs(name: str, answered: object, most: int) -> dict[str, Value]:
    try:
        outputs = plain(answered)
    except NotPlain as refused:
        raise Fault("R025", f"{name} gave no JSON: {refused.why}.") from refused
    if not isinstance(outputs, dict):
        raise Fault("R024", f"{name} returned a Python {_class(answered)} instead of its outputs.")
    if len(canonical(outputs)) > most and any(len(canonical(value)) > most for value in outputs.values()):
        raise Fault("R034", f"{name} gave more than {most} bytes, which is the limit.", ExitCode.LIMIT)
    return outputs


def _sealed_line(cause: BaseException) -> str:
    """The exception's class and the sealed line that raised it; never its text, which may hold a value."""
    trace, line = cause.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith("sealed:"):
            line = f" at {file.removeprefix('sealed:')}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{_class(cause)}{line}"


def _class(value: object) -> str:
    """The name of a value's class, unless it could be another text than a name."""
    name = type(value).__name__
    return name if name.isascii() and name.isidentifier() else "object"
