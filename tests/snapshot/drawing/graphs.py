"""Graphs and pictures to draw, and texts that try to be more than text."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from pgs_snapshot.drawing.kinds import KINDS, STANDS
from pgs_snapshot.drawing.picture import Arrow, Box, Picture
from pgs_snapshot.model import Bounds, ContractNode, Edge, ExitKind, ExitNode, Graph, IntentNode, Node


def intent(node: str, name: str, following: Mapping[str, str]) -> IntentNode:
    edges = {outcome: Edge(to) for outcome, to in following.items()}
    return IntentNode(id=node, intent=name, next=edges, at="a.yaml:1")


def contract(node: str, name: str, following: Mapping[str, str]) -> ContractNode:
    edges = {outcome: Edge(to) for outcome, to in following.items()}
    return ContractNode(id=node, contract=name, inputs={}, unproven=(), next=edges, at="a.yaml:1")


def ending(node: str, kind: ExitKind, *names: str) -> ExitNode:
    return ExitNode(
        id=node,
        exit=kind,
        names=names or (kind,),
        reason=None,
        result={},
        result_schema={},
        emit={},
        at="a.yaml:1",
    )


def graph(workflow: str, *nodes: Node) -> Graph:
    return Graph(
        workflow=workflow,
        summary="Register an actor whose identity is not verified yet",
        binding=None,
        start=nodes[0].id,
        slots=(),
        nodes=nodes,
        bounds=Bounds(nodes=1, steps=1, effects=1),
        hidden={},
        at="a.yaml:1",
    )


REGISTER_ACTOR = graph(
    "blockchain::WF_REGISTER_ACTOR_UNVERIFIED_V0",
    intent("admit", "blockchain::IN_REGISTER_ACTOR_V0", {"ACK": "name_actor", "NACK": "rejected"}),
    contract("name_actor", "core::CC_GENERATE_ACTOR_ID_V0", {"SUCCESS": "register"}),
    contract(
        "register",
        "blockchain::CC_REGISTER_ACTOR_V0",
        {"SUCCESS": "record", "ALREADY_EXISTS": "record", "CONFLICT": "conflict"},
    ),
    contract("record", "blockchain::CC_APPEND_ACTOR_EVENT_V0", {"SUCCESS": "done"}),
    ending("done", "COMPLETED"),
    ending("conflict", "DENIED", "IDENTITY_CONFLICT"),
    ending("rejected", "REJECTED"),
)
SEEN_AGAIN = (
    ("admit", "ACK"),
    ("name_actor", "SUCCESS"),
    ("register", "ALREADY_EXISTS"),
    ("record", "SUCCESS"),
    ("done", "COMPLETED"),
)
IN_CONFLICT = (
    ("admit", "ACK"),
    ("name_actor", "SUCCESS"),
    ("register", "CONFLICT"),
    ("conflict", "IDENTITY_CONFLICT"),
)

HOSTILE = (
    'a "quoted" word',
    "\\N \\G \\l \\",
    "<b>bold</b>",
    "<img src=x onerror=alert(1)>",
    "]]>",
    "end",
    "The End of it",
    "`code`",
    "#quot; #35; &amp; &lt;",
    '%%{init: {"theme": "dark"}}%%',
    'x"]:::c; click n0 "javascript:alert(1)"',
    '", URL="file:///etc/passwd',
    "1. list",
    "{{x}} |p| ([y])",
    "two\nlines\r\tand\x00a tab",
    "\u202egnp.exe \u2066\u2069",
    "\ufeff\u200b\ud800\ufffe",
    "Ünïcode → 名前 ₿",
    "",
)


def hostile_picture(texts: tuple[str, ...] = HOSTILE) -> Picture:
    """A chain of boxes and arrows, and a title, that say each of the texts."""
    boxes = tuple(Box(f"b{index}", text, text, "contract", index) for index, text in enumerate(texts))
    arrows = tuple(Arrow(f"b{index}", f"b{index + 1}", (text, "OTHER"), text) for index, text in enumerate(texts[:-1]))
    return Picture("; ".join(texts), texts[0], boxes, arrows, texts[-1])


texts = st.text(max_size=60)
names = st.from_regex(r"[A-Z][A-Z0-9_]{0,60}", fullmatch=True)


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    """Acyclic pictures of up to twelve boxes of any kind, with and without a run."""
    count = draw(st.integers(1, 12))
    kinds = st.sampled_from(sorted(KINDS))
    steps = draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    stands = st.sampled_from(("", *STANDS))
    boxes = tuple(
        Box(f"b{index}", draw(names), draw(names), draw(kinds), steps[index], draw(stands)) for index in range(count)
    )
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).map(sorted)
    arrows: list[Arrow] = []
    for source, target in draw(st.lists(pairs, max_size=24, unique_by=tuple)):
        if source < target:
            outcomes = draw(st.lists(names, min_size=1, max_size=9, unique=True))
            taken = draw(st.sampled_from(["", *outcomes]))
            arrows.append(Arrow(f"b{source}", f"b{target}", tuple(outcomes), taken, draw(st.booleans())))
    return Picture(draw(names), draw(names), boxes, tuple(arrows))
