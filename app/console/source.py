"""The running gateway as a console asks it: queries and live state over the control socket, and its price rows."""

from typing import Any

from app.console.charges import named_row
from app.console.figures import Row
from gatewatch.control_client import ControlClient
from gatewatch.ledger.answer import Answer
from gatewatch.ledger.reader import RemoteLedger
from gatewatch.paths import Home
from gatewatch.prices.book import PriceBook
from gatewatch.prices.overrides import load_file
from gatewatch.prices.row import PriceRow


class Attached:
    """A gateway's control socket. Connects when asked, so a console can wait for a gateway that is not there."""

    def __init__(self, home: Home) -> None:
        self._ledger = RemoteLedger(home.socket)
        self._control = ControlClient(home.socket)
        self._home = home
        self._book: PriceBook | None = None

    def ask(self, query: str, /, **params: object) -> Answer:
        """A named query's answer. Raises GatewatchError; Unreachable where no gateway answers."""
        return self._ledger.ask(query, **params)

    def live(self) -> dict[str, Any]:
        """The live state. Raises Unreachable."""
        return self._control.live()

    def price_row(self, call: Row) -> PriceRow | None:
        """The row that a call names, of the lists or of the operator; both are read again where it is not known."""
        for fresh in (False, True):
            if self._book is None or fresh:
                self._book = PriceBook.open(load_file(self._home.control))
            if row := named_row(self._book, call):
                return row
        return None

    def close(self) -> None:
        """For good; what is being asked fails at once."""
        self._ledger.close()
        self._control.close()
