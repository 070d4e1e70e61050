"""The bytes of the file vault: magic, salt, nonce, then AES-256-GCM with all three as associated data.

The key is Argon2id of the passphrase (64 MiB, 3 passes, 4 lanes: RFC 9106's second recommendation, about 0.1 s). The
magic fixes these numbers, so a forged header cannot ask for less work, or for all the memory. A file keeps its salt for
life, so a process derives its key once; every sealing has a nonce of its own.
"""

import os
from functools import lru_cache

MAGIC = b"gatewatch vault 1\n"
SALT_BYTES = 16
NONCE_BYTES = 12
_HEADER_BYTES = len(MAGIC) + SALT_BYTES + NONCE_BYTES
_TAG_BYTES = 16


def new_salt() -> bytes:
    return os.urandom(SALT_BYTES)


def salt_of(sealed: bytes) -> bytes:
    """The salt of a sealed file. Raises ValueError where it is none, or cut short."""
    if not sealed.startswith(MAGIC) or len(sealed) < _HEADER_BYTES + _TAG_BYTES:
        raise ValueError("not a sealed file, or cut short")
    return sealed[len(MAGIC) :][:SALT_BYTES]


def seal(plain: bytes, passphrase: bytes, salt: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(NONCE_BYTES)
    header = MAGIC + salt + nonce
    return header + AESGCM(_derive(passphrase, salt)).encrypt(nonce, plain, header)


def unseal(sealed: bytes, passphrase: bytes) -> bytes:
    """Raises ValueError where the passphrase is wrong or a single bit was changed: which of them cannot be told."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    salt = salt_of(sealed)
    header, body = sealed[:_HEADER_BYTES], sealed[_HEADER_BYTES:]
    try:
        return AESGCM(_derive(passphrase, salt)).decrypt(header[-NONCE_BYTES:], body, header)
    except InvalidTag:
        raise ValueError("wrong passphrase, or changed") from None


@lru_cache(maxsize=2)
def _derive(passphrase: bytes, salt: bytes) -> bytes:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    return Argon2id(salt=salt, length=32, iterations=3, lanes=4, memory_cost=64 * 1024).derive(passphrase)
