"""The price rows that calls name: those of the lists that every installation has, and the operator's own."""

import msgspec

from app.console.charges import named_row
from app.console.figures import Row
from gatewatch.control_client import ControlClient
from gatewatch.errors import GatewatchError
from gatewatch.paths import Home
from gatewatch.prices.book import PriceBook
from gatewatch.prices.overrides import load_file
from gatewatch.prices.row import PriceRow
from gatewatch.remote_gateway import RemoteGateway


class PriceRows:
    """Reads when asked. Belongs to one thread."""

    def __init__(self, place: Home | RemoteGateway) -> None:
        self._place = place
        self._book: PriceBook | None = None

    def of(self, call: Row) -> PriceRow | None:
        """The row that a call names; the operator's are read again where it is not known."""
        for fresh in (False, True):
            if self._book is None or fresh:
                self._book = PriceBook.open(self._own())
            if row := named_row(self._book, call):
                return row
        return None

    def _own(self) -> list[PriceRow]:
        if isinstance(self._place, Home):
            return load_file(self._place.control)
        try:
            with ControlClient(self._place) as client:
                rows = client.request("POST", "/v1/actions/prices.own", {})
        except GatewatchError:  # without them a price is not known, which is said
            return []
        return msgspec.convert(rows, list[PriceRow])
