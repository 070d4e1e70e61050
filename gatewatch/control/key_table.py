"""The virtual keys as a worker sees them: all of them in memory; what changed is read when the generation has risen.

A key that any process revoked is refused 0.1 s later by every worker that calls `refresh_if_stale` before its look-ups,
with no other process involved. A store that is locked, unreadable, damaged or gone leaves the table as it was, sets
`stale_since`, and is asked more rarely for a while. The secret is compared as a keyed digest in constant time and never
reaches SQL; all refusals look alike to the caller, and take a digest and a comparison even where the key id is unknown.

Imports stay small: the standard library and msgspec.
"""

import hmac
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from gatewatch.control.key_networks import networks_of
from gatewatch.control.records import KEY_COLUMNS, KeyRecord, key_record, now_us
from gatewatch.hidden import hides
from gatewatch.keys.token import digest, parse

REFRESH_SECONDS = 0.1
RAREST_SECONDS = 0.5
"""Between two looks at a store that fails: each doubles the time, and one that succeeds ends it."""
START_LOCK_SECONDS = 2.0
"""How long a starting worker waits for a lock. A running one never does: the look is made in its event loop."""

Reason = Literal["malformed", "unknown", "wrong_secret", "expired", "revoked", "replaced", "secret_revoked"]
"""`replaced`: the grace of an old secret is over; `secret_revoked`: it was ended before its time."""


class Refusal(msgspec.Struct, frozen=True):
    """Why a key is not served. For the log only: the caller always sees the same 401."""

    reason: Reason
    kid: str | None = None


_MALFORMED = Refusal("malformed")
_NOBODY = bytes(32)
_NEVER = -1
"""Before the generation of any row."""

_PASSING = {
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_IOERR),
    *(sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY),
}
"""Errors behind which the store is the one that it was: what is known of it need not be read again."""


_CHANGED_KEYS = f"SELECT {KEY_COLUMNS} FROM virtual_keys WHERE changed > ?"  # noqa: S608
_CHANGED_SECRETS = """SELECT kid, key_id, version, digest, valid_until FROM key_secrets
    WHERE changed > ?1 OR key_id IN (SELECT id FROM virtual_keys WHERE changed > ?1)"""
"""Those of changed keys too: a secret in the table stands with its key as it is."""


class Known(msgspec.Struct, frozen=True):
    """A key that may call, and by which of its secrets it was shown."""

    key: KeyRecord
    kid: str
    version: int


@hides("digest")
class _Stored(msgspec.Struct, frozen=True):
    digest: bytes
    valid_until: int | None
    known: Known


