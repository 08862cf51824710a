"""What lies beside the recorded vectors has an outcome as well, and nothing is raised."""

from __future__ import annotations

import pytest

from pgs_snapshot.values import Outcome, Value
from tests.capabilities.vectors import CALLS, Record, vectors

MOST = 2**53 - 1
ACTIVE: Record = {"actor_id": "A", "status": "ACTIVE"}
PASSIVE: Record = {"actor_id": "B", "status": None}
KEY = "0x" + 31 * "00" + "01"
GENERATOR = (
    "0x0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
)
ORDER = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"
TRANSACTION: Record = {"chain_id": 1, "nonce": 0, "to": "0x" + 20 * "11", "value": "0"}


def test_every_recorded_transform_has_a_call_of_ours() -> None:
    assert {vector["ct"].rpartition("::")[2] for vector in vectors()} <= CALLS.keys()


def ended(name: str, inputs: Record) -> Outcome:
    answer = CALLS[f"{name}_V0"](inputs)
    return answer if isinstance(answer, Outcome) else Outcome("SUCCESS", **answer)


@pytest.mark.parametrize(
    ("name", "inputs", "outputs"),
    [
        (
            "CT_EXEC_EMIT",
            {"value": [0.5, -MOST, "e\u0301", {"": None}]},
            {"result": [0.5, -MOST, "e\u0301", {"": None}]},
        ),
        ("CT_PURE_ASSEMBLE_RECORD", {"fields": {}}, {"record": {}}),
        ("CT_PURE_ASSEMBLE_RECORD", {"fields": {"a": None, "": []}}, {"record": {"a": None, "": []}}),
        ("CT_PURE_CHECK_QUOTA_AVAILABLE", {"assigned_count": 0, "quota": 0}, {"quota_available": False}),
        ("CT_PURE_CHECK_QUOTA_AVAILABLE", {"assigned_count": 11, "quota": 10}, {"quota_available": False}),
        ("CT_PURE_CHECK_QUOTA_AVAILABLE", {"assigned_count": MOST - 1, "quota": MOST}, {"quota_available": True}),
        ("CT_PURE_COMPARE_EQUAL", {"left": "a", "right": "a"}, {"is_equal": True}),
        ("CT_PURE_COMPARE_EQUAL", {"left": "\u00e9", "right": "e\u0301"}, {"is_equal": False}),
        ("CT_PURE_COMPARE_EQUAL", {"left": "", "right": " "}, {"is_equal": False}),
        (
            "CT_PURE_DERIVE_SLOT_EPOCH",
            {"slot_number": 0},
            {"epoch_number": 0, "slot_index": 0, "round_number": 0, "timestamp": "2026-01-01T00:00:00Z"},
        ),
        (
            "CT_PURE_DERIVE_SLOT_EPOCH",
            {"slot_number": 65, "slots_per_epoch": 32, "slot_start_ts": None},
            {"epoch_number": 2, "slot_index": 1, "round_number": 65, "timestamp": "2026-01-01T00:32:30Z"},
        ),
        (
            "CT_PURE_DERIVE_SLOT_EPOCH",
            {"slot_number": 7, "slot_start_ts": "2028-02-29T00:00:00Z"},
            {"epoch_number": 0, "slot_index": 7, "round_number": 7, "timestamp": "2028-02-29T00:00:00Z"},
        ),
        (
            "CT_PURE_EXTRACT",
            {"from": {"a": {"b": [1, {"c": 2}]}}, "path": "$.a.b[1].c", "type": "integer"},
            {"result": 2},
        ),
        ("CT_PURE_EXTRACT", {"from": {"a": None}, "path": "a", "type": "any"}, {"result": None}),
        ("CT_PURE_EXTRACT", {"from": {"a": False}, "path": "a", "type": "boolean"}, {"result": False}),
        ("CT_PURE_EXTRACT_PREDECESSOR_HASH", {"block": {"predecessor_hash": "ab"}}, {"result": "ab"}),
        (
            "CT_PURE_EXTRACT_WALLET_TX_FIELDS",
            {
                "wallet_record": {
                    "actor_id": "A",
                    "addresses": {"eoa": [{"address": "0x1"}]},
                    "state": {"eoa": {"nonce": 3}},
                }
            },
            {"actor_id": "A", "from_address": "0x1", "current_nonce": 3},
        ),
        ("CT_PURE_FILTER_RECORDS", {"source": [ACTIVE, PASSIVE], "filter": {}}, {"extracted": [ACTIVE, PASSIVE]}),
        ("CT_PURE_FILTER_RECORDS", {"source": [ACTIVE, PASSIVE], "filter": {"status": None}}, {"extracted": [PASSIVE]}),
        ("CT_PURE_FILTER_RECORDS", {"source": [1, None, ACTIVE], "filter": {"actor_id": "A"}}, {"extracted": [ACTIVE]}),
        ("CT_PURE_GENERATE_ID", {"prefix": "X", "data": 1.0}, {"id": "X_48208f9428d64634"}),
        ("CT_PURE_GENERATE_ID", {"prefix": "X", "data": 1}, {"id": "X_48208f9428d64634"}),
        (
            "CT_PURE_KECCAK256_HASH",
            {"input_bytes": ""},
            {"hash_hex": "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
        ),
        ("CT_PURE_LOOKUP", {"key": "", "map": {"": False}}, {"result": False}),
        ("CT_PURE_LOOKUP", {"key": "a", "map": {"a": None}}, {"result": None}),
        (
            "CT_PURE_MNEMONIC_TO_SEED",
            {"mnemonic": WORDS, "passphrase": "TREZOR"},
            {
                "seed_bytes": "0x2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6f"
                "a457fe1296106559a3c80937a1c1069be3a3a5bd381ee6260e8d9739fce1f607"
            },
        ),
        (
            "CT_PURE_PRIVATE_KEY_TO_PUBLIC",
            {"private_key_bytes": KEY, "curve": "secp256k1"},
            {"public_key_uncompressed_bytes": GENERATOR},
        ),
        (
            "CT_PURE_PUBKEY_TO_ETH_ADDRESS",
            {"public_key_uncompressed_bytes": GENERATOR},
            {"eth_address_hex": "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"},
        ),
        (
            "CT_PURE_SELECT_PROPOSER",
            {"eligible_validators": [ACTIVE, PASSIVE], "round_number": MOST},
            {"proposer_id": "B"},
        ),
        (
            "CT_PURE_SELECT_PROPOSER",
            {"eligible_validators": [ACTIVE, PASSIVE], "round_number": -1},
            {"proposer_id": "B"},
        ),
        ("CT_PURE_VALIDATE_PARAMETER_RULES", {"parameters": {}, "rules": []}, {"failed_rule": None, "valid": True}),
        ("CT_PURE_VALIDATE_RECORD_STRUCTURE", {"record": {"x": 1}, "schema": {}}, {"violations": []}),
        (
            "CT_PURE_VALIDATE_RECORD_STRUCTURE",
            {"record": {}, "schema": {"age": {"required": False, "type": "integer"}}},
            {"violations": []},
        ),
        ("CT_PURE_VALIDATE_SET_MEMBERSHIP", {"value": "é", "allowed_set": ["e", "é"]}, {"is_member": True}),
    ],
)
def test_a_neighbour_of_a_vector_succeeds(name: str, inputs: Record, outputs: Record) -> None:
    assert ended(name, inputs) == Outcome("SUCCESS", **outputs)


@pytest.mark.parametrize(
    ("name", "inputs", "outcome"),
    [
        ("CT_PURE_BUILD_ETH_TRANSACTION", {**TRANSACTION, "value": str(2**256)}, "NOT_A_TRANSACTION"),
        (
            "CT_PURE_DERIVE_CHILD_KEY",
            {"parent_private_key_bytes": ORDER, "parent_chain_code_bytes": KEY, "index": 0},
            "NOT_A_KEY",
        ),
        ("CT_PURE_DERIVE_MASTER_KEY", {"seed_bytes": "0x" + 15 * "00"}, "NOT_A_SEED"),
        ("CT_PURE_DERIVE_SLOT_EPOCH", {"slot_number": 1, "slots_per_epoch": 0}, "DIVISION_BY_ZERO"),
        ("CT_PURE_DERIVE_SLOT_EPOCH", {"slot_number": MOST}, "OUT_OF_RANGE"),
        ("CT_PURE_DERIVE_WALLET_KEYPAIRS", {"entropy_bits": 128, "entropy_bytes": "0x00"}, "WRONG_LENGTH"),
        ("CT_PURE_ECDSA_SIGN", {"private_key_bytes": ORDER, "message_hash": KEY}, "NOT_A_KEY"),
        ("CT_PURE_ECDSA_SIGN", {"private_key_bytes": KEY, "message_hash": "0x00"}, "NOT_A_HASH"),
        ("CT_PURE_ENTROPY_TO_MNEMONIC", {"entropy_bytes": "0x" + 15 * "00"}, "WRONG_LENGTH"),
        ("CT_PURE_EXTRACT", {"from": {"a": 1}, "path": "b", "type": "any"}, "NOT_FOUND"),
        ("CT_PURE_EXTRACT", {"from": {"a": []}, "path": "a[0]", "type": "any"}, "NOT_FOUND"),
        ("CT_PURE_EXTRACT", {"from": {"a": "1"}, "path": "a", "type": "integer"}, "VIOLATION"),
        ("CT_PURE_EXTRACT", {"from": {"a": True}, "path": "a", "type": "integer"}, "VIOLATION"),
        ("CT_PURE_FILTER_RECORDS", {"source": [], "filter": {"a": 1}}, "VIOLATION"),
        ("CT_PURE_FILTER_RECORDS", {"source": [{"a": True}], "filter": {"a": 1}}, "VIOLATION"),
        ("CT_PURE_INCREMENT_WALLET_NONCE", {"wallet_record": {"state": {"eoa": {"nonce": MOST}}}}, "OUT_OF_RANGE"),
        ("CT_PURE_INCREMENT_WALLET_NONCE", {"wallet_record": {}}, "NOT_FOUND"),
        ("CT_PURE_KECCAK256_HASH", {"input_bytes": "0xabc"}, "NOT_HEX"),
        ("CT_PURE_KECCAK256_HASH", {"input_bytes": "48 65"}, "NOT_HEX"),
        ("CT_PURE_LOOKUP", {"key": "b", "map": {"a": 1}}, "NOT_FOUND"),
        ("CT_PURE_MAP_RESULT_TO_HTTP", {"execution_result": {"status": "SUCCESS"}, "mapping": {}}, "NOT_FOUND"),
        ("CT_PURE_MNEMONIC_TO_SEED", {"mnemonic": WORDS + " zoo"}, "NOT_A_MNEMONIC"),
        ("CT_PURE_PRIVATE_KEY_TO_PUBLIC", {"private_key_bytes": "0x" + 32 * "00", "curve": "secp256k1"}, "NOT_A_KEY"),
        ("CT_PURE_PUBKEY_TO_ETH_ADDRESS", {"public_key_uncompressed_bytes": GENERATOR[:-2]}, "NOT_A_KEY"),
        ("CT_PURE_SELECT_PROPOSER", {"eligible_validators": [], "round_number": 0}, "EMPTY"),
        ("CT_PURE_SELECT_PROPOSER", {"eligible_validators": [{}], "round_number": 0}, "NOT_FOUND"),
        ("CT_PURE_VALIDATE_SET_MEMBERSHIP", {"value": "", "allowed_set": []}, "VIOLATION"),
        ("CT_PURE_VALIDATE_SET_MEMBERSHIP", {"value": "Active", "allowed_set": ["active"]}, "VIOLATION"),
        ("CT_PURE_VALIDATE_SET_MEMBERSHIP", {"value": "1", "allowed_set": [1, True]}, "VIOLATION"),
    ],
)
def test_a_neighbour_of_a_vector_has_an_outcome_of_its_own(name: str, inputs: Record, outcome: str) -> None:
    assert ended(name, inputs).name == outcome


@pytest.mark.parametrize(
    ("op", "bound", "held", "broken"),
    [
        ("eq", "a", "a", "b"),
        ("neq", "a", "b", "a"),
        ("gt", 0, 1, 0),
        ("gte", 0, 0, -1),
        ("lt", 0, -1, 0),
        ("lte", 0, 0, 1),
        ("in", ["a", 1], 1, True),
        ("not_null", None, 0, None),
    ],
)
def test_every_recorded_operator_is_a_rule_of_ours(op: str, bound: Value, held: Value, broken: Value) -> None:
    rules: Value = [{"field": "x", "op": op, "allowed" if op == "in" else "value": bound}]
    told = [
        ended("CT_PURE_VALIDATE_PARAMETER_RULES", {"parameters": parameters, "rules": rules}).name
        for parameters in ({"x": held}, {"x": broken}, {}, {"x": [held]})
    ]
    assert told[:3] == ["SUCCESS", "VIOLATION", "VIOLATION"]
    assert told[3] == ("SUCCESS" if op in ("neq", "not_null") else "VIOLATION")


@pytest.mark.parametrize(
    ("last", "now", "days", "inactive"),
    [
        ("2024-02-28T00:00:00Z", "2024-03-01T00:00:00Z", 2, False),
        ("2024-01-16T00:00:00Z", "2024-02-15T00:00:00Z", 30, True),
        ("2024-01-16T00:00:00.000000001Z", "2024-02-15T00:00:00Z", 29, False),
        ("2024-01-16T02:00:00+02:00", "2024-02-15T00:00:00Z", 30, True),
        ("2024-02-15T00:00:00-23:59", "2024-02-15T00:00:00Z", 0, False),
    ],
)
def test_days_without_activity_are_whole_days_between_instants(last: str, now: str, days: int, inactive: bool) -> None:
    asked: Record = {"last_active_date": last, "current_date": now, "threshold_days": 30}
    assert ended("CT_PURE_EVALUATE_INACTIVITY", asked).outputs == {"days_inactive": days, "is_inactive": inactive}


def test_a_transaction_without_what_is_optional_is_that_with_the_defaults() -> None:
    full: Record = {"gas_limit": 21000, "data": "0x", "access_list": [], "max_fee_per_gas": "20000000000"}
    assert ended("CT_PURE_BUILD_ETH_TRANSACTION", TRANSACTION) == ended(
        "CT_PURE_BUILD_ETH_TRANSACTION", {**TRANSACTION, **full}
    )
