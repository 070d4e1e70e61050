"""What a call costs: by hand, from published prices (gpt-4o-mini: 0.15, cached 0.075, out 0.60 USD per million)."""

from typing import Any

import msgspec
import pytest

from gatewatch.call import Call, Tokens
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.providers.quirks import Quirks
from gatewatch.usage.details import Details
from proxy.canonical.seen import Seen
from proxy.settings import Provider, Way
from proxy.worker.settle import Meter

IN, CACHED, OUT = 150_000, 75_000, 600_000
"""Picodollars per token."""
AT = 1_763_000_000_000_000


@pytest.fixture
def meter(home: Home) -> Meter:
    ControlStore.open(home.control).close()
    return Meter(home.control)


def provider(price_provider: str = "openai") -> Provider:
    return Provider(
        name="p",
        ways=(Way(dialect="openai-chat", base_url="http://127.0.0.1/v1"),),
        keys=(),
        price_provider=price_provider,
    )


def seen(usage: object, characters: int = 0, served: str | None = None) -> Seen:
    found = Seen()
    found.usage, found.produced_characters, found.served_model = usage, characters, served
    return found


BODY: dict[str, Any] = {"messages": [{"role": "user", "content": "x" * 400}], "max_tokens": 50}
ESTIMATED_INPUT = 100 + 4  # 400 characters at 4 a token, and 4 for the message


def settled(meter: Meter, found: Seen, model: str = "gpt-4o-mini", whole: bool = True, **call: Any) -> Call:
    record = Call(call_id="c", started_at=AT, endpoint="chat", **call)
    meter.settle(record, provider(), model, BODY, found, whole)
    return record


def test_an_open_call_holds_what_it_will_probably_cost(meter: Meter) -> None:
    call = Call(call_id="c", started_at=AT, endpoint="chat")
    meter.estimate(call, provider(), "gpt-4o-mini", BODY)
    assert (call.input_uncached_tokens, call.output_tokens) == (ESTIMATED_INPUT, 50)
    assert (call.cost_picos, call.cost_basis) == (ESTIMATED_INPUT * IN + 50 * OUT, "estimated")


def test_embeddings_produce_nothing(meter: Meter) -> None:
    call = Call(call_id="c", started_at=AT, endpoint="embeddings")
    meter.estimate(call, provider(), "text-embedding-3-small", {"input": "x" * 400})
    assert (call.input_uncached_tokens, call.output_tokens, call.cost_picos) == (100, 0, 100 * 20_000)


def test_a_sound_usage_is_computed(meter: Meter) -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 40}}
    call = settled(meter, seen(usage))
    assert (call.input_uncached_tokens, call.input_cache_read_tokens, call.output_tokens) == (60, 40, 20)
    assert (call.cost_picos, call.cost_basis) == (60 * IN + 40 * CACHED + 20 * OUT, "computed")
    assert call.price_row is not None


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"prompt_tokens": -5, "completion_tokens": 20},
        {"prompt_tokens": "100", "completion_tokens": 20},
        {"prompt_tokens": None, "completion_tokens": None},
        {"prompt_tokens": 10**20, "completion_tokens": 1},
    ],
)
def test_anything_else_is_estimated_from_what_was_produced_and_never_negative(meter: Meter, usage: object) -> None:
    call = settled(meter, seen(usage, characters=80))
    assert (call.input_uncached_tokens, call.output_tokens) == (ESTIMATED_INPUT, 20)
    assert (call.cost_picos, call.cost_basis) == (ESTIMATED_INPUT * IN + 20 * OUT, "estimated")


def test_usage_of_a_broken_reply_is_not_the_last_word(meter: Meter) -> None:
    call = settled(meter, seen({"prompt_tokens": 100, "completion_tokens": 20}), whole=False)
    assert (call.cost_picos, call.cost_basis) == (100 * IN + 20 * OUT, "estimated")


