"""Usage objects that break their own providers' rules: nothing of them can be believed, so the call is estimated.

An estimate counts 4 characters a token (Claude's 3.5), rounded up, and 4 tokens for each message. What is asked is
"Hello"; what comes has 34 characters from OpenAI and its kin, 22 from Anthropic, 12 from Google and AWS.
"""

from typing import Any

from tests.conformance.documented.bedrock import STREAM, conversed, conversed_stream
from tests.conformance.documented.google import generated, generated_stream
from tests.conformance.documented.reply import (
    Documented,
    chat,
    chat_stream,
    event,
    message,
    message_stream,
    response,
    response_stream,
)

SONNET = "claude-sonnet-4-5"
ON_AWS = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"


def _case(name: str, provider: str, dialect: str, model: str, reply: dict[str, Any], **more: Any) -> Documented:
    return Documented(
        name=name, provider=provider, dialect=dialect, model=model, page="", reply=reply, basis="estimated", **more
    )


def _chat(name: str, usage: Any, **of_another: Any) -> Documented:
    """gpt-4o: 6·2.50 + 9·10."""
    made = {"provider": "openai", "model": "gpt-4o", "output": 9, "cost": "0.000105", **of_another}
    tokens, reply = {"input_uncached": 6, "output": made.pop("output")}, chat(made["model"], usage)
    return _case(name, dialect="openai-chat", reply=reply, stream=chat_stream, tokens=tokens, **made)


def _responses(name: str, usage: Any) -> Documented:
    """gpt-4o: 2·2.50 + 9·10."""
    tokens, reply = {"input_uncached": 2, "output": 9}, response("gpt-4o", usage)
    made = {"stream": response_stream, "tokens": tokens, "cost": "0.000095", "endpoint": "/v1/responses"}
    return _case(name, "openai", "openai-responses", "gpt-4o", reply, **made)


def _messages(name: str, usage: Any) -> Documented:
    """6·3 + 7·15."""
    tokens, reply = {"input_uncached": 6, "output": 7}, message(SONNET, usage)
    made = {"stream": message_stream, "tokens": tokens, "cost": "0.000123", "endpoint": "/v1/messages"}
    return _case(name, "anthropic", "anthropic-messages", SONNET, reply, **made)


def _gemini(name: str, usage: Any) -> Documented:
    """6·1.25 + 3·10."""
    stream = generated_stream if isinstance(usage, dict) else event
    tokens, reply = {"input_uncached": 6, "output": 3}, generated("gemini-2.5-pro", usage)
    made = {"stream": stream, "tokens": tokens, "cost": "0.0000375", "usage": usage}
    return _case(name, "google", "gemini", "gemini-2.5-pro", reply, **made)


def _bedrock(name: str, usage: Any) -> Documented:
    """6·3 + 4·15."""
    tokens, reply = {"input_uncached": 6, "output": 4}, conversed(usage)
    made = {"stream": conversed_stream, "stream_type": STREAM, "tokens": tokens, "cost": "0.000078"}
    return _case(name, "bedrock", "bedrock-converse", ON_AWS, reply, **made)


_CHAT = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
_RESPONSES = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
_MESSAGES = {"input_tokens": 10, "output_tokens": 5}
_GEMINI = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
_BEDROCK = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}

