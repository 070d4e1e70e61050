"""The stories that operators ask for, whole."""

from typing import Any

from app.cli.explaining.story import passage_json, story
from app.console.charges import Charge, Charges
from tests.app.cli.explaining.conftest import A_TRY, MONEY, OLD, REQUESTS, RULES, MakeRow

NOTHING = Charges((), 0, 0)
CHARGES = Charges((Charge("input", 1000, 10_000_000), Charge("output", 200, 50_000_000)), 20_000_000_000, 0)
KNOWN = {"rules": RULES, "version": None, "route": None}

OK = """\
Call 019ab2f4-7c3e-7a10-8b2f-000000000001, 2026-11-21T10:00:00.000000Z
  ok 200 stop, by openai/gpt-4o
Who
  team             search
  environment      live
  key name         app
  key id           kaaa
  key version      2
  source           10.0.0.7
Asked
  endpoint         chat
  requested model  bot
  route            bot
  stream           True
  client           openai-python
  max_tokens       300
By
  configuration c0ffee
  route beef
    what this configuration was is not noted here
Limits and budgets, as they stood then
  · limits.each-key/requests/1m (key kaaa, each 1m)
      11 taken, 2 of it held by calls in flight, 1 asked, 60 requests at most:
        20 %
  · budgets.team/usd (team search, each month)
      0.5 taken, 0.1 of it held by calls in flight, 0.03 asked, 1 USD at most:
        53 %
Reckoned with
  input       1100 tokens, from the text's size × 110 %, as the ledger had
    taught; it was 1000 (+10 %)
  output       300 tokens, its own limit
  0.03 USD were reserved, settled to 0.02 USD: 0.01 USD were given back
Its way
  passed on as it came, in openai-chat
Attempts
  1. openai/gpt-4o, key main, ok 200, connection reused, first byte after 90.0
    ms, 900.0 ms in all
Time
  first token after 90.0 ms, 900.0 ms in all: 890.0 ms upstream, 10.0 ms of ours
Cost
  input        1000 × 10 per million = 0.01
  output        200 × 50 per million = 0.01
  0.02 USD, computed by the gateway
"""


def told(call: dict[str, Any], charges: Charges = NOTHING, known: dict[str, Any] = KNOWN) -> str:
    text = "".join(f"{line}\n" for line in story(call, charges, known))
    assert all(len(line) <= 80 or line.startswith("  $ ") for line in text.splitlines())
    return text


def test_a_call_that_went_well(row: MakeRow) -> None:
    assert told(row(attempts_detail=[A_TRY]), CHARGES) == OK


def test_a_call_that_a_limit_stopped(row: MakeRow) -> None:
    full = REQUESTS | {"taken": 60, "held": 0}
    call = row(status="blocked", http_status=429, error_kind="rate_limit_exceeded", checked=[full], attempts=0,
               blocked_by=full["rule"], reserved_usd=None, cost_usd="0", error_message="It is reached.")  # fmt: skip
    text = told(call)
    assert "  blocked 429 rate_limit_exceeded" in text
    assert "60 taken, 1 asked, 60 requests at most: 101 %, IN THE WAY" in text
    assert "none: nothing was sent to a provider" in text
    assert "What to do next\n  wait until enough calls have left the window of 1m" in text


def test_a_call_that_a_budget_stopped(row: MakeRow) -> None:
    full = MONEY | {"taken": "0.99", "held": "0"}
    call = row(status="blocked", http_status=429, error_kind="budget_exceeded", checked=[REQUESTS, full], attempts=0,
               blocked_by=full["rule"], reserved_usd=None, cost_usd="0")  # fmt: skip
    text = told(call)
    assert "  > budgets.team/usd (team search, each month)\n      0.99 taken" in text
    assert text.endswith(
        "What to do next\n"
        "  wait until it begins anew at 2026-12-01T00:00:00Z, or lift it once:\n"
        "  $ gatewatch budgets grant team/search --budget budgets.team/usd --usd 0.02"
        ' --until 2026-12-01T00:00:00Z --reason "WHY"\n'
    )


def test_a_fallback_behind_a_500(row: MakeRow) -> None:
    failed = A_TRY | {"status": "error", "http_status": 500, "error_kind": "upstream_error", "error_message": "oops"}
    text = told(row(attempts=2, attempts_detail=[failed, A_TRY | {"n": 2, "provider": "azure"}], provider="azure"))
    assert text.index("1. openai/gpt-4o, key main, error 500") < text.index("     oops") < text.index("2. azure/gpt-4o")
    assert "ok 200 stop, by azure/gpt-4o" in text


def test_a_call_that_stepped_down(row: MakeRow) -> None:
    text = " ".join(told(row(stepped_down="budgets.team/usd")).split())
    assert "its targets were put in another order: budgets.team/usd was nearly spent, or had no room" in text


def test_a_call_that_was_cut_short(row: MakeRow) -> None:
    text = told(row(status="truncated", error_kind="upstream_truncated", finish_reason=None, cost_basis="estimated"))
    assert "truncated 200 upstream_truncated, by openai/gpt-4o" in text
    assert "an estimate: the provider did not report all of the usage" in " ".join(text.split())
    assert "it was" not in text, "what was used is an estimate itself"


def test_a_call_of_a_key_whose_cap_is_reached(row: MakeRow) -> None:
    call = row(status="blocked", http_status=429, error_kind="budget_exceeded", checked=[], reserved_usd=None,
               error_message="This key's allowance of USD is spent.", attempts=0, cost_usd="0")  # fmt: skip
    assert told(call).endswith("$ gatewatch keys show kaaa\n")


def test_an_old_row_is_told_honestly(row: MakeRow) -> None:
    assert told(row(**OLD)).count("not recorded: this row is from before such things were kept") == 2


def test_hostile_text_is_harmless_wherever_it_stands(row: MakeRow) -> None:
    nasty = "\x1b[2J\u202e\x9b\n"
    check = {"rule": nasty, "name": nasty, "measure": nasty, "taken": 1, "held": 0, "asked": 1, "most": 1}
    call = row(checked=[check], blocked_by=nasty, stepped_down=nasty, priority=nasty, error_kind=nasty, team=nasty,
               tags={nasty: nasty}, params={nasty: nasty}, error_message=nasty, config_version=nasty,
               route_version=nasty, dropped_params=[nasty], served_model=nasty, price_row=nasty, status="error",
               attempts_detail=[A_TRY | {"error_message": nasty, "upstream_request_id": nasty}])  # fmt: skip
    rules = {nasty: {"scope": nasty, "window": nasty, "changed": {"actor": nasty, "at": "", "action": nasty}}}
    version = {"first_at": "", "last_at": "", "file": nasty, "changed_by": nasty, "changed_at": "", "in_force": False,
               "differences": [{"key": nasty, "then": nasty, "now": [nasty]}], "more_differences": 0}  # fmt: skip
    text = told(call, NOTHING, {"rules": rules, "version": version, "route": None})
    assert not {"\x1b", "\u202e", "\x9b"} & set(text)


def test_scripts_are_told_how_it_passed(row: MakeRow) -> None:
    assert passage_json(row(dialect="anthropic-messages", dropped_params=["seed"])) == {
        "caller_dialect": "openai-chat", "provider_dialect": "anthropic-messages", "translated": True,
        "dropped_params": ["seed"],
    }  # fmt: skip
