"""Keys, addresses, signatures and transactions as Ethereum has them, computed by `eth-account` and `eth-keys`.

Nothing of the cryptography is written here: secp256k1 (SEC 2), Keccak-256, mnemonics (BIP-39), derived keys (BIP-32),
signed messages (EIP-191), checksums of addresses (EIP-55) and transactions (EIP-1559) are the libraries'. They are no
transforms, for nobody has read those libraries as the code of a transform is read; so each is asked as the outside is,
and its answer is on record.

Laws:
* the same inputs give the same answer: signatures are deterministic (RFC 6979);
* what is not of the form that it should have is an outcome; no input makes a library raise further than here;
* keys come in and go out as labelled values, and stand in no trace.

Needs the extra `eth`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, cast

import rlp
from Crypto.Hash import RIPEMD160, SHA256
from eth_account import Account
from eth_account.hdaccount import Mnemonic, seed_from_mnemonic
from eth_account.hdaccount._utils import hmac_sha512
from eth_account.hdaccount.deterministic import HardNode, Node, SoftNode, derive_child_key
from eth_account.messages import encode_defunct
from eth_account.typed_transactions import TypedTransaction
from eth_keys.datatypes import PrivateKey, PublicKey
from eth_keys.exceptions import BadSignature, ValidationError
from eth_utils import ValidationError as InvalidValue
from eth_utils import is_checksum_address, is_checksum_formatted_address, is_hex_address, keccak, to_checksum_address

from pgs_snapshot.external import NotDone, Outside
from pgs_snapshot.values import Outcome, Value

_HARD = 2**31
# The library takes whatever Python takes for a number, white space and other digits too, and raises beyond 2^31-1.
_PATH = re.compile(r"m(?:/(?:0|[1-9][0-9]{0,9})'?)*")
_SIGNATURE = 65  # bytes: r, s, and which of the points it is


class Ethereum:
    """The operations of `core::CS_ETHEREUM_V0`, which take no secret."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def keccak(self, *, data: str) -> Outcome:
        """The Keccak-256 of bytes: SUCCESS with `hash`, or NOT_HEX."""
        content = _bytes(data)
        return Outcome("NOT_HEX") if content is None else Outcome("SUCCESS", hash=_hex(keccak(content)))

    def checksum(self, *, address: str) -> Outcome:
        """The address in the letters that EIP-55 gives it: SUCCESS with `address`, or NOT_AN_ADDRESS.

        An address in small and capital letters is one only if they are the right ones.
        """
        if not address.startswith("0x") or not is_hex_address(address):
            return Outcome("NOT_AN_ADDRESS")
        if is_checksum_formatted_address(address) and not is_checksum_address(address):
            return Outcome("NOT_AN_ADDRESS")
        return Outcome("SUCCESS", address=str(to_checksum_address(address)))

    def address(self, *, public_key: str) -> Outcome:
        """Whose public key that is, 65 bytes from 04 on: SUCCESS with `address`, or NOT_A_KEY.

        The form is looked at, and not whether the key is a point of the curve.
        """
        content = _bytes(public_key)
        if content is None or len(content) != 65 or content[0] != 4:
            return Outcome("NOT_A_KEY")
        return Outcome("SUCCESS", address=PublicKey(content[1:]).to_checksum_address())

    def recover(self, *, message: str, signature: str) -> Outcome:
        """Whose key has signed a text (EIP-191): SUCCESS with `address`, or NOT_A_SIGNATURE."""
        given = _bytes(signature)
        if given is None or len(given) != _SIGNATURE:
            return Outcome("NOT_A_SIGNATURE")
        try:
            address = Account.recover_message(encode_defunct(text=message), signature=given)
        except (BadSignature, InvalidValue, ValueError):
            return Outcome("NOT_A_SIGNATURE")
        return Outcome("SUCCESS", address=str(address))

    def build(self, *, transaction: dict[str, Value]) -> Outcome:
        """The bytes of a transaction (EIP-1559) that are to be signed: SUCCESS with `unsigned` and their `hash`.

        NOT_A_TRANSACTION if an amount is beyond 2^256-1.
        """
        fields = _transaction(transaction)
        if fields is None:
            return Outcome("NOT_A_TRANSACTION")
        order = ("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas", "to", "value", "data", "accessList")
        unsigned = b"\x02" + rlp.encode([_raw(name, fields[name]) for name in order])
        digest = TypedTransaction.from_dict(dict(fields)).hash()
        return Outcome("SUCCESS", unsigned=_hex(unsigned), hash=_hex(digest))


