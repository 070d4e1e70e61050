"""The operator's own prices. The lists are in every installation."""

from datetime import UTC
from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.authority.permissions import Permission
from gatewatch.errors import NotAllowed, UsageError
from gatewatch.prices.match import LONGEST_NAME
from gatewatch.prices.row import Match, PriceRow, Prices, price_row
from gatewatch.timespan import EPOCH, MICROSECOND


class SetPrice(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A price of the operator's own, for exactly this name; amounts in picodollars for one."""

    provider: str
    model: str
    prices: Prices
    tier: str = "standard"
    valid_from: int
    """µs since the epoch, UTC."""


class OwnPrices(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All of them."""


@action("prices.own", Permission.PRICES_VIEW, OwnPrices, changes=False)
def own(acting: Acting, asked: OwnPrices) -> Any:
    """The operator's rows, in the order in which they were added; `PriceRow`s. The lists are in every installation."""
    del asked
    return acting.store.prices()


@action("prices.set", Permission.PRICES_SET, SetPrice, changes=True)
def set_price(acting: Acting, asked: SetPrice) -> PriceRow:
    """The row that was added; it wins over the lists from its beginning on."""
    if acting.actor.team is not None:
        raise NotAllowed(f"{acting.actor.id} is of team {acting.actor.team} alone, and prices are everybody's")
    if not asked.provider or not asked.model or len(asked.model) > LONGEST_NAME:
        raise UsageError("a price is for a provider and a model", "write them as in openai/gpt-4o")
    try:
        row = price_row(
            provider=asked.provider,
            model=asked.model,
            match=Match(equals=asked.model.lower()),
            prices=asked.prices,
            tier=asked.tier,
            valid_from=(EPOCH + asked.valid_from * MICROSECOND).astimezone(UTC),
            source="operator",
            recorded_at=(EPOCH + acting.store.clock() * MICROSECOND).astimezone(UTC),
        )
    except (ValueError, OverflowError) as error:
        raise UsageError(f"this is no price: {error}", "`gatewatch prices set --help`") from None
    acting.store.add_price(row)
    return row
