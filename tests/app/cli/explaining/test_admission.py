"""Limits with their counters then, the reckoning and what came of it: figures by hand."""

import pytest

from app.cli.explaining.admission import limits, reckoned, way
from tests.app.cli.explaining.conftest import A_TRY, MONEY, MONTH, OLD, REQUESTS, RULES, MakeRow


def test_each_rule_is_told_with_its_counters_then(row: MakeRow) -> None:
    # 11 taken and 1 asked of 60 is 20 %; 0.50 and 0.03 of 1 USD is 53 %
    assert list(limits(row(), RULES)) == [
        "  · limits.each-key/requests/1m (key kaaa, each 1m)",
        "      11 taken, 2 of it held by calls in flight, 1 asked, 60 requests at most: 20 %",
        "  · budgets.team/usd (team search, each month)",
        "      0.5 taken, 0.1 of it held by calls in flight, 0.03 asked, 1 USD at most: 53 %",
    ]


def test_the_rule_in_the_way_is_marked(row: MakeRow) -> None:
    full = MONEY | {"taken": "0.99", "held": "0"}
    call = row(status="blocked", checked=[REQUESTS, full], blocked_by="budgets.team/usd")
    told = list(limits(call, RULES))
    assert told[2].startswith("  > budgets.team/usd")
    assert "0.99 taken, 0.03 asked, 1 USD at most: 102 %, IN THE WAY" in told[3]
    assert "soft threshold of 0.8 USD was passed" in told[4]


def test_of_two_counters_of_one_rule_the_full_one_was_in_the_way(row: MakeRow) -> None:
    full = REQUESTS | {"taken": 60, "held": 0}
    call = row(status="blocked", checked=[full, REQUESTS], blocked_by=REQUESTS["rule"])
    told = list(limits(call, RULES))
    assert [line for line in told if "IN THE WAY" in line] == [
        "      60 taken, 1 asked, 60 requests at most: 101 %, IN THE WAY"
    ]


def test_who_changed_a_rule_last_is_told(row: MakeRow) -> None:
    changed = {"actor": "user:ann", "at": "2026-11-20T09:00:00.000000Z", "action": "budget.set"}
    told = "\n".join(limits(row(), {"budgets.team/usd": MONTH | {"changed": changed}}))
    assert "last changed before by user:ann at 2026-11-20T09:00:00.000000Z (budget.set)" in told


def test_a_rule_that_is_not_known_any_more_is_told_by_its_id(row: MakeRow) -> None:
    assert "  · budgets.team/usd (search)" in list(limits(row(), {}))


def test_the_reckoning_is_compared_with_what_was_used(row: MakeRow) -> None:
    # 1100 of 1000 is 10 % too much; 0.03 reserved and 0.02 charged leaves 0.01
    assert list(reckoned(row())) == [
        "  input       1100 tokens, from the text's size × 110 %, as the ledger had taught; it was 1000 (+10 %)",
        "  output       300 tokens, its own limit",
        "  0.03 USD were reserved, settled to 0.02 USD: 0.01 USD were given back",
    ]
    more = list(reckoned(row(cost_usd="0.05")))
    assert more[-1] == "  0.03 USD were reserved, settled to 0.05 USD: 0.02 USD came on top"
    assert "not known" in list(reckoned(row(cost_usd="unpriced")))[-1]


def test_a_call_without_a_limit_of_its_own_says_what_was_assumed(row: MakeRow) -> None:
    # 512 of 200 is 156 % too much
    told = list(reckoned(row(params={}, estimated_output_tokens=512, estimated_others=2)))
    assert told[1] == "         2 of its parts are no text: a flat amount for each is in it"
    assert told[2] == "  output       512 tokens, it sets no limit: what is usual of the model; it was 200 (+156 %)"


def test_a_row_from_before_these_columns_says_so(row: MakeRow) -> None:
    old = row(**OLD)
    assert list(limits(old, {})) == ["  not recorded: this row is from before such things were kept"]
    assert list(reckoned(old)) == ["  not recorded: this row is from before such things were kept"]
    assert list(way(old, {})) == []


def test_a_call_that_met_no_rule_is_told_from_one_that_came_not_so_far(row: MakeRow) -> None:
    assert list(limits(row(checked=[]), {})) == ["  none concerned it"]
    stopped = row(checked=[], status="blocked", estimated_input_tokens=0, estimated_output_tokens=0)
    assert list(limits(stopped, {})) == ["  not looked at: it was refused before that"]
    assert "not at all" in next(reckoned(stopped))
    paused = row(checked=[], status="blocked", error_kind="key_paused", blocked_by="alert drain|key/kaaa")
    assert list(limits(paused, {})) == [
        "  not looked at: it was refused before that",
        "  > alert drain|key/kaaa was in the way",
    ]


def test_a_refused_call_had_nothing_reserved(row: MakeRow) -> None:
    assert list(reckoned(row(status="blocked", reserved_usd=None)))[-1] == "  nothing was reserved: it was refused"


