"""The recorder's thread: journal → ledger twice a second, for ever, whatever the ledger's file is going through.

Keeps true: while the file is locked or broken, the journal grows, an alarm says so, and loading resumes by itself.
"""

import logging
import threading
from typing import TYPE_CHECKING

from gatewatch.errors import GatewatchError
from gatewatch.ledger.unavailable import LedgerLocked
from proxy.control.alarms import Alarms

if TYPE_CHECKING:
    from gatewatch.ledger.service import LedgerService

LOAD_SECONDS = 0.5
RETRY_SECONDS = 1.0
MEANWHILE = "Calls are served; the journal grows meanwhile, and loading resumes by itself."

log = logging.getLogger("gatewatch.control")


class Recording:
    """Drives the ledger service of a control process."""

    def __init__(self, service: "LedgerService", alarms: Alarms) -> None:
        self.service = service
        self._alarms = alarms
        self._said = ""
        """The failure that was logged last: one that goes on is logged once."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Load what is left, then let go of the file."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self.service.close()

    def _run(self) -> None:
        while True:
            stopping = self._stop.is_set()
            healthy = self._load()
            if stopping:
                return
            self._stop.wait(LOAD_SECONDS if healthy else RETRY_SECONDS)

    def _load(self) -> bool:
        try:
            self.service.load_once()
        except LedgerLocked as error:
            self._alarms.set("ledger_locked", f"{error.title}. {MEANWHILE}")
            return False
        except Exception as error:  # the thread outlives whatever the database does
            said = error.title if isinstance(error, GatewatchError) else f"{type(error).__name__}: {error}"
            if said != self._said:
                log.exception("the recorder failed; it tries again every %g s", RETRY_SECONDS)
            self._said = said
            self._alarms.set("recorder", f"The recorder failed: {said}. {MEANWHILE}")
            return False
        self._said = ""
        self._alarms.set("ledger_locked", None)
        self._alarms.set("recorder", None)
        return True
