"""Signatures: Ed25519 (RFC 8032) over bytes, and the files that keys are kept in.

Laws:
* a private key is in a file that its owner alone can read, or in memory; nothing shows it;
* a key is its 32 bytes; its id is a digest of them, a hint that no decision rests on;
* a public key that would verify signatures of nobody (a point of small order) is no key.

`cryptography` is loaded when something is signed or verified: 40 ms that an unsigned run does not pay.
"""

from __future__ import annotations

import base64
import binascii
import errno
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from pgs_snapshot.canonical import digest
from pgs_snapshot.frozen import frozen
from pgs_snapshot.visible import visible

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_CODES: Mapping[str, str] = MappingProxyType(
    {
        "R110": "key-file",
        "R111": "key-shared",
        "R112": "no-key",
    }
)
"""Why a key cannot be had: a stable code and its name."""

PASSPHRASE = "PGS_KEY_PASSPHRASE"  # noqa: S105 the variable's name
KEY_BYTES, SIGNATURE_BYTES = 32, 64
_MAX_FILE = 16 << 10
_FIELD = 2**255 - 19
# The y coordinates of the points of small order: under such a key, signatures of nobody verify.
_ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_SMALL = {0, 1, _FIELD - 1, _ORDER_8, _FIELD - _ORDER_8}


class KeyRefused(Exception):
    """A key file cannot be used. No message holds anything of what is in it.

    Attributes:
        code: a key of `KEY_CODES`.
        message: one sentence, names in backticks.
        hint: what to type, or "".
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


@frozen
class PublicKey:
    """A public key: 32 bytes. `public_key` makes one of text."""

    raw: bytes

    @property
    def id(self) -> str:
        """The SHA-256 of the key, 64 hex digits: what people and envelopes call it by."""
        return digest(self.raw)

    @property
    def text(self) -> str:
        """The key as base64."""
        return base64.b64encode(self.raw).decode()

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Whether the signature, of 64 bytes, is this key's over these bytes."""
        # 40 ms to load
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        if len(signature) != SIGNATURE_BYTES:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, data)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """A private key, which shows nothing of itself. `new_key` and `read_key` make one."""

    __slots__ = ("_key", "public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"SigningKey({self.public.id})"

    def __reduce__(self) -> str:
        raise TypeError("a private key is not copied")

    def sign(self, data: bytes) -> bytes:
        """The signature over these bytes: 64 bytes, the same for the same bytes."""
        return self._key.sign(data)


def new_key() -> SigningKey:
    """A key that nobody has, from the system's source of chance."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # 40 ms to load

    return SigningKey(Ed25519PrivateKey.generate())


def key_of_seed(seed: bytes) -> SigningKey:
    """The key of 32 bytes that are secret, as RFC 8032 has it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # 40 ms to load

    return SigningKey(Ed25519PrivateKey.from_private_bytes(seed))


def public_key(text: str) -> PublicKey:
    """The key that a text stands for: base64 of 32 bytes, in the one form that base64 has for them.

    Raises:
        ValueError: it stands for none. The message says why.
    """
    raw = strict_base64(text)
    if len(raw) != KEY_BYTES:
        raise ValueError(f"has {len(raw)} bytes, and a key has {KEY_BYTES}")
    y = int.from_bytes(raw, "little") & ((1 << 255) - 1)
    if y >= _FIELD or y in _SMALL:
        raise ValueError("is a point that anybody could sign for")
    return PublicKey(raw)


def strict_base64(text: str) -> bytes:
    """The bytes that a text stands for, which is the only text (RFC 4648 section 4) that stands for them.

    Raises:
        ValueError: it is not such a text.
    """
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise ValueError("is not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise ValueError("is not the one base64 of its bytes")
    return raw


# --- files ---------------------------------------------------------------------------------------


def write_key(path: Path, key: SigningKey, passphrase: bytes | None = None) -> None:
    """Write a private key to a new file that its owner alone can read: PEM, PKCS #8, encrypted under a passphrase.

    Raises:
        KeyRefused: R110, something is there already, or it cannot be written.
    """
    from cryptography.hazmat.primitives.serialization import (  # 40 ms to load
        BestAvailableEncryption,
        Encoding,
        KeySerializationEncryption,
        NoEncryption,
        PrivateFormat,
    )

    how: KeySerializationEncryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    data = key._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise KeyRefused("R110", f"`{path}` is there already, and a key is never overwritten.") from None
    except OSError as error:
        raise KeyRefused("R110", f"`{path}` cannot be written: {error.strerror}.") from None
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)  # a umask may have taken more than it should
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise KeyRefused("R110", f"`{path}` cannot be written: {error.strerror}.") from None


def read_key(path: Path, passphrase: Callable[[], bytes | None] = lambda: None) -> SigningKey:
    """The private key in a file.

    Args:
        passphrase: asked only where the file is encrypted; None: there is none.

    Raises:
        KeyRefused: R110, the file cannot be read or is a link; R111, others can read it; R112, it holds no Ed25519
            key, or the passphrase is another.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # 40 ms to load
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = _read_private(path)
    word = passphrase() if b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in data else None
    try:
        key = load_pem_private_key(data, word)
    except TypeError:
        message = f"The key in `{visible(str(path))}` is encrypted, and no passphrase is given."
        raise KeyRefused("R112", message, f"Set `{PASSPHRASE}`, or sign at a terminal.") from None
    except (ValueError, UnsupportedAlgorithm):
        why = "the passphrase is another, or the file is damaged" if word else "it is no key in PEM"
        raise KeyRefused("R112", f"The key in `{visible(str(path))}` cannot be read: {why}.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefused("R112", f"The key in `{visible(str(path))}` is not one of Ed25519.")
    return SigningKey(key)


def _read_private(path: Path) -> bytes:
    """The bytes of a file that its owner alone can read."""
    shown = visible(str(path))
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        why = "it is a symbolic link" if error.errno == errno.ELOOP else error.strerror
        raise KeyRefused("R110", f"The key `{shown}` cannot be read: {why}.") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_FILE:
            raise KeyRefused("R110", f"The key `{shown}` cannot be read: it is no file of a key.")
        if status.st_mode & 0o077 or status.st_uid not in (0, os.geteuid()):
            message = f"Others than you can read or change the key in `{shown}`, so it may be theirs as well."
            raise KeyRefused("R111", message, f"If nobody has read it: `chmod 600 {shown}`. Else make a new one.")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(_MAX_FILE)
    finally:
        os.close(descriptor)
