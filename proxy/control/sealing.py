"""The sealing thread: whatever enters the audit trail is sealed within a second, however long the vault takes.

Keeps true: nothing waits for it. What is wrong with the trail is an alarm that stands until it is accepted; what is in
the way of sealing it, or of the second sink, is one that goes when that is over, and the rest is made up for then.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing

from gatewatch.audit.anchor import AnchorPlace, Kept
from gatewatch.audit.audit_key import find_audit_key
from gatewatch.audit.sealing import is_behind, seal_trail
from gatewatch.audit.second_sink import SecondSink
from gatewatch.audit.verify import verify_home
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.paths import Home
from gatewatch.vault.interface import Vault

LOOK_SECONDS = 0.3
RETRY_SECONDS = 5.0
STOP_SECONDS = 10.0
SEE = "`gatewatch audit verify` names it."

log = logging.getLogger("gatewatch.control")

SetAlarm = Callable[[str, str | None], None]


class Sealing:
    """Of one control process. `alarm` is called in its thread."""

    def __init__(self, home: Home, vault: Vault, sink: Callable[[], SecondSink], alarm: SetAlarm) -> None:
        self._home = home
        self._vault = vault
        self._sink = sink
        self._alarm = alarm
        self._kept: Kept | None = None
        self._retry_at = 0.0
        self._written_to: SecondSink | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sealing", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Seal what is left, as far as the vault answers in time."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)
        log.info("audit trail at the end: %s", self._kept.anchor.text() if self._kept else "not sealed")

    def _run(self) -> None:
        with closing(ControlStore.open(self._home.control, actor="gateway")) as store:
            self._try(self._prove)
            self._try(lambda: self._seal(store))
            log.info("audit trail at the start: %s", self._kept.anchor.text() if self._kept else "not sealed")
            while not self._stop.wait(LOOK_SECONDS):
                self._try(lambda: self._look(store))
            self._try(lambda: self._seal(store))

    def _try(self, work: Callable[[], None]) -> None:
        """The thread outlives whatever vault and disk do."""
        try:
            work()
        except Exception as error:
            said = error.title if isinstance(error, GatewatchError) else f"{type(error).__name__}: {error}"
            if self._retry_at == 0.0:
                log.exception("the audit trail was not sealed; it is tried again every %g s", RETRY_SECONDS)
            self._retry_at = time.monotonic() + RETRY_SECONDS
            self._alarm("audit_seals", f"The audit trail grows, but is not sealed: {said}. It is made up for later.")

    def _prove(self) -> None:
        """Whether the trail is as the last gateway left it."""
        key = find_audit_key(self._vault)
        kept = None if key is None else AnchorPlace(self._vault, self._home.audit_anchor).read(key)
        for _, verdict in verify_home(self._home, key, kept, self._sink().file):
            if verdict.broken is not None:
                self._touched(verdict.place, verdict.broken.text)

    def _look(self, store: ControlStore) -> None:
        if self._retry_at:
            if time.monotonic() >= self._retry_at:
                self._seal(store)
        elif self._sink() != self._written_to or is_behind(store.connection, self._kept):
            self._seal(store)

    def _seal(self, store: ControlStore) -> None:
        sink = self._sink()
        kept, problems = seal_trail(self._home, store, self._vault, sink)
        if self._kept is not None and kept.accepted != self._kept.accepted:
            for place in ("store", "file"):
                self._alarm(f"audit_{place}", None)
        self._kept, self._written_to = kept, sink
        self._alarm("audit_seals", None)
        if (trail := problems.pop("trail", None)) is not None:
            self._touched("store", trail)
        said = "; ".join(problems.values())
        self._alarm("audit_sink", f"The second place of the audit trail: {said}." if said else None)
        self._retry_at = time.monotonic() + RETRY_SECONDS if said else 0.0

    def _touched(self, place: str, text: str) -> None:
        log.error("the audit trail was touched (%s): %s", place, text)
        self._alarm(f"audit_{place}", f"The audit trail was touched: {text}. {SEE}")
