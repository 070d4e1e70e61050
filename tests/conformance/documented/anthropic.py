"""Anthropic. Prices: platform.claude.com/docs/en/about-claude/pricing (5-minute writes 1.25×, 1-hour writes 2×, reads a
tenth of the input; web searches 10 USD per thousand; US-only inference 1.1×; fast mode twice on these models).

Usage: platform.claude.com/docs/en/api/messages. `input_tokens` is what was neither read from nor written to the cache;
`cache_creation` says the writes again by how long they are kept; thinking is inside the output.
"""

from typing import Any

from tests.conformance.documented.reply import Documented, message, message_stream

CACHING = "https://platform.claude.com/docs/en/build-with-claude/prompt-caching"
REQUEST_ID = {"request-id": "req_018EeWyXxfu5pfWkrYcMdjWG"}


def case(name: str, model: str, page: str, usage: dict[str, Any], tokens: dict[str, int], **more: Any) -> Documented:
    return Documented(
        name=name,
        provider="anthropic",
        model=model,
        page=page,
        dialect="anthropic-messages",
        endpoint="/v1/messages",
        reply=message(model, usage),
        stream=message_stream,
        tokens=tokens,
        headers=REQUEST_ID,
        request_id=REQUEST_ID["request-id"],
        **more,
    )


def _cached(uncached: int, read: int) -> dict[str, Any]:
    return {
        "input_tokens": uncached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": read,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": 1000,
        "service_tier": "standard",
    }


SMALL: dict[str, Any] = {"input_tokens": 1000, "output_tokens": 100}
SMALL_TOKENS = {"input_uncached": 1000, "output": 100}

CASES = [
    case(
        "cache writes of both lengths, and reads",
        "claude-sonnet-4-5",
        CACHING,
        {
            "input_tokens": 2048,
            "cache_read_input_tokens": 1800,
            "cache_creation_input_tokens": 248,
            "output_tokens": 503,
            "cache_creation": {"ephemeral_5m_input_tokens": 148, "ephemeral_1h_input_tokens": 100},
            "service_tier": "standard",
        },
        {
            "input_uncached": 2048,
            "input_cache_read": 1800,
            "input_cache_write_5m": 148,
            "input_cache_write_1h": 100,
            "output": 503,
        },
        # 3 in, 0.30 read, 3.75 and 6 written, 15 out: 6144 + 540 + 555 + 600 + 7545 = 15384
        cost="0.015384",
    ),
    case(
        "web searches",
        "claude-sonnet-4-5",
        "https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool",
        {
            "input_tokens": 105,
            "output_tokens": 6039,
            "cache_read_input_tokens": 7123,
            "cache_creation_input_tokens": 7345,
            "server_tool_use": {"web_search_requests": 1},
        },
        {"input_uncached": 105, "input_cache_read": 7123, "input_cache_write_5m": 7345, "output": 6039},
        # 105·3 + 7123·0.3 + 7345·3.75 + 6039·15 = 315 + 2136.9 + 27543.75 + 90585 = 120580.65; one of 10 per thousand
        cost="0.13058065",
        asked={"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
    ),
    case(
        "thinking",
        "claude-haiku-4-5",
        "https://platform.claude.com/docs/en/api/messages",
        {"input_tokens": 100, "output_tokens": 450, "output_tokens_details": {"thinking_tokens": 300}},
        {"input_uncached": 100, "output": 450, "output_reasoning": 300},
        cost="0.00235",  # 100·1 + 450·5
    ),
    case(
        "a long context, its cached part included, has its own prices",
        "claude-sonnet-4-5",
        "https://platform.claude.com/docs/en/about-claude/pricing",
        _cached(150_000, 60_000),
        {"input_uncached": 150_000, "input_cache_read": 60_000, "output": 1000},
        cost="0.9585",  # 6 / 0.60 / 22.50 above 200k: 900000 + 36000 + 22500
    ),
    case(
        "a context at the limit has the short one's prices",
        "claude-sonnet-4-5",
        "https://platform.claude.com/docs/en/about-claude/pricing",
        _cached(140_000, 60_000),
        {"input_uncached": 140_000, "input_cache_read": 60_000, "output": 1000},
        cost="0.453",  # 3 / 0.30 / 15: 420000 + 18000 + 15000
    ),
    case(
        "fast mode",
        "claude-opus-5-5",
        "https://platform.claude.com/docs/en/build-with-claude/fast-mode",
        {**SMALL, "service_tier": "standard", "speed": "fast"},
        SMALL_TOKENS,
        cost="0.012",  # 8 / 40: 8000 + 4000
        asked={"speed": "fast"},
    ),
    case(
        "inference in the US only, but for searches",
        "claude-opus-5-5",
        "https://platform.claude.com/docs/en/manage-claude/data-residency",
        {
            "input_tokens": 1000,
            "cache_creation_input_tokens": 400,
            "cache_read_input_tokens": 3000,
            "cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 0},
            "output_tokens": 100,
            "inference_geo": "us",
            "service_tier": "standard",
            "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0},
        },
        {"input_uncached": 1000, "input_cache_read": 3000, "input_cache_write_5m": 400, "output": 100},
        # 4 / 0.20 / 5 / 20: 4000 + 600 + 2000 + 2000 = 8600, times 1.1 = 9460; and one search, 10000
        cost="0.01946",
        asked={"inference_geo": "us"},
    ),
    case(
        "a committed tier, which is not charged by the token",
        "claude-sonnet-4-5",
        "https://platform.claude.com/docs/en/api/service-tiers",
        {**SMALL, "service_tier": "priority"},
        SMALL_TOKENS,
        cost=None,
        basis="unpriced",
    ),
    case(
        "batch, as the reply says",
        "claude-haiku-4-5",
        "https://platform.claude.com/docs/en/api/service-tiers",
        {**SMALL, "service_tier": "batch"},
        SMALL_TOKENS,
        cost="0.00075",  # half of 1 / 5: 500 + 250
    ),
    case(
        "a compaction stands beside the sums",
        "claude-opus-4-6",
        "https://platform.claude.com/docs/en/build-with-claude/compaction",
        {
            "input_tokens": 23_000,
            "output_tokens": 1000,
            "iterations": [
                {"type": "compaction", "input_tokens": 180_000, "output_tokens": 3500},
                {"type": "message", "input_tokens": 23_000, "output_tokens": 1000},
            ],
        },
        {"input_uncached": 203_000, "output": 4500},
        cost="1.1275",  # 203000·5 + 4500·25 = 1015000 + 112500
    ),
    case(
        "an adviser stands beside the sums, and has its own model's prices",
        "claude-haiku-4-5",
        "https://platform.claude.com/docs/en/agents-and-tools/tool-use/advisor-tool",
        {
            **SMALL,
            "iterations": [
                {"type": "message", "input_tokens": 400, "output_tokens": 40},
                {
                    "type": "advisor_message",
                    "model": "claude-opus-4-6",
                    "input_tokens": 823,
                    "cache_read_input_tokens": 0,
                    "cache_creation_input_tokens": 0,
                    "output_tokens": 1612,
                },
                {"type": "message", "input_tokens": 600, "output_tokens": 60},
            ],
        },
        {"input_uncached": 1823, "output": 1712},
        # 1000·1 + 100·5 of this one, 823·5 + 1612·25 of the adviser: 1500 + 4115 + 40300
        cost="0.045915",
    ),
]
