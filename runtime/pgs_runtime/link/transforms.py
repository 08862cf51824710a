"""Transforms, as they are called: in this process where they were shown to be bounded, else where they can be stopped.

Laws:
* a transform is run with what `pgs_snapshot.sealed_code.pure` lists, and with nothing else;
* the members of its inputs come in canonical order, however the payload had them;
* one that was not shown to be bounded takes no more than a call may, and what it does to its process is the
  fault of that call alone.
"""

from __future__ import annotations

import orjson

from pgs_runtime.faults import ExitCode, Fault
from pgs_runtime.link.capability import Capability, loader, place_in
from pgs_snapshot import model
from pgs_snapshot.canonical import canonical
from pgs_snapshot.sealed_code.answers import Broken
from pgs_snapshot.sealed_code.caller import Budget, Caller, NotStarted
from pgs_snapshot.sealed_code.modules import SealedModules
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Outcome, Value


class Transforms:
    """The transforms of one snapshot. Nothing of them is loaded, and no process started, before it is needed."""

    def __init__(self, snapshot: Snapshot) -> None:
        limits = snapshot.limits()
        self._load = loader(SealedModules.of(snapshot.sealed, pure=True).load)
        self._budget = Budget(limits.transform_seconds, limits.transform_bytes, limits.value_bytes)
        self._caller = Caller(snapshot.sealed.sources(), self._budget)

    def get(self, transform: model.Transform) -> Capability:
        """What calls a transform.

        Raises:
            SealBroken: it, or what it imports, is not sealed.
            Fault: its module cannot be loaded.
        """
        return self._elsewhere(transform) if transform.worker else self._here(transform)

    def function(self, reference: str) -> Capability:
        """The function of a process, by its implementation reference.

        Raises:
            SealBroken: it, or what it imports, is not sealed.
            Fault: its module cannot be loaded.
        """
        return self._load(reference)

    def close(self) -> None:
        """End the process, if there is one."""
        self._caller.close()

    def _here(self, transform: model.Transform) -> Capability:
        function = self._load(transform.implementation)

        def call(**inputs: Value) -> object:
            for name, value in inputs.items():
                if type(value) is dict or type(value) is list:
                    inputs[name] = orjson.loads(canonical(value))
            return function(**inputs)

        return call

    def _elsewhere(self, transform: model.Transform) -> Capability:
        """A transform that is called in a process which can be stopped.

        Its faults are those that it would have here, and R064, R065, R066 for what befalls the process.
        """

        def call(**inputs: Value) -> Outcome:
            try:
                answer = self._caller.call(transform.implementation, inputs).answer
            except NotStarted as refused:
                raise Fault("R066", f"{transform.name} cannot be called: {refused}.") from refused
            if isinstance(answer, Broken):
                raise self._fault(transform, answer)
            return answer

        return call

    def _fault(self, transform: model.Transform, broken: Broken) -> Fault:
        name, text = transform.name, broken.text
        match broken.why:
            case "time":
                most = f"{self._budget.seconds:g} s of processor time"
                return Fault("R064", f"{name} took more than {most}, which is the limit.", ExitCode.LIMIT)
            case "memory":
                most = f"{self._budget.memory} bytes of memory"
                return Fault("R035", f"{name} took more than {most}, which is the limit.", ExitCode.LIMIT)
            case "recursion":
                return Fault("R031", f"{name} recursed without end.", ExitCode.LIMIT)
            case "size":
                most = f"{self._budget.value} bytes"
                return Fault("R034", f"{name} gave more than {most}, which is the limit.", ExitCode.LIMIT)
            case "load":
                return Fault("R027", f"`{transform.implementation}` cannot be loaded: {text}.")
            case "raised":
                return Fault("R021", f"{name} raised {text}.")
            case "returned":
                return Fault("R024", f"{name} returned a Python {text} instead of its outputs.")
            case "outcome":
                return Fault("R022", f"{name} answered with an outcome that it does not declare.")
            case "json":
                where = place_in(transform.outcomes.get(broken.outcome, {}), broken.pointer)
                return Fault("R025", f"{name} gave no JSON{where}: {text}.")
            case "died":
                return Fault("R065", f"{name} ended the process that it was called in.")
