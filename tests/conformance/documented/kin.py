"""Providers that speak OpenAI's chat (and responses), each with its own usage object.

The page of each case shows the object or says what is inside what; the comment beside a cost has the prices of the
vendor's own page, in USD per million tokens.
"""

from typing import Any

from tests.conformance.documented.reply import (
    DONE,
    Documented,
    chat,
    chat_stream,
    chunks,
    event,
    response,
    response_stream,
    usage_in_every_chunk,
    usage_with_the_reason,
)


def groq_stream(reply: dict[str, Any]) -> bytes:
    """console.groq.com/docs/api-reference, `x_groq`: the id in the first chunk, the usage in the last, nowhere else."""
    name = "req_01jbd6g2qdfw2adyrt2az8hz4w"
    first, *between = chunks(reply, {"x_groq": {"id": name, "usage": reply["usage"]}})
    return b"".join(map(event, [{**first, "x_groq": {"id": name}}, *between])) + DONE


def case(
    name: str, provider: str, model: str, page: str, usage: Any, tokens: dict[str, int], cost: str | None, **more: Any
) -> Documented:
    beside: dict[str, Any] = more.pop("beside", {})
    stream = more.pop("stream", chat_stream)
    basis = more.pop("basis", "unpriced" if cost is None else "computed")
    served = more.get("served") or model
    return Documented(
        name=name,
        provider=provider,
        model=model,
        page=page,
        reply=chat(served, usage, **beside),
        stream=stream,
        tokens=tokens,
        cost=cost,
        basis=basis,
        **more,
    )


def header(name: str, value: str) -> dict[str, Any]:
    return {"headers": {name: value}, "request_id": value}