def test_waiting_and_another_order_of_targets_are_told_with_the_reason(row: MakeRow) -> None:
    told = list(way(row(priority="batch", queued_ms=120.5, stepped_down="budgets.team/usd"), RULES))
    assert told[0] == "  priority batch"
    assert told[1].startswith("  waited 120.5 ms for its turn")
    assert "budgets.team/usd was nearly spent" in told[2]
    assert "alert p95 has put that in force" in next(way(row(stepped_down="alert p95"), RULES))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"waited_for": "turn"}, "for its turn, at a model's cap or at a provider's key"),
        ({"waited_for": "limit"}, "until it might come again, as the provider had said 429"),
        ({"waited_for": "overload"}, "until it was asked again, as the provider had too much to do"),
        ({"waited_for": "limit+turn"}, "until it might come again, as the provider had said 429 and for its turn, at a"
         " model's cap or at a provider's key"),
        ({"deferred": "batch"}, "for its time"),
        ({"deferred": "standard", "waited_for": "overload"}, "for its time and until it was asked again, as the"
         " provider had too much to do"),
        ({"waited_for": "\x1b[2J"}, "␛[2J"),
    ],
)  # fmt: skip
def test_what_a_call_waited_for_is_told(row: MakeRow, said: dict[str, str], told: str) -> None:
    (line,) = way(row(queued_ms=5.0, **said), RULES)
    assert line == f"  waited 5.0 ms {told}"


def test_each_rule_without_room_is_marked_and_the_one_that_was_told(row: MakeRow) -> None:
    requests, money = REQUESTS | {"taken": 60, "held": 0}, MONEY | {"taken": "0.99", "held": "0"}
    told = list(limits(row(status="blocked", checked=[requests, money], blocked_by="budgets.team/usd"), RULES))
    assert [line[:4] for line in told if line[2] in ">·"] == ["  > ", "  > "]
    assert told[1].endswith(": 101 %, NO ROOM")
    assert told[3].endswith(": 102 %, IN THE WAY")


def test_a_budget_that_is_only_held_is_told_as_such(row: MakeRow) -> None:
    held = MONEY | {"taken": "0.99", "held": "0.5"}
    told = list(limits(row(status="blocked", checked=[held], blocked_by="budgets.team/usd"), RULES))
    assert "      there is room when calls in flight have ended, and used less than they hold" in told


def test_a_soft_threshold_was_passed_before_by_the_call_or_would_have_been(row: MakeRow) -> None:
    def told(taken: str, **changed: object) -> str:
        return "\n".join(limits(row(checked=[MONEY | {"taken": taken, "held": "0"}], **changed), RULES))

    assert "threshold of 0.8 USD was passed\n" in told("0.81") + "\n"
    assert "threshold of 0.8 USD was passed by this call" in told("0.79")
    assert "threshold of 0.8 USD would have been passed by this call" in told("0.79", status="blocked")
    assert "soft" not in told("0.7")


def test_rules_are_told_try_by_try(row: MakeRow) -> None:
    more = MONEY | {"taken": "0.53", "asked": "0.01"}
    tries = [A_TRY, A_TRY | {"n": 2, "provider": "azure"}]
    told = list(limits(row(checked=[MONEY, more], attempts_detail=tries), RULES))
    assert told[0] == "  for try 1, openai/gpt-4o:"
    assert told[3] == "  for try 2, azure/gpt-4o:"
    assert "0.53 taken, 0.1 of it held by calls in flight, 0.01 more asked, 1 USD at most: 54 %" in told[5]
    unmade = limits(row(checked=[MONEY, more | {"asked": "0.5"}], attempts_detail=tries[:1]), RULES)
    assert "  for a try 2, which was not made:" in list(unmade)
    full = MONEY | {"taken": "1", "held": "0"}
    assert list(limits(row(checked=[full, MONEY]), RULES))[4] == "  with another target or order:"


def test_a_call_that_got_no_turn_says_where_it_waited(row: MakeRow) -> None:
    late = row(blocked_by="queue_timeout", queued_ms=5.0, error_message="… in the queue for the model 'bot' as long …")
    assert list(limits(late, RULES))[-1] == "  > queue_timeout was in the way: it got no turn"
    assert list(way(late, RULES)) == ["  waited 5.0 ms for its turn, of the model bot"]
    assert "at a provider's key" in next(way(late | {"error_message": "the gateway's key at openai"}, RULES))


def test_what_a_refused_call_held_was_given_back(row: MakeRow) -> None:
    assert "0.03 USD were reserved, and given back" in list(reckoned(row(status="blocked")))[-1]


def test_a_limit_that_the_route_has_set_is_not_told_as_the_callers(row: MakeRow) -> None:
    told = list(reckoned(row(params={"max_completion_tokens": 700, "length_by": "route"}, estimated_output_tokens=700)))
    assert told[1] == "  output       700 tokens, it sets no limit: that of its route"


def test_a_beginning_that_was_marked_for_the_providers_cache_is_told(row: MakeRow) -> None:
    told = list(reckoned(row(params={"max_tokens": 300, "prompt_cache": "auto"})))
    assert told[2].startswith("  its beginning had come before: marked for the provider's cache")
