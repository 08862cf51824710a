"""The port between an external side effect's implementation and the runtime, as `places` is for stores.

An implementation is a class that is constructed with an `Outside`, one for each call, and sees nothing else of the run.
A method ends in one of four ways:

* it returns a declared outcome: the other side has said how the effect ended;
* it raises `NotDone`: by this call the effect certainly did not take place, and it may be tried again. An earlier call
  that is in doubt stays so;
* it raises `InDoubt`: it may have taken place or not, and the binding's policy says what is done about that;
* it raises something else: our own code broke, after which the effect is in doubt, too.

An implementation that cannot tell one from the other says `InDoubt`: that is never wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pgs_snapshot.values import Value

NOT_FOUND = "NOT_FOUND"
"""The outcome by which a lookup says that the other side knows nothing of the effect."""


class Outside(Protocol):
    """What one call of an implementation knows besides its inputs."""

    @property
    def key(self) -> str:
        """The idempotency key, 64 hex digits: the same for every try of the same effect, and for no other."""

    @property
    def timeout(self) -> float:
        """The seconds that the call may take."""

    @property
    def settings(self) -> Mapping[str, Value]:
        """What the operator says about the outside, such as hosts and accounts; it is in no snapshot and no trace."""


class NotDone(Exception):
    """By this call, the effect certainly did not take place.

    Attributes:
        why: a sentence for the trace, without values of the run and without secrets.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class InDoubt(Exception):
    """Nobody knows whether the effect took place.

    Attributes:
        why: a sentence for the trace, without values of the run and without secrets.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