class EthereumKeys:
    """The operations of `core::CS_ETHEREUM_KEYS_V0`, which take secrets or give them."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def mnemonic(self, *, entropy: str) -> Outcome:
        """The words for 16, 20, 24, 28 or 32 bytes (BIP-39): SUCCESS with `mnemonic`, or WRONG_LENGTH."""
        content = _bytes(entropy)
        if content is None or len(content) not in (16, 20, 24, 28, 32):
            return Outcome("WRONG_LENGTH")
        return Outcome("SUCCESS", mnemonic=Mnemonic().to_mnemonic(content))

    def seed(self, *, mnemonic: str, passphrase: str = "") -> Outcome:
        """The seed of words (BIP-39): SUCCESS with `seed`, 64 bytes, or NOT_A_MNEMONIC."""
        try:
            return Outcome("SUCCESS", seed=_hex(seed_from_mnemonic(mnemonic, passphrase)))
        except InvalidValue:
            return Outcome("NOT_A_MNEMONIC")

    def derive(self, *, seed: str, path: str = "m/44'/60'/0'/0/0") -> Outcome:
        """The key at a path (BIP-32): SUCCESS with `private_key`, `chain_code`, `public_key`, `address`, `fingerprint`.

        NOT_A_SEED if there are not 16 to 64 bytes, NOT_A_PATH if that is none. `m` alone is the master key.
        """
        content = _bytes(seed)
        if content is None or not 16 <= len(content) <= 64:
            return Outcome("NOT_A_SEED")
        nodes = _nodes(path)
        if nodes is None:
            return Outcome("NOT_A_PATH")
        master = hmac_sha512(b"Bitcoin seed", content)
        key, chain_code = master[:32], master[32:]
        for node in nodes:
            key, chain_code = derive_child_key(key, chain_code, node)
        return _derived(key, chain_code)

    def derive_child(self, *, private_key: str, chain_code: str, index: int) -> Outcome:
        """One step of a path; from 2^31 on it is a hardened one: SUCCESS as DERIVE has it, or NOT_A_KEY."""
        parent, code = _key(private_key), _bytes(chain_code)
        if parent is None or code is None or len(code) != 32:
            return Outcome("NOT_A_KEY")
        node = HardNode(index - _HARD) if index >= _HARD else SoftNode(index)
        return _derived(*derive_child_key(parent.to_bytes(), code, node))

    def public_key(self, *, private_key: str) -> Outcome:
        """What belongs to a private key: SUCCESS with `public_key`, 65 bytes, and `address`, or NOT_A_KEY."""
        key = _key(private_key)
        return Outcome("NOT_A_KEY") if key is None else Outcome("SUCCESS", **_public(key))

    def sign_hash(self, *, private_key: str, hash: str) -> Outcome:
        """Sign 32 bytes: SUCCESS with `r`, `s`, `v` (0 or 1) and all three as `signature`; NOT_A_KEY, NOT_A_HASH."""
        key, digest = _key(private_key), _bytes(hash)
        if key is None:
            return Outcome("NOT_A_KEY")
        if digest is None or len(digest) != 32:
            return Outcome("NOT_A_HASH")
        signed = key.sign_msg_hash(digest)
        r, s = (f"0x{part:064x}" for part in (signed.r, signed.s))
        return Outcome("SUCCESS", r=r, s=s, v=signed.v, signature=_hex(signed.to_bytes()))

    def sign_message(self, *, private_key: str, message: str) -> Outcome:
        """Sign a text (EIP-191): SUCCESS with `signature` and the `address` that it is recovered to, or NOT_A_KEY."""
        key = _key(private_key)
        if key is None:
            return Outcome("NOT_A_KEY")
        return _message(key, message)

    def sign_transaction(self, *, private_key: str, transaction: dict[str, Value]) -> Outcome:
        """Sign a transaction (EIP-1559): SUCCESS with `raw` and its `hash`; NOT_A_KEY or NOT_A_TRANSACTION."""
        key = _key(private_key)
        return Outcome("NOT_A_KEY") if key is None else _signed(key, transaction)


class EthereumSigner:
    """The operations of `core::CS_ETHEREUM_SIGNER_V0`; what `keys` of the settings holds is the operator's."""

    SETTINGS: Final[Mapping[str, Value]] = {
        "type": "object",
        "properties": {
            "keys": {"type": "object", "additionalProperties": {"type": "string", "minLength": 64, "secret": True}}
        },
        "required": ["keys"],
        "additionalProperties": False,
    }

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def address(self, *, key: str) -> Outcome:
        """Whose signatures the key makes: SUCCESS with `address`, or UNKNOWN_KEY."""
        found = self._found(key)
        return Outcome("UNKNOWN_KEY") if found is None else Outcome("SUCCESS", address=_public(found)["address"])

    def sign_message(self, *, key: str, message: str) -> Outcome:
        """Sign a text (EIP-191): SUCCESS with `signature` and `address`, or UNKNOWN_KEY."""
        found = self._found(key)
        return Outcome("UNKNOWN_KEY") if found is None else _message(found, message)

    def sign_transaction(self, *, key: str, transaction: dict[str, Value]) -> Outcome:
        """Sign a transaction (EIP-1559): SUCCESS with `raw` and its `hash`; UNKNOWN_KEY or NOT_A_TRANSACTION."""
        found = self._found(key)
        return Outcome("UNKNOWN_KEY") if found is None else _signed(found, transaction)

    def _found(self, name: str) -> PrivateKey | None:
        held = cast("Mapping[str, Value]", self._outside.settings["keys"])
        if name not in held:
            return None
        key = _key(str(held[name]))
        if key is None:
            raise NotDone("What the settings hold under this name is no private key.")
        return key


