"""How everything reads the ledger: by named queries, of a running gateway or of its files.

Keeps true: an answer is the same either way. Importing this module imports neither duckdb nor httpx.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from gatewatch.control_client import ControlClient, ControlPlace, answers
from gatewatch.ledger.answer import Answer, Checked
from gatewatch.ledger.ownership import nowhere, owning
from gatewatch.paths import Home

if TYPE_CHECKING:
    from gatewatch.ledger.recorder import Progress

LONG_SECONDS = 3600.0
"""How long a check or a snapshot may take."""


class LedgerReader(Protocol):
    """Reads one gateway's ledger."""

    def ask(self, query: str, /, **params: object) -> Answer:
        """Answer a named query (`gatewatch/ledger/queries`). Raises GatewatchError."""

    def snapshot(self, path: Path) -> None:
        """Copy the ledger into a DuckDB file. Raises GatewatchError, OSError."""

    def check(self) -> Checked:
        """Compare the ledger with itself and the journal. Raises GatewatchError."""

    def close(self) -> None:
        """Let go of what was opened."""


class LocalLedger:
    """The files of a home that no gateway runs on. What the journal still held is loaded first."""

    def __init__(self, home: Home, progress: "Progress | None" = None, config: Path | None = None) -> None:
        """`config`: the configuration file, where it is not the home's own.

        Raises Unreachable where a gateway holds the home, LedgerUnavailable where the file cannot be opened.
        """
        from gatewatch.config.rules_at_rest import rules_at_rest
        from gatewatch.ledger.service import LedgerService

        with ExitStack() as stack:
            stack.enter_context(owning(home))
            self._service = LedgerService(home, in_force=lambda: rules_at_rest(home, config))
            stack.callback(self._service.close)
            self._service.load_once(progress)
            self._open = stack.pop_all()

    def ask(self, query: str, /, **params: object) -> Answer:
        return self._service.ask(query, **params)

    def snapshot(self, path: Path) -> None:
        self._service.snapshot(path)

    def check(self) -> Checked:
        return self._service.check()

    def close(self) -> None:
        self._open.close()


class RemoteLedger:
    """The control API of a running gateway."""

    def __init__(self, place: ControlPlace) -> None:
        """Nothing is asked yet."""
        self._control = ControlClient(place)

    def ask(self, query: str, /, **params: object) -> Answer:
        given = {name: value for name, value in params.items() if value is not None}
        return msgspec.convert(self._control.request("POST", f"/v1/query/{query}", given), Answer)

    def snapshot(self, path: Path) -> None:
        self._control.request("POST", "/v1/ledger/snapshot", {"path": str(path.absolute())}, seconds=LONG_SECONDS)

    def check(self) -> Checked:
        return msgspec.convert(self._control.request("POST", "/v1/ledger/check", {}, seconds=LONG_SECONDS), Checked)

    def close(self) -> None:
        self._control.close()


def open_reader(home: Home, progress: "Progress | None" = None, config: Path | None = None) -> LedgerReader:
    """The running gateway of a home, or its files where none runs.

    Raises Unreachable where there is neither, and where a gateway holds the home but does not answer.
    """
    if not home.root.exists():
        raise nowhere(home)
    if answers(home.socket):
        return RemoteLedger(home.socket)
    return LocalLedger(home, progress, config)
