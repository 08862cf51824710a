"""Time, identifiers and the fingerprint, as runs get them from outside."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_runtime.ports import Ports, fingerprint, request_run_id, run_id, timestamp
from pgs_runtime.trace.lines import is_run_id

micros = st.integers(0, 253_402_300_799_999_999)
RUN_ID = re.compile(r"[0-7][0-9a-v]{25}")


def at(clock: int, entropy: bytes = bytes(10)) -> Ports:
    return Ports(clock=lambda: clock, entropy=lambda size: entropy[:size])


@given(micros, st.binary(min_size=10, max_size=10))
def test_a_run_id_is_a_uuid_of_version_7_with_its_time(clock: int, entropy: bytes) -> None:
    id = run_id(at(clock, entropy))
    assert RUN_ID.fullmatch(id)
    assert is_run_id(id)
    number = int(id, 32)
    made = uuid.UUID(int=number)
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert number >> 80 == clock // 1000
    random = int.from_bytes(entropy, "big")
    assert number & ((1 << 62) - 1) == random & ((1 << 62) - 1)
    assert number >> 64 & 0xFFF == random >> 62 & 0xFFF


@given(micros, micros, st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_run_ids_sort_by_the_millisecond(one: int, other: int, a: bytes, b: bytes) -> None:
    if one // 1000 < other // 1000:
        assert run_id(at(one, a)) < run_id(at(other, b))


def test_run_ids_of_one_moment_differ() -> None:
    ports = Ports(clock=lambda: 5)
    assert len({run_id(ports) for _ in range(500)}) == 500


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (999, "1970-01-01T00:00:00.000Z"),
        (1_000, "1970-01-01T00:00:00.001Z"),
        (1_772_355_600_123_999, "2026-03-01T09:00:00.123Z"),
        (253_402_300_799_999_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_timestamp_is_rfc_3339_in_utc_with_milliseconds(moment: int, text: str) -> None:
    assert timestamp(moment) == text


@given(micros)
def test_a_timestamp_is_the_moment_cut_to_milliseconds(moment: int) -> None:
    text = timestamp(moment)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    since = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    assert (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000 == moment // 1000


def test_the_id_of_a_request_follows_from_store_workflow_and_request_alone() -> None:
    text = json.dumps(["store", "d::WF_V0", "r-1"], separators=(",", ":")).encode()
    number = int.from_bytes(hashlib.sha256(text).digest()[:16], "big")
    id = request_run_id(b"store", "d::WF_V0", "r-1")
    assert (int(id, 32), len(id)) == (number, 26)
    assert is_run_id(id)
    others = {
        request_run_id(b"other", "d::WF_V0", "r-1"),
        request_run_id(b"store", "d::WF_V1", "r-1"),
        request_run_id(b"store", "d::WF_V0", "r-2"),
        request_run_id(b"store", "d::WF_V0r", "-1"),
    }
    assert len(others | {id}) == 5


def test_the_machines_own_ports_are_its_clock_and_entropy() -> None:
    ports = Ports()
    before = time.time_ns() // 1000
    assert before <= ports.clock() <= time.time_ns() // 1000
    assert ports.entropy(10) != ports.entropy(10)


def test_the_fingerprint_is_the_same_in_every_process_of_one_python() -> None:
    assert sorted(fingerprint()) == ["engine", "implementation", "python", "unicode"]
    code = "import json; from pgs_runtime.ports import fingerprint; print(json.dumps(fingerprint()))"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == fingerprint()
