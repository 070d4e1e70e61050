"""The format of the file vault, checked with the primitives themselves."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from gatewatch.vault import sealed
from gatewatch.vault.sealed import MAGIC, new_salt, salt_of, seal, unseal

SALT = bytes(range(16))
PASSPHRASE = b"correct horse"


@pytest.fixture(scope="module")
def example() -> bytes:
    return seal(b"the plain text", PASSPHRASE, SALT)


def test_the_file_is_a_header_and_aes_gcm_over_it_under_an_argon2id_key(
    example: bytes,
) -> None:
    magic, salt, nonce, body = example[:18], example[18:34], example[34:46], example[46:]
    assert (magic, salt) == (b"gatewatch vault 1\n", SALT)
    key = Argon2id(salt=salt, length=32, iterations=3, lanes=4, memory_cost=65536).derive(PASSPHRASE)
    assert AESGCM(key).decrypt(nonce, body, magic + salt + nonce) == b"the plain text"


def test_what_was_sealed_is_unsealed_and_does_not_stand_in_the_file(example: bytes) -> None:
    assert unseal(example, PASSPHRASE) == b"the plain text"
    assert b"plain" not in example


def test_each_sealing_has_its_own_nonce_and_each_file_its_own_salt(example: bytes) -> None:
    assert seal(b"the plain text", PASSPHRASE, SALT) != example
    assert new_salt() != new_salt()
    assert salt_of(example) == SALT


def test_a_changed_bit_anywhere_is_noticed(example: bytes) -> None:
    for place in [0, 17, 34, 45, 46, len(example) - 1]:  # a changed salt is another key: below
        changed = bytearray(example)
        changed[place] ^= 1
        with pytest.raises(ValueError):
            unseal(bytes(changed), PASSPHRASE)


def test_a_wrong_passphrase_or_salt_is_an_error(example: bytes) -> None:
    with pytest.raises(ValueError):
        unseal(example, b"wrong horse")
    with pytest.raises(ValueError):
        unseal(example[:18] + bytes(16) + example[34:], PASSPHRASE)


@pytest.mark.parametrize("length", [0, 5, 18, 34, 46, 61])
def test_a_file_cut_short_is_an_error_before_any_derivation(example: bytes, length: int) -> None:
    derived = sealed._derive.cache_info().misses
    with pytest.raises(ValueError, match="cut short"):
        unseal(example[:length], PASSPHRASE)
    assert sealed._derive.cache_info().misses == derived


def test_one_process_derives_a_files_key_once(example: bytes) -> None:
    unseal(example, PASSPHRASE)
    derived = sealed._derive.cache_info().misses
    for _ in range(5):
        unseal(seal(b"more", PASSPHRASE, salt_of(example)), PASSPHRASE)
    assert sealed._derive.cache_info().misses == derived
    assert example.startswith(MAGIC)