def test_what_a_broken_reply_has_said_counts_where_its_usage_does_not_know_of_it_yet(meter: Meter) -> None:
    """Anthropic counts one token at the beginning of a stream, Google none: 4,000 characters are about 1,000."""
    begun = settled(meter, seen({"prompt_tokens": 8, "completion_tokens": 1}, 4000), whole=False)
    assert (begun.input_uncached_tokens, begun.output_tokens) == (8, 1000)
    late = settled(meter, seen({"prompt_tokens": 8, "completion_tokens": 3000}, 4000), whole=False)
    assert late.output_tokens == 3000
    ended = settled(meter, seen({"prompt_tokens": 8, "completion_tokens": 1}, 4000))
    assert ended.output_tokens == 1


def test_a_model_without_a_price_is_unpriced_and_not_free(meter: Meter) -> None:
    call = settled(meter, seen({"prompt_tokens": 100, "completion_tokens": 20}), model="a-model-of-tomorrow")
    assert (call.cost_picos, call.cost_basis, call.price_row) == (None, "unpriced", None)
    assert call.output_tokens == 20


def test_another_model_in_the_reply_does_not_change_what_is_charged(meter: Meter) -> None:
    call = settled(meter, seen({"prompt_tokens": 100, "completion_tokens": 20}, served="gpt-5-pro"))
    assert (call.cost_picos, call.served_model) == (100 * IN + 20 * OUT, "gpt-5-pro")


def test_a_call_of_which_nothing_was_bought_costs_nothing(meter: Meter) -> None:
    call = Call(call_id="c", started_at=AT, endpoint="chat")
    meter.estimate(call, provider(), "gpt-4o-mini", BODY)
    meter.free(call)
    assert (call.cost_picos, call.cost_basis, call.price_row, call.input_uncached_tokens) == (0, "computed", None, 0)


def test_a_store_that_cannot_be_read_keeps_the_prices_that_are_known(meter: Meter, home: Home) -> None:
    home.control.write_bytes(b"not a database" * 100)
    meter.refresh()
    assert settled(meter, seen({"prompt_tokens": 1, "completion_tokens": 0})).cost_picos == IN


SMALL = {"prompt_tokens": 100, "completion_tokens": 20}


@pytest.mark.parametrize(
    ("tier", "dropped", "cost"),
    [
        ("default", [], 100 * 1_250_000 + 20 * 10_000_000),
        ("scale", [], 100 * 1_250_000 + 20 * 10_000_000),
        ("flex", [], 100 * 625_000 + 20 * 5_000_000),
        ("batch", [], 100 * 625_000 + 20 * 5_000_000),
        ("priority", [], 100 * 2_500_000 + 20 * 20_000_000),
        ("ultrafast", [], None),  # no list has it, and no other tier's price stands in for it
        ("flex", ["service_tier"], 100 * 1_250_000 + 20 * 10_000_000),  # asked for, but the provider was not told
    ],
)
def test_a_tier_costs_what_it_costs(meter: Meter, tier: str, dropped: list[str], cost: int | None) -> None:
    """gpt-5: 1.25 / 10 USD per million, flex and batch half of it, priority twice."""
    november = 1_795_200_000_000_000  # lists know tiers since October 2026
    call = Call(call_id="c", started_at=november, endpoint="chat", dropped_params=dropped)
    meter.settle(call, provider(), "gpt-5", {**BODY, "service_tier": tier}, seen(SMALL), True)
    assert (call.cost_picos, call.cost_basis) == (cost, "unpriced" if cost is None else "computed")


class Advised(Seen):
    """A reply for which another model worked, too."""

    def details(self) -> Details:
        return Details(others=(("gpt-4o", Tokens(input_uncached=10, output=1)), (self.adviser, Tokens(output=1))))

    adviser = "gpt-4o"


def test_a_reply_out_of_a_batch_costs_what_batches_cost_whatever_it_says_of_its_tier(meter: Meter) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 1000, "total_tokens": 2000}
    direct, batched = settled(meter, seen(usage)), settled(meter, seen(usage), deferred="batch")
    assert direct.cost_picos == 2 * (batched.cost_picos or 0) > 0
    assert ":batch@" in (batched.price_row or "")
    assert settled(meter, seen(usage), deferred="standard").cost_picos == direct.cost_picos


