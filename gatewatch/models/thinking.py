"""How a model is told to think, by its name and what its vendor documents. For maintainers: only the compiler asks.

    Claude       platform.claude.com/docs/en/build-with-claude/adaptive-thinking: from 4.6 on adaptive, before by budget
    Gemini       ai.google.dev/gemini-api/docs/thinking: 2.5 by `thinkingBudget`, from 3 on by `thinkingLevel`
    OpenAI       developers.openai.com/api/docs/guides/reasoning: the o series, from GPT-5 on, and gpt-oss by effort;
                 o1-mini and o1-preview know no `reasoning_effort`
    DeepSeek     api-docs.deepseek.com/guides/thinking_mode: V4 by effort; `deepseek-reasoner` always thinks
    xAI          docs.x.ai/docs/guides/reasoning: only grok-3-mini, grok-4.3 and the multi-agent ones take an effort;
                 the others that reason answer it with an error
    Perplexity   docs.perplexity.ai: `reasoning_effort` for sonar-deep-research; the reasoning models always think

What stands nowhere is None.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from gatewatch.models.facts import Thinking
from gatewatch.models.makers import maker_of
from gatewatch.models.name_forms import without_region

_CLAUDE = re.compile(r"claude-(?:[a-z]+-)?v?(\d+)(?:[-.](\d{1,2}))?(?!\d)")
_GEMINI = re.compile(r"gemini-(?:[a-z]+-)*(\d+)(?:\.(\d+))?")


def thinking_of(sold_by: str, model: str, entry: Mapping[str, Any] | None) -> Thinking | None:
    """`sold_by`: the price list. `entry`: what LiteLLM says of the model."""
    name = without_region(model).rpartition("/")[2].lower()
    if "gpt-oss" in name:
        return "adaptive"
    if "embed" in name:
        return None
    by_maker = _BY_MAKER.get(maker_of(name) or "")
    known = by_maker(name, sold_by) if by_maker else None
    if known is None and (entry or {}).get("supports_reasoning") and _takes_effort(entry or {}):
        return "adaptive"
    return known


def _takes_effort(entry: Mapping[str, Any]) -> bool:
    levels = entry.get("reasoning_effort_levels")
    if levels is not None:
        return len(levels) > 1
    flags = ("none", "minimal", "low", "xhigh", "max")
    return any(entry.get(f"supports_{flag}_reasoning_effort") for flag in flags)


def _claude(name: str, _sold_by: str) -> Thinking | None:
    if "mythos" in name or "fable" in name:
        return "adaptive"
    if "claude-instant" in name:
        return "none"
    found = _CLAUDE.search(name)
    if found is None:
        return None
    version = int(found[1]), int(found[2] or 0)
    if version < (3, 7):
        return "none"
    return "budget" if version < (4, 6) else "adaptive"


def _gemini(name: str, _sold_by: str) -> Thinking | None:
    if re.search(r"image|banana|live|robotics|computer-use|thinking|omni|native-audio", name):
        return None
    if "tts" in name:
        return "none"
    if re.search(r"gemini-(?:pro|flash|flash-lite)-latest", name):
        return "adaptive"
    if name.startswith(("gemini-pro", "gemini-flash-1", "gemini-exp")):
        return "none"
    found = _GEMINI.search(name)
    if found is None:
        return None
    version = int(found[1]), int(found[2] or 0)
    if version < (2, 5):
        return "none"
    return "budget" if version < (3, 0) else "adaptive"


def _openai(name: str, _sold_by: str) -> Thinking | None:
    if re.search(r"deep-research|search-api|image|live|rosalind|realtime|transcribe|computer-use|gpt-chat", name):
        return None
    if re.search(r"(?:^|[.-])o1-(?:mini|preview)", name):
        return "always"
    if re.search(r"gpt-5-chat", name):
        return "none"
    if re.search(r"gpt-\d.*chat", name):
        return None
    if re.search(r"gpt-(?:3|4)|chatgpt-4o|gpt-audio|davinci|babbage", name):
        return "none"
    return "adaptive" if re.search(r"(?:^|[.:-])(?:o[134]|gpt-[5-9]|codex-mini)", name) else None


def _deepseek(name: str, sold_by: str) -> Thinking | None:
    if re.search(r"reasoner|[-.]r1", name):
        return "always"
    if re.search(r"chat|coder|v3$|v3-0324", name):
        return "none"
    return "adaptive" if sold_by == "deepseek" and re.search(r"v4|-flash|-pro", name) else None


def _xai(name: str, _sold_by: str) -> Thinking | None:
    if "non-reasoning" in name:
        return "none"
    if re.search(r"grok-(?:3-mini|4[.]3|4[.]20-multi-agent)", name):
        return "adaptive"
    if re.search(r"grok-[23]", name):
        return "none"
    if re.search(
        r"grok-4(?:-0709|-latest|-fast|-1-fast)?(?:-reasoning)?(?:-latest)?$|4[.]20.*-reasoning|code-fast", name
    ):
        return "always"
    return None


def _mistral(name: str, _sold_by: str) -> Thinking | None:
    return "always" if "magistral" in name else None


def _moonshot(name: str, _sold_by: str) -> Thinking | None:
    if "k2-thinking" in name:
        return "always"
    return "none" if re.search(r"moonshot-v1|kimi-k2-(?:0711|0905|turbo|instruct)", name) else None


def _qwen(name: str, _sold_by: str) -> Thinking | None:
    if re.search(r"-thinking|qwq|qvq", name):
        return "always"
    return "none" if re.search(r"-instruct", name) else None


def _perplexity(name: str, sold_by: str) -> Thinking | None:
    if sold_by != "perplexity":
        return None
    if "deep-research" in name:
        return "adaptive"
    if "reasoning" in name:
        return "always"
    return "none" if name in ("sonar", "sonar-pro") else None


_BY_MAKER: dict[str, Callable[[str, str], Thinking | None]] = {
    "anthropic": _claude,
    "google": _gemini,
    "openai": _openai,
    "deepseek": _deepseek,
    "xai": _xai,
    "mistral": _mistral,
    "moonshotai": _moonshot,
    "qwen": _qwen,
    "perplexity": _perplexity,
}
