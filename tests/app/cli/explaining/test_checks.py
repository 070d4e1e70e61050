"""Which rule was in the way, and for which try each was met. Rows are written as a worker asks: the call's own and
its first model's at first; before a later try its key's, its model's, and what the call's own hold too little."""

from typing import Any

from app.cli.explaining.checks import checks, checks_json, in_the_way, met
from tests.app.cli.explaining.conftest import A_TRY, MONEY, REQUESTS, RULES, MakeRow


def of_model(name: str) -> dict[str, Any]:
    return {"rule": "m", "name": name, "measure": "concurrent", "taken": 0, "held": 0, "asked": 1, "most": 5}


def of_key(name: str, taken: int = 0) -> dict[str, Any]:
    return {"rule": "k", "name": name, "measure": "requests", "taken": taken, "held": 0, "asked": 1, "most": 5}


KNOWN = RULES | {"m": {"scope": "model"}, "k": {"scope": "provider_key"}}
AZURE = A_TRY | {"n": 2, "provider": "azure", "provider_key": "eu"}


def tries(call: dict[str, Any], known: dict[str, Any] = KNOWN) -> list[int]:
    return [each.n for each in met(call, known)]


def test_money_is_counted_in_picodollars_and_told_in_usd(row: MakeRow) -> None:
    _, money = checks(row())
    assert (money.taken, money.asked, money.unit) == (500_000_000_000, 30_000_000_000, "USD")
    assert money.text(money.most) == "1"


def test_the_full_counter_of_a_rule_was_in_the_way(row: MakeRow) -> None:
    full = REQUESTS | {"name": "kbbb", "taken": 60}
    found = in_the_way(row(checked=[REQUESTS, full, MONEY], blocked_by=REQUESTS["rule"]))
    assert found is not None
    assert found.name == "kbbb"
    assert in_the_way(row(blocked_by="gone")) is None


def test_what_is_only_held_is_told_from_what_is_spent(row: MakeRow) -> None:
    # 0.99 with 0.5 of it held: 0.49 + 0.03 fits into 1; with 0.01 held, 0.98 + 0.03 does not
    some, hardly, never = (
        MONEY | {"taken": "0.99", "held": held, "asked": asked}
        for held, asked in (("0.5", "0.03"), ("0.01", "0.03"), ("0.5", "2"))
    )
    requests = REQUESTS | {"taken": 60, "held": 60}  # a request stays one when it has ended
    found = checks(row(checked=[some, hardly, never, MONEY, requests]))
    assert [each.is_only_held for each in found] == [True, False, False, False, False]
    assert [each.is_over for each in found] == [True, True, True, False, True]


def test_all_that_one_try_met_is_of_the_first(row: MakeRow) -> None:
    call = row(checked=[REQUESTS, MONEY, of_model("openai/gpt-4o"), of_key("openai/main")], attempts_detail=[A_TRY])
    assert tries(call) == [1, 1, 1, 1]
    assert [each.begins for each in met(call, KNOWN)] == [True, False, False, False]


def test_a_counter_that_comes_again_is_of_the_next_try_and_asks_for_more(row: MakeRow) -> None:
    call = row(checked=[REQUESTS, MONEY, MONEY | {"asked": "0.01"}], attempts_detail=[A_TRY, AZURE])
    assert tries(call) == [1, 1, 2]
    assert [each.adds for each in met(call, KNOWN)] == [False, False, True]


def test_rules_of_the_place_where_a_try_went_are_of_that_try(row: MakeRow) -> None:
    checked = [
        MONEY,
        of_model("openai/gpt-4o"),
        of_key("openai/main"),
        of_key("azure/eu"),
        of_model("azure/gpt-4o"),
        MONEY,
    ]
    call = row(checked=checked, attempts_detail=[A_TRY, AZURE])
    assert tries(call) == [1, 1, 1, 2, 2, 2]
    assert tries(call, {}) == [1, 1, 1, 2, 2, 2]


def test_the_same_key_again_is_the_next_try(row: MakeRow) -> None:
    call = row(checked=[of_key("openai/main"), of_key("openai/main", 1)], attempts_detail=[A_TRY, A_TRY | {"n": 2}])
    assert tries(call) == [1, 2]
    assert [each.adds for each in met(call, KNOWN)] == [False, False]


def test_a_full_key_that_is_passed_over_begins_no_try(row: MakeRow) -> None:
    checked = [MONEY, of_key("openai/spare", 5), of_key("openai/main"), MONEY, of_key("azure/eu")]
    assert tries(row(checked=checked, attempts_detail=[A_TRY, AZURE])) == [1, 1, 1, 2, 2]


def test_a_full_model_before_the_first_try_leads_to_another_order_of_the_same_try(row: MakeRow) -> None:
    full = of_model("openai/o1") | {"taken": 5}
    call = row(checked=[MONEY, full, MONEY, of_model("openai/gpt-4o")], attempts_detail=[A_TRY])
    assert tries(call) == [1, 1, 1, 1]
    assert [each.begins for each in met(call, KNOWN)] == [True, False, True, False]


def test_what_there_was_no_room_for_is_of_a_try_that_was_not_made(row: MakeRow) -> None:
    call = row(checked=[MONEY, MONEY | {"taken": "0.99"}], attempts_detail=[A_TRY])
    assert tries(call) == [1, 2]


def test_scripts_get_money_as_decimal_text_with_the_try(row: MakeRow) -> None:
    told = checks_json(row(checked=[MONEY]), RULES)
    assert told == [MONEY | {"try": 1, "over": False, "only_held": False}]
    assert told[0]["measure"] == "usd"
