"""OpenAI and Azure. Prices: developers.openai.com/api/docs/pricing; azure.microsoft.com has the same for these models.

Usage: `CompletionUsage` and `ResponseUsage` of the API reference. Cached, cache-write, audio and image tokens are
inside the prompt; reasoning, audio and rejected predictions inside the completion.
"""

from tests.conformance.documented.reply import (
    Documented,
    chat,
    chat_stream,
    response,
    response_stream,
    text_completion,
    text_completion_stream,
)

CHAT = "https://developers.openai.com/api/reference/resources/chat"
RESPONSES = "https://developers.openai.com/api/reference/resources/responses"
REQUEST_ID = {"x-request-id": "req_0f2a63b2b5b14dba8b9ca6b7a8bb0a2f"}
NO_DETAILS = {
    "reasoning_tokens": 0,
    "audio_tokens": 0,
    "accepted_prediction_tokens": 0,
    "rejected_prediction_tokens": 0,
}

_TIERED = {
    "prompt_tokens": 1000,
    "completion_tokens": 200,
    "total_tokens": 1200,
    "prompt_tokens_details": {"cached_tokens": 400, "audio_tokens": 0},
    "completion_tokens_details": NO_DETAILS,
}
_TIERED_TOKENS = {"input_uncached": 600, "input_cache_read": 400, "output": 200}


def _long(prompt: int) -> dict[str, object]:
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": 200_000, "cache_write_tokens": 0},
        "output_tokens": 1000,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": prompt + 1000,
    }


