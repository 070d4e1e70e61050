"""Values of chat parameters that ask for what happens without them, so that leaving them out loses nothing.

By the API reference: documented defaults, empty lists, and hints whose only effect is a cheaper or faster call, or
that a provider knows its customer's users.
"""

from typing import Any

_DEFAULTS: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "best_of": (1,),
    "echo": (False,),
    "suffix": ("",),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "repetition_penalty": (1,),
    "temperature": (1,),
    "top_p": (1,),
    "min_p": (0,),
    "top_a": (0,),
    "logit_bias": ({},),
    "stop": ([], ""),
    "store": (False,),
    "stream": (False,),
    "tools": ([],),
    "functions": ([],),
    "tool_choice": ("auto",),
    "function_call": ("auto",),
    "parallel_tool_calls": (True,),
    "modalities": (["text"],),
    "response_format": ({"type": "text"},),
    "service_tier": ("auto", "default"),
    "plugins": ([],),
    "transforms": ([],),
}
_HINTS = frozenset(
    {"prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "stream_options", "user", "verbosity"}
)
"""Nobody gets another answer without them, or only one of another length."""


def changes_nothing(name: str, value: object) -> bool:
    """Whether a request says the same without this parameter."""
    return value is None or name in _HINTS or value in _DEFAULTS.get(name, ())
