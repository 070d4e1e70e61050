"""Google's usage metadata, of the Gemini API and of Vertex, as replies have it (camelCase) and exports (snake_case).

Semantics (google-genai `GenerateContentResponseUsageMetadata`): the prompt includes cached content; thoughts stand
beside the candidates; results of tools that Google runs are input too; the total is the sum of the four. Embeddings
count their prompt alone. The breakdowns by modality lie inside their counts; cached audio stands in two of them, and
is counted as cached. Video and documents have the price of text.
"""

from typing import Any

from gatewatch.call import Tokens
from gatewatch.usage.count import LARGEST, count_of
from gatewatch.usage.details import Details


def read(usage: object) -> Tokens | None:
    """Usage metadata → disjoint classes; None where it is not whole and sound (then we estimate)."""
    if not isinstance(usage, dict):
        return None
    prompt = count_of(_said(usage, "promptTokenCount", "prompt_token_count"))
    candidates = count_of(
        _said(usage, "candidatesTokenCount", "candidates_token_count", "responseTokenCount", "response_token_count")
    )
    thoughts = count_of(_said(usage, "thoughtsTokenCount", "thoughts_token_count"))
    tools = count_of(_said(usage, "toolUsePromptTokenCount", "tool_use_prompt_token_count"))
    cached = count_of(_said(usage, "cachedContentTokenCount", "cached_content_token_count"))
    if not prompt or candidates is None or thoughts is None or tools is None or cached is None:
        return None
    stated = _said(usage, "totalTokenCount", "total_token_count")
    only_input = stated is None and not candidates and not thoughts and not tools
    if not only_input and stated != prompt + candidates + thoughts + tools:
        return None
    prompted = _by_modality(usage, "promptTokensDetails", "prompt_tokens_details")
    of_cache = _by_modality(usage, "cacheTokensDetails", "cache_tokens_details")
    of_tools = _by_modality(usage, "toolUsePromptTokensDetails", "tool_use_prompt_tokens_details")
    said = _by_modality(usage, "candidatesTokensDetails", "candidates_tokens_details")
    if prompted is None or of_cache is None or of_tools is None or said is None:
        return None
    audio = max(0, prompted.get("AUDIO", 0) - of_cache.get("AUDIO", 0)) + of_tools.get("AUDIO", 0)
    image = max(0, prompted.get("IMAGE", 0) - of_cache.get("IMAGE", 0)) + of_tools.get("IMAGE", 0)
    uncached = prompt + tools - cached - audio - image
    if uncached < 0 and cached and not of_cache:  # what is cached is not broken down: the overlap is in there
        overlap = min(-uncached, audio)
        audio, uncached = audio - overlap, uncached + overlap
        overlap = min(-uncached, image)
        image, uncached = image - overlap, uncached + overlap
    if uncached < 0 or said.get("AUDIO", 0) > candidates:
        return None
    return Tokens(
        input_uncached=uncached,
        input_cache_read=cached,
        input_audio=audio,
        input_image=image,
        output=candidates + thoughts,
        output_reasoning=thoughts,
        output_audio=said.get("AUDIO", 0),
    )


def details(usage: object) -> Details:
    """Cached audio and pictures made, which have prices of their own."""
    if not isinstance(usage, dict):
        return Details()
    of_cache = _by_modality(usage, "cacheTokensDetails", "cache_tokens_details") or {}
    said = _by_modality(usage, "candidatesTokensDetails", "candidates_tokens_details")
    return Details(cached_audio=of_cache.get("AUDIO", 0), output_image=said.get("IMAGE", 0) if said else None)


def tier(usage: object) -> str | None:
    """How the call was served: the Gemini API's `serviceTier`, Vertex' `trafficType`."""
    if not isinstance(usage, dict):
        return None
    if isinstance(said := usage.get("serviceTier"), str):
        return said.lower()
    traffic = usage.get("trafficType")
    if not isinstance(traffic, str) or traffic == "TRAFFIC_TYPE_UNSPECIFIED":
        return None
    return "standard" if traffic == "ON_DEMAND" else traffic.removeprefix("ON_DEMAND_").lower()


def _said(usage: dict[str, Any], *names: str) -> object:
    for name in names:
        if (value := usage.get(name)) is not None:
            return value
    return None


def _by_modality(usage: dict[str, Any], *names: str) -> dict[str, int] | None:
    """Modality → tokens; None where the breakdown is none."""
    details = _said(usage, *names)
    if details is None:
        return {}
    if not isinstance(details, list):
        return None
    counts: dict[str, int] = {}
    for each in details:
        if not isinstance(each, dict):
            return None
        count = count_of(_said(each, "tokenCount", "token_count"))
        if count is None:
            return None
        modality = str(each.get("modality") or "TEXT").upper()
        counts[modality] = counts.get(modality, 0) + count
    return counts if sum(counts.values()) < LARGEST else None
