"""When a model is cheapest, by rows whose prices a test states."""

from datetime import UTC, datetime

from gatewatch.prices.book import PriceBook
from gatewatch.prices.row import Match, PriceRow, Prices, price_row
from proxy.worker.deferred.off_peak import cheapest_from

HOUR = 3_600_000_000
MIDNIGHT = 20_000 * 24 * HOUR
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def row(cost: int, *hours: str) -> PriceRow:
    return price_row(
        provider="p", model="m", match=Match(equals="m"), prices=Prices(input=cost, output=cost), source="a test",
        recorded_at=NOW, hours=hours,
    )  # fmt: skip


BOOK = PriceBook.open([row(10, "06:00-18:00"), row(6, "18:00-22:00"), row(3, "22:00-06:00")])


def found(book: PriceBook, at: float, until: float) -> float | None:
    """In hours of the day."""
    moment = cheapest_from(book, "p", "m", MIDNIGHT + int(at * HOUR), MIDNIGHT + int(until * HOUR))
    return None if moment is None else (moment - MIDNIGHT) / HOUR


def test_the_cheapest_hours_before_the_end_are_waited_for() -> None:
    assert found(BOOK, 12, 36) == 22
    assert found(BOOK, 12, 21) == 18
    assert found(BOOK, 12, 15) == 12


def test_in_the_cheapest_hours_it_is_now() -> None:
    assert found(BOOK, 23, 47) == 23
    assert found(BOOK, 1, 25) == 1


def test_the_end_itself_is_too_late() -> None:
    assert found(BOOK, 12, 22) == 18


def test_a_price_that_is_the_same_at_every_hour_is_no_reason_to_wait() -> None:
    assert found(PriceBook.open([row(10)]), 12, 36) is None
    assert found(PriceBook.open(), 12, 36) is None


def test_deepseeks_own_hours_are_known() -> None:
    """01:00–04:00 and 06:00–10:00 UTC cost twice as much (api-docs.deepseek.com/quick_start/pricing)."""
    book = PriceBook.open()

    def cheap(at: float) -> float:
        moment = cheapest_from(book, "deepseek", "deepseek-flash", MIDNIGHT + int(at * HOUR), MIDNIGHT + 30 * HOUR)
        assert moment is not None
        return (moment - MIDNIGHT) / HOUR

    assert [cheap(at) for at in (0.5, 2, 5, 7, 12)] == [0.5, 4, 5, 10, 12]