def test_another_model_that_worked_for_the_reply_has_its_own_prices(meter: Meter) -> None:
    found = Advised()
    found.usage = SMALL
    call = settled(meter, found)
    assert call.cost_picos == 100 * IN + 20 * OUT + 10 * 2_500_000 + 2 * 10_000_000
    assert (call.input_uncached_tokens, call.output_tokens) == (110, 22)
    found.adviser = "a-model-of-tomorrow"
    assert settled(meter, found).cost_basis == "unpriced"


def test_searches_in_files_have_their_price(meter: Meter) -> None:
    """OpenAI: 2.50 USD per thousand."""
    found = seen(SMALL)
    found.file_searches = 2
    call = settled(meter, found)
    assert (call.cost_picos, call.cost_basis) == (100 * IN + 20 * OUT + 2 * 2_500_000_000, "computed")
    record = Call(call_id="c", started_at=AT, endpoint="responses")
    meter.settle(record, provider("mistral"), "mistral-large-latest", BODY, found, True)
    assert (record.cost_picos, record.cost_basis) == (None, "unpriced"), "no list has that piece of Mistral's"


@pytest.mark.parametrize("whole", [True, False])
def test_a_reply_with_pieces_that_no_list_prices_is_unpriced_and_not_cheap(meter: Meter, whole: bool) -> None:
    found = seen(SMALL)
    found.unpriced_pieces = True
    call = settled(meter, found, whole=whole)
    assert (call.cost_picos, call.cost_basis) == (None, "unpriced")
    assert (call.input_uncached_tokens, call.output_tokens) == (100, 20)


def test_a_cost_that_the_provider_reports_holds_for_its_tools_too(meter: Meter) -> None:
    found = seen({**SMALL, "cost": 0.5})
    found.unpriced_pieces = True
    router = msgspec.structs.replace(provider(), quirks=Quirks(reports_cost="cost"))
    call = Call(call_id="c", started_at=AT, endpoint="responses")
    meter.settle(call, router, "gpt-4o-mini", BODY, found, True)
    assert (call.cost_picos, call.cost_basis) == (500_000_000_000, "reported")


def test_tokens_of_the_dearest_kind(meter: Meter) -> None:
    """gpt-4o-mini's list also has dearer tiers than the standard one; nothing is known of a model without a price."""
    call = Call(call_id="c", started_at=AT, endpoint="chat", input_uncached_tokens=70, output_tokens=30)
    assert meter.dearest(call, provider(), "gpt-4o-mini") >= 100 * OUT
    assert meter.dearest(call, provider(), "nobody-knows") == 0


def test_what_tokens_would_cost_with_another_model_leaves_the_call_as_it_is(meter: Meter) -> None:
    call = Call(call_id="c", started_at=AT, endpoint="chat", model="x")
    tokens = Tokens(input_uncached=7, output=3)
    assert meter.cost_of(call, provider(), "gpt-4o-mini", tokens, None) == 7 * IN + 3 * OUT
    assert meter.cost_of(call, provider(), "nobody-knows", tokens, None) is None
    assert (call.cost_picos, call.output_tokens) == (Call(call_id="c", started_at=AT, endpoint="chat").cost_picos, 0)
    call.endpoint = "count_tokens"
    assert meter.cost_of(call, provider(), "nobody-knows", tokens, None) == 0


def test_a_row_keeps_what_it_was_reckoned_with_when_it_is_settled(meter: Meter) -> None:
    # 104 × 150 % = 156; another provider's lesson is none of this one's
    meter.learn({"p/gpt-4o-mini": 150, "q/gpt-4o-mini": 25}, {"p/gpt-4o-mini": 2000})
    call = Call(call_id="c", started_at=AT, endpoint="chat")
    meter.reckon(call, provider(), "gpt-4o-mini", BODY)
    assert (call.input_uncached_tokens, call.output_tokens) == (156, 50)
    usage = {"prompt_tokens": 140, "completion_tokens": 20}
    meter.settle(call, provider(), "gpt-4o-mini", BODY, seen(usage), True)
    assert (call.input_uncached_tokens, call.output_tokens) == (140, 20)
    assert (call.estimated_input_tokens, call.estimated_output_tokens, call.estimate_percent) == (156, 50, 150)


