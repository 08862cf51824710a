"""Whom the labelled values of a run belong to: those whom its author names, or the run alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from pgs_runtime.stores.port import Subject
from pgs_runtime.stores.sealing import subject_id
from pgs_runtime.vault.vault import Vault
from pgs_snapshot.values import Value

Now: TypeAlias = Callable[[], tuple[Subject, ...]]
"""Gives subjects with the keys that they have now, or that are drawn for them, the same at every call."""


def of_run(run: str) -> str:
    """The name of the subject that stands for a run whose author has named nobody."""
    return f"run:{run}"


def name_in(payload: Value, path: Sequence[str | int]) -> str:
    """The name of a subject that stands at a place of a payload, "" where nothing there is one."""
    for step in path:
        if isinstance(payload, dict) and isinstance(step, str):
            payload = payload.get(step)
        elif isinstance(payload, list) and isinstance(step, int) and -len(payload) <= step < len(payload):
            payload = payload[step]
        else:
            return ""
    named = isinstance(payload, str | int) and not isinstance(payload, bool)
    return str(payload) if named else ""


class Belonging:
    """Finds the subjects of new runs of one store."""

    def __init__(self, vault: Vault, secret: bytes, entropy: Callable[[int], bytes]) -> None:
        """`secret`: the store's."""
        self._vault = vault
        self._entropy = entropy
        self.secret = secret

    def of(self, run: str, names: Sequence[str] = ()) -> Now:
        """The subjects of a run, by the names that its author gives them; without any, the run's own."""
        drawn: dict[str, bytes] = {}

        def now() -> tuple[Subject, ...]:
            if not names:  # nobody knows who stands for a run alone before the run is there
                return (self._drawn(subject_id(self.secret, of_run(run)), drawn),)
            return tuple({subject.id: subject for name in names for subject in [self._named(name, drawn)]}.values())

        return now

    def _named(self, name: str, drawn: dict[str, bytes]) -> Subject:
        id, known = self._vault.latest(self.secret, name)
        return known if known is not None and known.key is not None else self._drawn(id, drawn)

    def _drawn(self, id: str, drawn: dict[str, bytes]) -> Subject:
        if id not in drawn:
            drawn[id] = self._entropy(32)
        return Subject(id, drawn[id])
