"""The rule of payments that may be overridden, from the command line: granted, used, listed, revoked, over."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pgs_runtime.evidence.at_hand import Evidence
from pgs_runtime.operate.opening import found
from pgs_runtime.runtime import Actor, Runtime, verified
from pgs_runtime.stores.port import Committed, Conflict, Fenced, Segment
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.waivers.overrides import STORE
from tests.end_to_end.programs import Answer, Installation
from tests.postgres import Server

RESERVE, INTENT = "payments::WF_RESERVE_PAYMENT_V0", "payments::IN_RESERVE_PAYMENT_V0"
OFFICER, RULE = "payments::AC_COMPLIANCE_OFFICER_V0", "WITHIN_ONLINE_LIMIT"
ORDER = {
    "payer_account": "A",
    "payee_account": "B",
    "amount": 10_000_001,
    "currency": "EUR",
    "reference": "R-1",
}
PAYLOAD = json.dumps(ORDER).encode()
ANN = Actor("payments::AC_CUSTOMER_V0", "ann", {"customer_id": "c"})


def soon(**time: int) -> str:
    return (datetime.now(UTC) + timedelta(**time)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def place(examples: Installation, tmp_path: Path) -> Installation:
    for name, attributes in {"ann": {"customer_id": "c"}, "otto": {}, "olga": {}}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps({"id": name, **attributes}), encoding="utf-8")
    return examples


def ask(place: Installation, *options: str) -> Answer:
    return place.run(RESERVE, PAYLOAD, "--actor", f"AC_CUSTOMER_V0={place.workspace.parent / 'ann.json'}", *options)


def officer(place: Installation, name: str) -> tuple[str, str]:
    return "--actor", f"{OFFICER}={place.workspace.parent / f'{name}.json'}"


def grant(place: Installation, *options: str, until: str = "") -> Answer:
    what = ("--rule", RULE, "--until", until or soon(hours=1), "--reason", "A house is bought", "--json")
    return place.runtime("override", INTENT, *what, *officer(place, "otto"), *options)


def revoke(place: Installation, id: str, *options: str) -> Answer:
    return place.runtime("override", "--revoke", id, "--reason", "Sold", *officer(place, "olga"), *options)


def test_an_override_is_granted_used_listed_and_revoked_each_by_a_process_of_its_own(place: Installation) -> None:
    assert ask(place).code == 5
    granted = grant(place)
    assert (granted.code, granted.err) == (0, "")
    id = str(granted.json()["trace_id"])
    used = ask(place, "--json")
    assert used.code == 4  # admitted, and the protocol then decides that there is no such account
    (only,) = place.runtime("waivers", "--json").json()["overrides"]
    assert (only["id"], only["state"], [use["run"] for use in only["used_by"]]) == (
        id,
        "in force",
        [used.json()["trace_id"]],
    )
    assert revoke(place, id).code == 0
    assert ask(place).code == 5
    listed = place.runtime("waivers").out
    assert f"  {id}  revoked, until " in listed
    assert "             Sold\n" in listed
    again = revoke(place, id, "--json")
    assert (again.code, again.error()["code"]) == (2, "R156")


def test_both_runs_have_files_that_verify_and_an_account_of_their_own(place: Installation) -> None:
    id = str(grant(place).json()["trace_id"])
    used = str(ask(place, "--json").json()["trace_id"])
    for run in (id, used):
        folder = place.workspace / "traces" / run
        assert place.runtime("verify", folder, "--level", "anchored").code == 0
        assert "A house is bought" in (folder / f"{run}.md").read_text(encoding="utf-8")
        assert place.runtime("examine", folder).code == 0


@pytest.mark.parametrize(
    ("options", "code", "exit"),
    [
        (("--until", "2020-01-01T00:00:00Z"), "R154", 5),
        (("--reason", " "), "R155", 5),
        (("--rule", "WITHIN_LIMIT"), "R151", 2),
        (("--for", "otto"), "R153", 5),
        (("--revoke", "x"), "R001", 2),
    ],
)
def test_what_is_not_allowed_is_refused_with_its_code(
    place: Installation, options: tuple[str, ...], code: str, exit: int
) -> None:
    answer = grant(place, *options)
    assert (answer.code, answer.error()["code"]) == (exit, code)
    assert place.runs() == []


def test_an_override_of_one_data_root_does_not_count_in_another(place: Installation, tmp_path: Path) -> None:
    assert grant(place).code == 0
    other = Installation(place.workspace, tmp_path / "other")
    assert (ask(place).code, ask(other).code) == (4, 5)
    assert other.runtime("waivers", "--json").json()["overrides"] == []


class Meanwhile(SqliteStore):
    """The store of one process, in which another process commits right before its next commit."""

    meanwhile: Callable[[], object] | None = None

    def commit(self, segment: Segment) -> Committed | Conflict | Fenced:
        act, self.meanwhile = self.meanwhile, None
        if act is not None:
            act()
        return super().commit(segment)


def test_what_another_process_revokes_at_the_same_moment_does_not_count(place: Installation) -> None:
    id = str(grant(place).json()["trace_id"])
    store = Meanwhile(place.data / "state.db")
    try:
        runtime = Runtime(verified(place.workspace), store)
        store.meanwhile = lambda: revoke(place, id)
        outcome = runtime.run(RESERVE, ORDER, ANN)
        assert (outcome.kind, store.length(STORE, INTENT)) == ("REJECTED", 2)
    finally:
        store.close()


def test_state_that_is_exported_holds_no_override_that_could_be_loaded_elsewhere(
    place: Installation, tmp_path: Path
) -> None:
    grant(place)
    assert place.runtime("state", "export", tmp_path / "out").code == 0
    assert json.loads((tmp_path / "out" / "state.json").read_bytes()) == {}
    assert (tmp_path / "out" / "events" / "pgs__OVERRIDES.jsonl").exists()
    whole = json.dumps({STORE: {INTENT: []}}).encode()
    assert place.runtime("state", "load", "-", "--json", stdin=whole).error()["code"] == "R016"


def test_overrides_are_kept_in_the_store_that_is_named(place: Installation, postgres: Server) -> None:
    store = ("--store", postgres.url())
    id = str(grant(place, *store).json()["trace_id"])
    assert ask(place, *store).code == 4
    (only,) = place.runtime("waivers", "--json", *store).json()["overrides"]
    assert (only["id"], len(only["used_by"])) == (id, 1)
    assert revoke(place, id, *store).code == 0
    assert ask(place, *store).code == 5


def test_where_nothing_was_run_nothing_is_made_by_listing(place: Installation) -> None:
    answer = place.runtime("waivers")
    assert (answer.code, place.data.exists()) == (0, False)
    assert answer.out == "Findings that the snapshot lives with\n  none\n\nRules that were overridden\n  none\n"
    assert found(verified(place.workspace), place.data) is None
    with Evidence(place.workspace, place.data) as evidence:
        assert evidence.store is None
