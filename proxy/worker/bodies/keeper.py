"""Keeps bodies of calls, where the configuration says so.

Keeps true: where it says nothing, a call pays one look at a boolean; where it does, the event loop hands over
references, and a thread redacts, compresses and writes; nothing unredacted reaches a disk. What cannot be written, or
comes faster than it can be, is dropped and counted: no call waits for it, or fails because of it. A kill loses what
waits, a few hundredths of a second's worth; a stop writes it first.
"""

import logging
import os
import queue
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from gatewatch.bodies.day_files import DayFiles, day_of
from gatewatch.bodies.record import Head, Kind, Packer, written
from gatewatch.bodies.redacted import redacted
from proxy.settings import Bodies
from proxy.worker.bodies.assembled import assembled
from proxy.worker.bodies.kept import Held, KeptReply
from proxy.worker.inbound import Inbound

MOST_WAITING = 2000
"""Calls."""
STOP_SECONDS = 5.0
GATHER_SECONDS = 0.02
SPACE_SECONDS = 1.0
"""How old the look at the disk's space may be."""
_AS_OBJECTS = 3
"""Bytes that a request's JSON takes as Python objects, for each of its own."""
_WITHOUT_REPLY = frozenset({"embeddings", "count_tokens"})
"""Endpoints whose replies are numbers."""

log = logging.getLogger("gatewatch.worker")


class _Ended(NamedTuple):
    """A call whose body is to be written."""

    call_id: str
    started_at: int
    endpoint: str
    dialect: str
    stream: bool
    finish: str | None
    request: dict[str, Any]
    request_bytes: int
    reply: KeptReply
    most: int
    holds: int


class BodyKeeper:
    """Of one worker. `dropped` and `error` are read by any thread, everything else is the event loop's."""

    def __init__(self, folder: Path, *, held: Held | None = None) -> None:
        self.is_on = False
        self.dropped = 0
        """Calls whose bodies were to be kept and are not, since the start."""
        self.error: str | None = None
        """Why they are dropped at the moment."""
        self._policy = Bodies()
        self._held = held or Held()
        self._waiting: queue.SimpleQueue[_Ended | None] = queue.SimpleQueue()
        self._folder = folder
        self._files = DayFiles(folder)
        self._pack = Packer()
        self._thread: threading.Thread | None = None
        self._looked_at = 0.0
        self._has_space = True
        self._stop_at = 0.0

    def configure(self, policy: Bodies) -> None:
        """Calls in flight end under the policy that they began under."""
        self._policy = policy
        self.is_on = policy.any_on

    def begin(self, inbound: Inbound) -> None:
        """To be asked of every call that is let in, while `is_on`."""
        if self._policy.wants(inbound.call.team, inbound.call.route):
            inbound.kept = KeptReply(self._held)

    def end(self, inbound: Inbound) -> None:
        """The call is over: its bodies are written when the thread comes to it."""
        kept, inbound.kept = inbound.kept, None
        if kept is None:
            return
        call = inbound.call
        holds = inbound.body_bytes * _AS_OBJECTS
        if not self._held.has_room(holds) or self._waiting.qsize() >= MOST_WAITING:
            kept.let_go()
            self._drop("they come faster than they can be written")
            return
        self._held.bytes += holds
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="bodies", daemon=True)
            self._thread.start()
        self._waiting.put(
            _Ended(
                call.call_id, call.started_at, call.endpoint, inbound.caller.name, call.stream, call.finish_reason,
                inbound.body, inbound.body_bytes, kept, self._policy.most_bytes, holds,
            )
        )  # fmt: skip

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Write what waits, for so long at most; count the rest."""
        if self._thread is not None:
            self._stop_at = time.monotonic() + seconds
            self._waiting.put(None)
            self._thread.join(seconds + 1)
        if left := self._waiting.qsize():
            log.warning("bodies of %d calls were not written: the worker stops", left)

    # in the thread

    def _run(self) -> None:
        while (ended := self._waiting.get()) is not None:
            if not self._stop_at and self._waiting.empty():
                time.sleep(GATHER_SECONDS)  # one wake-up for many calls
            try:
                if self._stop_at and time.monotonic() > self._stop_at:
                    self._drop("the worker stops")
                elif self._space():
                    self._write(ended)
                    self.error = None
            except OSError as error:
                self._drop(f"{error.strerror or error} ({self._folder})")
            except Exception as error:  # a body that cannot be read is no reason to lose the next one
                log.exception("a body was not kept")
                self._drop(f"{type(error).__name__} while one was redacted")
            finally:
                ended.reply.let_go()
                self._held.bytes -= ended.holds
        self._files.close()

    def _write(self, ended: _Ended) -> None:
        self._append(ended, "request", ended.request, ended.request_bytes, 0)
        if ended.endpoint in _WITHOUT_REPLY or not ended.reply.frames:
            return
        raw = b"".join(ended.reply.frames)
        reply = assembled(ended.dialect, ended.endpoint, raw, ended.finish) if ended.stream else _parsed(raw)
        self._append(ended, "reply", reply, ended.reply.size, ended.reply.size - len(raw))

    def _append(self, ended: _Ended, kind: Kind, body: object, size: int, unseen: int) -> None:
        done = redacted(body, ended.most, _let_others_run)
        data = self._pack(done.text)
        head = Head(
            call_id=ended.call_id,
            started_at=ended.started_at,
            kind=kind,
            size=size,
            kept=len(done.text),
            stored=len(data),
            cut=done.cut + unseen,
            redacted=done.counts,
        )
        self._files.append(day_of(ended.started_at), written(head, data))

    def _space(self) -> bool:
        """Whether there is space that nothing else will need soon. The journal goes before bodies."""
        if time.monotonic() - self._looked_at >= SPACE_SECONDS:
            self._looked_at = time.monotonic()
            self._folder.mkdir(mode=0o700, exist_ok=True)
            disk = os.statvfs(self._folder)
            self._has_space = disk.f_bavail * disk.f_frsize > min(2**30, disk.f_blocks * disk.f_frsize // 10)
        if not self._has_space:
            self._drop("the disk is nearly full")
        return self._has_space

    def _drop(self, why: str) -> None:
        self.dropped += 1
        if self.error != why:
            log.warning("bodies are not kept: %s", why)
        self.error = why


def _let_others_run() -> None:
    """Lets go of the interpreter, which the event loop waits for."""
    time.sleep(0)


def _parsed(raw: bytes) -> object:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # cut off, or no JSON
        return raw.decode("utf-8", "replace")
