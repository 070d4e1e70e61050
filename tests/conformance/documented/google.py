"""Google: Gemini API and Vertex AI. Prices: ai.google.dev/gemini-api/docs/pricing (Vertex has the same).

Usage: ai.google.dev/api/generate-content#UsageMetadata and google-genai's `GenerateContentResponseUsageMetadata`. The
prompt includes cached content; thoughts and the results of Google's own tools stand beside the candidates; the total is
the sum of the four. Breakdowns by modality lie inside their counts.
"""

from typing import Any

from tests.conformance.documented.reply import Documented, event

USAGE = "https://ai.google.dev/api/generate-content#UsageMetadata"
PRICING = "https://ai.google.dev/gemini-api/docs/pricing"


def generated(model: str, usage: dict[str, Any], **more: Any) -> dict[str, Any]:
    content = {"parts": [{"text": "Hello there."}], "role": "model"}
    candidate = {"content": content, "finishReason": "STOP", "index": 0, **more}
    return {
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": model,
        "responseId": "knTMaJC0EJfM5OMP7I3xkAk",
    }


def generated_stream(reply: dict[str, Any]) -> bytes:
    """Each chunk is a reply; the counts of all but the last are of what is known so far."""
    (candidate,) = reply["candidates"]
    usage = reply["usageMetadata"]
    sofar = {name: usage[name] for name in ("promptTokenCount", "promptTokensDetails") if name in usage}
    sofar["totalTokenCount"] = usage["promptTokenCount"]
    begun = {"content": {"parts": [{"text": "Hello "}], "role": "model"}, "index": 0}
    ended = {**candidate, "content": {"parts": [{"text": "there."}], "role": "model"}}
    return event({**reply, "candidates": [begun], "usageMetadata": sofar}) + event({**reply, "candidates": [ended]})


def case(name: str, model: str, page: str, usage: dict[str, Any], tokens: dict[str, int], **more: Any) -> Documented:
    candidate: dict[str, Any] = more.pop("candidate", {})
    return Documented(
        name=name,
        provider=more.pop("provider", "google"),
        dialect="gemini",
        model=model,
        page=page,
        reply=generated(model, usage, **candidate),
        stream=generated_stream,
        tokens=tokens,
        usage=usage,
        **more,
    )


def _by(**counts: int) -> list[dict[str, Any]]:
    return [{"modality": modality, "tokenCount": count} for modality, count in counts.items()]


def _searched(*queries: str) -> dict[str, Any]:
    return {"groundingMetadata": {"webSearchQueries": list(queries), "groundingChunks": [], "groundingSupports": []}}


EMBEDDED = {"promptTokenCount": 9, "promptTokensDetails": _by(TEXT=9)}
SMALL = {"promptTokenCount": 1000, "candidatesTokenCount": 100, "totalTokenCount": 1100}
SMALL_TOKENS = {"input_uncached": 1000, "output": 100}
TOOL_USE = {"promptTokenCount": 10, "toolUsePromptTokenCount": 40, "candidatesTokenCount": 5, "totalTokenCount": 55}
THOUGHTFUL = {
    "promptTokenCount": 1000,
    "candidatesTokenCount": 200,
    "thoughtsTokenCount": 800,
    "totalTokenCount": 2000,
    "promptTokensDetails": _by(TEXT=1000),
}
THOUGHTFUL_TOKENS = {"input_uncached": 1000, "output": 1000, "output_reasoning": 800}

