"""Answers of rotations that were lost can be asked for again: by the id that the rotation came with.

The secret of such a rotation stays sealed in the vault until its first use is seen, or an hour has passed, or the key
has ended; then it is forgotten. So an answer that nobody got costs no second rotation, and none that was got can be
had again for long.
"""

from gatewatch.control.exclusive import exclusive
from gatewatch.control.records import SecretRecord
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.vault.interface import Vault

PREFIX = "gatewatch/rotation/"
KEPT_US = 3600 * 1_000_000


def entry_of(key_id: str, rotation_id: str) -> str:
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
    """Takes what is not awaited any more out of the vault; how many there were. Raises VaultError."""
    if not any(name.startswith(PREFIX) for name in vault.names()):
        return 0
    with exclusive(home.rotation_lock):  # nobody is between sealing a secret and noting its rotation
        done = [name for name in vault.names() if name.startswith(PREFIX) and not _is_entry_awaited(store, name)]
        for name in done:
            vault.delete(name)
    return len(done)


def _is_entry_awaited(store: ControlStore, name: str) -> bool:
    key_id, _, rotation_id = name.removeprefix(PREFIX).partition("/")
    secret = store.rotation(key_id, rotation_id)
    return secret is not None and is_awaited(store, secret)