def _message(key: PrivateKey, message: str) -> Outcome:
    signed = Account.sign_message(encode_defunct(text=message), key)
    return Outcome("SUCCESS", signature=_hex(bytes(signed.signature)), address=_public(key)["address"])


def _signed(key: PrivateKey, transaction: dict[str, Value]) -> Outcome:
    fields = _transaction(transaction)
    if fields is None:
        return Outcome("NOT_A_TRANSACTION")
    signed = Account.sign_transaction(dict(fields), key)
    return Outcome("SUCCESS", raw=_hex(bytes(signed.raw_transaction)), hash=_hex(bytes(signed.hash)))


def _bytes(text: str) -> bytes | None:
    """The bytes that hex digits write, with `0x` before them or not; None if they are none."""
    digits = text.removeprefix("0x")
    try:
        return bytes.fromhex(digits) if digits.isalnum() or not digits else None
    except ValueError:
        return None


def _hex(content: bytes) -> str:
    return f"0x{content.hex()}"


def _key(text: str) -> PrivateKey | None:
    content = _bytes(text)
    try:
        return None if content is None else PrivateKey(content)
    except (ValidationError, InvalidValue):
        return None


def _public(key: PrivateKey) -> dict[str, Value]:
    public = key.public_key
    return {"public_key": _hex(b"\x04" + public.to_bytes()), "address": public.to_checksum_address()}


def _nodes(path: str) -> list[Node] | None:
    """The steps of a path behind `m`; None if it is none."""
    if not _PATH.fullmatch(path):
        return None
    steps = path.split("/")[1:]
    if any(int(step.removesuffix("'")) >= _HARD for step in steps):
        return None
    return [Node.decode(step) for step in steps]


def _derived(key: bytes, chain_code: bytes) -> Outcome:
    private = PrivateKey(key)
    digest = RIPEMD160.new(SHA256.new(private.public_key.to_compressed_bytes()).digest()).digest()
    fingerprint = digest[:4].hex()  # BIP-32, Key identifiers
    return Outcome(
        "SUCCESS", private_key=_hex(key), chain_code=_hex(chain_code), fingerprint=fingerprint, **_public(private)
    )


def _transaction(given: Mapping[str, Value]) -> dict[str, object] | None:
    """A transaction as `eth-account` takes it; None if an amount is no number of 256 bits."""
    amounts = {
        name: int(str(given[field]))
        for name, field in (
            ("value", "value"),
            ("maxFeePerGas", "max_fee_per_gas"),
            ("maxPriorityFeePerGas", "max_priority_fee_per_gas"),
        )
    }
    if any(amount >= 2**256 for amount in amounts.values()):
        return None
    listed = cast("list[dict[str, Value]]", given["access_list"])
    return {
        "type": 2,
        "chainId": given["chain_id"],
        "nonce": given["nonce"],
        "gas": given["gas_limit"],
        "to": to_checksum_address(str(given["to"])),
        "data": str(given["data"]),
        "accessList": [{"address": one["address"], "storageKeys": one["storage_keys"]} for one in listed],
        **amounts,
    }


def _raw(name: str, value: object) -> object:
    """A field as RLP takes it."""
    if name == "accessList":
        listed = cast("list[dict[str, object]]", value)
        return [
            [_bytes(str(one["address"])), [_bytes(str(key)) for key in cast("list[str]", one["storageKeys"])]]
            for one in listed
        ]
    return _bytes(value) if isinstance(value, str) else value
