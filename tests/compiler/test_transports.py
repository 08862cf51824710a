"""Ingress and egress: what is sealed of them, and what a change of one means."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pgs_compiler.changes.compare import compare
from pgs_compiler.compiler import compile_workspace
from pgs_snapshot.model import Literal_, Ref, Text
from pgs_snapshot.seal import Sealed, verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.transports import Response, Route, Tool

PROGRAM = Path(__file__).parent / "programs/transports"
FILE = "transports.yaml"


def sealed(root: Path, *edits: tuple[str, str]) -> Sealed:
    """The program with some texts replaced, compiled."""
    shutil.copytree(PROGRAM, root)
    text = (root / FILE).read_text(encoding="utf-8")
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (root / FILE).write_text(text, encoding="utf-8")
    compilation = compile_workspace(root)
    assert compilation.files is not None, [finding.message for finding in compilation.findings]
    return verify(compilation.files)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return Snapshot(sealed(tmp_path_factory.mktemp("transports") / "workspace"))


def changes(root: Path, *edits: tuple[str, str]) -> list[str]:
    found = compare(sealed(root / "old"), sealed(root / "new", *edits))
    return [f"{each.weight} {each.name.partition('::')[2]} {each.aspect}: {each.what}" for each in found]


# --- what is sealed ------------------------------------------------------------------------------


def test_an_ingress_is_sealed_with_all_that_a_transport_needs(snapshot: Snapshot) -> None:
    ingress = snapshot.ingress("transports::TI_ASK_V0")
    assert (ingress.http, ingress.mcp) == (Route("GET", "/rooms/{room}"), None)
    assert (ingress.workflow, ingress.egress) == ("transports::WF_ASK_V0", "transports::TE_ASK_V0")
    assert ingress.actor == "transports::AC_GUEST_V0"
    assert ingress.payload == {
        "room": Ref(0, ("path", "room")),
        "seats": Ref(0, ("query", "seats"), optional=True),
        "email": Ref(0, ("headers", "x_email"), optional=True),
        "otherwise": Literal_("FULL"),
    }
    assert ingress.request_id == Ref(0, ("headers", "x_request"), optional=True)


def test_the_schema_of_a_request_is_closed_and_has_every_part(snapshot: Snapshot) -> None:
    request = snapshot.ingress("transports::TI_ASK_BY_TOOL_V0").request
    assert request == {
        "type": "object",
        "additionalProperties": False,
        "required": ["arguments"],
        "properties": {
            "arguments": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"room": {"enum": ["EAST", "WEST"]}, "otherwise": {"enum": ["FULL", "CLOSED"]}},
                "required": ["otherwise", "room"],
            }
        },
    }


def test_a_whole_part_passes_its_members_and_no_default_of_the_intent(snapshot: Snapshot) -> None:
    ingress = snapshot.ingress("transports::TI_ASK_BY_TOOL_V0")
    assert ingress.mcp == Tool("ask-for_room", "Say whether a room is free")
    assert ingress.payload == {
        "room": Ref(0, ("arguments", "room")),
        "otherwise": Ref(0, ("arguments", "otherwise")),
    }
    assert ingress.request_id is None


def test_an_egress_is_sealed_with_each_exit_and_the_schema_of_what_is_answered(snapshot: Snapshot) -> None:
    egress = snapshot.egress("transports::TE_ASK_V0")
    assert set(egress.responses) == {"COMPLETED", "FULL", "CLOSED", "REJECTED"}
    assert egress.clears == ("pii",)
    free = egress.responses["COMPLETED"]
    assert (free.kind, free.status) == ("COMPLETED", 200)
    assert free.body == {
        "room": Text((Literal_("room "), Ref(0, ("room",)))),
        "email": Ref(0, ("email",), optional=True),
        "run": Ref(2, ("id",)),
    }
    assert free.body_schema == {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "room": {"type": "string"},
            "email": {"type": "string", "labels": ["pii"]},
            "run": {"type": "string"},
        },
        "required": ["room", "run"],
    }


def test_no_body_is_another_thing_than_an_empty_one(snapshot: Snapshot) -> None:
    responses = snapshot.egress("transports::TE_ASK_V0").responses
    assert responses["CLOSED"] == Response("DENIED", 410, None, None)
    assert responses["REJECTED"].body == {}


def test_the_flows_of_a_workflow_lead_into_its_responses() -> None:
    flows = compile_workspace(PROGRAM).flows
    assert flows is not None
    arrivals = [
        (item.mark.source, item.mark.word, item.sink.name, item.verdict, item.by)
        for item in flows.workflows["transports::WF_ASK_V0"].arrivals
        if item.sink.kind == "response"
    ]
    assert arrivals == [("payload.email", "pii", "`COMPLETED` of `TE_ASK_V0`", "cleared", "`TE_ASK_V0`")]


# --- what a change means -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (('"/rooms/{room}"', '"/room/{room}"'),
         ["breaking TI_ASK_V0 names: it is asked as `GET /room/{room}`, and was as `GET /rooms/{room}`"]),
        (("ask-for_room", "ask"), ["breaking TI_ASK_BY_TOOL_V0 names: it is asked as the tool `ask`, "
                                   "and was as the tool `ask-for_room`"]),
        (("Say whether", "Ask whether"), ["behaviour TI_ASK_BY_TOOL_V0 names: the tool is described otherwise"]),
        (("actor: AC_GUEST_V0", "actor: AC_OPERATOR_V0"),
         ["breaking TI_ASK_V0 actors: it authenticates `core::AC_OPERATOR_V0`, and did `transports::AC_GUEST_V0`"]),
        (("path: {room: {type: string}}", "path: {room: {enum: [EAST, WEST]}}"),
         ["breaking TI_ASK_V0 data: fewer values fit the request: what fitted the old may fit the new, and the "
          'other way round it fits (at `/path/room` a string, where one of `"EAST"`, `"WEST"` is wanted)']),
        (("otherwise: FULL\n", "otherwise: CLOSED\n"), ["behaviour TI_ASK_V0 steps: `payload` differs"]),
        (("status: 409", "status: 404"), ["breaking TE_ASK_V0 outcomes: the status of `FULL` is 404, and was 409"]),
        (("{status: 410}", "{status: 410, body: {}}"),
         ["breaking TE_ASK_V0 data: the response to `CLOSED` has a body"]),
        (("body: {why: $.exit}", "body: {why: FULL}"),
         ["behaviour TE_ASK_V0 data: what the response to `FULL` tells comes from somewhere else"]),
        (("enum: [FULL, CLOSED]", "enum: [FULL, SHUT]"), None),
    ],
    ids=["path", "tool", "description", "actor", "request", "payload", "status", "body", "source", "exit"],
)  # fmt: skip
def test_a_change_is_weighed_by_who_asks_from_outside(tmp_path: Path, edit: tuple[str, str], told: list[str]) -> None:
    edits = [edit] if told else [edit, ("  CLOSED: {status", "  SHUT: {status")]
    found = [line for line in changes(tmp_path, *edits) if "TI_" in line or "TE_" in line]
    assert found == (told or [
        "breaking TE_ASK_V0 outcomes: the response to `CLOSED` is gone",
        "breaking TE_ASK_V0 outcomes: the response to `SHUT` is new",
        "breaking TI_ASK_BY_TOOL_V0 data: fewer values fit the request: what fitted the old may fit the new, and the "
        'other way round it may fit (at `/arguments/otherwise` `"CLOSED"` is not one of `"FULL"`, `"SHUT"`)',
    ])  # fmt: skip
