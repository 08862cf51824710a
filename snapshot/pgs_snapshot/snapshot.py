"""A sealed snapshot, read as what it says: graphs and artifacts by name, each decoded when it is first asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from pgs_snapshot import model
from pgs_snapshot.codec import CodecRefused, decode
from pgs_snapshot.expressions import is_labelled
from pgs_snapshot.laws import Assertion
from pgs_snapshot.limits import LIMIT_NAMES, Limits
from pgs_snapshot.seal import SealBroken, Sealed
from pgs_snapshot.transports import Egress, Ingress
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible
from pgs_snapshot.waived import Waiver, waivers_of

T = TypeVar("T")

PROJECT = "project.json"
INDEX = "index.json"
PROOFS = "proofs.json"


def graph_path(name: str) -> str:
    """`graphs/blockchain__WF_VERIFY_ACTOR_V0.json`."""
    return f"graphs/{name.replace('::', '__')}.json"


def artifact_path(kind: str, name: str) -> str:
    """`artifacts/store/blockchain__ST_ACTORS_V0.json`."""
    return f"artifacts/{kind}/{name.replace('::', '__')}.json"


def _name_of(stem: str) -> str:
    """The name that a path was made of: a domain has no capitals, and what follows it begins with one."""
    return re.sub("__(?=[A-Z])", "::", stem, count=1)


class Snapshot:
    """The typed face of a verified snapshot. Names are in full; an unknown one is a `KeyError`."""

    def __init__(self, sealed: Sealed) -> None:
        self.sealed = sealed
        self._decoded: dict[str, object] = {}
        self._clears: dict[str, bool] = {}
        self._names: dict[str, tuple[str, ...]] = {}

    @property
    def id(self) -> str:
        return self.sealed.root

    def project(self) -> Mapping[str, Value]:
        """The project file, as sealed."""
        project = self.sealed.value(PROJECT)
        return project if isinstance(project, dict) else {}

    def packages(self) -> dict[str, str]:
        """Python packages whose code may be bound; the value is the folder of the workspace, "" if installed."""
        packages = self.project().get("packages", {})
        return {name: str(folder) for name, folder in packages.items()} if isinstance(packages, dict) else {}

    def trust(self) -> str:
        """The trust directory that the project names, relative to the workspace, or "".

        Raises:
            SealBroken: Z902, it lies elsewhere.
        """
        named = self.project().get("trust", "")
        if not isinstance(named, str) or named.startswith("/") or ".." in named.split("/"):
            raise SealBroken("Z902", f"`{PROJECT}` names no folder of the workspace by `trust`.", PROJECT)
        return named

    def limits(self) -> Limits:
        """The project's limits; what it does not set has its default.

        Raises:
            SealBroken: Z902, one is unknown or no positive integer.
        """
        limits = self.project().get("limits", {})
        if not isinstance(limits, dict):
            raise SealBroken("Z902", f"`{PROJECT}` does not hold limits by name.", PROJECT)
        own: dict[str, int] = {}
        for name, value in limits.items():
            if name not in LIMIT_NAMES or type(value) is not int or value < 1:
                raise SealBroken("Z902", f"`{PROJECT}` sets no limit by `{visible(name)}`.", PROJECT)
            own[name] = value
        return Limits(**own)

    def waivers(self) -> tuple[Waiver, ...]:
        """The findings that the project lives with.

        Raises:
            SealBroken: Z902, one has another form.
        """
        try:
            return waivers_of(self.project().get("waivers", []))
        except ValueError as error:
            raise SealBroken("Z902", f"`{PROJECT}` lists no waivers as a compiler writes them.", PROJECT) from error

    def workflows(self) -> tuple[str, ...]:
        """The names of all workflows, sorted."""
        return self.names("graphs")

    def names(self, folder: str) -> tuple[str, ...]:
        """The names of what lies in a folder, sorted: `names("artifacts/store")`."""
        if folder not in self._names:
            found = (path.rpartition("/") for path in self.sealed.paths())
            names = (_name_of(file.removesuffix(".json")) for place, _, file in found if place == folder)
            self._names[folder] = tuple(sorted(names))
        return self._names[folder]

    def graph(self, name: str) -> model.Graph:
        return self._decode(model.Graph, graph_path(name))

    def intent(self, name: str) -> model.Intent:
        return self._decode(model.Intent, artifact_path("intent", name))

    def actor(self, name: str) -> model.Actor:
        return self._decode(model.Actor, artifact_path("actor", name))

    def contract(self, name: str) -> model.Contract:
        return self._decode(model.Contract, artifact_path("contract", name))

    def transform(self, name: str) -> model.Transform:
        return self._decode(model.Transform, artifact_path("transform", name))

    def store(self, name: str) -> model.Store:
        return self._decode(model.Store, artifact_path("store", name))

    def clears(self, store: str) -> bool:
        """Whether values with a label may stand in a store, or in a context."""
        if store not in self._clears:
            if store in self.names("artifacts/context"):
                fields = self.context(store).fields.values()
                self._clears[store] = any(is_labelled(field.schema) for field in fields)
            else:
                self._clears[store] = store in self.names("artifacts/store") and bool(self.store(store).clears)
        return self._clears[store]

    def binding(self, name: str) -> model.Binding:
        return self._decode(model.Binding, artifact_path("binding", name))

    def side_effect(self, name: str) -> model.SideEffect:
        return self._decode(model.SideEffect, artifact_path("side_effect", name))

    def event(self, name: str) -> model.Event:
        return self._decode(model.Event, artifact_path("event", name))

    def context(self, name: str) -> model.Context:
        return self._decode(model.Context, artifact_path("context", name))

    def process(self, name: str) -> model.Process:
        return self._decode(model.Process, artifact_path("process", name))

    def machine(self, name: str) -> model.Machine:
        return self._decode(model.Machine, artifact_path("machine", name))

    def assertion(self, name: str) -> Assertion:
        return self._decode(Assertion, artifact_path("assertion", name))

    def ingress(self, name: str) -> Ingress:
        return self._decode(Ingress, artifact_path("ingress", name))

    def egress(self, name: str) -> Egress:
        return self._decode(Egress, artifact_path("egress", name))

    def _decode(self, kind: type[T], path: str) -> T:
        found = self._decoded.get(path)
        if not isinstance(found, kind):
            try:
                found = decode(kind, self.sealed.value(path))
            except CodecRefused as refused:
                message = f"`{path}` does not hold a {kind.__name__}: `{refused.pointer or '/'}` {refused.why}."
                raise SealBroken("Z902", message, path) from refused
            self._decoded[path] = found
        return found
