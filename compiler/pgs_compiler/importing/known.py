"""What comes with the predecessor and has the same behaviour in `core`, and in which words.

An entry stands here only where the behaviour was compared. What is not here is carried with the implementation that
its publisher names, and a finding says that nothing implements it yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Names = Mapping[str, str]
NONE: Names = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class KnownTransform:
    """A transform of `core`.

    Attributes:
        core: its name there.
        outputs: its outputs, by the publisher's names; what is not listed is called alike.
        constants: what the publisher's outputs surely are where it succeeds, and `core` does not say.
        failures: its outcomes in which the publisher's ends as VIOLATION.
    """

    core: str
    outputs: Names = field(default_factory=lambda: MappingProxyType({}))
    constants: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownOperation:
    """An operation of a side effect of `core`.

    Attributes:
        side_effect, op: its names there.
        inputs: paths of its inputs, by the publisher's names.
        outputs: paths of its outputs, by the publisher's names.
        outcomes: outcomes that only `core` has, with the publisher's in which they are contained; "" for one that
            cannot happen here.
        dropped: inputs that `core` does without.
        given: inputs that only `core` has, with what they are here.
        less: in what way it does less, for a finding; "" if in none.
    """

    side_effect: str
    op: str
    inputs: Names
    outputs: Names = field(default_factory=lambda: MappingProxyType({}))
    outcomes: Names = field(default_factory=lambda: MappingProxyType({}))
    dropped: tuple[str, ...] = ()
    given: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    less: str = ""


_ATOMS = "capability_transforms::CT_"
_EFFECTS = "capability_side_effects::CS_"

TRANSFORMS: Mapping[str, KnownTransform] = MappingProxyType(
    {
        f"{_ATOMS}PURE_GENERATE_ID_V0": KnownTransform("CT_GENERATE_ID_V0"),
        f"{_ATOMS}PURE_LOOKUP_V0": KnownTransform("CT_LOOKUP_V0", failures=("NOT_FOUND",)),
        f"{_ATOMS}PURE_VALIDATE_SET_MEMBERSHIP_V0": KnownTransform(
            "CT_VALIDATE_SET_MEMBERSHIP_V0", constants=MappingProxyType({"is_member": True}), failures=("VIOLATION",)
        ),
        f"{_ATOMS}PURE_ASSEMBLE_RECORD_V0": KnownTransform("CT_ASSEMBLE_RECORD_V0"),
        f"{_ATOMS}PURE_PASSTHROUGH_V0": KnownTransform("CT_PASSTHROUGH_V0"),
        f"{_ATOMS}EXEC_EMIT_V0": KnownTransform("CT_PASSTHROUGH_V0", MappingProxyType({"result": "value"})),
        f"{_ATOMS}PURE_COMPARE_EQUAL_V0": KnownTransform("CT_COMPARE_EQUAL_V0"),
    }
)
"""Transforms by their full names."""

NEAR: Names = MappingProxyType(
    {
        f"{_ATOMS}PURE_CHECK_QUOTA_AVAILABLE_V0": "CT_CHECK_QUOTA_V0",
        f"{_ATOMS}PURE_DERIVE_CHILD_KEY_V0": "CS_ETHEREUM_KEYS_V0",
        f"{_ATOMS}PURE_DERIVE_MASTER_KEY_V0": "CS_ETHEREUM_KEYS_V0",
        f"{_ATOMS}PURE_ECDSA_SIGN_V0": "CS_ETHEREUM_KEYS_V0",
        f"{_ATOMS}PURE_ENTROPY_TO_MNEMONIC_V0": "CS_ETHEREUM_KEYS_V0",
        f"{_ATOMS}PURE_EVALUATE_INACTIVITY_V0": "CT_CHECK_INACTIVITY_V0",
        f"{_ATOMS}PURE_EXTRACT_V0": "CT_EXTRACT_V0",
        f"{_ATOMS}PURE_FILTER_RECORDS_V0": "CT_FILTER_RECORDS_V0",
        f"{_ATOMS}PURE_KECCAK256_HASH_V0": "CS_ETHEREUM_V0",
        f"{_ATOMS}PURE_MNEMONIC_TO_SEED_V0": "CS_ETHEREUM_KEYS_V0",
        f"{_ATOMS}PURE_PRIVATE_KEY_TO_PUBLIC_V0": "CS_ETHEREUM_KEYS_V0",
        f"{_ATOMS}PURE_PUBKEY_TO_ETH_ADDRESS_V0": "CS_ETHEREUM_KEYS_V0",
        f"{_ATOMS}PURE_VALIDATE_PARAMETER_RULES_V0": "CT_VALIDATE_PARAMETER_RULES_V0",
    }
)
"""Transforms by their full names for which `core` has something with the same purpose, and not the same behaviour."""

OPERATIONS: Mapping[tuple[str, str], KnownOperation] = MappingProxyType(
    {
        (f"{_EFFECTS}REGISTRY_V0", "REGISTER"): KnownOperation(
            "CS_REGISTRY_V0",
            "REGISTER",
            MappingProxyType({"key": "key", "target_cs": "value.target_cs", "target_ref": "value.target_ref"}),
            MappingProxyType({"address": "address"}),
            MappingProxyType({"CONFLICT": "ALREADY_EXISTS"}),
        ),
        (f"{_EFFECTS}REGISTRY_V0", "RESOLVE"): KnownOperation(
            "CS_REGISTRY_V0",
            "RESOLVE",
            MappingProxyType({"key_or_address": "key"}),
            MappingProxyType({"target_cs": "value.target_cs", "target_ref": "value.target_ref"}),
        ),
        (f"{_EFFECTS}REGISTRY_V0", "COUNT"): KnownOperation(
            "CS_REGISTRY_V0", "COUNT", NONE, MappingProxyType({"count": "n"})
        ),
        (f"{_EFFECTS}REGISTRY_V0", "DEREGISTER"): KnownOperation(
            "CS_REGISTRY_V0",
            "DEREGISTER",
            MappingProxyType({"key_or_address": "key"}),
            outcomes=MappingProxyType({"ALREADY_DEREGISTERED": "NOT_FOUND"}),
        ),
        (f"{_EFFECTS}MUTABLE_JSON_V0", "UPDATE_WHERE"): KnownOperation(
            "CS_STATE_V0",
            "UPDATE_WHERE",
            MappingProxyType({"filter": "where", "updates": "set"}),
            MappingProxyType({"matched_keys": "keys"}),
            MappingProxyType({"NOT_FOUND": "VIOLATION", "TOO_MANY": "VIOLATION"}),
            given=MappingProxyType({"max": 1000}),
            less="Of more than 1,000 records none is updated, and the step ends as VIOLATION.",
        ),
        (f"{_EFFECTS}MUTABLE_JSON_V0", "READ"): KnownOperation(
            "CS_STATE_V0", "READ", MappingProxyType({"key": "key"}), MappingProxyType({"value": "value"})
        ),
        (f"{_EFFECTS}MUTABLE_JSON_V0", "WRITE"): KnownOperation(
            "CS_STATE_V0",
            "WRITE",
            MappingProxyType({"key": "key", "value": "value"}),
            outcomes=MappingProxyType({"STALE": ""}),
        ),
        (f"{_EFFECTS}MUTABLE_JSON_V0", "DELETE"): KnownOperation(
            "CS_STATE_V0", "DELETE", MappingProxyType({"key": "key"})
        ),
        (f"{_EFFECTS}MUTABLE_JSON_V0", "LIST"): KnownOperation(
            "CS_STATE_V0", "LIST", NONE, MappingProxyType({"keys": "keys"})
        ),
        (f"{_EFFECTS}APPENDONLY_JSONL_V0", "APPEND"): KnownOperation(
            "CS_EVENTS_V0",
            "APPEND",
            MappingProxyType({"record": "record", "stream_id": "stream"}),
            MappingProxyType({"sequence_number": "n"}),
            dropped=("actor_id",),
        ),
        (f"{_EFFECTS}APPENDONLY_JSONL_V0", "GET_ALL"): KnownOperation(
            "CS_EVENTS_V0",
            "READ",
            MappingProxyType({"stream_id": "stream"}),
            MappingProxyType({"entries": "records"}),
        ),
        (f"{_EFFECTS}SEND_EMAIL_V0", "SEND"): KnownOperation(
            "CS_SEND_EMAIL_V0",
            "SEND",
            MappingProxyType({"to": "to", "subject": "subject", "body": "text"}),
            outcomes=MappingProxyType({"REFUSED": "VIOLATION"}),
        ),
    }
)
"""Operations by the full name of their side effect and their own."""

EXTERNAL = frozenset({"CS_SEND_EMAIL_V0"})
"""Side effects of `core` that have no store."""

WRITTEN = MappingProxyType(
    {
        ("CS_REGISTRY_V0", "REGISTER"): "value",
        ("CS_STATE_V0", "WRITE"): "value",
        ("CS_STATE_V0", "UPDATE_WHERE"): "set",
        ("CS_EVENTS_V0", "APPEND"): "record",
    }
)
"""The input of an operation that is kept."""

PARTIAL = "set"
"""The input that is kept as a part of a record; what is null in it is removed there."""

HELD = MappingProxyType({("CS_REGISTRY_V0", "RESOLVE"): "value", ("CS_STATE_V0", "READ"): "value"})
"""The output of an operation that was kept."""


def side_effects() -> frozenset[str]:
    """The full names of the publisher's side effects of which `core` has some operation."""
    return frozenset(name for name, _ in OPERATIONS)
