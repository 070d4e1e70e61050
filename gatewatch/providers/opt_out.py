"""The parameters that keep a provider from training on a call, or from keeping it, on their way into a request.

Keeps true: a caller cannot take them back, and what else it said in the same mapping stays.
"""

from collections.abc import Mapping
from typing import Any

from gatewatch.providers.quirks import Quirks

_OWN_KINDS = frozenset({"completions", "embeddings", "count_tokens"})
"""Paths with parameters of their own. A count makes nothing, and vendors refuse what it does not know."""


def opt_out_of(quirks: Quirks, dialect: str, endpoint: str, *, zero_retention: bool) -> dict[str, Any]:
    """What a request must say beside its own parameters; empty where there is nothing to say."""
    kind = endpoint if endpoint in _OWN_KINDS else dialect
    said = quirks.opt_out.get(kind, {})
    return merged(said, quirks.zero_retention.get(kind, {})) if zero_retention else said


def merged(request: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """`more` over `request`, mapping by mapping. Neither is changed."""
    result = dict(request)
    for name, value in more.items():
        before = result.get(name)
        result[name] = merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return result
