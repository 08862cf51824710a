"""A secret in every labelled field of the example protocols: nothing that tells of a run holds one of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from pgs_runtime.examine.account import account
from pgs_runtime.examine.text import as_json, as_text
from pgs_runtime.runtime import Actor, Runtime
from pgs_runtime.trace.reading import trace_of
from pgs_snapshot.drawing import mermaid, svg
from pgs_snapshot.drawing.picture import picture_of
from pgs_snapshot.model import IntentNode, Schema
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.end_to_end.programs import ROOT, Argument, Installation, compiled
from tests.end_to_end.scenarios import REGISTER, VERIFY, actor_id
from tests.runtime.protocol import memory, ports

SNAPSHOT = Snapshot(verify(compiled(ROOT)))


def asks_outside(workflow: str) -> bool:
    """Whether a workflow can ask somebody outside, which takes a service: such runs are in `test_sending`."""
    binding = SNAPSHOT.graph(workflow).binding
    return binding is not None and bool(SNAPSHOT.binding(binding).effects)


WORKFLOWS = sorted(name for name in SNAPSHOT.workflows() if not asks_outside(name))
RUNTIME = Runtime(SNAPSHOT, memory(), ports())


@dataclass
class Planter:
    """Makes values of schemas, with a secret of its own in every labelled field."""

    draw: st.DrawFn
    secrets: list[str] = field(default_factory=list)

    def value(self, schema: Schema, labelled: bool = False) -> Value:
        labelled = labelled or bool(schema.get("labels"))
        if "enum" in schema:
            return self.draw(st.sampled_from(cast("list[Value]", schema["enum"])))
        match schema.get("type"):
            case "object":
                return self._object(schema, labelled)
            case "array":
                items = cast(Schema, schema.get("items", {}))
                return [self.value(items, labelled) for _ in range(self.draw(st.integers(1, 2)))]
            case "integer" | "number":
                least = cast(int, schema.get("minimum", 0))
                return self.draw(st.integers(least, cast(int, schema.get("maximum", least + 99))))
            case "boolean":
                return self.draw(st.booleans())
        return self._text(schema, labelled)

    def _object(self, schema: Schema, labelled: bool) -> Value:
        members = cast("Mapping[str, Schema]", schema.get("properties", {}))
        needed = cast("list[str]", schema.get("required", []))
        return {
            name: self.value(member, labelled)
            for name, member in members.items()
            if name in needed or self.draw(st.booleans())
        }

    def _text(self, schema: Schema, labelled: bool) -> Value:
        number = len(self.secrets)
        if not labelled:
            return self.draw(st.sampled_from(["a", "b-1", "AC_0123456789abcdef"]))
        secret = {
            "email": f"zq8.secret.{number}@example.org",
            "date": f"1871-0{1 + number % 9}-1{number % 10}",
        }.get(str(schema.get("format")), f"zq8 secret {number}")
        self.secrets.append(secret)
        spoilt: list[Value] = [secret, {secret: secret}, [secret, 1], {"first_name": {"x": secret}}]
        return spoilt[self.draw(st.sampled_from([0, 0, 0, 1, 2, 3]))]


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, Actor, Value, list[str]]:
    """A workflow, one of its actors, a payload that it may or may not admit, and the secrets in both."""
    workflow = draw(st.sampled_from(WORKFLOWS))
    start = SNAPSHOT.graph(workflow).nodes[0]
    assert isinstance(start, IntentNode)
    planter, intent = Planter(draw), SNAPSHOT.intent(start.intent)
    type = draw(st.sampled_from(intent.actors))
    attributes = cast("dict[str, Value]", planter.value(SNAPSHOT.actor(type).attributes))
    return workflow, Actor(type, "ann", attributes), planter.value(intent.payload), planter.secrets


def told(runtime: Runtime, run: str, message: str) -> Iterator[str]:
    """Everything that tells of a run but its result, which is for the caller alone."""
    lines = runtime.trace(run)
    trace = trace_of(lines)
    yield message
    yield from (line.decode() for line in lines)
    yield account(trace, runtime.snapshot)
    yield account(trace)
    yield as_text(trace, runtime.snapshot)
    yield as_json(trace, runtime.snapshot)
    picture = picture_of(runtime.snapshot.graph(trace.header.workflow), trace.way, run)
    yield svg.draw(picture)
    yield mermaid.draw(picture)


def assert_untold(texts: Iterator[str], secrets: list[str]) -> None:
    for text in texts:
        for secret in secrets:
            assert secret not in text


@given(requests())
def test_nothing_tells_what_stands_in_a_labelled_field(asked: tuple[str, Actor, Value, list[str]]) -> None:
    workflow, actor, payload, secrets = asked
    outcome = RUNTIME.run(workflow, payload, actor)
    assert_untold(told(RUNTIME, outcome.trace_id, outcome.message), secrets)


def test_there_is_something_to_plant() -> None:
    labelled = [name for name in WORKFLOWS if '"labels"' in _payload(name)]
    assert len(labelled) >= 4


def _payload(workflow: str) -> str:
    start = SNAPSHOT.graph(workflow).nodes[0]
    assert isinstance(start, IntentNode)
    return json.dumps(SNAPSHOT.intent(start.intent).payload)


ADA: dict[str, Value] = {
    "first_name": "zq8 Ada",
    "last_name": "zq8 Byron",
    "email_registration": "zq8.ada@example.org",
}
CUSTOMER: dict[str, Value] = {
    "full_name": "zq8 Grace Hopper",
    "date_of_birth": "1871-12-09",
    "email": "zq8.grace@example.org",
}
SECRETS = [*map(str, ADA.values()), *map(str, CUSTOMER.values()), "zq8 note", "zq8 other"]


def verifying(decision: str, notes: str) -> dict[str, Value]:
    return {
        "actor_id": actor_id(ADA),
        "actor_record": dict(ADA),
        "verifier_id": "vera",
        "decision": decision,
        "notes": notes,
    }


def payment(note: str) -> dict[str, Value]:
    return {
        "payer_account": "A1",
        "payee_account": "A2",
        "amount": 5,
        "currency": "CHF",
        "reference": "R-1",
        "note": note,
    }


STATE: dict[str, Value] = {
    "payments::ST_ACCOUNTS_V0": {
        "A1": {"customer_id": "C1", "currency": "CHF", "available": 100, "reserved": 0},
        "A2": {"customer_id": "C2", "currency": "CHF", "available": 0, "reserved": 0},
    },
    "payments::ST_CUSTOMERS_V0": {"C9": dict(CUSTOMER)},
    "payments::ST_LIMITS_V0": {"C1": {"per_payment": 50, "reserved_in_all": 90}},
    "payments::ST_KYC_V0": {"C1": {"status": "PASSED", "decided_by": "vera", "decided_at": "2026-03-01T09:00:00.000Z"}},
}
TELLER, CUSTOMER_OF = "payments::AC_TELLER_V0", "payments::AC_CUSTOMER_V0={}/customer.json"
RESERVE = "payments::WF_RESERVE_PAYMENT_V0"
REQUESTS: list[tuple[str, str, dict[str, Value], str]] = [
    (REGISTER, "", {"actor_record": dict(ADA)}, "COMPLETED"),
    (REGISTER, "", {"actor_record": dict(ADA)}, "COMPLETED"),
    (VERIFY, "", verifying("VERIFIED", "zq8 note"), "COMPLETED"),
    (VERIFY, "", verifying("REJECTED", "zq8 other"), "DECISION_CONFLICT"),
    (VERIFY, "", {**verifying("VERIFIED", "zq8 note"), "actor_id": "AC_0"}, "IDENTITY_MISMATCH"),
    (REGISTER, "", {"actor_record": {**ADA, "email_registration": "zq8 Ada"}}, "REJECTED"),
    ("payments::WF_OPEN_ACCOUNT_V0", TELLER, {"customer": dict(CUSTOMER), "currency": "CHF"}, "COMPLETED"),
    (RESERVE, CUSTOMER_OF, payment("zq8 note"), "COMPLETED"),
    (RESERVE, CUSTOMER_OF, payment("zq8 other"), "RESERVED_BEFORE"),
]


def test_no_command_and_no_file_tells_what_stands_in_a_labelled_field(examples: Installation) -> None:
    """Standard output, standard error and every file that is written, the store's among them."""
    for name, value in (("state.json", STATE), ("customer.json", {"customer_id": "C1"})):
        (examples.workspace / name).write_text(json.dumps(value), encoding="utf-8")
    texts = [examples.runtime("state", "load", examples.workspace / "state.json")]
    for workflow, who, payload, end in REQUESTS:
        actor = ["--actor", who.format(examples.workspace)] if who else []
        answer = examples.run(workflow, json.dumps(payload).encode(), *actor, "--json")
        assert answer.json()["exit"] == end, answer
        run = answer.json()["trace_id"]
        texts += [answer, examples.runtime("examine", run), examples.runtime("examine", run, "--json")]
    assert_untold((text for answer in texts for text in (answer.out, answer.err)), SECRETS)
    files = sorted((examples.workspace / "traces").glob("*/*"))
    assert {file.suffix for file in files} == {".jsonl", ".md"}
    assert_untold((file.read_text(encoding="utf-8") for file in files), SECRETS)
    kept = [file for file in examples.data.rglob("*") if file.is_file()]
    assert examples.data / "state.db" in kept
    for file in kept:
        held = file.read_bytes()
        assert not [secret for secret in SECRETS if secret.encode() in held], file


def test_a_command_whose_redactor_breaks_tells_that_and_nothing_else(examples: Installation) -> None:
    payload = json.dumps({"actor_record": ADA}).encode()
    places = ["--workspace", examples.workspace, "--data-root", examples.data]
    line: list[Argument] = ["run", "--wf", REGISTER, "--payload", "-", "--no-picture", "--json", *places]
    for at, runs in ((0, 0), (1, 0), (4, 1), (8, 2)):
        program = [sys.executable, "-m", "tests.durable.breaking", str(at), *line]
        done = subprocess.run(program, input=payload, capture_output=True, check=False, cwd=ROOT)
        assert done.returncode == 6
        assert b"R134" in done.stdout
        assert b"Traceback" not in done.stderr
        assert_untold(iter([(done.stdout + done.stderr).decode()]), SECRETS)
        assert len(examples.runs()) == runs
    for folder in (examples.data, examples.workspace / "traces"):
        for file in (file for file in folder.rglob("*") if file.is_file()):
            assert not [secret for secret in SECRETS if secret.encode() in file.read_bytes()], file
