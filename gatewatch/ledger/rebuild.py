"""Makes the ledger anew from the journal: the recovery from a damaged file.

Keeps true: the old file stays until the new one is complete and has passed its check; calls whose segments are gone
are given up only when that is accepted; what retention deleted does not come back, and what only the old file knows
because of it is carried over. Whoever rebuilds holds the home's lock.
"""

import os
from collections.abc import Callable
from pathlib import Path

import duckdb

from gatewatch.errors import GatewatchError, NotAllowed
from gatewatch.ledger.answer import Checked
from gatewatch.ledger.carried import carry_in, carry_out, lost, remove
from gatewatch.ledger.check import check
from gatewatch.ledger.connect import connect
from gatewatch.ledger.recorder import Progress, Recorder
from gatewatch.ledger.schema import migrate
from gatewatch.ledger.segments import SegmentFile, segments_in
from gatewatch.ledger.unavailable import LedgerDamaged, LedgerLocked
from gatewatch.paths import Home

Say = Callable[[str], None]


class Rebuilding(Recorder):
    """A recorder that also reads packed segments, and packs none."""

    def segments(self) -> list[SegmentFile]:
        live = {segment.name: segment for segment in segments_in(self.home.journal)}
        packed = {segment.name: segment for segment in segments_in(self.home.loaded)}
        return [segment for _, segment in sorted((packed | live).items())]

    def pack_away(self) -> None:
        """Not while rebuilding: the old ledger counts until the new one replaces it."""


def rebuild(home: Home, *, accept_loss: bool = False, progress: Progress | None = None, say: Say = print) -> Checked:
    """Rebuild and replace. Returns the check that the new ledger passed.

    Raises NotAllowed where the old ledger has calls of segments that are gone, unless the loss is accepted;
    GatewatchError where the new ledger does not pass; LedgerLocked where another process has the file open.
    """
    home.make()
    new = home.scratch / "rebuilt.duckdb"
    remove(new)
    carried = home.scratch / "carried.duckdb"
    only_old = _only_in_the_old(home, carried, say)
    if only_old and not accept_loss:
        raise NotAllowed(
            f"{only_old} calls stand only in the old ledger: their segments are gone from {home.loaded}",
            "Put the segments back, or give those calls up with --accept-loss.",
        )
    connection = connect(new, home.scratch)
    try:
        migrate(connection)
        recorder = Rebuilding(home, connection)
        result = recorder.load_once(progress)
        if carried.exists():
            carry_in(connection, carried)
        say(f"{result.calls} calls, {result.attempts} attempts, {result.quarantined} lines in quarantine")
        checked = check(connection, home)
        unread = recorder.unread
        connection.execute("CHECKPOINT")
    finally:
        connection.close()
        remove(carried)
    if unread and not accept_loss:
        remove(new)
        raise NotAllowed(
            f"Some segments cannot be read: {'; '.join(unread)}",
            "Put good copies back, or give their calls up with --accept-loss.",
        )
    if not checked.ok:
        remove(new)
        raise GatewatchError("The rebuilt ledger does not agree with the journal", "\n  ".join(checked.problems[:10]))
    _log_of(home.ledger).unlink(missing_ok=True)
    os.replace(new, home.ledger)
    return checked


def _only_in_the_old(home: Home, carried: Path, say: Say) -> int:
    """How many calls of the old ledger come from segments that no longer exist; what is carried over goes to a file."""
    remove(carried)
    if not home.ledger.exists():
        return 0
    there = [segment.name for folder in (home.loaded, home.journal) for segment in segments_in(folder)]
    try:
        old = connect(home.ledger, home.scratch)
        try:
            migrate(old)
            count = lost(old, there)
            carry_out(old, carried, there)
            old.execute("CHECKPOINT")  # so that its log can go when the new file takes its place
        finally:
            old.close()
    except LedgerLocked:
        raise
    except (duckdb.Error, LedgerDamaged) as error:
        remove(carried)
        say(f"the old ledger cannot be read, so what only it had cannot be counted: {error}")
        return 0
    return count


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + ".wal")
