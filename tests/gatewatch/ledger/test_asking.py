"""What queries share: money and rates as JSON, windows, groupings."""

from decimal import Decimal

import pytest

from gatewatch.errors import UsageError
from gatewatch.ledger.asking import GROUPS, group_column, ms, share, usd
from gatewatch.ledger.service import LedgerService


@pytest.mark.parametrize(
    ("cost", "unpriced", "text"),
    [
        (Decimal("0.005615000000"), 0, "0.005615"),
        (Decimal("0.000000000001"), 0, "0.000000000001"),
        (Decimal("1200.000000000000"), 0, "1200"),
        (Decimal("0.000000000000"), 0, "0"),
        (Decimal("99999999999999999999999999.999999999999"), 0, "99999999999999999999999999.999999999999"),
        (Decimal("0E-12"), 3, "unpriced"),
        (Decimal("1.5"), 3, "1.5"),
        (None, 0, "unpriced"),
    ],
)
def test_money_is_the_shortest_exact_text(cost: Decimal | None, unpriced: int, text: str) -> None:
    assert usd(cost, unpriced) == text


def test_a_share_of_nothing_is_unknown() -> None:
    assert share(0, 0) is None
    assert share(1, 3) == 0.333333


def test_milliseconds_of_nothing_are_nothing() -> None:
    assert (ms(None), ms(0), ms(1234)) == (None, 0.0, 1.234)


def test_groups_have_the_aliases_of_filters() -> None:
    assert group_column("key", "team") == "key_name"
    assert group_column(None, "team") == "team"
    assert group_column("env", "team") == "environment"
    with pytest.raises(UsageError, match="colour"):
        group_column("colour", "team")


@pytest.mark.parametrize("view", ["spend", "latency", "errors", "cache"])
def test_every_view_can_be_grouped_by_every_dimension(service: LedgerService, view: str) -> None:
    for by in sorted(GROUPS):
        assert service.ask(view, by=by).rows == []


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"since": "yesterday"}, "yesterday"),
        ({"since": "2026-11-20", "until": "2026-11-19"}, "empty"),
        ({"where": "team="}, "column"),
        ({"limit": 5}, "limit"),
        ({"since": 5}, "since"),
    ],
)
def test_parameters_that_do_not_fit_are_named(service: LedgerService, params: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        service.ask("overview", **params)