def test_a_later_estimate_for_another_target_leaves_what_the_call_was_reckoned_with(meter: Meter) -> None:
    call = Call(call_id="c", started_at=AT, endpoint="chat")
    meter.reckon(call, provider(), "gpt-4o-mini", BODY)
    meter.estimate(call, provider(), "claude-haiku-4-5", BODY)
    assert (call.input_uncached_tokens, call.estimated_input_tokens) == (115 + 4, ESTIMATED_INPUT)


def test_a_call_without_a_limit_is_reckoned_with_what_is_usual_of_the_model(meter: Meter) -> None:
    body = {name: value for name, value in BODY.items() if name != "max_tokens"}
    meter.learn({}, {"p/gpt-4o-mini": 2000})
    for model, output in (("gpt-4o-mini", 2000), ("gpt-4o", 512)):
        call = Call(call_id="c", started_at=AT, endpoint="chat")
        meter.reckon(call, provider(), model, body)
        assert call.estimated_output_tokens == output


def test_counting_tokens_is_reckoned_with_nothing(meter: Meter) -> None:
    call = Call(call_id="c", started_at=AT, endpoint="count_tokens")
    meter.reckon(call, provider(), "gpt-4o-mini", BODY)
    assert (call.estimated_input_tokens, call.cost_picos) == (0, 0)


def test_a_limit_that_the_provider_is_not_told_of_is_none(meter: Meter) -> None:
    there = msgspec.structs.replace(provider(), quirks=Quirks(refuses=("max_tokens",)))
    for limit, output in ((50, 512), (4000, 4000)):
        call = Call(call_id="c", started_at=AT, endpoint="chat")
        meter.reckon(call, there, "gpt-4o-mini", BODY | {"max_tokens": limit})
        assert call.estimated_output_tokens == output


def expected_cost(meter: Meter, model: str, prices: str, **fields: Any) -> int:
    call = Call(call_id="c", started_at=AT, endpoint="messages")
    meter.reckon(call, provider(prices), model, BODY | fields)
    assert call.cost_picos is not None
    assert (call.input_uncached_tokens, call.input_cache_write_1h_tokens) == (call.estimated_input_tokens, 0)
    return call.cost_picos


SONNET_IN, SONNET_OUT = 3_000_000, 15_000_000
"""claude-sonnet-4-5, per token; what is kept for five minutes costs 1.25 times the input, for an hour twice."""


@pytest.mark.parametrize(
    ("fields", "percent"),
    [({}, 100), ({"cache_control": {"type": "ephemeral"}}, 125), ({"cache_control": {"ttl": "1h"}}, 200)],
)
def test_what_is_to_be_kept_in_a_cache_is_reckoned_at_that_price(
    meter: Meter, fields: dict[str, Any], percent: int
) -> None:
    goes_in = 115 + 4  # 400 bytes at 3.5 a token, and the message
    cost = goes_in * SONNET_IN * percent // 100 + 50 * SONNET_OUT
    assert expected_cost(meter, "claude-sonnet-4-5", "anthropic", **fields) == cost


def test_searches_that_a_provider_may_make_are_reckoned_at_their_price(meter: Meter) -> None:
    plain = expected_cost(meter, "claude-sonnet-4-5", "anthropic")
    tools = [{"type": "web_search_20250305", "name": "web_search", "max_uses": 5}]
    assert expected_cost(meter, "claude-sonnet-4-5", "anthropic", tools=tools) > plain + 5 * 10_000_000_000


def test_a_spoken_reply_is_reckoned_at_the_price_of_audio(meter: Meter) -> None:
    # gpt-audio: text out 10, audio out 64 USD per million
    written = expected_cost(meter, "gpt-audio", "openai", modalities=["text"])
    spoken = expected_cost(meter, "gpt-audio", "openai", modalities=["text", "audio"])
    assert spoken - written == 50 * 54_000_000


def test_a_model_without_a_price_stays_without_one_whatever_is_asked_of_it(meter: Meter) -> None:
    call = Call(call_id="c", started_at=AT, endpoint="messages")
    meter.reckon(call, provider(), "nobody-knows", BODY | {"cache_control": {"type": "ephemeral"}})
    assert (call.cost_picos, call.cost_basis) == (None, "unpriced")
