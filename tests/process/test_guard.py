"""What a body can read and write: default deny, at every depth."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pgs_process import ContractViolationError, ProcessError
from tests.process.contexts import System, ran, raw

Body = Callable[[object], object]


def refused(body: Body, inputs: list[str], outputs: list[str], **more: object) -> ContractViolationError:
    """The breach with which a body ends; nothing of the state may have changed."""
    system, before = System(), System()
    with pytest.raises(ContractViolationError) as caught:
        ran(body, inputs, outputs, system, **more)
    assert state(system) == state(before)
    return caught.value


def state(system: System) -> dict[str, object]:
    """The fields that can be compared."""
    return {
        name: raw(system, name) for name in ("x", "y", "items", "matrix", "d", "tags", "queue", "tup", "obj", "objects")
    }


@pytest.mark.parametrize("inputs", [["domain.y"], []])
def test_tb011_reading_what_is_not_declared_is_refused_by_its_path(inputs: list[str]) -> None:
    error = refused(lambda ctx: ctx.domain_ctx.x, inputs, [])
    assert error.path == "domain.x"
    assert "`domain.x`" in str(error)


def test_tb012_an_output_can_be_read() -> None:
    assert ran(lambda ctx: ctx.domain.x, [], ["domain.x"])[0] == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("domain.obj.value", lambda ctx: (ctx.domain.obj.value, ctx.domain.obj.secret)),
        ("domain.d.a", lambda ctx: (ctx.domain.d["a"], ctx.domain.d["n"])),
        ("domain.d.a", lambda ctx: ctx.domain.d.get("n")),
        ("domain.d.a", lambda ctx: "n" in ctx.domain.d),
        ("domain.d.a", lambda ctx: list(ctx.domain.d)),
        ("domain.d.a", lambda ctx: len(ctx.domain.d)),
        ("domain.d.a", lambda ctx: list(ctx.domain.d.values())),
        ("domain.d.a", lambda ctx: ctx.domain.d.items()),
        ("domain.d.a", lambda ctx: ctx.domain.d == {}),
        ("domain.d.a", lambda ctx: ctx.domain.d.copy()),
        ("domain.d.a", lambda ctx: ctx.domain.d),
        ("domain.d.a", lambda ctx: [ctx.domain.d]),
        ("domain.obj.value", lambda ctx: ctx.domain.obj),
    ],
)
def test_tb015_a_grant_of_a_part_holds_at_every_depth(path: str, body: Body) -> None:
    refused(body, [path], [])


def test_tb015_the_part_itself_is_granted() -> None:
    assert ran(lambda ctx: ctx.domain.obj.value, ["domain.obj.value"])[0] == 1
    assert ran(lambda ctx: ctx.domain.d["n"], ["domain.d.n"])[0] == [1]


@pytest.mark.parametrize(
    "ask",
    [
        lambda ctx: hasattr(ctx.domain, "x"),
        lambda ctx: getattr(ctx.domain, "x", 5),
        lambda ctx: hasattr(ctx.domain, "nothing_of_this_name"),
    ],
)
def test_tb016_asking_whether_is_reading(ask: Body) -> None:
    refused(ask, ["domain.y"], [])


PRIVATE = ["_target", "_target_obj", "__dict__", "_data", "_tx", "_core", "_outside", "_mapping", "_hidden"]


@pytest.mark.parametrize("name", PRIVATE)
@pytest.mark.parametrize(
    "reach",
    [
        lambda ctx: ctx.domain,
        lambda ctx: ctx.domain.obj,
        lambda ctx: ctx.domain.items,
        lambda ctx: ctx.domain.d,
        lambda ctx: ctx,
    ],
)
def test_tb017_nothing_private_is_reached_by_attributes(name: str, reach: Body) -> None:
    whole = ["domain.obj", "domain.items", "domain.d"]
    with pytest.raises(ProcessError):
        ran(lambda ctx: getattr(reach(ctx), name), whole, whole)


def test_tb018_an_input_is_not_written() -> None:
    assert refused(lambda ctx: setattr(ctx.domain, "x", 5), ["domain.x"], ["domain.y"]).path == "domain.x"


def test_tb019_a_parent_grants_its_children() -> None:
    _, system = ran(lambda ctx: setattr(ctx.domain, "x", 5), [], ["domain"])
    assert raw(system, "x") == 5


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("domain.obj.value", lambda ctx: setattr(ctx.domain.obj, "secret", 0)),
        ("domain.obj.value", lambda ctx: setattr(ctx.domain.obj, "other", 0)),
        ("domain.obj.value", lambda ctx: ctx.domain.obj.push(1)),
        ("domain.d.a", lambda ctx: ctx.domain.d.__setitem__("zz", 1)),
        ("domain.d.a", lambda ctx: ctx.domain.d.update(b=1)),
        ("domain.d.a", lambda ctx: ctx.domain.d.pop("n")),
        ("domain.d.a", lambda ctx: ctx.domain.d.clear()),
        ("domain.d.a", lambda ctx: ctx.domain.d.popitem()),
    ],
)
def test_tb021_a_sibling_of_a_granted_part_is_not_written(path: str, body: Body) -> None:
    refused(body, [], [path])


def test_tb021_the_granted_part_is_written() -> None:
    def body(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.obj.value = 5
        ctx.domain.d["a"] += 1
        ctx.domain.d["n"].append(2)

    _, system = ran(body, [], ["domain.obj.value", "domain.d.a", "domain.d.n"])
    assert (raw(system, "obj").value, raw(system, "d")) == (5, {"a": 2, "n": [1, 2], "b": 2})  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("paths", "body"),
    [
        (["domain.obj.value"], lambda ctx: setattr(ctx.domain, "obj", object())),
        (["domain.d.a"], lambda ctx: setattr(ctx.domain, "d", {})),
        (["domain.x"], lambda ctx: setattr(ctx, "domain_ctx", object())),
        (["domain"], lambda ctx: setattr(ctx, "domain", object())),
        (["domain.x"], lambda ctx: delattr(ctx, "domain_ctx")),
    ],
)
def test_tb022_a_child_grant_is_no_parent_grant(paths: list[str], body: Body) -> None:
    refused(body, paths, paths)


def test_tb024_a_breach_that_the_body_catches_still_fails_the_run() -> None:
    def body(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.x = 5
        try:
            ctx.domain.y = 5
        except ContractViolationError:
            return "fine"

    assert refused(body, [], ["domain.x"]).path == "domain.y"


def test_tb026_fields_are_not_deleted() -> None:
    error = refused(lambda ctx: delattr(ctx.domain, "x"), [], ["domain.x"])
    assert "cannot be deleted" in str(error)


LIST_WRITES: list[Body] = [
    lambda v: v.append(1),
    lambda v: v.__setitem__(0, 9),
    lambda v: v.__delitem__(0),
    lambda v: v.__iadd__([1]),
    lambda v: v.__imul__(2),
    lambda v: v.__setitem__(slice(0, 1), [9]),
    lambda v: v.__delitem__(slice(0, 1)),
    lambda v: v.sort(),
    lambda v: v.reverse(),
    lambda v: v.clear(),
    lambda v: v.insert(0, 1),
    lambda v: v.extend([1]),
    lambda v: v.pop(),
    lambda v: v.remove(1),
]


@pytest.mark.parametrize("write", LIST_WRITES)
def test_tb034_a_list_that_is_an_input_is_not_written(write: Body) -> None:
    refused(lambda ctx: write(ctx.domain.items), ["domain.items"], [])


DICT_WRITES: list[Body] = [
    lambda v: v.__setitem__("a", 9),
    lambda v: v.update(a=9),
    lambda v: v.update({}),
    lambda v: v.setdefault("zz", 9),
    lambda v: v.pop("a"),
    lambda v: v.pop("zz", None),
    lambda v: v.popitem(),
    lambda v: v.clear(),
    lambda v: v.__delitem__("a"),
    lambda v: v.__ior__({"a": 9}),
]


@pytest.mark.parametrize("write", DICT_WRITES)
def test_tb035_a_dict_that_is_an_input_is_not_written(write: Body) -> None:
    refused(lambda ctx: write(ctx.domain.d), ["domain.d"], [])


NESTED: list[Body] = [
    lambda ctx: ctx.domain.matrix[0].append(9),
    lambda ctx: ctx.domain.matrix[-1].append(9),
    lambda ctx: ctx.domain.matrix[0:1][0].append(9),
    lambda ctx: ctx.domain.d["n"].append(9),
    lambda ctx: ctx.domain.d.get("n").append(9),
]


@pytest.mark.parametrize("write", NESTED)
def test_tb036_freezing_is_deep_by_index_slice_and_key(write: Body) -> None:
    refused(write, ["domain.matrix", "domain.d"], [])


ITERATED: list[Body] = [
    lambda ctx: [row.append(9) for row in ctx.domain.matrix],
    lambda ctx: next(reversed(ctx.domain.matrix)).append(9),
    lambda ctx: [v.append(9) for v in ctx.domain.d.values() if not isinstance(v, int)],
    lambda ctx: [v.append(9) for _, v in ctx.domain.d.items() if not isinstance(v, int)],
    lambda ctx: ctx.domain.tup[0].append(9),
    lambda ctx: [row.append(9) for row in (*ctx.domain.matrix,)],
    lambda ctx: max(ctx.domain.matrix).append(9),
    lambda ctx: sorted(ctx.domain.matrix)[0].append(9),
    lambda ctx: [*filter(lambda row: row.append(9), ctx.domain.matrix)],
    lambda ctx: setattr(ctx.domain.objects[0], "value", 9),
    lambda ctx: ctx.domain.obj.items.append(9),
    lambda ctx: ctx.domain.obj.push(9),
    lambda ctx: ctx.domain.obj.itself().items.append(9),
    lambda ctx: setattr(ctx.domain.obj, "double", 8),
]


@pytest.mark.parametrize("write", ITERATED)
def test_tb037_freezing_is_deep_by_every_other_way(write: Body) -> None:
    refused(write, ["domain.matrix", "domain.d", "domain.tup", "domain.obj", "domain.objects"], [])


def test_tb041_a_change_of_an_opaque_or_callable_input_has_no_effect_on_the_state() -> None:
    _, system = ran(lambda ctx: ctx.domain.raw.__setitem__(0, 0), ["domain.raw"])
    assert raw(system, "raw") == b"abc"
    system = System()
    with pytest.raises(ContractViolationError):
        ran(lambda ctx: setattr(ctx.domain.net, "w", 5), ["domain.net"], [], system)
    assert raw(system, "net").w == 1  # type: ignore[attr-defined]
    assert ran(lambda ctx: ctx.domain.net(3), ["domain.net"])[0] == 3


def test_a_layer_is_neither_returned_nor_copied() -> None:
    refused(lambda ctx: ctx.domain, ["domain"], [])
    refused(lambda ctx: {"all": ctx.domain}, ["domain"], [])
