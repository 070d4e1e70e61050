"""Cost by class of tokens, as the price row has it. By hand: 1000 × 2 USD + 200 × 10 USD per million = 0.004 USD."""

from app.cli.explaining.money import cost, cost_json
from app.console.charges import Charge, Charges
from tests.app.cli.explaining.conftest import MakeRow

CHARGES = Charges((Charge("input", 1000, 2_000_000), Charge("output", 200, 10_000_000)), 4_000_000_000, 0)


def test_each_class_is_a_line_and_the_sum_says_where_it_comes_from(row: MakeRow) -> None:
    assert list(cost(row(cost_usd="0.004", price_row="p"), CHARGES)) == [
        "  input        1000 × 2 per million = 0.002",
        "  output        200 × 10 per million = 0.002",
        "  0.004 USD, computed by the gateway",
        "  price row p",
    ]
    told = cost_json(row(cost_usd="0.004"), CHARGES)
    assert [line["usd"] for line in told["lines"]] == ["0.002", "0.002"]


def test_what_tokens_do_not_explain_and_what_has_no_price_are_told(row: MakeRow) -> None:
    assert "not by tokens (searches, images, fees): 0.01" in "".join(
        cost(row(), Charges(CHARGES.lines, 14_000_000_000, 10_000_000_000))
    )
    unknown = cost(row(cost_usd="unpriced", cost_basis="unpriced"), Charges((Charge("input", 9, None),), None, None))
    assert list(unknown) == [
        "  input          9 tokens, their price is not known",
        "  unpriced, as no price is known for what was used",
    ]


def test_what_a_lost_try_may_have_cost_is_told_as_that(row: MakeRow) -> None:
    charges = Charges(CHARGES.lines, 5_000_000_000, 0, 1_000_000_000)
    told = list(cost(row(cost_usd="0.005", cost_basis="estimated"), charges))
    assert told[2:] == [
        "  what tries that were sent and left may have cost, by estimate: 0.001",
        "  0.005 USD, of which what was lost is an estimate",
    ]
    assert "did not report" in list(cost(row(cost_basis="estimated", usage=None), charges))[-1]
    assert cost_json(row(), charges)["lost_tries_usd"] == "0.001"
