"""The running gateway as a console asks it: queries and live state of its control API, and its price rows."""

from typing import Any

from app.console.figures import Row
from app.console.price_rows import PriceRows
from gatewatch.control_client import ControlClient
from gatewatch.ledger.answer import Answer
from gatewatch.ledger.reader import RemoteLedger
from gatewatch.paths import Home
from gatewatch.prices.row import PriceRow
from gatewatch.remote_gateway import RemoteGateway


class Attached:
    """A gateway of this machine or of another. Connects when asked, so a console can wait for one that is not there."""

    def __init__(self, gateway: Home | RemoteGateway) -> None:
        place = self._place = gateway.socket if isinstance(gateway, Home) else gateway
        self._ledger = RemoteLedger(place)
        self._control = ControlClient(place)
        self._prices = PriceRows(gateway)

    def ask(self, query: str, /, **params: object) -> Answer:
        """A named query's answer. Raises GatewatchError; Unreachable where no gateway answers."""
        return self._ledger.ask(query, **params)

    def live(self) -> dict[str, Any]:
        """The live state. Raises Unreachable."""
        return self._control.live()

    def price_row(self, call: Row) -> PriceRow | None:
        """The row that a call names, of the lists or of the operator."""
        return self._prices.of(call)

    def perform(self, action: str, **asked: object) -> Any:
        """An operator's action; its answer. From any thread. Raises GatewatchError."""
        with ControlClient(self._place) as client:  # of its own: a client is asked one thing at a time
            return client.request("POST", f"/v1/actions/{action}", asked)

    def close(self) -> None:
        """For good; what is being asked fails at once."""
        self._ledger.close()
        self._control.close()