_GROQ = {
    "queue_time": 0.037493756,
    "prompt_tokens": 1300,
    "prompt_time": 0.000680594,
    "completion_tokens": 200,
    "completion_time": 0.463333333,
    "total_tokens": 1500,
    "total_time": 0.464013927,
    "prompt_tokens_details": {"cached_tokens": 1024},
    "completion_tokens_details": {"reasoning_tokens": 80},
}
_GROQ_TOKENS = {"input_uncached": 276, "input_cache_read": 1024, "output": 200, "output_reasoning": 80}
_OPENROUTER = {
    "prompt_tokens": 194,
    "completion_tokens": 2,
    "total_tokens": 196,
    "prompt_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 40, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}
_OPENROUTER_TOKENS = {"input_uncached": 54, "input_cache_read": 100, "input_cache_write_5m": 40, "output": 2}
_OPENROUTER_PAGE = "https://openrouter.ai/docs/cookbook/administration/usage-accounting"
_SMALL = {"prompt_tokens": 20, "completion_tokens": 30, "total_tokens": 50}
_SMALL_TOKENS = {"input_uncached": 20, "output": 30}
_QWEN_PAGE = "https://www.alibabacloud.com/help/en/model-studio/context-cache"

CASES = [
    case(
        "hits and misses are the prompt",
        "deepseek",
        "deepseek-v3.1-terminus",
        "https://api-docs.deepseek.com/api/create-chat-completion",
        {
            "prompt_tokens": 100,
            "completion_tokens": 20,
            "total_tokens": 120,
            "prompt_tokens_details": {"cached_tokens": 64},
            "completion_tokens_details": {"reasoning_tokens": 12},
            "prompt_cache_hit_tokens": 64,
            "prompt_cache_miss_tokens": 36,
        },
        {"input_uncached": 36, "input_cache_read": 64, "output": 20, "output_reasoning": 12},
        # 0.27 / 0.13 / 0.95, a model without peak hours: 36·0.27 + 64·0.13 + 20·0.95 = 9.72 + 8.32 + 19
        "0.00003704",
        stream=usage_with_the_reason,
        **header("x-ds-trace-id", "9b2f5d7c3a6e4b1f8c0d2e4a6b8c0d1e"),
    ),
    case(
        "cached tokens are inside the prompt",
        "mistral",
        "mistral-medium-latest",
        "https://docs.mistral.ai/studio-api/conversations/advanced/prompt-caching",
        {
            "prompt_tokens": 2000,
            "completion_tokens": 100,
            "total_tokens": 2100,
            "prompt_tokens_details": {"cached_tokens": 1500},
        },
        {"input_uncached": 500, "input_cache_read": 1500, "output": 100},
        "0.001725",  # 1.50, a tenth of it cached, 7.50: 750 + 225 + 750
        stream=usage_with_the_reason,
        **header("mistral-correlation-id", "019a2f0e-9d5c-7c11-8c7e-3a5d0f6b9e21"),
    ),
    case(
        "audio is charged by the second",
        "mistral",
        "voxtral-small-latest",
        "https://docs.mistral.ai/api (UsageInfo.prompt_audio_seconds)",
        {"prompt_tokens": 20, "completion_tokens": 30, "total_tokens": 425, "prompt_audio_seconds": 30},
        {"input_uncached": 20, "input_audio": 375, "output": 30},
        # 0.004 a minute of audio (66666667 picodollars a second), text 0.10 / 0.40: 2000.00001 + 2 + 12
        "0.00201400001",
        stream=usage_with_the_reason,
    ),
    case(
        "reasoning stands beside the completion, and the cost is told",
        "xai",
        "grok-4.3",
        "https://docs.x.ai/developers/cost-tracking",
        {
            "prompt_tokens": 32,
            "completion_tokens": 9,
            "total_tokens": 135,
            "prompt_tokens_details": {"text_tokens": 32, "audio_tokens": 0, "image_tokens": 0, "cached_tokens": 6},
            "completion_tokens_details": {"reasoning_tokens": 94, "audio_tokens": 0},
            "num_sources_used": 0,
            "cost_in_usd_ticks": 37_756_000,
        },
        {"input_uncached": 26, "input_cache_read": 6, "output": 103, "output_reasoning": 94},
        "0.0037756",
        basis="reported",
        **header("x-request-id", "b1a3a2c8-3a7b-4b1e-9c52-7d1d2f0c9a55"),
    ),
    case(
        "reasoning stands beside the completion where no cost is told",
        "xai",
        "grok-4.3",
        "https://docs.x.ai/developers/advanced-api-usage/prompt-caching/usage-and-pricing",
        {
            "prompt_tokens": 125,
            "completion_tokens": 48,
            "total_tokens": 223,
            "prompt_tokens_details": {"text_tokens": 125, "audio_tokens": 0, "image_tokens": 0, "cached_tokens": 98},
            "completion_tokens_details": {"reasoning_tokens": 50, "audio_tokens": 0},
        },
        {"input_uncached": 27, "input_cache_read": 98, "output": 98, "output_reasoning": 50},
        "0.00029835",  # 1.25 / 0.20 / 2.50: 33.75 + 19.6 + 245
    ),
    Documented(
        name="responses tell their cost",
        provider="xai",
        model="grok-4.3",
        page="https://docs.x.ai/developers/cost-tracking",
        dialect="openai-responses",
        endpoint="/v1/responses",
        reply=response(
            "grok-4.3",
            {
                "input_tokens": 125,
                "input_tokens_details": {"cached_tokens": 98},
                "output_tokens": 148,
                "output_tokens_details": {"reasoning_tokens": 100},
                "total_tokens": 273,
                "num_server_side_tools_used": 1,
                "cost_in_usd_ticks": 158_500_000,
            },
        ),
        stream=response_stream,
        tokens={"input_uncached": 27, "input_cache_read": 98, "output": 148, "output_reasoning": 100},
        cost="0.01585",
        basis="reported",
    ),
    case(
        "usage of a stream stands in x_groq",
        "groq",
        "openai/gpt-oss-20b",
        "https://console.groq.com/docs/api-reference",
        _GROQ,
        _GROQ_TOKENS,
        "0.0001191",  # 0.075 / 0.0375 / 0.30: 20.7 + 38.4 + 60
        beside={"service_tier": "on_demand"},
        stream=groq_stream,
        **header("x-request-id", "req_01jbd6g2qdfw2adyrt2az8hz4w"),
    ),
    case(
        "flex costs what on demand does",
        "groq",
        "openai/gpt-oss-20b",
        "https://console.groq.com/docs/flex-processing",
        _GROQ,
        _GROQ_TOKENS,
        "0.0001191",
        beside={"service_tier": "flex"},
        asked={"service_tier": "flex"},
    ),
    case(
        "cached tokens beside the sums are inside the prompt",
        "together",
        "deepseek-ai/DeepSeek-V4-Pro-0813",
        "https://docs.together.ai/reference/chat-completions",
        {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050, "cached_tokens": 600},
        {"input_uncached": 400, "input_cache_read": 600, "output": 50},
        "0.000804",  # 1.32 / 0.13 / 3.96: 528 + 78 + 198
        stream=usage_with_the_reason,
    ),
    case(
        "cached tokens are inside the prompt",
        "fireworks",
        "accounts/fireworks/models/deepseek-v3p2",
        "https://docs.fireworks.ai/guides/prompt-caching",
        {
            "prompt_tokens": 1000,
            "completion_tokens": 100,
            "total_tokens": 1100,
            "prompt_tokens_details": {"cached_tokens": 500},
        },
        {"input_uncached": 500, "input_cache_read": 500, "output": 100},
        "0.000588",  # 0.56 / 0.28 / 1.68: 280 + 140 + 168
        stream=usage_with_the_reason,
        **header("x-request-id", "2f7e9a64-4b4e-4b0e-8d4f-0a9f5f6c7d11"),
    ),
    case(
        "priority, of which no list knows the price",
        "fireworks",
        "accounts/fireworks/models/deepseek-v3p2",
        "https://docs.fireworks.ai/serverless/serverless-modes",
        _SMALL,
        _SMALL_TOKENS,
        None,
        asked={"service_tier": "priority"},
        stream=usage_with_the_reason,
    ),
    case(
        "the compatibility API counts as OpenAI does",
        "cohere",
        "command-a-03-2025",
        "https://docs.cohere.com/docs/compatibility-api",
        _SMALL,
        _SMALL_TOKENS,
        "0.00035",  # 2.50 / 10: 50 + 300
        **header("x-debug-trace-id", "3b0c4b9cbd0a1f3a6b9e2d5c8f7a4e10"),
    ),
    case(
        "a search's cost is told with the tokens'",
        "perplexity",
        "sonar-pro",
        "https://docs.perplexity.ai/api-reference/chat-completions",
        {
            "prompt_tokens": 14,
            "completion_tokens": 391,
            "total_tokens": 405,
            "search_context_size": "low",
            "cost": {
                "input_tokens_cost": 0.000042,
                "output_tokens_cost": 0.005865,
                "request_cost": 0.006,
                "total_cost": 0.011907,
            },
        },
        {"input_uncached": 14, "output": 391},
        "0.011907",  # 14·3 + 391·15 = 42 + 5865 millionths, and 6 per thousand requests with little context
        basis="reported",
        stream=usage_in_every_chunk,
    ),
    case(
        "citations, searches and reasoning stand beside the sums, and the cost is told",
        "perplexity",
        "sonar-deep-research",
        "https://docs.perplexity.ai/getting-started/models/models/sonar-deep-research",
        {
            "prompt_tokens": 33,
            "completion_tokens": 7163,
            "total_tokens": 7196,
            "citation_tokens": 20016,
            "num_search_queries": 28,
            "reasoning_tokens": 193_947,
            "cost": {
                "input_tokens_cost": 0.000066,
                "output_tokens_cost": 0.057304,
                "citation_tokens_cost": 0.040032,
                "reasoning_tokens_cost": 0.581841,
                "search_queries_cost": 0.14,
                "total_cost": 0.819243,
            },
        },
        {"input_uncached": 33, "output": 201_110, "output_reasoning": 193_947},
        # 33·2 + 7163·8 + 20016·2 + 193947·3 = 66 + 57304 + 40032 + 581841 millionths, and 28 of 5 per thousand
        "0.819243",
        basis="reported",
        stream=usage_in_every_chunk,
    ),
    case(
        "the cost is told",
        "openrouter",
        "openai/gpt-4o-mini",
        _OPENROUTER_PAGE,
        {
            **_OPENROUTER,
            "cost": 0.00001665,
            "is_byok": False,
            "cost_details": {"upstream_inference_cost": 0.00001665},
        },
        _OPENROUTER_TOKENS,
        "0.00001665",
        basis="reported",
        beside={"provider": "OpenAI"},
        **header("x-generation-id", "gen-1763720000-Vq3xkBnYtM1bD6yXoVvC"),
    ),
    case(
        "with a key of one's own the fee and what the provider charges",
        "openrouter",
        "openai/gpt-4o-mini",
        _OPENROUTER_PAGE,
        {**_OPENROUTER, "cost": 0.95, "is_byok": True, "cost_details": {"upstream_inference_cost": 19}},
        _OPENROUTER_TOKENS,
        "19.95",
        basis="reported",
        beside={"provider": "OpenAI"},
    ),
    case(
        "with a key of one's own and an unknown provider's charge the list's prices",
        "openrouter",
        "openai/gpt-4o-mini",
        _OPENROUTER_PAGE,
        {**_SMALL, "cost": 0, "is_byok": True, "cost_details": {"upstream_inference_cost": None}},
        _SMALL_TOKENS,
        "0.000021",  # 0.15 / 0.60: 3 + 18
    ),
    case(
        "a cost that is none is computed",
        "openrouter",
        "openai/gpt-4o-mini",
        _OPENROUTER_PAGE,
        {**_SMALL, "cost": -0.5, "is_byok": False},
        _SMALL_TOKENS,
        "0.000021",  # 0.15 / 0.60: 3 + 18
    ),
    case(
        "explicit cache writes are inside the prompt",
        "qwen",
        "qwen3-coder-plus",
        _QWEN_PAGE,
        {
            "prompt_tokens": 1621,
            "completion_tokens": 78,
            "total_tokens": 1699,
            "prompt_tokens_details": {
                "cached_tokens": 0,
                "cache_creation_input_tokens": 1605,
                "cache_creation": {"ephemeral_5m_input_tokens": 1605},
                "cache_type": "ephemeral",
            },
        },
        {"input_uncached": 16, "input_cache_write_5m": 1605, "output": 78},
        None,
        **header("x-request-id", "f3f1b2a1-7a34-9d0c-b0d5-0c6d4d0fd1a2"),
    ),
    case(
        "cache hits are inside the prompt",
        "qwen",
        "qwen-plus",
        _QWEN_PAGE,
        {
            "prompt_tokens": 3019,
            "completion_tokens": 104,
            "total_tokens": 3123,
            "prompt_tokens_details": {"cached_tokens": 2048},
        },
        {"input_uncached": 971, "input_cache_read": 2048, "output": 104},
        None,
    ),
    case(
        "a local model has no price until somebody sets one",
        "ollama",
        "llama3.2",
        "https://docs.ollama.com/api/openai-compatibility",
        _SMALL,
        _SMALL_TOKENS,
        None,
        beside={"system_fingerprint": "fp_ollama"},
    ),
    case(
        "usage so far in every chunk counts once",
        "vllm",
        "Qwen/Qwen3-8B",
        "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html (continuous_usage_stats)",
        {**_SMALL, "prompt_tokens_details": {"cached_tokens": 16}},
        {"input_uncached": 4, "input_cache_read": 16, "output": 30},
        None,
        stream=usage_in_every_chunk,
    ),
    case(
        "timings stand beside the usage",
        "llamacpp",
        "gemma-3-4b-it",
        "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
        {**_SMALL, "prompt_tokens_details": {"cached_tokens": 8}},
        {"input_uncached": 12, "input_cache_read": 8, "output": 30},
        None,
        beside={"timings": {"cache_n": 8, "prompt_n": 12, "prompt_ms": 30.9, "predicted_n": 30, "predicted_ms": 661.1}},
    ),
]
