"""The name service: names are taken, changed, passed on with the other one's consent, and given up."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

import pytest

from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Actor, Outcome, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value

HISTORY = "name_service::ST_NAME_HISTORY_V0"
ACCEPTED = "name_service::EV_NAME_ACCEPTED_V0"
DAY = 86_400_000_000
ANN, BOB, EVE = (Actor("name_service::AC_NAME_HOLDER_V0", who, {}) for who in ("ann", "bob", "eve"))
NAME = "ann@example.org"


@dataclass(slots=True)
class Names:
    """The domain on a store in memory, at a time that stands still."""

    runtime: Runtime
    now: list[int]

    def do(self, what: str, who: Actor, name: str = NAME, **more: Value) -> Outcome:
        payload: Value = {"name": name, **more}
        return self.runtime.run(f"name_service::WF_{what}_NAME_V0", payload, who)

    def register(self, who: Actor, name: str = NAME, *addresses: Value) -> str:
        return self.do("REGISTER", who, name, resource_addresses=[*(addresses or ("a:1",))]).exit

    def accept(self, run: Outcome, who: Actor, name: str = NAME) -> tuple[Outcome, str]:
        return self.runtime.signal(run.trace_id, ACCEPTED, {"name": name}, who)

    def found(self, name: str = NAME) -> object:
        told = self.do("LOOKUP", EVE, name)
        return told.result if told.kind == "COMPLETED" else told.exit

    def history(self) -> list[str]:
        return [json.loads(event.body)["what"] for event in self.runtime.store.events(HISTORY, NAME, 1, 99)]


@pytest.fixture
def names(example_files: Mapping[str, bytes]) -> Iterator[Names]:
    now = [1_772_355_600_000_000]
    chance: Callable[[int], bytes] = random.Random(1).randbytes  # noqa: S311 - it only has to repeat
    with closing(MemoryStore(chance)) as store:
        ports = Ports(clock=lambda: now[0], entropy=chance)
        yield Names(Runtime(Snapshot(verify(example_files)), store, ports), now)


def test_a_name_is_taken_once_and_changed_by_its_holder_alone(names: Names) -> None:
    assert [names.register(ANN), names.register(BOB), names.register(ANN, NAME, "a:2")] == [
        "REGISTERED",
        "NAME_TAKEN",
        "CHANGED",
    ]
    assert names.found() == {"holder": "ann", "resource_addresses": ["a:2"]}
    assert names.history() == ["REGISTERED", "CHANGED"]


def test_names_that_differ_in_capitals_are_one_name(names: Names) -> None:
    assert names.register(ANN, "Ann@Example.ORG") == "REGISTERED"
    assert (names.register(BOB), names.found("ANN@example.org")) == ("NAME_TAKEN", names.found())


def test_a_name_that_nobody_holds_is_not_found(names: Names) -> None:
    assert [names.found(), *(names.do(what, ANN).exit for what in ("LOOKUP", "RELEASE"))] == ["NOT_FOUND"] * 3
    assert names.do("TRANSFER", ANN, to="bob").exit == "NOT_FOUND"


def test_a_name_that_is_given_up_is_anybodys(names: Names) -> None:
    names.register(ANN)
    assert [names.do("RELEASE", who).exit for who in (BOB, ANN, ANN)] == ["NOT_THE_HOLDER", "COMPLETED", "NOT_FOUND"]
    assert names.register(BOB) == "REGISTERED"
    assert names.history() == ["REGISTERED", "RELEASED", "REGISTERED"]


def test_a_name_is_passed_on_once_the_other_one_has_accepted(names: Names) -> None:
    names.register(ANN)
    waiting = names.do("TRANSFER", ANN, to="bob")
    assert (waiting.kind, names.accept(waiting, ANN)[1]) == (
        "WAITING",
        "`ACCEPTED` of `ask` is for somebody else than who acted at `admit`.",
    )
    assert names.accept(waiting, BOB, "other")[1] == "`ACCEPTED` of `ask` is for another `name`."
    ended, refused = names.accept(waiting, BOB)
    assert (ended.exit, refused) == ("COMPLETED", "")
    assert names.found() == {"holder": "bob", "resource_addresses": ["a:1"]}
    assert names.history() == ["REGISTERED", "TRANSFERRED"]
    assert names.register(ANN) == "NAME_TAKEN"


def test_nobody_else_accepts_and_nobody_passes_on_what_is_not_theirs(names: Names) -> None:
    names.register(ANN)
    assert names.do("TRANSFER", BOB, to="eve").exit == "NOT_THE_HOLDER"
    assert names.do("TRANSFER", ANN, to="ann").kind == "REJECTED"
    assert names.accept(names.do("TRANSFER", ANN, to="bob"), EVE)[0].exit == "NOT_ACCEPTED"
    assert names.history() == ["REGISTERED"]


def test_what_nobody_accepts_within_a_week_stays_where_it_is(names: Names) -> None:
    names.register(ANN)
    waiting = names.do("TRANSFER", ANN, to="bob")
    names.now[0] += 7 * DAY
    assert names.runtime.resume(waiting.trace_id).exit == "NOT_ACCEPTED"
    assert names.found() == {"holder": "ann", "resource_addresses": ["a:1"]}


def test_a_name_that_was_changed_meanwhile_is_not_passed_on(names: Names) -> None:
    names.register(ANN)
    waiting = names.do("TRANSFER", ANN, to="bob")
    names.register(ANN, NAME, "a:2")
    assert names.accept(waiting, BOB)[0].exit == "CHANGED_MEANWHILE"
    assert names.found() == {"holder": "ann", "resource_addresses": ["a:2"]}


@pytest.mark.parametrize("name", ["", ".", "a b", "a/b", "ä", "x" * 201, 5, None])
def test_what_is_no_name_is_not_registered(names: Names, name: Value) -> None:
    payload: Value = {"name": name, "resource_addresses": ["a:1"]}
    assert names.runtime.run("name_service::WF_REGISTER_NAME_V0", payload, ANN).kind == "REJECTED"
