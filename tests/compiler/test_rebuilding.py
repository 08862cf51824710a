"""What differs between a snapshot and what its declarations give is named by file, byte and place."""

from __future__ import annotations

import json

from pgs_compiler.rebuilding import first_difference
from pgs_snapshot.canonical import canonical, digest
from pgs_snapshot.seal import MANIFEST, SIGNATURE, verify
from tests.snapshot.small import MODULES, snapshot

GRAPH = "graphs/bank__WF_PAY_V0.json"


def test_sup_04_equal_files_do_not_differ_whoever_signed_them() -> None:
    assert first_difference(verify(snapshot()), snapshot()) is None
    assert first_difference(verify(snapshot() | {SIGNATURE: b"{}"}), snapshot()) is None


def test_sup_04_the_first_byte_that_differs_is_named_with_its_place() -> None:
    sealed, rebuilt = snapshot(1), snapshot(2)
    index = next(at for at, (one, other) in enumerate(zip(sealed[GRAPH], rebuilt[GRAPH], strict=False)) if one != other)
    told = first_difference(verify(sealed), rebuilt)
    assert told is not None
    assert told.startswith(f"`{GRAPH}` differs from byte {index} on (at `/summary`): sealed `")
    assert "Version 1." in told
    assert "Version 2." in told


def test_sup_04_a_source_that_differs_stands_under_another_name() -> None:
    other = snapshot(modules=MODULES | {"bank.rates": b"RATE = 3\n"})
    told = first_difference(verify(snapshot()), other)
    assert told is not None
    names = {f"sources/{digest(source)}" for source in (b"RATE = 2\n", b"RATE = 3\n")}
    assert told in {
        f"`{min(names)}` is in the snapshot, and nothing declares it.",
        f"`{min(names)}` is declared, and not in the snapshot.",
    }


def test_sup_04_a_file_on_one_side_only_is_named() -> None:
    more = snapshot(extra={"artifacts/x/a.json": b"{}"})
    assert first_difference(verify(more), snapshot()) == (
        "`artifacts/x/a.json` is in the snapshot, and nothing declares it."
    )
    assert first_difference(verify(snapshot()), more) == "`artifacts/x/a.json` is declared, and not in the snapshot."


def test_sup_04_another_version_of_the_compiler_is_said() -> None:
    files = snapshot()
    members = json.loads(files[MANIFEST]) | {"compiler": "0.2.0"}
    del members["root"]
    newer = files | {MANIFEST: canonical(members | {"root": digest(canonical(members))})}
    told = first_difference(verify(files), newer)
    assert told is not None
    assert told.startswith(f"`{MANIFEST}` differs from byte 15 on (at `/compiler`): ")
    assert told.endswith(" It was sealed by version 0.1.0 of the compiler, and this is 0.2.0.")
