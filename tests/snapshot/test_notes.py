"""Signed notes and checkpoints: the forms of C2SP, one way to write each, and whose signature is whose."""

from __future__ import annotations

import hashlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_snapshot.notes import (
    Checkpoint,
    NotANote,
    checkpoint_of,
    cosigned,
    cosigned_at,
    is_signed,
    key_hash,
    origin_of,
    read_note,
    signed,
)
from pgs_snapshot.signing import key_of_seed

KEY, OTHER = key_of_seed(b"k" * 32), key_of_seed(b"o" * 32)
CHECKPOINT = Checkpoint("pgs/0123", 12, hashlib.sha256(b"root").digest(), 1_700_000_000)
NOTE = signed(CHECKPOINT, [KEY])
DATA = NOTE.data()
ROOT = b64encode(CHECKPOINT.root).decode()


def test_a_checkpoint_has_the_lines_of_the_format_and_a_signature_below() -> None:
    text, _, below = DATA.decode().rpartition("\n\n")
    assert text == f"pgs/0123\n12\n{ROOT}\ntime 1700000000"
    key = hashlib.sha256(b"pgs/0123\n\x01" + KEY.public.raw).digest()[:4]
    signature = KEY.sign(f"{text}\n".encode())
    assert below == f"— pgs/0123 {b64encode(key + signature).decode()}\n"


def test_what_was_written_is_read_again() -> None:
    assert read_note(DATA) == NOTE
    assert checkpoint_of(NOTE.text) == CHECKPOINT


def test_the_hash_of_a_key_is_that_of_the_formats_own_example() -> None:
    # c2sp.org/signed-note: PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW
    public = bytes.fromhex("1a5cd907143c384c41e830c5bce12aa8817ec5649aaabf2c31388b35b2d744d6")
    assert key_hash("PeterNeumann", b"\x01", public).hex() == "c74f20a3"


def test_a_signature_is_of_one_key_in_the_name_of_one_log() -> None:
    assert is_signed(NOTE, "pgs/0123", KEY.public)
    assert not is_signed(NOTE, "pgs/0123", OTHER.public)
    assert not is_signed(NOTE, "pgs/4567", KEY.public)


def test_a_cosignature_covers_its_time_and_is_none_of_the_log() -> None:
    note = cosigned(NOTE, OTHER, 1_700_000_123)
    assert cosigned_at(note, OTHER.public) == (1_700_000_123,)
    assert cosigned_at(note, KEY.public) == ()
    assert not is_signed(note, "pgs/0123", OTHER.public)
    assert read_note(note.data()) == note
    later = read_note(note.data().replace(note.data()[-99:], cosigned(NOTE, OTHER, 9).data()[-99:]))
    assert cosigned_at(later, OTHER.public) == (9,)


def test_who_cosigns_again_has_one_cosignature() -> None:
    note = cosigned(cosigned(NOTE, OTHER, 5), OTHER, 6)
    assert cosigned_at(note, OTHER.public) == (6,)
    assert len(note.signatures) == 2


def test_a_signature_by_the_key_of_the_log_is_no_cosignature() -> None:
    assert cosigned_at(NOTE, KEY.public) == ()


def test_the_origin_is_that_of_one_store_and_does_not_show_its_id() -> None:
    assert origin_of(b"a" * 32) != origin_of(b"b" * 32)
    assert origin_of(b"a" * 32).startswith("pgs/")
    assert "aaaa" not in origin_of(b"a" * 32)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "four lines"),
        (f"pgs/0123\n12\n{ROOT}\n", "four lines"),
        (f"pgs/0123\n12\n{ROOT}\ntime 1\nmore\n", "four lines"),
        (f"pgs/0123\n12\n{ROOT}\ntime 1", "four lines"),
        (f"pgs 0123\n12\n{ROOT}\ntime 1\n", "names no log"),
        (f"pgs/0123\n012\n{ROOT}\ntime 1\n", "has no size"),
        (f"pgs/0123\n-1\n{ROOT}\ntime 1\n", "has no size"),
        (f"pgs/0123\n12\n{ROOT[:-4]}\ntime 1\n", "has no root"),
        (f"pgs/0123\n12\n{ROOT[:-2]}9=\ntime 1\n", "has no root"),
        (f"pgs/0123\n12\n{ROOT}\ntime 01\n", "says no time"),
        (f"pgs/0123\n12\n{ROOT}\nat 1\n", "says no time"),
    ],
)
def test_what_is_written_in_another_way_is_no_checkpoint(text: str, why: str) -> None:
    with pytest.raises(NotANote, match=why):
        checkpoint_of(text)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        DATA[:-1],
        DATA + b"\n",
        DATA.replace(b"\n\n", b"\n"),
        DATA.replace(b"\n", b"\r\n"),
        DATA.replace("—".encode(), b"-"),
        DATA.replace(b"pgs/0123 ", b"pgs/0123  "),
        DATA + b"more\n",
        DATA + b"\xff\n",
        DATA.rpartition(b"\n\n")[0] + b"\n\n",
        DATA + DATA.rpartition(b"\n\n")[2] * 64,
        DATA + b" " * (64 << 10),
    ],
)
def test_what_is_written_in_another_way_is_no_note(data: bytes) -> None:
    with pytest.raises(NotANote):
        read_note(data)


@given(st.integers(0, len(DATA) * 8 - 1))
def test_no_flipped_bit_goes_unseen(bit: int) -> None:
    data = bytearray(DATA)
    data[bit // 8] ^= 1 << bit % 8
    try:
        note = read_note(bytes(data))
        checkpoint = checkpoint_of(note.text)
    except NotANote:
        return
    assert not is_signed(note, checkpoint.origin, KEY.public)
