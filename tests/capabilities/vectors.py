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
from pgs_capabilities.transforms.arithmetic import add
from pgs_capabilities.transforms.dates import check_inactivity
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
    """The recorded rules are a list of operators, and let parameters without a rule through."""
    words = {"gt": "exclusiveMinimum", "lt": "exclusiveMaximum", "gte": "minimum", "lte": "maximum"}
    rules = {rule["field"]: {words[rule["op"]]: rule["value"]} for rule in cast(list[dict[str, str]], inputs["rules"])}
    answer = validate_parameter_rules(cast(Record, inputs["parameters"]), cast(dict[str, Record], rules), True)
    return answer if isinstance(answer, Outcome) else {"failed_rule": None, "valid": True}


def _structure(inputs: Record) -> Answer:
    """The recorded schema says `required` where a rule of ours says `optional`."""
    schema = cast(dict[str, Record], inputs["schema"])
    rules: dict[str, Record] = {
        name: {"type": rule["type"], "optional": not rule["required"]} for name, rule in schema.items()
    }
    answer = validate_parameter_rules(cast(Record, inputs["record"]), rules, True)
    if not isinstance(answer, Outcome):
        return {"violations": []}
    found = cast(list[dict[str, str]], answer.outputs["violations"])
    words = {"missing": "required"}
    return {
        "violations": [
            {
                "field": one["parameter"],
                "message": f"Field '{one['parameter']}' is required",
                "rule": words[one["rule"]],
            }
            for one in found
        ]
    }


def _filtered(inputs: Record) -> Answer:
    """The recorded value `present` asks for a field, whatever it holds."""
    asked = cast(Record, inputs["filter"])
    present = [name for name, value in asked.items() if value == "present"]
    where = {name: value for name, value in asked.items() if value != "present"}
    return {"extracted": filter_records(cast(list[Value], inputs["source"]), where, present)["records"]}


def _nonce(inputs: Record) -> Answer:
    """Three steps: read the nonce, add 1, set it."""
    record, path = cast(Record, inputs["wallet_record"]), ["state", "eoa", "nonce"]
    nonce = cast(int, outputs(extract(record, [*path]))["value"])
    changed = outputs(set_field(record, path, outputs(add(nonce, 1))["result"]))
    return {"nonce": nonce, "updated_wallet_record": changed["record"]}


def _status(inputs: Record) -> Answer:
    """A look into the table under the name of the exit; an `egress` says the same without a transform."""
    result, mapping = cast(Record, inputs["execution_result"]), cast(Record, inputs["mapping"])
    exit_name = str(result["exit_reason_code"] or result["status"]).removeprefix("EXIT_")
    status = outputs(lookup(exit_name, mapping))["result"]
    return {"http_status": status, "response_body": passthrough(result)["value"], "result_status": exit_name}


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
    picked = outputs(pick_item(cast(list[Value], inputs["eligible_validators"]), cast(int, inputs["round_number"])))
    return {"proposer_id": outputs(extract(picked["item"], ["actor_id"]))["value"]}


def _membership(inputs: Record) -> Answer:
    answer = validate_set_membership(inputs["value"], cast(list[Value], inputs["allowed_set"]))
    return answer if isinstance(answer, Outcome) else {"is_member": True}


def _keys() -> EthereumKeys:
    return EthereumKeys(Known({}))


def _told(answer: Outcome) -> Record:
    assert answer.name == "SUCCESS"
    return answer.outputs


def _entropy(inputs: Record) -> Answer:
    """Chance, and so an effect: two calls have nothing alike but the length."""
    size = cast(int, inputs["entropy_bits"]) // 8
    return {"entropy_bytes": _told(Chance(Known({})).entropy(bytes=size))["hex"]}


def _master(inputs: Record) -> Answer:
    derived = _told(_keys().derive(seed=str(inputs["seed_bytes"]), path="m"))
    return {"master_chain_code_bytes": derived["chain_code"], "master_private_key_bytes": derived["private_key"]}


