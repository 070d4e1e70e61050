"""Who makes a model, by its name; and which providers sell what they make, which sell what others make."""

import re

_MAKERS = (
    ("anthropic", r"claude"),
    ("google", r"gemini|gemma|learnlm|deep-research-(?:pro|max|preview)"),
    ("openai", r"gpt-|chatgpt|codex-mini|o[134](?![0-9a-z])|text-embedding-(?:3|ada)|davinci|babbage|computer-use"),
    ("deepseek", r"deepseek"),
    ("qwen", r"qwen|qwq|qvq"),
    ("xai", r"grok-"),
    (
        "mistral",
        r"mistral|ministral|mixtral|codestral|devstral|magistral|pixtral|voxtral|open-mi[sx]tral|labs-leanstral",
    ),
    ("moonshotai", r"kimi|moonshot"),
    ("zai", r"(?:zai-)?glm-"),
    ("cohere", r"command-(?:a|r|light)|c4ai|embed-(?:v\d|english|multilingual)"),
    ("perplexity", r"sonar|pplx|r1-1776"),
    ("minimax", r"minimax"),
    ("meta", r"llama|muse-"),
    ("voyageai", r"voyage"),
)
_MAKER = re.compile(r"^(?:[\w-]+\.)*(?:" + "|".join(f"(?P<{maker}>{pattern})" for maker, pattern in _MAKERS) + ")")

VENDORS = frozenset(maker for maker, _ in _MAKERS)

AGGREGATORS = frozenset(
    {"openrouter", "crazyrouter", "tokenmix", "litellm", "portkey", "sandbox", "github-copilot", "cursor"}
)
"""They sell what vendors and clouds sell, under names that say whose."""


def maker_of(model: str) -> str | None:
    """The vendor's price list: `anthropic` for `us.anthropic.claude-sonnet-4-6` as for `anthropic/claude-sonnet-4.6`.

    None where the name does not say.
    """
    found = _MAKER.match(model.rpartition("/")[2].lower())
    return found.lastgroup if found else None


def distance(price_provider: str, model: str) -> int:
    """How far a provider is from the maker of a model: 0 its vendor, 1 a cloud that sells it, 2 an aggregator."""
    if price_provider in AGGREGATORS:
        return 2
    maker = maker_of(model)
    if maker is None:
        return 0 if price_provider in VENDORS else 1
    return 0 if price_provider == maker and "gpt-oss" not in model else 1