CASES = [
    Documented(
        name="chat with cache hits, cache writes and reasoning",
        provider="openai",
        model="gpt-6-sol",
        served="gpt-6-sol-2026-09-22",
        page=CHAT,
        reply=chat(
            "gpt-6-sol-2026-09-22",
            {
                "prompt_tokens": 3000,
                "completion_tokens": 500,
                "total_tokens": 3500,
                "prompt_tokens_details": {"cached_tokens": 1024, "cache_write_tokens": 1536, "audio_tokens": 0},
                "completion_tokens_details": {**NO_DETAILS, "reasoning_tokens": 320},
            },
            service_tier="default",
        ),
        stream=chat_stream,
        tokens={
            "input_uncached": 440,  # 3000 - 1024 - 1536
            "input_cache_read": 1024,
            "input_cache_write_5m": 1536,
            "output": 500,
            "output_reasoning": 320,
        },
        # 2.00 in, 0.20 cached, 2.50 written, 10.00 out: 880 + 204.8 + 3840 + 5000 = 9924.8 millionths
        cost="0.0099248",
        headers=REQUEST_ID,
        request_id=REQUEST_ID["x-request-id"],
    ),
    Documented(
        name="chat with audio in and out",
        provider="openai",
        model="gpt-audio",
        page=CHAT,
        reply=chat(
            "gpt-audio",
            {
                "prompt_tokens": 200,
                "completion_tokens": 150,
                "total_tokens": 350,
                "prompt_tokens_details": {
                    "text_tokens": 80,
                    "audio_tokens": 120,
                    "image_tokens": 0,
                    "cached_tokens": 0,
                },
                "completion_tokens_details": {"text_tokens": 40, "audio_tokens": 110, "reasoning_tokens": 0},
            },
        ),
        stream=chat_stream,
        tokens={"input_uncached": 80, "input_audio": 120, "output": 150, "output_audio": 110},
        # text 2.50 / 10.00, audio 32.00 / 64.00: 80·2.5 + 120·32 + 40·10 + 110·64 = 200 + 3840 + 400 + 7040 = 11480
        cost="0.01148",
    ),
    Documented(
        name="rejected predictions are output",
        provider="openai",
        model="gpt-4o",
        page="https://developers.openai.com/api/docs/guides/predicted-outputs",
        reply=chat(
            "gpt-4o-2024-08-06",
            {
                "prompt_tokens": 100,
                "completion_tokens": 60,
                "total_tokens": 160,
                "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
                "completion_tokens_details": {
                    **NO_DETAILS,
                    "accepted_prediction_tokens": 30,
                    "rejected_prediction_tokens": 20,
                },
            },
        ),
        served="gpt-4o-2024-08-06",
        stream=chat_stream,
        tokens={"input_uncached": 100, "output": 60},
        cost="0.00085",  # 100·2.50 + 60·10.00 = 850
    ),
    Documented(
        name="flex, as the reply says",
        provider="openai",
        model="gpt-5",
        page="https://developers.openai.com/api/docs/guides/flex-processing",
        asked={"service_tier": "flex"},
        reply=chat("gpt-5-2025-08-07", _TIERED, service_tier="flex"),
        served="gpt-5-2025-08-07",
        stream=chat_stream,
        tokens=_TIERED_TOKENS,
        cost="0.0014",  # half of 1.25 / 0.125 / 10: 600·0.625 + 400·0.0625 + 200·5 = 375 + 25 + 1000
    ),
    Documented(
        name="priority, which is asked for as fast",
        provider="openai",
        model="gpt-5",
        page="https://developers.openai.com/api/docs/guides/fast-mode",
        asked={"service_tier": "fast"},
        reply=chat("gpt-5-2025-08-07", _TIERED, service_tier="priority"),
        served="gpt-5-2025-08-07",
        stream=chat_stream,
        tokens=_TIERED_TOKENS,
        cost="0.0056",  # twice: 600·2.5 + 400·0.25 + 200·20 = 1500 + 100 + 4000
    ),
    Documented(
        name="priority that was served as default",
        provider="openai",
        model="gpt-5",
        page="https://developers.openai.com/api/docs/guides/fast-mode",
        asked={"service_tier": "priority"},
        reply=chat("gpt-5-2025-08-07", _TIERED, service_tier="default"),
        served="gpt-5-2025-08-07",
        stream=chat_stream,
        tokens=_TIERED_TOKENS,
        cost="0.0028",  # 600·1.25 + 400·0.125 + 200·10 = 750 + 50 + 2000
    ),
    Documented(
        name="a tier without a published price",
        provider="openai",
        model="gpt-5.6-sol",
        page=RESPONSES,
        dialect="openai-responses",
        endpoint="/v1/responses",
        asked={"service_tier": "ultrafast"},
        reply=response("gpt-5.6-sol", _long(272_000), service_tier="ultrafast"),
        stream=response_stream,
        tokens={"input_uncached": 72_000, "input_cache_read": 200_000, "output": 1000},
        cost=None,
        basis="unpriced",
    ),
    Documented(
        name="responses with cache writes, reasoning and web searches",
        provider="openai",
        model="gpt-6-sol",
        page=RESPONSES,
        dialect="openai-responses",
        endpoint="/v1/responses",
        asked={"tools": [{"type": "web_search"}]},
        reply=response(
            "gpt-6-sol",
            {
                "input_tokens": 2000,
                "input_tokens_details": {
                    "cached_tokens": 512,
                    "cache_write_tokens": 1024,
                    "cache_write_tokens_details": {"ttl_30m_tokens": 1024, "ttl_12h_tokens": 0},
                },
                "output_tokens": 700,
                "output_tokens_details": {"reasoning_tokens": 448},
                "total_tokens": 2700,
            },
            service_tier="default",
            tool_usage={"web_search": {"num_requests": 2}},
        ),
        stream=response_stream,
        tokens={
            "input_uncached": 464,  # 2000 - 512 - 1024
            "input_cache_read": 512,
            "input_cache_write_5m": 1024,
            "output": 700,
            "output_reasoning": 448,
        },
        # 464·2 + 512·0.2 + 1024·2.5 + 700·10 = 928 + 102.4 + 2560 + 7000 = 10590.4 millionths, and 2 of 10 per thousand
        cost="0.0305904",
        headers=REQUEST_ID,
        request_id=REQUEST_ID["x-request-id"],
    ),
    Documented(
        name="a long context, its cached part included, has its own prices",
        provider="openai",
        model="gpt-5.4",
        page="https://developers.openai.com/api/docs/pricing",
        dialect="openai-responses",
        endpoint="/v1/responses",
        reply=response("gpt-5.4", _long(272_001)),
        stream=response_stream,
        tokens={"input_uncached": 72_001, "input_cache_read": 200_000, "output": 1000},
        # 5.00 / 0.50 / 22.50 above 272k: 72001·5 + 200000·0.5 + 1000·22.5 = 360005 + 100000 + 22500 = 482505
        cost="0.482505",
    ),
    Documented(
        name="a context at the limit has the short one's prices",
        provider="openai",
        model="gpt-5.4",
        page="https://developers.openai.com/api/docs/pricing",
        dialect="openai-responses",
        endpoint="/v1/responses",
        reply=response("gpt-5.4", _long(272_000)),
        stream=response_stream,
        tokens={"input_uncached": 72_000, "input_cache_read": 200_000, "output": 1000},
        cost="0.245",  # 72000·2.5 + 200000·0.25 + 1000·15 = 180000 + 50000 + 15000
    ),
    Documented(
        name="a legacy completion",
        provider="openai",
        model="gpt-3.5-turbo-instruct",
        page="https://developers.openai.com/api/reference/resources/completions",
        endpoint="/v1/completions",
        reply=text_completion(
            "gpt-3.5-turbo-instruct", {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
        ),
        stream=text_completion_stream,
        tokens={"input_uncached": 5, "output": 7},
        cost="0.0000215",  # 5·1.50 + 7·2.00
        finish="length",
    ),
    Documented(
        name="embeddings",
        provider="openai",
        model="text-embedding-3-small",
        page="https://developers.openai.com/api/reference/resources/embeddings",
        endpoint="/v1/embeddings",
        reply={
            "object": "list",
            "data": [{"object": "embedding", "embedding": [0.0023064255, -0.009327292], "index": 0}],
            "model": "text-embedding-3-small",
            "usage": {"prompt_tokens": 8, "total_tokens": 8},
        },
        stream=None,
        tokens={"input_uncached": 8},
        cost="0.00000016",  # 8·0.02
        finish=None,
    ),
    Documented(
        name="chat of a deployment",
        provider="azure",
        model="gpt-4o",
        served="gpt-4o-2024-11-20",
        page="https://learn.microsoft.com/azure/foundry/openai/reference",
        reply=chat(
            "gpt-4o-2024-11-20",
            {
                "prompt_tokens": 1500,
                "completion_tokens": 20,
                "total_tokens": 1520,
                "prompt_tokens_details": {"cached_tokens": 1408, "audio_tokens": 0},
                "completion_tokens_details": NO_DETAILS,
            },
            prompt_filter_results=[{"prompt_index": 0, "content_filter_results": {}}],
        ),
        stream=chat_stream,
        tokens={"input_uncached": 92, "input_cache_read": 1408, "output": 20},
        cost="0.00219",  # 92·2.50 + 1408·1.25 + 20·10.00 = 230 + 1760 + 200
        headers={"apim-request-id": "8e5c3c5c-6f0c-4a5e-9a2a-3d2f3f0c9c11", **REQUEST_ID},
        request_id=REQUEST_ID["x-request-id"],
    ),
]