class KeyTable:
    """Belongs to the thread that made it. Making one reads the store: raises sqlite3.Error or OSError if it cannot."""

    def __init__(self, path: Path, pepper: bytes, *, clock: Callable[[], int] = now_us) -> None:
        self._path = path
        self._pepper = pepper
        self._clock = clock
        self._keys: dict[str, KeyRecord] = {}
        self._secrets: dict[str, _Stored] = {}
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._looked_at = -REFRESH_SECONDS
        self._rest_seconds = 0.0
        """After the last look, before another is made."""
        self.generation = _NEVER
        self.stale_since: float | None = None
        """The monotonic time of the first look at the store that failed; None while looks succeed."""
        self._read_again_if_changed(lock_seconds=START_LOCK_SECONDS)

    def __len__(self) -> int:
        return len(self._secrets)

    def lookup(self, token: str) -> Known | Refusal:
        """The key that this text is, if it may call now. Never raises, whatever the text is."""
        kid = parse(token)
        if kid is None:
            return _MALFORMED
        stored = self._secrets.get(kid)
        matches = hmac.compare_digest(digest(self._pepper, token), _NOBODY if stored is None else stored.digest)
        if stored is None:
            return Refusal("unknown", kid)
        if not matches:
            return Refusal("wrong_secret", kid)
        return self._refusal(stored) or stored.known

    def known(self, kid: str) -> Known | None:
        """The key behind a secret, whether it may call or not: for calls that were let in before."""
        stored = self._secrets.get(kid)
        return stored.known if stored else None

    def cut_off(self, kid: str) -> Refusal | None:
        """Why calls in flight with this secret must end now; None: they may go on, also past the end of its time.

        A secret or a key that is revoked ends them; one that expires does not.
        """
        stored = self._secrets.get(kid)
        if stored is None:
            return Refusal("unknown", kid)
        if stored.known.key.revoked_at is not None:
            return Refusal("revoked", kid)
        return Refusal("secret_revoked", kid) if stored.valid_until == 0 else None

    def _refusal(self, stored: _Stored) -> Refusal | None:
        key = stored.known.key
        if key.revoked_at is not None:
            return Refusal("revoked", stored.known.kid)
        if key.expires_at is None and stored.valid_until is None:
            return None
        now = self._clock()
        if key.expires_at is not None and key.expires_at <= now:
            return Refusal("expired", stored.known.kid)
        if stored.valid_until is not None and stored.valid_until <= now:
            return Refusal("replaced" if stored.valid_until else "secret_revoked", stored.known.kid)
        return None

    def refresh_if_stale(self, now_monotonic: float) -> None:
        """Looks at the store, unless it was looked at less than 0.1 s ago: a few µs when nothing has changed."""
        if now_monotonic - self._looked_at >= REFRESH_SECONDS:
            self.refresh(now_monotonic)

    def refresh(self, now_monotonic: float) -> None:
        """Looks at the store now, unless it has just failed."""
        if now_monotonic - self._looked_at < self._rest_seconds:
            return
        self._looked_at = now_monotonic
        try:
            self._read_again_if_changed()
        except (sqlite3.Error, OSError, ValueError, LookupError) as error:
            self._disconnect()
            if not _is_passing(error):
                self._file = None
            self._rest_seconds = min(max(2 * self._rest_seconds, REFRESH_SECONDS), RAREST_SECONDS)
            if self.stale_since is None:
                self.stale_since = now_monotonic
        else:
            self._rest_seconds = 0.0
            self.stale_since = None

    def networks_of(self, key_id: str) -> dict[str, int]:
        """Network → when the key was first used from there (µs). A look into the store; raises sqlite3.Error."""
        if self._connection is None:
            raise sqlite3.OperationalError("the store cannot be read now")
        return networks_of(self._connection, key_id)

    def close(self) -> None:
        self._disconnect()

    def _read_again_if_changed(self, lock_seconds: float = 0) -> None:
        status = os.stat(self._path)
        file = (status.st_dev, status.st_ino)
        if file != self._file:
            # A store put back from a backup is another file: its generation says nothing about ours.
            self._disconnect()
            self._file, self.generation = file, _NEVER
        if self._connection is None:
            uri = f"{self._path.absolute().as_uri()}?mode=ro"
            self._connection = sqlite3.connect(uri, uri=True, timeout=lock_seconds, isolation_level=None)
        if self._connection.execute("SELECT n FROM generation").fetchone()[0] != self.generation:
            self._read(self._connection)
        if lock_seconds:
            self._connection.execute("PRAGMA busy_timeout = 0")

    def _read(self, connection: sqlite3.Connection) -> None:
        """What changed; everything where rows are gone, or where the store is not the one that was read before."""
        connection.execute("BEGIN")
        try:
            generation, removed_at = connection.execute("SELECT n, removed_at FROM generation").fetchone()
            since = self.generation if removed_at <= self.generation <= generation else _NEVER
            key_rows = connection.execute(_CHANGED_KEYS, (since,)).fetchall()
            secret_rows = connection.execute(_CHANGED_SECRETS, (since,)).fetchall()
        finally:
            connection.execute("COMMIT")
        everything = since == _NEVER
        changed = {record.id: record for record in map(key_record, key_rows)}
        keys = changed if everything else self._keys | changed
        secrets = {
            kid: _Stored(secret_digest, valid_until, Known(keys[key_id], kid, version))
            for kid, key_id, version, secret_digest, valid_until in secret_rows
        }
        self._keys = keys
        self._secrets = secrets if everything else self._secrets | secrets
        self.generation = generation

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _is_passing(error: Exception) -> bool:
    """Whether the file at the path is sure to be the same store: one that is gone or damaged may come back another."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _PASSING
    return isinstance(error, OSError) and not isinstance(error, FileNotFoundError)
