"""Answers of rotations that were lost can be asked for again: by the id that the rotation came with.

The secret of such a rotation stays sealed in the vault until its first use is seen, or an hour has passed, or the key
has ended; then it is forgotten. So an answer that nobody got costs no second rotation, and none that was got can be
had again for long.
"""

from gatewatch.control.exclusive import exclusive
from gatewatch.control.records import SecretRecord
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotFound, UsageError
from gatewatch.keys.token import KID_LENGTH
from gatewatch.paths import Home
from gatewatch.vault.interface import Vault
from gatewatch.vault.own_entries import DELIVERED

PREFIX = "gatewatch/rotation/"
KEPT_US = 3600 * 1_000_000


def answer_of(key_id: str, rotation_id: str) -> str:
    """Where the vault keeps the secret."""
    return f"{PREFIX}{key_id}/{rotation_id}"


def is_awaited(store: ControlStore, secret: SecretRecord) -> bool:
    """Whether that secret may still be told to whoever asks for its rotation again."""
    now = store.clock()
    key = store.key(secret.key_id)
    return (
        secret.last_used_at is None
        and secret.is_valid(now)
        and key.state(now) == "active"
        and now < secret.created_at + KEPT_US
    )


def forget_delivered(home: Home, store: ControlStore, vault: Vault) -> int:
    """Takes what is of no use any more out of the vault; how many there were. Raises VaultError.

    Answers that are not awaited, and delivered secrets of keys that have ended.
    """
    if not any(name.startswith((PREFIX, DELIVERED)) for name in vault.names()):
        return 0
    with exclusive(home.rotation_lock):  # nobody is between sealing a secret and noting its key or its rotation
        done = [name for name in vault.names() if _is_over(store, name)]
        for name in done:
            vault.delete(name)
    return len(done)


def _is_over(store: ControlStore, name: str) -> bool:
    if name.startswith(DELIVERED):
        return not _is_active(store, name.removeprefix(DELIVERED)[:KID_LENGTH])
    if not name.startswith(PREFIX):
        return False
    key_id, _, rotation_id = name.removeprefix(PREFIX).partition("/")
    secret = store.rotation(key_id, rotation_id)
    return secret is None or not is_awaited(store, secret)


def _is_active(store: ControlStore, key_id: str) -> bool:
    try:
        key = store.key(key_id)
    except (NotFound, UsageError):
        return False
    return key.id == key_id and key.state(store.clock()) == "active"
