"""Prices, as far as a console or a command on another machine needs them: the rows of the operator's own."""

from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.authority.permissions import Permission


class OwnPrices(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All of them."""


@action("prices.own", Permission.PRICES_VIEW, OwnPrices, changes=False)
def own(acting: Acting, asked: OwnPrices) -> Any:
    """The operator's rows, in the order in which they were added; `PriceRow`s. The lists are in every installation."""
    del asked
    return acting.store.prices()