CASES = [
    Documented(
        name="embeddings",
        provider="google",
        dialect="gemini",
        model="gemini-embedding-001",
        served="",
        page="https://ai.google.dev/api/embeddings",
        endpoint="/v1/embeddings",
        reply={"embeddings": [{"values": [0.013168517, -0.00871132]}], "usageMetadata": EMBEDDED},
        stream=None,
        tokens={"input_uncached": 9},
        cost="0.00000135",  # 9·0.15
        finish=None,
        usage=EMBEDDED,
    ),
    case(
        "thoughts are output beside the candidates",
        "gemini-2.5-pro",
        USAGE,
        THOUGHTFUL,
        THOUGHTFUL_TOKENS,
        cost="0.01125",  # 1000·1.25 + 1000·10
    ),
    case(
        "a long context, its cached part included, has its own prices",
        "gemini-2.5-pro",
        PRICING,
        {
            "promptTokenCount": 250_000,
            "cachedContentTokenCount": 100_000,
            "candidatesTokenCount": 3000,
            "totalTokenCount": 253_000,
        },
        {"input_uncached": 150_000, "input_cache_read": 100_000, "output": 3000},
        cost="0.445",  # 2.50 / 0.25 / 15 above 200k: 375000 + 25000 + 45000
    ),
    case(
        "a context at the limit has the short one's prices",
        "gemini-2.5-pro",
        PRICING,
        {
            "promptTokenCount": 200_000,
            "cachedContentTokenCount": 100_000,
            "candidatesTokenCount": 3000,
            "totalTokenCount": 203_000,
        },
        {"input_uncached": 100_000, "input_cache_read": 100_000, "output": 3000},
        cost="0.1675",  # 1.25 / 0.125 / 10: 125000 + 12500 + 30000
    ),
    case(
        "audio and images by modality",
        "gemini-2.5-flash",
        PRICING,
        {
            "promptTokenCount": 700,
            "candidatesTokenCount": 60,
            "thoughtsTokenCount": 40,
            "totalTokenCount": 800,
            "promptTokensDetails": _by(TEXT=142, AUDIO=300, IMAGE=258),
            "candidatesTokensDetails": _by(TEXT=60),
        },
        {"input_uncached": 142, "input_audio": 300, "input_image": 258, "output": 100, "output_reasoning": 40},
        cost="0.00067",  # text and images 0.30, audio 1.00, out 2.50: 400·0.3 + 300·1 + 100·2.5 = 120 + 300 + 250
    ),
    case(
        "cached audio has a price of its own",
        "gemini-2.5-flash",
        PRICING,
        {
            "promptTokenCount": 500,
            "cachedContentTokenCount": 410,
            "candidatesTokenCount": 10,
            "totalTokenCount": 510,
            "promptTokensDetails": _by(TEXT=50, AUDIO=450),
            "cacheTokensDetails": _by(TEXT=10, AUDIO=400),
        },
        {"input_uncached": 40, "input_audio": 50, "input_cache_read": 410, "output": 10},
        # text 0.30, audio 1.00, cached text 0.03, cached audio 0.10, out 2.50: 12 + 50 + 0.3 + 40 + 25 = 127.3
        cost="0.0001273",
    ),
    case(
        "results of Google's tools are input",
        "gemini-2.5-flash",
        USAGE,
        TOOL_USE,
        {"input_uncached": 50, "output": 5},
        cost="0.0000275",  # 50·0.30 + 5·2.50
    ),
    case(
        "searches are charged by the prompt before Gemini 3",
        "gemini-2.5-flash",
        "https://ai.google.dev/gemini-api/docs/google-search#pricing",
        TOOL_USE,
        {"input_uncached": 50, "output": 5},
        candidate=_searched("who won euro 2024", "euro 2024 final"),
        cost="0.0350275",  # and one of 35 per thousand
    ),
    case(
        "searches are charged by the different query from Gemini 3 on",
        "gemini-3.1-pro-preview",
        "https://ai.google.dev/gemini-api/docs/google-search#pricing",
        SMALL,
        SMALL_TOKENS,
        candidate=_searched("", "who won euro 2024", "euro 2024 final", "", "who won euro 2024"),
        cost="0.0312",  # 1000·2 + 100·12, and two of 14 per thousand
    ),
    case(
        "pictures among the candidates",
        "gemini-2.5-flash-image",
        PRICING,
        {
            "promptTokenCount": 10,
            "candidatesTokenCount": 1300,
            "totalTokenCount": 1310,
            "promptTokensDetails": _by(TEXT=10),
            "candidatesTokensDetails": _by(TEXT=10, IMAGE=1290),
        },
        {"input_uncached": 10, "output": 1300},
        cost="0.038728",  # 10·0.30 + 10·2.50 + 1290·30 = 3 + 25 + 38700
    ),
    case(
        "priority that was served as standard",
        "gemini-2.5-pro",
        "https://ai.google.dev/gemini-api/docs/priority-inference",
        THOUGHTFUL,
        THOUGHTFUL_TOKENS,
        asked={"service_tier": "priority"},
        headers={"x-gemini-service-tier": "standard"},
        cost="0.01125",
    ),
    case(
        "priority, of which no list knows the price",
        "gemini-2.5-pro",
        "https://ai.google.dev/gemini-api/docs/priority-inference",
        THOUGHTFUL,
        THOUGHTFUL_TOKENS,
        asked={"service_tier": "priority"},
        headers={"x-gemini-service-tier": "priority"},
        cost=None,
        basis="unpriced",
    ),
    case(
        "on demand",
        "gemini-2.5-pro",
        "https://docs.cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerateContentResponse",
        {**THOUGHTFUL, "trafficType": "ON_DEMAND"},
        THOUGHTFUL_TOKENS,
        provider="vertex",
        cost="0.01125",
    ),
    case(
        "a reply to a priority request that says how it was served",
        "gemini-2.5-pro",
        "https://docs.cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerateContentResponse",
        {**THOUGHTFUL, "trafficType": "ON_DEMAND"},
        THOUGHTFUL_TOKENS,
        provider="vertex",
        asked={"service_tier": "priority"},
        cost="0.01125",
    ),
    case(
        "flex, of which no list knows the price",
        "gemini-2.5-pro",
        "https://docs.cloud.google.com/vertex-ai/generative-ai/docs/flex-paygo",
        {**THOUGHTFUL, "trafficType": "ON_DEMAND_FLEX"},
        THOUGHTFUL_TOKENS,
        provider="vertex",
        cost=None,
        basis="unpriced",
    ),
    case(
        "provisioned throughput, which is not charged by the token",
        "gemini-2.5-pro",
        "https://docs.cloud.google.com/vertex-ai/generative-ai/docs/provisioned-throughput/overview",
        {**THOUGHTFUL, "trafficType": "PROVISIONED_THROUGHPUT"},
        THOUGHTFUL_TOKENS,
        provider="vertex",
        cost=None,
        basis="unpriced",
    ),
]
