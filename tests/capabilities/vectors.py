"""Recorded calls of another implementation's transforms, and the same as calls of ours.

What an output says that the outcome says already is no output of ours; where a recorded output tells yes from no, ours
are two outcomes, so that it takes an edge to go on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NotRequired, TypedDict, cast

from pgs_capabilities.side_effects.chance import Chance
from pgs_capabilities.side_effects.ethereum import Ethereum, EthereumKeys
from pgs_capabilities.transforms.accounts import check_quota
from pgs_capabilities.transforms.arithmetic import add, divide, multiply
from pgs_capabilities.transforms.dates import add_time, check_inactivity
from pgs_capabilities.transforms.digests import digest
from pgs_capabilities.transforms.fields import extract, set_field
from pgs_capabilities.transforms.identity import generate_id
from pgs_capabilities.transforms.lists import filter_records, pick_item
from pgs_capabilities.transforms.parameters import validate_parameter_rules
from pgs_capabilities.transforms.records import assemble_record, compare_equal, passthrough
from pgs_capabilities.transforms.tables import lookup, validate_set_membership
from pgs_snapshot.values import Outcome, Value
from tests.parties.outside import Known

Answer = dict[str, Value] | Outcome
Record = dict[str, Value]

VECTORS = Path(__file__).parents[1] / "data" / "workflows.json"


class Vector(TypedDict):
    """A recorded call. `assertions` say of what kind outputs are that no two calls have alike."""

    id: str
    ct: str
    inputs: Record
    expected_outcome: str
    expected: Record
    assertions: NotRequired[dict[str, Record]]


def vectors() -> list[Vector]:
    """All that are recorded."""
    recorded: list[Vector] = json.loads(VECTORS.read_text(encoding="utf-8"))["transform_vectors"]
    return recorded


def name_of(vector: Vector) -> str:
    """The recorded transform, without its domain."""
    return vector["ct"].rpartition("::")[2]


def outputs(answer: Answer) -> Record:
    """The outputs of SUCCESS."""
    assert isinstance(answer, dict), answer
    return answer


def _rules(inputs: Record) -> Answer:
    """The recorded rules are a list of operators, and let parameters without a rule through.

    `neq` and `not_null` have no word among ours: the value is tried as the only one allowed, and that has to fail.
    """
    words = {"gt": "exclusiveMinimum", "lt": "exclusiveMaximum", "gte": "minimum", "lte": "maximum", "in": "enum"}
    parameters = cast(Record, inputs["parameters"])
    for rule in cast(list[Record], inputs["rules"]):
        field, op = str(rule["field"]), str(rule["op"])
        bound = rule.get("allowed", rule.get("value"))
        judged: Record = {words[op]: bound} if op in words else {"enum": [bound]}
        answer = validate_parameter_rules(parameters, {field: judged}, True)
        if field not in parameters or (op in ("neq", "not_null")) is not isinstance(answer, Outcome):
            return Outcome("VIOLATION")
    return {"failed_rule": None, "valid": True}


def _structure(inputs: Record) -> Answer:
    """The recorded schema says `required` where a rule of ours says `optional`."""
    schema = cast(dict[str, Record], inputs["schema"])
    rules: dict[str, Record] = {
        name: {**{key: part for key, part in rule.items() if key != "required"}, "optional": not rule.get("required")}
        for name, rule in schema.items()
    }
    answer = validate_parameter_rules(cast(Record, inputs["record"]), rules, True)
    if not isinstance(answer, Outcome):
        return {"violations": []}
    found = cast(list[dict[str, str]], answer.outputs["violations"])
    words = {"missing": ("required", "is required")}
    told = [(one["parameter"], *words.get(one["rule"], (one["rule"], "breaks its rule"))) for one in found]
    return {
        "violations": [
            {"field": field, "message": f"Field '{field}' {said}", "rule": rule} for field, rule, said in told
        ]
    }


def _filtered(inputs: Record) -> Answer:
    """The recorded value `present` asks for a field, whatever it holds; no record at all is a violation there."""
    asked = cast(Record, inputs["filter"])
    present = [name for name, value in asked.items() if value == "present"]
    where = {name: value for name, value in asked.items() if value != "present"}
    found = filter_records(cast(list[Value], inputs["source"]), where, present)["records"]
    return {"extracted": found} if found else Outcome("VIOLATION")


def _extracted(inputs: Record) -> Answer:
    """A path of ours is a list. The recorded type is judged in a step of its own."""
    answer = extract(inputs["from"], _path(str(inputs["path"])))
    if isinstance(answer, Outcome):
        return answer
    kind = inputs.get("type", "any")
    typed = {"value": {} if kind == "any" else {"type": kind}}
    judged = validate_parameter_rules(answer, cast(dict[str, Record], typed), False)
    return judged if isinstance(judged, Outcome) else {"result": answer["value"]}


def _path(text: str) -> list[str | int]:
    parts = text.removeprefix("$").removeprefix(".").replace("[", ".").replace("]", "").split(".")
    return [int(part) if part.isdecimal() else part for part in parts if part]


def _nonce(inputs: Record) -> Answer:
    """Three steps: read the nonce, add 1, set it."""
    record, path = cast(Record, inputs["wallet_record"]), ["state", "eoa", "nonce"]
    found = extract(record, [*path])
    if isinstance(found, Outcome):
        return found
    added = add(cast(int, found["value"]), 1)
    if isinstance(added, Outcome):
        return added
    return {
        "nonce": found["value"],
        "updated_wallet_record": outputs(set_field(record, path, added["result"]))["record"],
    }


def _wallet_fields(inputs: Record) -> Answer:
    """Three extractions."""
    ways = {
        "from_address": ["addresses", "eoa", 0, "address"],
        "current_nonce": ["state", "eoa", "nonce"],
        "actor_id": ["actor_id"],
    }
    told: Record = {}
    for name, way in ways.items():
        found = extract(inputs["wallet_record"], cast("list[str | int]", way))
        if isinstance(found, Outcome):
            return found
        told[name] = found["value"]
    return told


def _status(inputs: Record) -> Answer:
    """A look into the table under the name of the exit; an `egress` says the same without a transform."""
    result, mapping = cast(Record, inputs["execution_result"]), cast(Record, inputs["mapping"])
    exit_name = str(result.get("exit_reason_code") or result.get("status")).removeprefix("EXIT_")
    found = lookup(exit_name, mapping)
    if isinstance(found, Outcome):
        return found
    return {"http_status": found["result"], "response_body": passthrough(result)["value"], "result_status": exit_name}


def _inactivity(inputs: Record) -> Answer:
    """SUCCESS where the recorded answer says true, ACTIVE where it says false."""
    last, now = str(inputs["last_active_date"]), str(inputs["current_date"])
    answer = check_inactivity(last, now, cast(int, inputs["threshold_days"]))
    return {
        "is_inactive": not isinstance(answer, Outcome),
        "days_inactive": (answer.outputs if isinstance(answer, Outcome) else answer)["days_inactive"],
    }


def _quota(inputs: Record) -> Answer:
    """SUCCESS where the recorded answer says true, EXCEEDED where it says false."""
    answer = check_quota(cast(int, inputs["assigned_count"]), cast(int, inputs["quota"]), 1)
    return {"quota_available": not isinstance(answer, Outcome)}


def _proposer(inputs: Record) -> Answer:
    picked = pick_item(cast(list[Value], inputs["eligible_validators"]), cast(int, inputs["round_number"]))
    if isinstance(picked, Outcome):
        return picked
    found = extract(picked["item"], ["actor_id"])
    return found if isinstance(found, Outcome) else {"proposer_id": found["value"]}


def _membership(inputs: Record) -> Answer:
    answer = validate_set_membership(inputs["value"], cast(list[Value], inputs["allowed_set"]))
    return answer if isinstance(answer, Outcome) else {"is_member": True}


def _slot(inputs: Record) -> Answer:
    """One division for the epoch, and one product for the time, which a given one replaces."""
    slot = cast(int, inputs["slot_number"])
    divided = divide(slot, cast(int, inputs.get("slots_per_epoch", 32)))
    seconds = multiply(slot, 30)
    if isinstance(divided, Outcome) or isinstance(seconds, Outcome):
        return divided if isinstance(divided, Outcome) else cast(Outcome, seconds)
    begun = add_time("2026-01-01T00:00:00Z", cast(int, seconds["result"]), "SECONDS")
    given = inputs.get("slot_start_ts")
    if given is None and isinstance(begun, Outcome):
        return begun
    return {
        "epoch_number": divided["quotient"],
        "slot_index": divided["remainder"],
        "round_number": slot,
        "timestamp": outputs(begun)["time"] if given is None else given,
    }


def _keys() -> EthereumKeys:
    return EthereumKeys(Known({}))


def _told(answer: Outcome) -> Record:
    assert answer.name == "SUCCESS"
    return answer.outputs


def _renamed(answer: Outcome, **names: str) -> Answer:
    """The outputs of SUCCESS under the recorded names; any other outcome as it is."""
    return {theirs: answer.outputs[ours] for theirs, ours in names.items()} if answer.name == "SUCCESS" else answer


def _entropy(inputs: Record) -> Answer:
    """Chance, and so an effect: two calls have nothing alike but the length."""
    size = cast(int, inputs["entropy_bits"]) // 8
    return _renamed(Chance(Known({})).entropy(bytes=size), entropy_bytes="hex")


def _master(inputs: Record) -> Answer:
    derived = _keys().derive(seed=str(inputs["seed_bytes"]), path="m")
    return _renamed(derived, master_chain_code_bytes="chain_code", master_private_key_bytes="private_key")


def _child(inputs: Record) -> Answer:
    key, code = str(inputs["parent_private_key_bytes"]), str(inputs["parent_chain_code_bytes"])
    derived = _keys().derive_child(private_key=key, chain_code=code, index=cast(int, inputs["index"]))
    return _renamed(derived, child_chain_code_bytes="chain_code", child_private_key_bytes="private_key")


def _public(inputs: Record) -> Answer:
    told = _keys().public_key(private_key=str(inputs["private_key_bytes"]))
    return _renamed(told, public_key_uncompressed_bytes="public_key")


def _address(inputs: Record) -> Answer:
    """Addresses are recorded in small letters."""
    told = Ethereum(Known({})).address(public_key=str(inputs["public_key_uncompressed_bytes"]))
    return {"eth_address_hex": str(told.outputs["address"]).lower()} if told.name == "SUCCESS" else told


def _signed(inputs: Record) -> Answer:
    key, digest = str(inputs["private_key_bytes"]), str(inputs["message_hash"])
    signed = _keys().sign_hash(private_key=key, hash=digest)
    return _renamed(signed, r="r", s="s", v="v", signed_bytes="signature")


def _wallet(inputs: Record) -> Answer:
    """Words, seed, and two paths. Addresses are recorded in small letters, and keys without `0x`."""
    entropy = inputs.get("entropy_bytes") or outputs(_entropy(inputs))["entropy_bytes"]
    words = _keys().mnemonic(entropy=str(entropy))
    if words.name != "SUCCESS":
        return words
    said = str(words.outputs["mnemonic"])
    seed = str(_told(_keys().seed(mnemonic=said, passphrase=str(inputs.get("passphrase", ""))))["seed"])
    answer: Record = {"master_fingerprint": _told(_keys().derive(seed=seed, path="m"))["fingerprint"]}
    for kind in ("eoa", "utxo"):
        steps = [*cast(list[int], inputs["root_path_indices"]), *cast(list[int], inputs[f"{kind}_child_indices"])]
        path = "/".join(["m", *(f"{step - 2**31}'" if step >= 2**31 else str(step) for step in steps)])
        derived = _told(_keys().derive(seed=seed, path=path))
        answer |= {
            f"{kind}_address": str(derived["address"]).lower(),
            f"{kind}_derivation_path": path,
            f"{kind}_public_key_hex": str(derived["public_key"]).removeprefix("0x"),
        }
    return answer


def _unsigned(inputs: Record) -> Answer:
    """What is not given has the recorded default."""
    defaults: Record = {"max_priority_fee_per_gas": "1000000000", "max_fee_per_gas": "20000000000"}
    defaults |= {"gas_limit": 21000, "data": "0x", "access_list": []}
    built = Ethereum(Known({})).build(transaction={**defaults, **inputs})
    return _renamed(built, unsigned_tx_bytes="unsigned")


CALLS: Mapping[str, Callable[[Record], Answer]] = {
    "CT_EXEC_EMIT_V0": lambda i: {"result": passthrough(i["value"])["value"]},
    "CT_PURE_ASSEMBLE_RECORD_V0": lambda i: assemble_record(cast(Record, i["fields"]), {}),
    "CT_PURE_BUILD_ETH_TRANSACTION_V0": _unsigned,
    "CT_PURE_CHECK_QUOTA_AVAILABLE_V0": _quota,
    "CT_PURE_CHECK_TRAINING_STATUS_V0": lambda i: {
        "is_eligible": compare_equal(i["training_completed"], True)["is_equal"]
    },
    "CT_PURE_COMPARE_EQUAL_V0": lambda i: compare_equal(i["left"], i["right"]),
    "CT_PURE_DERIVE_CHILD_KEY_V0": _child,
    "CT_PURE_DERIVE_MASTER_KEY_V0": _master,
    "CT_PURE_DERIVE_SLOT_EPOCH_V0": _slot,
    "CT_PURE_DERIVE_WALLET_KEYPAIRS_V0": _wallet,
    "CT_PURE_ECDSA_SIGN_V0": _signed,
    "CT_PURE_ENTROPY_TO_MNEMONIC_V0": lambda i: _renamed(
        _keys().mnemonic(entropy=str(i["entropy_bytes"])), mnemonic="mnemonic"
    ),
    "CT_PURE_EVALUATE_INACTIVITY_V0": _inactivity,
    "CT_PURE_EXTRACT_PREDECESSOR_HASH_V0": lambda i: _extracted({"from": i["block"], "path": "predecessor_hash"}),
    "CT_PURE_EXTRACT_V0": _extracted,
    "CT_PURE_EXTRACT_WALLET_TX_FIELDS_V0": _wallet_fields,
    "CT_PURE_FILTER_RECORDS_V0": _filtered,
    "CT_PURE_GENERATE_ENTROPY_V0": _entropy,
    "CT_PURE_GENERATE_ID_V0": lambda i: generate_id(str(i["prefix"]), i["data"]),
    "CT_PURE_HASH_BLOCK_V0": lambda i: {"content_hash": digest(i["block"])["digest"]},
    "CT_PURE_INCREMENT_WALLET_NONCE_V0": _nonce,
    "CT_PURE_KECCAK256_HASH_V0": lambda i: _renamed(
        Ethereum(Known({})).keccak(data=str(i["input_bytes"])), hash_hex="hash"
    ),
    "CT_PURE_LOOKUP_V0": lambda i: lookup(str(i["key"]), cast(Record, i["map"])),
    "CT_PURE_MAP_RESULT_TO_HTTP_V0": _status,
    "CT_PURE_MNEMONIC_TO_SEED_V0": lambda i: _renamed(
        _keys().seed(mnemonic=str(i["mnemonic"]), passphrase=str(i.get("passphrase", ""))), seed_bytes="seed"
    ),
    "CT_PURE_PASSTHROUGH_V0": lambda i: passthrough(i["value"]),
    "CT_PURE_PRIVATE_KEY_TO_PUBLIC_V0": _public,
    "CT_PURE_PUBKEY_TO_ETH_ADDRESS_V0": _address,
    "CT_PURE_SELECT_PROPOSER_V0": _proposer,
    "CT_PURE_VALIDATE_PARAMETER_RULES_V0": _rules,
    "CT_PURE_VALIDATE_RECORD_STRUCTURE_V0": _structure,
    "CT_PURE_VALIDATE_SET_MEMBERSHIP_V0": _membership,
}
