"""What holds of every state: the schema of a context, and invariants over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgs_process import (
    ConfigError,
    ContextSchema,
    FieldSpec,
    InvariantError,
    ProcessEngine,
    SchemaError,
    load_schema,
    process,
)
from tests.process.audits import audited, written
from tests.process.contexts import System, raw


def test_tb115_a_schema_is_read_with_or_without_its_root(tmp_path: Path) -> None:
    body = "domain: {x: {type: integer, required: false, default: 1}, name: {}}\nglobal: {limit: {type: integer}}\n"
    plain = written(tmp_path, body)
    expected = ContextSchema(
        {"limit": FieldSpec("limit", "integer")},
        {"x": FieldSpec("x", "integer", required=False, default=1), "name": FieldSpec("name", "string", required=True)},
    )
    assert load_schema(plain) == expected
    rooted = "context:\n" + "".join(f"  {line}\n" for line in body.splitlines())
    assert load_schema(written(tmp_path, rooted)) == expected


@pytest.mark.parametrize(
    "text", ["domain: {x: {type: interger}}", "domian: {}", "domain: {x: {typ: integer}}", "domain: {x: {default: 5}}"]
)
def test_tb115_an_unknown_key_or_type_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"recipe\.yaml:1:"):
        load_schema(written(tmp_path, text))


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [("x", 5, True), ("x", "5", False), ("x", True, False), ("x", None, False), ("name", 5, False)],
)
def test_tb116_a_schema_is_held_at_the_commit(name: str, value: object, fits: bool) -> None:
    system = System()
    before = raw(system, name)
    schema = ContextSchema({}, {"x": FieldSpec("x", "integer"), "name": FieldSpec("name")})
    engine = audited(system, schema=schema)
    if fits:
        engine.run_process("set", name=name, value=value)
    else:
        with pytest.raises(SchemaError):
            engine.run_process("set", name=name, value=value)
    assert raw(system, name) == (value if fits else before)


def bank(**amounts: int):  # type: ignore[no-untyped-def]
    def body(ctx):  # type: ignore[no-untyped-def]
        for name, by in amounts.items():
            ctx.domain.accounts[name] = ctx.domain.accounts.get(name, 0) + by

    return body


@pytest.mark.parametrize(
    ("body", "stands"),
    [
        (bank(Alice=-5, Bob=5), True),
        (bank(Alice=-5, Carol=5), True),
        (bank(Alice=-5, Bob=6), False),
        (lambda ctx: ctx.domain.accounts.pop("Alice"), False),
        (lambda ctx: ctx.domain.accounts.pop("Bob"), True),
        (lambda ctx: ctx.domain.accounts.update(Alice="100"), False),
        (lambda ctx: setattr(ctx.domain, "accounts", {"Carol": 100}), True),
        (lambda ctx: setattr(ctx.domain, "accounts", {"Carol": 101}), False),
        (lambda ctx: (ctx.domain.accounts.pop("Alice"), ctx.domain.accounts.update(Dora=100)), True),
    ],
)
def test_money_is_conserved(body: object, stands: bool) -> None:
    system = System()
    engine = ProcessEngine(system, invariants=[{"conserved": "sum(domain.accounts)"}])
    engine.register_process("p", process([], ["domain.accounts"])(body))  # type: ignore[type-var]
    before = raw(system, "accounts")
    if stands:
        engine.run_process("p")
        assert sum(raw(system, "accounts").values()) == 100  # type: ignore[attr-defined]
    else:
        with pytest.raises(InvariantError, match="conserved") as caught:
            engine.run_process("p")
        assert raw(system, "accounts") is before
        assert before == {"Alice": 100, "Bob": 0}
        assert caught.value.rule == "conserved: sum(domain.accounts)"


@pytest.mark.parametrize(
    ("invariant", "good", "bad"),
    [
        ({"monotonic": "domain.x"}, ("x", 2), ("x", 0)),
        ({"unchanged_unless": {"path": "domain.y", "by": ["other"]}}, ("x", 5), ("y", 5)),
        ({"field": "domain.x", "max": 10}, ("x", 10), ("x", 11)),
        ({"conserved": "len(domain.items)"}, ("items", [4, 5, 6]), ("items", [])),
        ({"conserved": "domain.x"}, ("y", 5), ("x", 5)),
    ],
)
def test_other_invariants(invariant: object, good: tuple[str, object], bad: tuple[str, object]) -> None:
    system = System()
    engine = audited(system, invariants=[invariant])
    engine.run_process("set", name=good[0], value=good[1])
    with pytest.raises(InvariantError):
        engine.run_process("set", name=bad[0], value=bad[1])
    assert raw(system, good[0]) == good[1]


def test_an_invariant_may_be_broken_on_the_way_but_not_in_the_end() -> None:
    system = System()
    engine = ProcessEngine(system, invariants=[{"conserved": "sum(domain.accounts)"}])

    def outer(ctx):  # type: ignore[no-untyped-def]
        engine.run_process("take")
        ctx.domain.accounts["Bob"] += 5

    engine.register_process("take", process([], ["domain.accounts"])(bank(Alice=-5)))
    engine.register_process("outer", process([], ["domain.accounts"])(outer))
    engine.run_process("outer")
    with pytest.raises(InvariantError):
        engine.run_process("take")
    assert raw(system, "accounts") == {"Alice": 95, "Bob": 5}


@pytest.mark.parametrize(
    "spec",
    [
        5,
        {},
        {"conserve": "domain.x"},
        {"conserved": "domain.nosuch"},
        {"conserved": "domain.x.clear()"},
        {"unchanged_unless": {}},
    ],
)
def test_what_is_no_invariant_is_refused(spec: object) -> None:
    with pytest.raises(ConfigError):
        ProcessEngine(System(), invariants=[spec])
