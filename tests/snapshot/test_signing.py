"""Signatures and the files of keys: the published vectors, and what no key file may be."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from pgs_snapshot.signing import KeyRefused, PublicKey, key_of_seed, new_key, public_key, read_key, write_key

# RFC 8032, section 7.1: TEST 1, TEST 2, TEST 3. Secret, public, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
ENCRYPTED = "-----BEGIN ENCRYPTED PRIVATE KEY-----"


@pytest.mark.parametrize(("secret", "public", "message", "signature"), VECTORS, ids=["1", "2", "3"])
def test_the_vectors_of_rfc_8032(secret: str, public: str, message: str, signature: str) -> None:
    key = key_of_seed(bytes.fromhex(secret))
    data, expected = bytes.fromhex(message), bytes.fromhex(signature)
    assert key.public.raw == bytes.fromhex(public)
    assert key.sign(data) == expected
    assert key.public.verify(expected, data)


def test_a_signature_is_over_these_bytes_by_this_key_and_of_this_length() -> None:
    key, other = new_key(), new_key()
    made = key.sign(b"this")
    assert key.public.verify(made, b"this")
    assert not key.public.verify(made, b"that")
    assert not other.public.verify(made, b"this")
    assert not key.public.verify(made[:-1], b"this")
    assert not key.public.verify(made + b"\0", b"this")
    assert not any(
        key.public.verify(made[:index] + bytes([made[index] ^ 1]) + made[index + 1 :], b"this") for index in range(64)
    )


def test_the_other_form_of_a_signature_is_refused() -> None:
    key = new_key()
    made = key.sign(b"this")
    order = 2**252 + 27742317777372353535851937790883648493
    malleable = made[:32] + (int.from_bytes(made[32:], "little") + order).to_bytes(32, "little")
    assert not key.public.verify(malleable, b"this")


def test_a_public_key_is_the_one_base64_of_32_bytes_that_are_a_key() -> None:
    key = new_key().public
    assert public_key(key.text) == key
    for text, why in [
        (key.text[:-1], "is not base64"),
        (key.text + "\n", "is not base64"),
        (key.text.replace("=", "") + "é", "is not base64"),
        ("AAAA", "has 3 bytes, and a key has 32"),
        ("", "has 0 bytes, and a key has 32"),
    ]:
        with pytest.raises(ValueError, match=why):
            public_key(text)


@pytest.mark.parametrize("high", [0, 0x80])
@pytest.mark.parametrize(
    "y",
    [
        0,
        1,
        2**255 - 20,
        2**255 - 19,
        2**255 - 18,
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    ],
)
def test_a_point_that_anybody_could_sign_for_is_no_key(y: int, high: int) -> None:
    raw = bytearray(y.to_bytes(32, "little"))
    raw[31] |= high
    with pytest.raises(ValueError, match="anybody could sign for"):
        public_key(PublicKey(bytes(raw)).text)


def test_a_key_file_is_its_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    file, key = tmp_path / "key.pem", new_key()
    before = os.umask(0)
    try:
        write_key(file, key)
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_key(file).public == key.public
    with pytest.raises(KeyRefused, match="is there already") as refused:
        write_key(file, new_key())
    assert refused.value.code == "R110"
    (tmp_path / "dangling").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyRefused, match="is there already"):
        write_key(tmp_path / "dangling", new_key())
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o777])
def test_seal_13_a_key_that_others_can_read_or_change_is_refused(mode: int, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    write_key(file, new_key())
    file.chmod(mode)
    with pytest.raises(KeyRefused) as refused:
        read_key(file)
    assert refused.value.code == "R111"
    assert refused.value.hint == f"If nobody has read it: `chmod 600 {file}`. Else make a new one."


def test_a_link_a_pipe_and_a_folder_are_no_key_files(tmp_path: Path) -> None:
    write_key(tmp_path / "key.pem", new_key())
    (tmp_path / "link.pem").symlink_to(tmp_path / "key.pem")
    os.mkfifo(tmp_path / "pipe.pem", 0o600)
    for name in ("link.pem", "pipe.pem", ".", "missing.pem"):
        with pytest.raises(KeyRefused) as refused:
            read_key(tmp_path / name)
        assert refused.value.code == "R110"


def test_a_passphrase_is_asked_for_only_where_the_key_is_encrypted(tmp_path: Path) -> None:
    plain, sealed, key = tmp_path / "plain.pem", tmp_path / "sealed.pem", new_key()
    write_key(plain, key)
    write_key(sealed, key, b"a long word")
    asked: list[str] = []

    def word() -> bytes:
        asked.append("asked")
        return b"a long word"

    assert read_key(plain, word).public == key.public
    assert asked == []
    assert read_key(sealed, word).public == key.public
    assert asked == ["asked"]
    assert sealed.read_text().startswith(ENCRYPTED)
    for given, why in [(None, "no passphrase is given"), (b"another", "the passphrase is another")]:
        with pytest.raises(KeyRefused, match=why) as refused:
            read_key(sealed, lambda given=given: given)  # type: ignore[misc]
        assert refused.value.code == "R112"


def test_what_is_no_ed25519_key_is_refused_without_a_word_of_it(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    file = tmp_path / "key.pem"
    other = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for data in (other, b"TOP-SECRET", b"-----BEGIN PRIVATE KEY-----\nVE9QLVNFQ1JFVA==\n-----END PRIVATE KEY-----\n"):
        file.unlink(missing_ok=True)
        file.touch(0o600)
        file.write_bytes(data)
        with pytest.raises(KeyRefused) as refused:
            read_key(file)
        assert refused.value.code == "R112"
        assert refused.value.__cause__ is None
        assert "SECRET" not in str(refused.value)


def test_seal_13_a_private_key_shows_nothing_of_itself_and_is_not_copied() -> None:
    key = key_of_seed(bytes.fromhex(VECTORS[0][0]))
    assert repr(key) == f"SigningKey({key.public.id})"
    with pytest.raises(TypeError, match="a private key is not copied"):
        pickle.dumps(key)


def test_nothing_of_cryptography_is_loaded_before_something_is_signed_or_verified() -> None:
    modules = "pgs_snapshot.signing, pgs_snapshot.trust, pgs_runtime.runtime, pgs_runtime.refusals"
    code = f"import sys, {modules}; print('cryptography' in sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
