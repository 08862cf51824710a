"""Signed notes and checkpoints of a log, in the forms of C2SP (signed-note, tlog-checkpoint, tlog-cosignature).

A note is a text, an empty line, and lines with signatures. A checkpoint is the text

    ORIGIN          which log
    SIZE            of how many leaves
    ROOT            the root over them (`pgs_snapshot.merkle`), in base64
    time SECONDS    when it was signed, as its signer says; since 1970, UTC

A signature is `— NAME BASE64`: four bytes that tell keys apart and 64 of Ed25519, in a cosignature with eight bytes of
time between. What is read has one way to be written, so that nothing signed can be shown in two forms.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence

from pgs_snapshot.frozen import frozen
from pgs_snapshot.signing import PublicKey, SigningKey, strict_base64

ED25519, COSIGNATURE = b"\x01", b"\x04"
"""What a key signs with, as the first byte of what is hashed with its public bytes."""

SIZE = 64 << 10
"""The most bytes that are read of a note."""

COSIGNATURE_BYTES = 72
"""A time and a signature."""

SIGNATURES = 64
"""The most signatures that are read of a note."""

_DASH = "— "
_NAME = re.compile(r"[^\s+\x00-\x20\x7f]{1,200}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
_TIME = re.compile(r"time (0|[1-9][0-9]{0,11})")


class NotANote(ValueError):
    """Some bytes are no note or no checkpoint; the message follows `The checkpoint `."""


@frozen
class Signature:
    """A line below a note: whose name, which key as far as four bytes tell, and what it signed with it."""

    name: str
    key: bytes
    blob: bytes

    def line(self) -> str:
        return f"{_DASH}{self.name} {b64encode(self.key + self.blob).decode()}\n"


@frozen
class Note:
    """A text that ends with a line feed, and the signatures below it."""

    text: str
    signatures: tuple[Signature, ...]

    def data(self) -> bytes:
        return "".join((self.text, "\n", *(signature.line() for signature in self.signatures))).encode()


@frozen
class Checkpoint:
    """The log `origin` had `size` leaves under `root`. `time` in seconds since 1970 (UTC), as the signer says."""

    origin: str
    size: int
    root: bytes
    time: int

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\ntime {self.time}\n"


def origin_of(store: bytes) -> str:
    """The origin of the log of the store with this id."""
    return f"pgs/{hashlib.sha256(b'pgs log ' + store).hexdigest()[:32]}"


def key_hash(name: str, algorithm: bytes, public: bytes) -> bytes:
    """The four bytes that tell the keys of a name apart."""
    return hashlib.sha256(name.encode() + b"\n" + algorithm + public).digest()[:4]


def read_note(data: bytes) -> Note:
    """The note that these bytes are.

    Raises:
        NotANote: they are none, or it is written in another way.
    """
    if len(data) > SIZE:
        raise NotANote(f"has more than {SIZE:,} bytes")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise NotANote("is not UTF-8") from error
    text, gap, below = whole.rpartition("\n\n")
    if not gap or not text or not below.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f\x7f]", whole):
        raise NotANote("is no text with signatures below it")
    lines = below[:-1].split("\n")
    if len(lines) > SIGNATURES:
        raise NotANote(f"has more than {SIGNATURES} signatures")
    return Note(text + "\n", tuple(map(_signature, lines)))


def _signature(line: str) -> Signature:
    name, gap, encoded = line.removeprefix(_DASH).partition(" ")
    blob = bytes_of(encoded)
    if not line.startswith(_DASH) or not gap or not _NAME.fullmatch(name) or blob is None or len(blob) < 5:
        raise NotANote("has a signature that is not written as one")
    return Signature(name, blob[:4], blob[4:])


def bytes_of(encoded: str) -> bytes | None:
    """What stands there in base64, if that is the one way to write it."""
    try:
        return strict_base64(encoded)
    except ValueError:
        return None


def checkpoint_of(text: str) -> Checkpoint:
    """The checkpoint that the text of a note is.

    Raises:
        NotANote: it is none.
    """
    lines = text.split("\n")
    if len(lines) != 5 or lines[4]:
        raise NotANote("does not have its four lines: origin, size, root, time")
    origin, size, encoded, said = lines[:4]
    root, time = bytes_of(encoded), _TIME.fullmatch(said)
    if not _NAME.fullmatch(origin):
        raise NotANote("names no log")
    if not _NUMBER.fullmatch(size):
        raise NotANote("has no size")
    if root is None or len(root) != 32:
        raise NotANote("has no root")
    if time is None:
        raise NotANote("says no time")
    return Checkpoint(origin, int(size), root, int(time[1]))


# --- signing and checking; which keys are trusted is said elsewhere -------------------------------


def signed(checkpoint: Checkpoint, keys: Sequence[SigningKey]) -> Note:
    """The checkpoint as a note, signed by each key in the name of its log."""
    text, origin = checkpoint.text(), checkpoint.origin
    made = (Signature(origin, key_hash(origin, ED25519, key.public.raw), key.sign(text.encode())) for key in keys)
    return Note(text, tuple(made))


def is_signed(note: Note, origin: str, key: PublicKey) -> bool:
    """Whether this key signed the note in the name of the log."""
    own = origin, key_hash(origin, ED25519, key.raw)
    made = (each.blob for each in note.signatures if (each.name, each.key) == own)
    return any(key.verify(blob, note.text.encode()) for blob in made)


def cosigned(note: Note, key: SigningKey, time: int) -> Note:
    """The note with a witness's cosignature. `time` in seconds since 1970 (UTC)."""
    name = f"pgs-witness/{key.public.id[:16]}"
    blob = time.to_bytes(8, "big") + key.sign(_witnessed(note, time))
    made = Signature(name, key_hash(name, COSIGNATURE, key.public.raw), blob)
    others = (each for each in note.signatures if (each.name, each.key) != (made.name, made.key))
    return Note(note.text, (*others, made))


def cosigned_at(note: Note, key: PublicKey) -> tuple[int, ...]:
    """When this witness's key cosigned the note, under whatever name, as the witness says."""
    times = []
    for each in note.signatures:
        if each.key == key_hash(each.name, COSIGNATURE, key.raw) and len(each.blob) == COSIGNATURE_BYTES:
            time = int.from_bytes(each.blob[:8], "big")
            if key.verify(each.blob[8:], _witnessed(note, time)):
                times.append(time)
    return tuple(times)


def _witnessed(note: Note, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{note.text}".encode()
