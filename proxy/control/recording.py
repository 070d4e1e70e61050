"""The recorder's thread: journal → ledger twice a second, for ever, whatever the ledger's file is going through.

Keeps true: while the file is locked or broken, the journal grows, an alarm says so, and loading resumes by itself.
"""

import logging
import threading

from gatewatch.ledger.service import LedgerService

from gatewatch.errors import Unreachable
from gatewatch.ledger.unavailable import LedgerLocked
from gatewatch.paths import Home
from proxy.control.alarms import Alarms

LOAD_SECONDS = 0.5
RETRY_SECONDS = 1.0

log = logging.getLogger("gatewatch.control")


class Recording:
    """Owns the ledger service of a control process."""

    def __init__(self, home: Home, alarms: Alarms) -> None:
        self._home = home
        self._alarms = alarms
        self._opened: LedgerService | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Load what is left, then let go of the file."""
        self._stop.set()
        self._thread.join()
        if self._opened:
            self._opened.close()
            self._opened = None

    def service(self) -> LedgerService:
        """The open ledger. Raises Unreachable while it cannot be opened."""
        if self._opened is None:
            raise Unreachable(
                f"The ledger {self._home.ledger} cannot be opened at the moment.",
                "Calls are served and journalled; close what holds the file, and loading resumes by itself.",
            )
        return self._opened

    def _run(self) -> None:
        while True:
            stopping = self._stop.is_set()
            healthy = self._load()
            if stopping:
                return
            self._stop.wait(LOAD_SECONDS if healthy else RETRY_SECONDS)

    def _load(self) -> bool:
        try:
            if self._opened is None:
                self._opened = LedgerService(self._home)
            self._opened.load_once()
        except LedgerLocked as error:
            self._alarms.set("ledger_locked", f"{error} Calls are served; the journal grows meanwhile.")
            return False
        except Exception as error:
            log.exception("the recorder failed; it tries again")
            self._alarms.set(
                "recorder", f"The recorder failed: {error}. Calls are served; the journal grows meanwhile."
            )
            return False
        self._alarms.set("ledger_locked", None)
        self._alarms.set("recorder", None)
        return True
