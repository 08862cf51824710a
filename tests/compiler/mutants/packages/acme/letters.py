"""Letters on paper, which nobody posts."""

from pgs_snapshot.external import NotDone, Outside
from pgs_snapshot.values import Outcome


class Letters:
    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def post(self, *, text: str, house: str) -> Outcome:
        raise NotDone("Nobody posts letters here.")

    def find(self, *, house: str) -> Outcome:
        return Outcome("NOT_FOUND")
