"""Ethereum: what the standards and their reference implementations publish, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from pgs_capabilities.side_effects.ethereum import Ethereum, EthereumKeys, EthereumSigner
from pgs_snapshot.external import NotDone
from pgs_snapshot.values import Outcome, Value
from tests.capabilities.operations import fits, operation, takes
from tests.parties.outside import Known

KEY = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
ADDRESS = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"
ZERO = "0x" + 32 * "00"

TRANSFER: dict[str, Value] = {
    "chain_id": 1,
    "nonce": 10,
    "to": "0x1234567890123456789012345678901234567890",
    "value": "1000000000000000000",
    "data": "0x",
    "gas_limit": 21000,
    "max_fee_per_gas": "20000000000",
    "max_priority_fee_per_gas": "1000000000",
    "access_list": [],
}


def told(operation_name: str, **inputs: Value) -> Outcome:
    """An operation of whichever side effect has it, held to what that declares."""
    keyless = hasattr(Ethereum, operation_name.lower())
    name = "core::CS_ETHEREUM_V0" if keyless else "core::CS_ETHEREUM_KEYS_V0"
    declared = operation(name, operation_name)
    assert takes(declared, inputs)
    effect = (Ethereum if keyless else EthereumKeys)(Known({}))
    answer = getattr(effect, operation_name.lower())(**inputs)
    assert isinstance(answer, Outcome)
    assert fits(declared, answer)
    return answer


@pytest.mark.parametrize(
    "address",
    [  # EIP-55, Test Cases
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ],
)
def test_an_address_has_the_letters_of_eip_55(address: str) -> None:
    assert told("CHECKSUM", address=address) == Outcome("SUCCESS", address=address)
    assert told("CHECKSUM", address=address.lower()) == Outcome("SUCCESS", address=address)
    wrong = address[:-1] + address[-1].swapcase()
    if wrong[2:] not in (address[2:], wrong[2:].lower(), wrong[2:].upper()):
        assert told("CHECKSUM", address=wrong) == Outcome("NOT_AN_ADDRESS")


@pytest.mark.parametrize("address", ["", "0x", "0x12", ADDRESS[2:], ADDRESS + "0", "0x" + 40 * "g", " " + ADDRESS])
def test_what_is_no_address_is_refused(address: str) -> None:
    assert told("CHECKSUM", address=address) == Outcome("NOT_AN_ADDRESS")


@pytest.mark.parametrize(
    ("message", "key", "signature", "address"),
    [  # the documentation of web3.js, and that of eth-account
        (
            "Some data",
            KEY,
            "0xb91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd"
            "6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c",
            ADDRESS,
        ),
        (
            "I♥SF",
            "0xb25c7db31feed9122727bf0939dc769a96564b2de4c4726d035b36ecf1e5b364",
            "0xe6ca9bba58c88611fad66a6ce8f996908195593807c4b38bd528d2cff09d4eb3"
            "3e5bfbbf4d3e39b1a2fd816a7680c19ebebaf3a141b239934ad43cb33fcec8ce1c",
            "0x5ce9454909639D2D17A3F753ce7d93fa0b9aB12E",
        ),
    ],
)
def test_a_text_is_signed_as_eip_191_says_and_its_signer_found(
    message: str, key: str, signature: str, address: str
) -> None:
    assert told("SIGN_MESSAGE", private_key=key, message=message) == Outcome(
        "SUCCESS", signature=signature, address=address
    )
    assert told("RECOVER", message=message, signature=signature) == Outcome("SUCCESS", address=address)
    assert told("RECOVER", message=message + ".", signature=signature).outputs.get("address") != address


@pytest.mark.parametrize(
    "signature", ["", "0x", "0x12", ZERO + 33 * "00", "0x" + 65 * "ff", "0x" + 65 * "zz", "é" * 65]
)
def test_what_is_no_signature_is_refused(signature: str) -> None:
    assert told("RECOVER", message="x", signature=signature) == Outcome("NOT_A_SIGNATURE")


@settings(max_examples=50)
@given(st.binary(min_size=65, max_size=65), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_65_bytes_are_somebodys_signature_or_none(signature: bytes, message: str) -> None:
    assert told("RECOVER", message=message, signature=signature.hex()).name in ("SUCCESS", "NOT_A_SIGNATURE")


@pytest.mark.parametrize(
    ("path", "key", "chain_code", "fingerprint"),
    [  # BIP-32, Test vector 1
        (
            "m",
            "e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35",
            "873dff81c02f525623fd1fe5167eac3a55a049de3d314bb42ee227ffed37d508",
            "3442193e",
        ),
        (
            "m/0'",
            "edb2e14f9ee77d26dd93b4ecede8d16ed408ce149b6cd80b0715a2d911a0afea",
            "47fdacbd0f1097043b78c63c20c34ef4ed9a111d980047ad16282c7ae6236141",
            "5c1bd648",
        ),
    ],
)
def test_keys_are_derived_as_bip_32_says(path: str, key: str, chain_code: str, fingerprint: str) -> None:
    answer = told("DERIVE", seed="000102030405060708090a0b0c0d0e0f", path=path).outputs
    found = answer["private_key"], answer["chain_code"], answer["fingerprint"]
    assert found == (f"0x{key}", f"0x{chain_code}", fingerprint)


def test_words_and_their_seed_are_those_of_bip_39_and_its_first_account_is_known() -> None:
    words = told("MNEMONIC", entropy=16 * "00").outputs["mnemonic"]
    assert words == "abandon " * 11 + "about"
    of_the_vectors: dict[str, Value] = {"mnemonic": words, "passphrase": "TREZOR"}
    assert told("SEED", **of_the_vectors) == Outcome(
        "SUCCESS",
        seed="0xc55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e5349553"
        "1f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04",
    )
    seed = told("SEED", mnemonic="test " * 11 + "junk").outputs["seed"]  # the accounts of Hardhat and Foundry
    assert told("DERIVE", seed=seed).outputs["address"] == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def test_a_path_is_the_same_in_one_and_step_by_step() -> None:
    seed = 32 * "07"
    whole = told("DERIVE", seed=seed, path="m/44'/60'/2")
    step = told("DERIVE", seed=seed, path="m")
    for index in (2**31 + 44, 2**31 + 60, 2):
        known = {name: step.outputs[name] for name in ("private_key", "chain_code")}
        step = told("DERIVE_CHILD", index=index, **known)
    assert step == whole


def test_a_public_key_has_the_address_of_its_private_key() -> None:
    known = told("PUBLIC_KEY", private_key=KEY).outputs
    assert known["address"] == ADDRESS
    assert told("ADDRESS", public_key=known["public_key"]) == Outcome("SUCCESS", address=ADDRESS)
    assert told("ADDRESS", public_key=str(known["public_key"])[2:]) == Outcome("SUCCESS", address=ADDRESS)


@pytest.mark.parametrize(
    "key", ["", "0x", "0x04", "0x04" + 63 * "11", "0x04" + 65 * "11", "0x03" + 64 * "11", "é" * 65]
)
def test_what_is_no_public_key_has_no_address(key: str) -> None:
    assert told("ADDRESS", public_key=key) == Outcome("NOT_A_KEY")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "x",
        "m/",
        "m/-1",
        "m/a",
        "44'/60'",
        "m//0",
        "m/0''",
        "m/01",
        "m/+1",
        "m/1_0",
        "m/ 1",
        "m/\u0663",
        "M/0",
        "m/0h",
    ],
)
def test_what_is_no_path_is_refused(path: str) -> None:
    assert told("DERIVE", seed=32 * "07", path=path) == Outcome("NOT_A_PATH")


@pytest.mark.parametrize(
    "path", ["m\n", "m/0\n", "m/2147483648'", "m/2147483649", "m/4294967296", "m/99999999999999999'"]
)
def test_a_step_beyond_31_bits_and_a_line_end_are_no_path(path: str) -> None:
    assert told("DERIVE", seed=32 * "07", path=path) == Outcome("NOT_A_PATH")


def test_what_is_no_key_no_hash_and_no_words_is_refused() -> None:
    for key in ("", "0x12", ZERO, "0x" + 32 * "ff", 33 * "01", "0x" + 32 * "zz"):
        assert told("PUBLIC_KEY", private_key=key) == Outcome("NOT_A_KEY")
        assert told("SIGN_HASH", private_key=key, hash=ZERO) == Outcome("NOT_A_KEY")
        assert told("SIGN_MESSAGE", private_key=key, message="") == Outcome("NOT_A_KEY")
        assert told("SIGN_TRANSACTION", private_key=key, transaction=TRANSFER) == Outcome("NOT_A_KEY")
        assert told("DERIVE_CHILD", private_key=key, chain_code=ZERO, index=0) == Outcome("NOT_A_KEY")
    assert told("DERIVE_CHILD", private_key=KEY, chain_code="0x", index=0) == Outcome("NOT_A_KEY")
    assert told("SIGN_HASH", private_key=KEY, hash="0x12") == Outcome("NOT_A_HASH")
    assert told("SEED", mnemonic="abandon " * 12) == Outcome("NOT_A_MNEMONIC")
    assert told("SEED", mnemonic="not words of any list") == Outcome("NOT_A_MNEMONIC")
    assert told("MNEMONIC", entropy="0x00") == Outcome("WRONG_LENGTH")
    assert told("DERIVE", seed="0x00") == Outcome("NOT_A_SEED")
    assert told("KECCAK", data="0x0") == Outcome("NOT_HEX")


def test_a_transaction_is_signed_by_the_key_over_the_hash_that_was_built() -> None:
    built = told("BUILD", transaction=TRANSFER).outputs
    signed = told("SIGN_TRANSACTION", private_key=KEY, transaction=TRANSFER).outputs
    assert Account.recover_transaction(signed["raw"]) == ADDRESS
    assert told("KECCAK", data=built["unsigned"]).outputs["hash"] == built["hash"]
    assert told("KECCAK", data=signed["raw"]).outputs["hash"] == signed["hash"]
    parts = told("SIGN_HASH", private_key=KEY, hash=built["hash"]).outputs
    assert str(parts["r"])[2:].lstrip("0") in str(signed["raw"])


def test_a_transaction_with_data_and_places_is_built_and_signed() -> None:
    listed: Value = [{"address": TRANSFER["to"], "storage_keys": [ZERO, "0x" + 32 * "01"]}]
    full = {**TRANSFER, "data": "0xdeadbeef", "access_list": listed, "value": str(2**256 - 1)}
    built = told("BUILD", transaction=full).outputs
    assert told("KECCAK", data=built["unsigned"]).outputs["hash"] == built["hash"]
    assert Account.recover_transaction(told("SIGN_TRANSACTION", private_key=KEY, transaction=full).outputs["raw"])


def test_an_amount_beyond_256_bits_is_in_no_transaction() -> None:
    beyond = {**TRANSFER, "value": str(2**256)}
    assert told("BUILD", transaction=beyond) == Outcome("NOT_A_TRANSACTION")
    assert told("SIGN_TRANSACTION", private_key=KEY, transaction=beyond) == Outcome("NOT_A_TRANSACTION")


def test_a_signer_signs_with_the_key_that_the_operator_keeps_under_a_name() -> None:
    signer = EthereumSigner(Known({"keys": {"treasury": KEY, "broken": "0x" + 64 * "z"}}))
    answers = {
        "ADDRESS": signer.address(key="treasury"),
        "SIGN_MESSAGE": signer.sign_message(key="treasury", message="Some data"),
        "SIGN_TRANSACTION": signer.sign_transaction(key="treasury", transaction=TRANSFER),
    }
    assert all(fits(operation("core::CS_ETHEREUM_SIGNER_V0", name), answer) for name, answer in answers.items())
    assert answers["ADDRESS"] == Outcome("SUCCESS", address=ADDRESS)
    assert answers["SIGN_MESSAGE"] == told("SIGN_MESSAGE", private_key=KEY, message="Some data")
    assert answers["SIGN_TRANSACTION"] == told("SIGN_TRANSACTION", private_key=KEY, transaction=TRANSFER)
    assert signer.address(key="other") == Outcome("UNKNOWN_KEY")
    assert signer.sign_message(key="other", message="") == Outcome("UNKNOWN_KEY")
    assert signer.sign_transaction(key="other", transaction=TRANSFER) == Outcome("UNKNOWN_KEY")
    with pytest.raises(NotDone, match="no private key") as refused:
        signer.address(key="broken")
    assert "zz" not in str(refused.value)


def test_nothing_of_it_is_loaded_where_it_is_not_used() -> None:
    code = (
        "import json, sys; import pgs_compiler.__main__, pgs_runtime.__main__, pgs_capabilities.side_effects.state;"
        " print(json.dumps([name for name in sys.modules if name.startswith(('eth', 'rlp', 'Crypto'))]))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