def _child(inputs: Record) -> Answer:
    key, code = str(inputs["parent_private_key_bytes"]), str(inputs["parent_chain_code_bytes"])
    derived = _told(_keys().derive_child(private_key=key, chain_code=code, index=cast(int, inputs["index"])))
    return {"child_chain_code_bytes": derived["chain_code"], "child_private_key_bytes": derived["private_key"]}


def _public(inputs: Record) -> Answer:
    told = _told(_keys().public_key(private_key=str(inputs["private_key_bytes"])))
    return {"public_key_uncompressed_bytes": told["public_key"]}


def _signed(inputs: Record) -> Answer:
    key, digest = str(inputs["private_key_bytes"]), str(inputs["message_hash"])
    signed = _told(_keys().sign_hash(private_key=key, hash=digest))
    return {"r": signed["r"], "s": signed["s"], "v": signed["v"], "signed_bytes": signed["signature"]}


def _wallet(inputs: Record) -> Answer:
    """Words, seed, and two paths. Addresses are recorded in small letters, and keys without `0x`."""
    words = str(_told(_keys().mnemonic(entropy=str(inputs["entropy_bytes"])))["mnemonic"])
    seed = str(_told(_keys().seed(mnemonic=words, passphrase=str(inputs["passphrase"])))["seed"])
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
    return {"unsigned_tx_bytes": _told(Ethereum(Known({})).build(transaction=inputs))["unsigned"]}


CALLS: Mapping[str, Callable[[Record], Answer]] = {
    "CT_EXEC_EMIT_V0": lambda i: {"result": passthrough(i["value"])["value"]},
    "CT_PURE_ASSEMBLE_RECORD_V0": lambda i: assemble_record(cast(Record, i["fields"]), {}),
    "CT_PURE_BUILD_ETH_TRANSACTION_V0": _unsigned,
    "CT_PURE_CHECK_QUOTA_AVAILABLE_V0": _quota,
    "CT_PURE_CHECK_TRAINING_STATUS_V0": lambda i: {
        "is_eligible": compare_equal(i["training_completed"], True)["is_equal"]
    },
    "CT_PURE_DERIVE_CHILD_KEY_V0": _child,
    "CT_PURE_DERIVE_MASTER_KEY_V0": _master,
    "CT_PURE_DERIVE_WALLET_KEYPAIRS_V0": _wallet,
    "CT_PURE_ECDSA_SIGN_V0": _signed,
    "CT_PURE_ENTROPY_TO_MNEMONIC_V0": lambda i: _told(_keys().mnemonic(entropy=str(i["entropy_bytes"]))),
    "CT_PURE_EVALUATE_INACTIVITY_V0": _inactivity,
    "CT_PURE_EXTRACT_V0": lambda i: {"result": outputs(extract(i["from"], [str(i["path"])]))["value"]},
    "CT_PURE_FILTER_RECORDS_V0": _filtered,
    "CT_PURE_GENERATE_ENTROPY_V0": _entropy,
    "CT_PURE_GENERATE_ID_V0": lambda i: generate_id(str(i["prefix"]), i["data"]),
    "CT_PURE_INCREMENT_WALLET_NONCE_V0": _nonce,
    "CT_PURE_KECCAK256_HASH_V0": lambda i: {
        "hash_hex": _told(Ethereum(Known({})).keccak(data=str(i["input_bytes"])))["hash"]
    },
    "CT_PURE_LOOKUP_V0": lambda i: lookup(str(i["key"]), cast(Record, i["map"])),
    "CT_PURE_MAP_RESULT_TO_HTTP_V0": _status,
    "CT_PURE_PASSTHROUGH_V0": lambda i: passthrough(i["value"]),
    "CT_PURE_PRIVATE_KEY_TO_PUBLIC_V0": _public,
    "CT_PURE_SELECT_PROPOSER_V0": _proposer,
    "CT_PURE_VALIDATE_PARAMETER_RULES_V0": _rules,
    "CT_PURE_VALIDATE_RECORD_STRUCTURE_V0": _structure,
    "CT_PURE_VALIDATE_SET_MEMBERSHIP_V0": _membership,
}
