"""A shop's letters, which nobody takes."""

from pgs_snapshot.external import NotDone, Outside
from pgs_snapshot.values import Outcome


class Post:
    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def send(self, *, text: str) -> Outcome:
        raise NotDone("Nobody takes letters here.")