BROKEN = [
    _chat("more cached than prompted", {**_CHAT, "prompt_tokens_details": {"cached_tokens": 11}}),
    _chat("more reasoning than output", {**_CHAT, "completion_tokens_details": {"reasoning_tokens": 6}}),
    _chat("a total that is too small", {**_CHAT, "total_tokens": 14}),
    _chat(
        "a total that reasoning does not explain",
        {**_CHAT, "total_tokens": 19, "completion_tokens_details": {"reasoning_tokens": 3}},
    ),
    _chat("negative", {**_CHAT, "completion_tokens": -5, "total_tokens": 5}),
    _chat("negative in the details", {**_CHAT, "prompt_tokens_details": {"cached_tokens": -3}}),
    _chat("texts", {"prompt_tokens": "10", "completion_tokens": "5", "total_tokens": "15"}),
    _chat("fractions", {**_CHAT, "prompt_tokens": 9.5}),
    _chat("absurd", {"prompt_tokens": 10**13, "completion_tokens": 5, "total_tokens": 10**13 + 5}),
    _chat("nothing in it", {}),
    _chat("no output", {"prompt_tokens": 10}),
    _chat("no object", "ten tokens"),
    _chat("none", None),
    _chat(
        "hits and misses that are not the prompt",
        {**_CHAT, "prompt_cache_hit_tokens": 6, "prompt_cache_miss_tokens": 6},
        provider="deepseek",
        model="deepseek-v3.1-terminus",
        output=11,  # of 3.3 bytes: 36 in all
        cost="0.00001207",  # 6·0.27 + 11·0.95
    ),
    _chat(
        "a cost beside counts that are none",
        {**_CHAT, "prompt_tokens": -10, "cost_in_usd_ticks": 37_756_000},
        provider="xai",
        model="grok-4.3",
        cost="0.00003",  # 6·1.25 + 9·2.50
    ),
    _responses("more cached than prompted", {**_RESPONSES, "input_tokens_details": {"cached_tokens": 11}}),
    _responses("a total that is too small", {**_RESPONSES, "total_tokens": 14}),
    _responses("negative", {**_RESPONSES, "input_tokens": -10, "total_tokens": -5}),
    _responses("texts", {"input_tokens": "10", "output_tokens": "5", "total_tokens": "15"}),
    _responses("no object", [10, 5]),
    _responses("none", None),
    _messages("negative", {**_MESSAGES, "output_tokens": -5}),
    _messages("texts", {"input_tokens": "10", "output_tokens": "5"}),
    _messages("more thinking than output", {**_MESSAGES, "output_tokens_details": {"thinking_tokens": 6}}),
    _messages(
        "writes that are not the sum of their kinds",
        {
            **_MESSAGES,
            "cache_creation_input_tokens": 100,
            "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 100.5},
        },
    ),
    _messages(
        "a compaction that is none",
        {**_MESSAGES, "iterations": [{"type": "compaction", "input_tokens": -180_000, "output_tokens": 3500}]},
    ),
    _gemini("more cached than prompted", {**_GEMINI, "cachedContentTokenCount": 11}),
    _gemini("a total that does not add up", {**_GEMINI, "thoughtsTokenCount": 3}),
    _gemini("negative", {**_GEMINI, "candidatesTokenCount": -5, "totalTokenCount": 5}),
    _gemini("texts", {**_GEMINI, "totalTokenCount": "15"}),
    _gemini(
        "more of a modality than there is",
        {**_GEMINI, "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 11}]},
    ),
    _gemini("no object", "ten tokens"),
    _case(
        "embeddings without any",
        "google",
        "gemini",
        "gemini-embedding-001",
        {"embeddings": [{"values": [0.013168517]}]},
        stream=None,
        endpoint="/v1/embeddings",
        tokens={"input_uncached": 2},
        cost="0.0000003",  # 2·0.15
    ),
    _case(
        "embeddings with negative counts",
        "openai",
        "openai-chat",
        "text-embedding-3-small",
        {
            "object": "list",
            "data": [{"object": "embedding", "embedding": [0.0023064255], "index": 0}],
            "model": "text-embedding-3-small",
            "usage": {"prompt_tokens": -8, "total_tokens": -8},
        },
        stream=None,
        endpoint="/v1/embeddings",
        tokens={"input_uncached": 2},
        cost="0.00000004",  # 2·0.02
    ),
    _bedrock("a total that does not add up", {**_BEDROCK, "totalTokens": 16}),
    _bedrock("negative", {**_BEDROCK, "outputTokens": -5, "totalTokens": 5}),
    _bedrock("texts", {"inputTokens": "10", "outputTokens": "5", "totalTokens": "15"}),
    _bedrock(
        "writes that are not the sum of their kinds",
        {**_BEDROCK, "totalTokens": 35, "cacheWriteInputTokens": 20, "cacheDetails": [{"ttl": "1h", "inputTokens": 4}]},
    ),
    _bedrock("no object", 15),
]
