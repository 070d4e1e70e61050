"""What a call costs, through the whole gateway: streamed and plain alike, to the picodollar, by hand.

gpt-4o costs 2.50 / 1.25 / 10 USD per million tokens (uncached, cached, output); o-series reasoning is inside output.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.kit.running import Gateway, gateway, sandbox
from tests.kit.waiting import until

CONFIG = """\
vault: file
providers:
  sandbox: {{preset: sandbox, base_url: "{}/v1", api_key: none, allow_private: true}}
models:
  gpt-4o: {{targets: [sandbox/gpt-4o]}}
  gpt-5: {{targets: [sandbox/gpt-5]}}
  nobodys-model: {{targets: [sandbox/nobodys-model]}}
"""
# finops.md §3.2, rows 1 and 2
CACHED = {
    "prompt_tokens": 2006,
    "completion_tokens": 300,
    "total_tokens": 2306,
    "prompt_tokens_details": {"cached_tokens": 1920},
}
REASONING = {
    "prompt_tokens": 1200,
    "completion_tokens": 2448,
    "total_tokens": 3648,
    "completion_tokens_details": {"reasoning_tokens": 2048},
}
CASES = [
    (
        "gpt-4o",
        CACHED,
        "0.005615",
        {"input_uncached_tokens": 86, "input_cache_read_tokens": 1920, "input_tokens": 2006},
    ),
    (
        "gpt-5",
        REASONING,
        "0.02598",
        {"input_uncached_tokens": 1200, "output_tokens": 2448, "output_reasoning_tokens": 2048},
    ),
    ("nobodys-model", CACHED, "unpriced", {"input_tokens": 2006, "output_tokens": 300}),
]
SAME = (
    "status",
    "http_status",
    "model",
    "cost_usd",
    "cost_basis",
    "price_row",
    "input_tokens",
    "input_uncached_tokens",
    "input_cache_read_tokens",
    "output_tokens",
    "output_reasoning_tokens",
    "output_audio_tokens",
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("money")
    with sandbox(folder) as provider, gateway(folder, CONFIG.format(provider.listen)) as running:
        yield running


async def call(
    served: Gateway, key: str, model: str, usage: dict[str, Any], stream: bool
) -> tuple[dict[str, Any], str]:
    """The row that a call left, and the cost that its reply named."""
    headers = {"authorization": f"Bearer {key}", "x-sandbox-usage": json.dumps(usage)}
    body = {"model": model, "stream": stream, "messages": [{"role": "user", "content": "hello"}]}
    async with httpx.AsyncClient(base_url=served.base_url, headers=headers) as client:
        reply = await client.post("/chat/completions", json=body)
    assert reply.status_code == 200
    call_id = reply.headers["x-gatewatch-call-id"]
    named = reply.text.rpartition("cost_usd=")[2].split()[0] if stream else reply.headers["x-gatewatch-cost-usd"]
    rows = await until(
        lambda: [row for row in served.ask("show", "calls", "--limit", "50") if row["call_id"] == call_id], bool
    )
    return rows[0], named


@pytest.mark.parametrize(("model", "usage", "cost", "tokens"), CASES, ids=[case[0] for case in CASES])
async def test_streamed_and_plain_cost_the_same_to_the_picodollar(
    served: Gateway, model: str, usage: dict[str, Any], cost: str, tokens: dict[str, int]
) -> None:
    key = served.key(f"money-{model}")
    plain, named_plain = await call(served, key, model, usage, stream=False)
    streamed, named_streamed = await call(served, key, model, usage, stream=True)
    assert {name: plain[name] for name in SAME} == {name: streamed[name] for name in SAME}
    assert {name: plain[name] for name in tokens} == tokens
    assert plain["cost_usd"] == named_plain == named_streamed
    if cost == "unpriced":
        assert (plain["cost_usd"], plain["cost_basis"], plain["price_row"]) == ("unpriced", "unpriced", None)
    else:
        assert Decimal(plain["cost_usd"]) == Decimal(cost)
        assert plain["cost_basis"] == "computed"


async def test_a_key_that_a_caller_sends_as_text_stands_in_no_row(served: Gateway) -> None:
    key = served.key("leaky")
    headers = {"authorization": f"Bearer {key}", "x-gatewatch-tags": json.dumps({"note": key, "customer": key})}
    headers |= {"x-gatewatch-task": key, "user-agent": key}
    body = {"model": key, "user": key, "messages": [{"role": "user", "content": key}]}
    async with httpx.AsyncClient(base_url=served.base_url, headers=headers) as client:
        refused = await client.post("/chat/completions", json=body)
        body["model"] = "gpt-4o"
        served_reply = await client.post("/chat/completions", json=body)
    assert (refused.status_code, served_reply.status_code) == (404, 200)
    ids = {reply.headers["x-gatewatch-call-id"] for reply in (refused, served_reply)}
    await until(lambda: {row["call_id"] for row in served.ask("show", "calls")}, lambda found: found >= ids)
    files = [path for path in served.home.rglob("*") if path.is_file()]
    assert [path.name for path in files if key.encode() in path.read_bytes()] == []
