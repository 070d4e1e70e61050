"""The writing end of the journal: one worker run, one segment after the other.

Keeps true:
- when `close()` returns, the call's record is in the kernel, so it survives SIGKILL; a thread makes it survive a power
  loss within `SYNC_SECONDS`;
- every segment is complete in itself: the `open` lines of calls in flight stand again at the head of the next one;
- a full disk refuses new calls (`JournalFull`) while calls in flight still close, out of a preallocated reserve; it
  takes calls again by itself when there is space.

Not thread-safe: everything but the sync thread runs in the worker's event loop.
"""

import errno
import fcntl
import logging
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from gatewatch.call import Attempt, Call, Rejected, line
from gatewatch.journal.segment import OUT_OF_SPACE, Segment

SEGMENT_BYTES = 64 * 1024 * 1024
SEGMENT_SECONDS = 3600.0
RESERVE_BYTES = 16 * 1024 * 1024
SYNC_SECONDS = 0.02

log = logging.getLogger("gatewatch.journal")


class JournalFull(Exception):
    """The disk cannot take another call."""


class Journal:
    """All segments of one worker run."""

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        reserve_bytes: int = RESERVE_BYTES,
    ) -> None:
        """Start a run in `folder`. Raises OSError where not even an empty segment can be made."""
        self.folder = folder
        self.run = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + "-" + os.urandom(4).hex()
        self.full = False
        self.sync_error: str | None = None
        self._segment_bytes = segment_bytes
        size = os.statvfs(folder)
        self._reserve_bytes = min(reserve_bytes, size.f_blocks * size.f_frsize // 8)
        self._reserve = folder / f"{self.run}.reserve"
        self._reserve_fd: int | None = None
        self._in_flight: dict[str, bytes] = {}
        self._owed: list[tuple[str, bytes]] = []
        """Closes that found no place. Their calls are still in flight for a next segment: a kill must not hide them."""
        self._sequence = 1
        self._segment = Segment(folder, self.run, self._sequence)
        self._rotate_at = time.monotonic() + SEGMENT_SECONDS
        self._retired: list[Segment] = []
        self._dirty = threading.Event()
        self._stopping = False
        self._sync_thread = threading.Thread(target=self._sync_loop, name="journal-sync", daemon=True)
        self._sync_thread.start()
        self._remove_reserves_of_the_dead()
        self.look_for_space()

    @property
    def position(self) -> tuple[str, int]:
        """The name of the segment that is written now, and where its end is."""
        return self._segment.path.stem, self._segment.size

    def open(self, call: Call) -> None:
        """Record that a call is about to be sent upstream. Raises JournalFull."""
        if self.full:
            raise JournalFull
        record = line("open", call)
        if self._append(record):
            raise JournalFull
        self._in_flight[call.call_id] = record

    def close(self, call: Call, attempts: list[Attempt]) -> None:
        """Record how a call ended.

        Raises JournalFull when even the reserve is used up: the reply must not end as complete. The records are
        owed then, and written when there is space.
        """
        records = line("close", call)
        for attempt in reversed(attempts):
            records = line("attempt", attempt) + records
        rest = self._append(records)
        if rest:
            self._free_reserve()
            rest = self._append(rest)
        if rest:
            self._owed.append((call.call_id, rest))
            raise JournalFull
        self._in_flight.pop(call.call_id, None)

    def rejected(self, record: Rejected) -> None:
        """Record refused calls that were only counted. On a full disk they are dropped: nobody was served."""
        self._append(line("rejected", record))

    def look_for_space(self) -> None:
        """Refuse or take new calls by the space there is. To be called about once a second."""
        try:
            space = os.statvfs(self.folder)
        except OSError as error:
            self._set_full(error)
            return
        free = space.f_bavail * space.f_frsize
        low_water = min(2 * self._reserve_bytes, space.f_blocks * space.f_frsize // 20)
        if self._reserve_fd is None and free > low_water + self._reserve_bytes:
            self._make_reserve()
        was_full, self.full = self.full, free < low_water or self._reserve_fd is None
        if self.full and not was_full:
            log.error("journal: %d bytes left on %s; new calls get 503 ledger_full", free, self.folder)
        elif was_full and not self.full:
            log.warning("journal: there is space again on %s; new calls are taken", self.folder)
        if not self.full:
            self._pay_owed()
        if time.monotonic() >= self._rotate_at and self._segment.size:
            self._rotate()

    def stop(self) -> None:
        """Sync and close. What is still in flight stays open in the journal and becomes `interrupted`."""
        self._stopping = True
        self._dirty.set()
        self._sync_thread.join()
        self._segment.close()
        self._free_reserve()

    def _pay_owed(self) -> None:
        while self._owed:
            call_id, records = self._owed[0]
            if rest := self._append(records):
                self._owed[0] = call_id, rest
                return
            del self._owed[0]
            self._in_flight.pop(call_id, None)

    def _append(self, records: bytes) -> bytes:
        """Append whole lines; returns those that found no place."""
        if self._segment.size >= self._segment_bytes:
            self._rotate()
        try:
            written = self._segment.append(records)
        except OSError as error:
            self._set_full(error)
            return records
        if not self._dirty.is_set():
            self._dirty.set()
        if written == len(records):
            return b""
        self._set_full(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        return records[written:]

    def _rotate(self) -> None:
        """Go on in a new segment; stay in the old one where the disk does not allow a new one."""
        try:
            self._sequence += 1  # also where it fails: a name stands for one file only
            segment = Segment(self.folder, self.run, self._sequence)
        except OSError as error:
            log.warning("journal: no new segment, the old one grows on: %s", error)
            self._rotate_at = time.monotonic() + 10
            return
        in_flight = b"".join(self._in_flight.values())
        if in_flight and not _wrote_all(segment, in_flight):
            log.warning("journal: no new segment, the old one grows on: the disk is full")
            segment.path.unlink()
            segment.close()
            self._rotate_at = time.monotonic() + 10
            return
        self._retired.append(self._segment)
        self._segment = segment
        self._rotate_at = time.monotonic() + SEGMENT_SECONDS
        self._dirty.set()

    def _set_full(self, error: OSError) -> None:
        if not self.full:
            log.error("journal: %s; new calls get 503 ledger_full", error)
        self.full = True
        if error.errno not in OUT_OF_SPACE:
            self.sync_error = str(error)

    def _make_reserve(self) -> None:
        """Its lock tells whether its worker lives: one left by a dead worker is removed by the next."""
        try:
            fd = os.open(self._reserve, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            log.warning("journal: no reserve for calls in flight: %s", error)
            return
        fcntl.flock(fd, fcntl.LOCK_EX)
        self._reserve_fd = fd
        try:
            os.posix_fallocate(fd, 0, self._reserve_bytes)
        except OSError:
            self._free_reserve()

    def _free_reserve(self) -> None:
        if self._reserve_fd is not None:
            os.close(self._reserve_fd)
            self._reserve_fd = None
            self._reserve.unlink(missing_ok=True)

    def _remove_reserves_of_the_dead(self) -> None:
        for left in self.folder.glob("*.reserve"):
            with suppress(OSError), left.open("rb") as reserve:
                fcntl.flock(reserve, fcntl.LOCK_EX | fcntl.LOCK_NB)
                left.unlink()

    def _sync_loop(self) -> None:
        while True:
            self._dirty.wait()
            if not self._stopping:
                time.sleep(SYNC_SECONDS)
            self._dirty.clear()
            try:
                while self._retired:
                    self._retired.pop(0).close()
                self._segment.sync()
                self.sync_error = None
            except OSError as error:
                self.sync_error = str(error)
                log.error("journal: sync failed: %s", error)
            if self._stopping:
                return


def _wrote_all(segment: Segment, lines: bytes) -> bool:
    try:
        return segment.append(lines) == len(lines)
    except OSError:
        return False
