"""A shop's payments, which no processor takes."""

from pgs_snapshot.external import NotDone, Outside
from pgs_snapshot.values import Outcome


class Payment:
    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def pay(self, *, amount: int) -> Outcome:
        raise NotDone("No processor takes payments here.")

    def find(self) -> Outcome:
        return Outcome("NOT_FOUND")
