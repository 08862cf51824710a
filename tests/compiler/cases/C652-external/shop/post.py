"""A shop's letters, which nobody takes."""

from pgs_snapshot.external import NotDone, Outside
from pgs_snapshot.values import Outcome


class Post:
    def __init__(self, outside: Outside, host: str) -> None:
        self._outside, self._host = outside, host

    def send(self, *, text: str) -> Outcome:
        raise NotDone("Nobody takes letters here.")
