"""What `benchmarks.processes` measures of one library: `PYTHON process_work.py pgs_process|theus|pop TURNS`.

Runs in the Python in which the library is installed, and needs nothing else. Of each piece of work it prints, as one
line of JSON, the time by the library and by the plain function, in microseconds, a pair for each turn; and the most
memory that one run takes, in bytes.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import tempfile
import time
import tracemalloc
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module, metadata

LARGE = 100_000
LEAST = 0.03
"""Seconds that one measurement takes at least."""


class Plain:
    """The same state without any guard or lock in the way."""


def transfer(ctx, from_user, to_user, amount):  # type: ignore[no-untyped-def]
    """Move an amount from one account to another."""
    if amount <= 0:
        raise ValueError("Amount must be positive")
    balance = ctx.domain_ctx.accounts.get(from_user, 0)
    if balance < amount:
        ctx.domain_ctx.sig_fraud_detected = True
        return "Failed"
    ctx.domain_ctx.accounts[from_user] -= amount
    ctx.domain_ctx.accounts[to_user] = ctx.domain_ctx.accounts.get(to_user, 0) + amount
    return "Success"


def crash(ctx):  # type: ignore[no-untyped-def]
    """Change one account, and fail."""
    ctx.domain_ctx.accounts["Alice"] = 1
    raise ValueError("boom")


def noop(ctx):  # type: ignore[no-untyped-def]
    """Nothing."""


def readone(ctx):  # type: ignore[no-untyped-def]
    """Read one account."""
    return ctx.domain_ctx.accounts["Alice"]


def reads(ctx):  # type: ignore[no-untyped-def]
    """Read one account 1,000 times."""
    accounts, total = ctx.domain_ctx.accounts, 0
    for _ in range(1000):
        total += accounts["Alice"]
    return total


def engine_over(library: str, size: int, audited: bool) -> tuple[object, object]:
    """An engine of a library over a bank with so many accounts, and the plain state beside it."""
    kit = import_module(library)
    modern = library == "pgs_process" or (library == "theus" and metadata.version("theus").startswith("2.2"))
    layer = "domain_ctx" if modern else "domain"

    @dataclass
    class BankDomain(kit.BaseDomainContext):  # type: ignore[name-defined, misc]
        accounts: dict = field(default_factory=dict)  # type: ignore[type-arg]
        total_reserves: int = 1_000_000
        sig_fraud_detected: bool = False

    @dataclass
    class BankSystem(kit.BaseSystemContext):  # type: ignore[name-defined, misc]
        domain_ctx: object = None
        global_ctx: object = field(default_factory=kit.BaseGlobalContext)

    accounts = {f"u{number}": 10**9 for number in range(size)} | {"Alice": 10**12, "Bob": 0}
    system = BankSystem(domain_ctx=BankDomain(accounts=accounts), global_ctx=kit.BaseGlobalContext())
    plain = Plain()
    plain.domain_ctx = Plain()  # type: ignore[attr-defined]
    plain.domain_ctx.accounts = dict(accounts)  # type: ignore[attr-defined]
    if library == "pop":
        engine = kit.POPEngine(system)
    else:
        recipe = None
        if audited:
            rules = import_module("pgs_process" if library == "pgs_process" else "theus.config")
            recipe = rules.AuditRecipe(
                definitions={
                    "transfer": rules.ProcessRecipe(
                        "transfer",
                        [rules.RuleSpec("amount", "max", 10_000, "B")],
                        [rules.RuleSpec("domain_ctx.total_reserves", "min", 0, "S")],
                    )
                }
            )
        engine = (kit.ProcessEngine if library == "pgs_process" else kit.TheusEngine)(
            system, strict_mode=True, audit_recipe=recipe
        )
    accounts_path = f"{layer}.accounts"
    for body, outputs in (
        (transfer, [accounts_path, f"{layer}.total_reserves", f"{layer}.sig_fraud_detected"]),
        (crash, [accounts_path]),
        (noop, []),
        (readone, []),
        (reads, []),
    ):
        inputs = [] if body is noop else [accounts_path]
        renamed = rebound(body)
        engine.register_process(
            body.__name__, kit.process(inputs=inputs, outputs=outputs, errors=["ValueError"])(renamed)
        )
    return engine, plain


def rebound(body: Callable[..., object]) -> Callable[..., object]:
    """A function of its own, for contracts are kept on functions."""
    return type(body)(body.__code__, body.__globals__, body.__name__)  # type: ignore[attr-defined, call-arg, no-any-return]


def failing(act: Callable[[], object]) -> Callable[[], object]:
    """The act, which ends with an error."""

    def tried() -> object:
        try:
            return act()
        except ValueError:
            return None

    return tried


def microseconds(act: Callable[[], object]) -> float:
    """The mean time of an act over many, of the processor, which other programs do not lengthen."""
    count, start = 0, time.process_time()
    while count < 1 or time.process_time() - start < LEAST:
        for _ in range(10):
            act()
        count += 10
    return (time.process_time() - start) / count * 1e6


def main(library: str, turns: int) -> None:
    """Measure everything."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    os.chdir(tempfile.mkdtemp())  # one of them writes to the working directory
    moves = {"from_user": "Alice", "to_user": "Bob", "amount": 1}
    work: list[tuple[str, int, str, dict[str, object], bool]] = [
        ("a transfer", 0, "transfer", moves, False),  # type: ignore[list-item]
        (f"a transfer among {LARGE:,} accounts", LARGE, "transfer", moves, False),  # type: ignore[list-item]
        ("a transfer with two audit rules", 0, "transfer", moves, True),  # type: ignore[list-item]
        ("a rollback", 0, "crash", {}, False),
        (f"a rollback among {LARGE:,} accounts", LARGE, "crash", {}, False),
        ("a process that does nothing", 0, "noop", {}, False),
        (f"reading one of {LARGE:,} accounts", LARGE, "readone", {}, False),
        ("1,000 reads in one run", 0, "reads", {}, False),
    ]
    for what, size, name, arguments, audited in work:
        if audited and library == "pop":
            continue
        engine, plain = engine_over(library, size, audited)
        body = globals()[name]
        by_library = failing(lambda e=engine, n=name, a=arguments: e.run_process(n, **a))  # type: ignore[misc, attr-defined]
        by_hand = failing(lambda b=body, p=plain, a=arguments: b(p, **a))  # type: ignore[misc]
        by_library(), by_hand()
        pairs = [(microseconds(by_library), microseconds(by_hand)) for _ in range(turns)]
        gc.collect()
        tracemalloc.start()
        by_library()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(json.dumps({"what": what, "pairs": pairs, "peak": peak}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
