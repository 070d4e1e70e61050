"""What limits and budgets have used, by the ledger, is what plain Python finds in the journal's lines."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gatewatch.ledger.service import LedgerService
from gatewatch.limits.counters import WHOLE, Seeds
from gatewatch.limits.rule import Measure, Rule, Scope
from gatewatch.limits.window import Window
from gatewatch.paths import Home
from tests.kit.journals import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    RUN,
    T0,
    a_call,
    attempt,
    closing,
    opening,
    records,
    segment,
    whole,
    worker,
)

Record = dict[str, Any]
HOURS = Window(seconds=7200)
"""Buckets of two minutes: of all of the traffic, which lies in the hour before NOW."""


def rule(measure: Measure = "picos", scope: Scope = "team", window: Window = HOURS, **fields: Any) -> Rule:
    return Rule(
        id="r", kind=fields.pop("kind", "budget"), scope=scope, measure=measure, most=1, window=window, **fields
    )


def told(seeds: Seeds) -> dict[str, dict[int, int]]:
    return {seed.counter: seed.buckets for seed in seeds.seeds}


def by_hand(
    rows: list[Record], name: Callable[[Record], str | None], amount: Callable[[Record], int], width: int = 2 * MINUTE
) -> dict[str, dict[int, int]]:
    found: dict[str, Counter[int]] = {}
    for row in rows:
        if row["status"] != "blocked" and (whose := name(row)) is not None and amount(row):
            found.setdefault(f"r|{whose}", Counter())[row["started_at"] // width * width] += amount(row)
    return {key: dict(buckets) for key, buckets in found.items()}


def read_from_cache(row: Record) -> int:
    return int(row.get("input_cache_read_tokens", 0))


def tokens_in(row: Record) -> int:
    return sum(int(row.get(f"input_{kind}_tokens", 0)) for kind in ("uncached", "cache_read", "cache_write_5m"))


def tokens_out(row: Record) -> int:
    return int(row.get("output_tokens", 0))


MEASURES: dict[str, tuple[Rule, Callable[[Record], int]]] = {
    "money": (rule("picos"), lambda row: row.get("cost_picos", 0) or 0),
    "calls": (rule("requests"), lambda row: 1),
    "all tokens": (rule("tokens"), lambda row: tokens_in(row) + tokens_out(row)),
    "output": (rule("output_tokens", kind="limit"), tokens_out),
    "input of a limit": (rule("input_tokens", kind="limit"), lambda row: tokens_in(row) - read_from_cache(row)),
    "input, cache included": (rule("input_tokens", kind="limit", cache_reads=True), tokens_in),
    "input of a budget": (rule("input_tokens"), tokens_in),
    "tokens of a limit": (
        rule("tokens", kind="limit"),
        lambda row: tokens_in(row) - read_from_cache(row) + tokens_out(row),
    ),
    "tokens without a price": (
        rule("tokens", unpriced_only=True),
        lambda row: (tokens_in(row) + tokens_out(row)) if row.get("cost_basis") == "unpriced" else 0,
    ),
}


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_is_that_of_the_rows(loaded: LedgerService, closes: list[Record], measure: str) -> None:
    asked, amount = MEASURES[measure]
    assert told(loaded.seeds([asked], NOW)) == by_hand(closes, lambda row: row.get("team"), amount)


SCOPES: dict[Scope, Callable[[Record], str | None]] = {
    "gateway": lambda row: "",
    "team": lambda row: row.get("team"),
    "user": lambda row: row.get("user"),
    "key": lambda row: row.get("key_id"),
    "route": lambda row: row.get("route"),
    "model": lambda row: f"{row['provider']}/{row['model']}" if row.get("provider") else None,
    "provider_key": lambda row: f"{row['provider']}/{row['provider_key']}" if row.get("provider_key") else None,
}


@pytest.mark.parametrize("scope", SCOPES)
def test_every_scope_counts_by_its_names(loaded: LedgerService, closes: list[Record], scope: Scope) -> None:
    cost = by_hand(closes, SCOPES[scope], lambda row: row.get("cost_picos", 0) or 0)
    assert told(loaded.seeds([rule(scope=scope, name="" if scope == "gateway" else None)], NOW)) == cost


def test_a_rule_for_one_name_counts_that_one_alone(loaded: LedgerService, closes: list[Record]) -> None:
    one = rule(scope="model", name="openai/gpt-4o")
    found = told(loaded.seeds([one], NOW))
    assert found.keys() == {"r|openai/gpt-4o"}
    assert found == by_hand(
        [row for row in closes if row.get("model") == "gpt-4o"], SCOPES["model"], lambda row: row.get("cost_picos", 0)
    )


def test_projects_stand_under_their_team_and_environments_by_themselves(home: Home, service: LedgerService) -> None:
    segment(
        home, *[whole(a_call(n, project=p, environment=e)) for n, (p, e) in enumerate([("a", "live"), (None, "test")])]
    )
    service.load_once()
    found = service.seeds([rule("requests", "project"), rule("requests", "environment")], NOW)
    assert [(seed.counter, sum(seed.buckets.values())) for seed in found.seeds if "search" in seed.counter] == [
        ("r|search/a", 1)
    ]
    assert {seed.counter for seed in found.seeds} == {"r|search/a", "r|live", "r|test"}


def test_requests_of_models_and_providers_keys_are_tries_in_the_bucket_of_their_call(
    home: Home, service: LedgerService
) -> None:
    call = a_call(0, model="b")
    late = {"started_at": call.started_at + 10 * MINUTE}
    segment(
        home,
        opening(call), attempt(call, 1, model="a", provider_key="k1", status="error"),
        attempt(call, 2, model="b", provider_key="k2", **late), closing(call),
    )  # fmt: skip
    service.load_once()
    assert told(service.seeds([rule("requests", "model")], NOW)) == {"r|openai/a": {T0: 1}, "r|openai/b": {T0: 1}}
    by_key = told(service.seeds([rule("requests", "provider_key")], NOW))
    assert by_key == {"r|openai/k1": {T0: 1}, "r|openai/k2": {T0: 1}}
    assert told(service.seeds([rule("requests", "model", unpriced_only=True)], NOW)) == {}


def test_a_rule_for_one_model_of_a_key_counts_what_was_sent_to_that_model_alone(
    home: Home, service: LedgerService
) -> None:
    calls = [a_call(n, model=model, provider_key="k") for n, model in enumerate(("a", "b", "o'b"))]
    tries = [attempt(call, 1, model=call.model, provider_key="k") for call in calls]
    tries += [attempt(calls[1], 2, model="a", provider_key="k")]
    segment(home, *[opening(each) for each in calls], *tries, *[closing(each) for each in calls])
    service.load_once()
    tokens = {each.model: each.tokens().input + each.tokens().output for each in calls}

    def sums(measure: Measure, model: str) -> list[int]:
        asked = rule(measure, "provider_key", name="openai/k", for_model=model)
        return [sum(buckets.values()) for buckets in told(service.seeds([asked], NOW)).values()]

    assert [sums("requests", model) for model in ("a", "b", "o'b", "c")] == [[2], [1], [1], []]
    assert sums("tokens", "o'b") == [tokens["o'b"]]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"])
@pytest.mark.parametrize("period", ["minute", "hour", "day", "week", "month"])
def test_calendar_periods_begin_where_their_place_says(
    period: Any, zone: str, home: Home, service: LedgerService
) -> None:
    """2026-11-20 is a Friday; the calls lie before and behind the beginning of the period at NOW, 11:00 UTC."""
    here = datetime(2026, 11, 20, 11, tzinfo=UTC).astimezone(ZoneInfo(zone))
    begin = {
        "minute": here.replace(second=0),
        "hour": here.replace(minute=0),
        "day": here.replace(hour=0, minute=0),
        "week": here.replace(hour=0, minute=0) - timedelta(days=here.weekday()),
        "month": here.replace(hour=0, minute=0, day=1),
    }[period]
    begins = int(begin.timestamp()) * 1_000_000
    segment(home, *[whole(a_call(n, at_us=at)) for n, at in enumerate([begins - DAY, begins - 1, begins, NOW])])
    service.load_once()
    (buckets,) = told(service.seeds([rule("requests", window=Window(period=period, zone=zone))], NOW)).values()
    assert buckets[begins] == 2
    assert min(buckets) >= begins - HOUR or period in ("day", "week", "month")


def test_hours_are_counted_where_clocks_change_by_half_of_one(home: Home, service: LedgerService) -> None:
    """On Lord Howe Island at 2:00 back to 1:30: at 15:00 UTC, and the next whole hour is at 15:30."""
    changes = int(datetime(2027, 4, 3, 15, tzinfo=UTC).timestamp()) * 1_000_000
    segment(home, *[whole(a_call(n, at_us=changes + minutes * MINUTE)) for n, minutes in enumerate([-1, 0, 29, 30])])
    service.load_once()
    hours = Window(period="hour", zone="Australia/Lord_Howe")
    (buckets,) = told(service.seeds([rule("requests", window=hours)], changes + 10 * MINUTE)).values()
    assert buckets == {changes - 60 * MINUTE: 1, changes: 2, changes + 30 * MINUTE: 1}


def test_what_has_left_the_window_is_not_told(home: Home, service: LedgerService) -> None:
    segment(home, *[whole(a_call(n, at_us=at)) for n, at in enumerate([NOW - 3 * HOUR, NOW - 60_000_000, NOW])])
    service.load_once()
    (buckets,) = told(service.seeds([rule("requests", window=Window(seconds=60))], NOW)).values()
    assert sum(buckets.values()) == 2


def test_the_bucket_of_so_much_money_that_it_fits_no_counter_is_as_full_as_a_counter_can_be(
    home: Home, service: LedgerService
) -> None:
    segment(home, *[whole(a_call(0, at_us=T0, cost_picos=10**18 - 1)), *[whole(a_call(1, at_us=T0 + 1, cost_picos=7))]])
    service.load_once()
    assert told(service.seeds([rule()], NOW)) == {"r|search": {T0: 10**16 + 7}}, "as `used` caps one call"


def test_an_earlier_moment_is_told_by_its_position(home: Home, service: LedgerService) -> None:
    first, second, third = (whole(a_call(n)) for n in range(3))
    segment(home, first, second, third)
    segment(home, whole(a_call(3)), sequence=2)
    segment(home, whole(a_call(4)), run="20261120T100000Z-00000002")
    service.load_once()
    name = f"{RUN}-000001"

    def at(segment: str, offset: int) -> int:
        (buckets,) = told(service.seeds([rule("requests")], NOW, {segment: offset})).values()
        return sum(buckets.values())

    assert at(name, 0) == 1, "of another run all counts"
    assert at(name, len(first)) == 2
    assert at(name, len(first + second)) == 3
    assert at(f"{RUN}-000002", 0) == 4
    assert at(f"{RUN}-000003", 0) == 5


def test_positions_say_how_far_a_living_writer_is_counted_and_that_the_dead_one_is_wholly(
    home: Home, service: LedgerService
) -> None:
    segment(home, whole(a_call(0)), opening(a_call(1)))
    with worker(home, run="20261120T100000Z-00000002") as alive:
        alive.write(whole(a_call(2)), opening(a_call(3)))
        service.load_once()
        seeds = service.seeds([rule("requests")], NOW)
        assert seeds.positions == {f"{RUN}-000001": WHOLE, alive.path.stem: alive.path.stat().st_size}
        assert sum(sum(seed.buckets.values()) for seed in seeds.seeds) == 3, "one of them interrupted"


def test_as_a_named_query_it_has_a_row_for_each_bucket(home: Home, service: LedgerService) -> None:
    segment(home, whole(a_call(0)))
    service.load_once()
    answer = service.ask("counted", rules=[rule()])
    assert answer.rows == [{"counter": "r|search", "bucket": T0, "amount": 450_000_000}]
    assert records([closing(a_call(0))], "close")[0]["cost_picos"] == 450_000_000


def test_calls_at_a_time_are_not_counted(service: LedgerService) -> None:
    one = Rule(id="c", kind="limit", scope="key", measure="concurrent", most=1)
    assert service.seeds([one], NOW) == Seeds(rules=())
