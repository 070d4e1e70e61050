"""Amazon Bedrock's Converse. Prices: aws.amazon.com/bedrock/pricing (the global profile of Claude has Anthropic's).

Usage: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html. Cached tokens stand beside the
input; `cacheDetails` says the writes again by how long they are kept.
"""

import json
import struct
import zlib
from typing import Any

from tests.conformance.documented.reply import Documented

PAGE = "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html"
MODEL = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"
STREAM = "application/vnd.amazon.eventstream"
REQUEST_ID = {"x-amzn-requestid": "6cd5bd8b-4f2e-4c3a-b6b2-0b3a3bd64f0e"}


def conversed(usage: dict[str, Any], **more: Any) -> dict[str, Any]:
    content = [{"text": "Hello there."}]
    reply = {"output": {"message": {"role": "assistant", "content": content}}, "stopReason": "end_turn"}
    return {**reply, "usage": usage, "metrics": {"latencyMs": 551}, **more}


def conversed_stream(reply: dict[str, Any]) -> bytes:
    """docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html; each event is one message of an
    event stream (docs.aws.amazon.com/transcribe/latest/dg/event-stream.html).
    """
    told = {name: reply[name] for name in ("usage", "metrics", "serviceTier") if name in reply}
    events: list[tuple[str, dict[str, Any]]] = [
        ("messageStart", {"role": "assistant"}),
        ("contentBlockDelta", {"delta": {"text": "Hello there."}, "contentBlockIndex": 0}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": reply["stopReason"]}),
        ("metadata", told),
    ]
    return b"".join(_framed(kind, json.dumps(payload).encode()) for kind, payload in events)


def _framed(kind: str, payload: bytes) -> bytes:
    names = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    head = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack("!H", len(value)) + value.encode()
        for name, value in names.items()
    )
    prelude = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    whole = prelude + struct.pack("!I", zlib.crc32(prelude)) + head + payload
    return whole + struct.pack("!I", zlib.crc32(whole))


def case(name: str, usage: dict[str, Any], tokens: dict[str, int], **more: Any) -> Documented:
    beside: dict[str, Any] = more.pop("beside", {})
    return Documented(
        name=name,
        provider="bedrock",
        dialect="bedrock-converse",
        model=MODEL,
        served="",
        page=PAGE,
        reply=conversed(usage, **beside),
        stream=conversed_stream,
        stream_type=STREAM,
        tokens=tokens,
        headers=REQUEST_ID,
        request_id=REQUEST_ID["x-amzn-requestid"],
        **more,
    )


SMALL = {"inputTokens": 1000, "outputTokens": 100, "totalTokens": 1100}
SMALL_TOKENS = {"input_uncached": 1000, "output": 100}

CASES = [
    case(
        "cached tokens stand beside the input",
        {
            "inputTokens": 1500,
            "outputTokens": 500,
            "totalTokens": 24_000,
            "cacheReadInputTokens": 20_000,
            "cacheWriteInputTokens": 2000,
            "cacheDetails": [{"ttl": "1h", "inputTokens": 500}, {"ttl": "5m", "inputTokens": 1500}],
        },
        {
            "input_uncached": 1500,
            "input_cache_read": 20_000,
            "input_cache_write_5m": 1500,
            "input_cache_write_1h": 500,
            "output": 500,
        },
        # 3 in, 0.30 read, 3.75 and 6 written, 15 out: 4500 + 6000 + 5625 + 3000 + 7500 = 26625
        cost="0.026625",
    ),
    case("without a cache", SMALL, SMALL_TOKENS, cost="0.0045"),  # 1000·3 + 100·15
    case(
        "a default tier",
        SMALL,
        SMALL_TOKENS,
        beside={"serviceTier": {"type": "default"}},
        asked={"service_tier": "priority"},
        cost="0.0045",
    ),
    case(
        "priority, of which no list knows the price",
        SMALL,
        SMALL_TOKENS,
        beside={"serviceTier": {"type": "priority"}},
        asked={"service_tier": "priority"},
        cost=None,
        basis="unpriced",
    ),
]
