"""A legacy completions request → `Ask`, for a provider that has chat alone: the prompt is one turn of a user.

Keeps true: what a chat cannot do is never quietly something else; several prompts and prompts of token ids are a 400.
"""

from typing import Any

from proxy.canonical.ask import Ask, Turn
from proxy.canonical.parts import Text
from proxy.dialects.openai_chat import fields
from proxy.dialects.openai_chat.neutral import changes_nothing
from proxy.dialects.openai_chat.request_read import read_stop
from proxy.refusal import Refusal

DEFAULT_MAX_TOKENS = 16
"""By OpenAI's reference of the endpoint."""

_READ = frozenset({
    "model", "prompt", "max_tokens", "temperature", "top_p", "top_k", "stop", "seed", "n", "presence_penalty",
    "frequency_penalty", "logprobs", "stream", "stream_options", "user", "metadata", "echo", "best_of",
})  # fmt: skip


def read(body: dict[str, Any]) -> Ask:
    """Raises Refusal (400) that names the parameter."""
    others = {name: value for name, value in body.items() if name not in _READ and not changes_nothing(name, value)}
    n = fields.integer(body, "n", least=1)
    best_of = fields.integer(body, "best_of", least=1)
    if best_of is not None and best_of > (n or 1):
        others["best_of"] = best_of
    logprobs = fields.integer(body, "logprobs", least=0)
    if echoes(body) and logprobs is not None:
        others["echo"] = True  # nobody tells the probabilities of a chat's prompt
    max_tokens = fields.integer(body, "max_tokens", least=1)
    return Ask(
        turns=[Turn(role="user", parts=[Text(text=prompt_of(body))])],
        max_output=DEFAULT_MAX_TOKENS if max_tokens is None else max_tokens,
        temperature=fields.number(body, "temperature"),
        top_p=fields.number(body, "top_p"),
        top_k=fields.integer(body, "top_k"),
        stop=read_stop(body),
        seed=fields.integer(body, "seed"),
        n=n,
        presence_penalty=fields.number(body, "presence_penalty"),
        frequency_penalty=fields.number(body, "frequency_penalty"),
        logprobs=None if logprobs is None else True,
        top_logprobs=logprobs,
        stream=fields.boolean(body, "stream") or False,
        user=fields.text(body, "user"),
        others=others,
    )


def prompt_of(body: dict[str, Any]) -> str:
    """The one prompt. Raises Refusal where there is none, or more than one, or token ids."""
    prompt = body.get("prompt")
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if prompt is None or prompt in ("", []):
        raise fields.missing("prompt")
    if isinstance(prompt, str):
        return prompt
    if isinstance(prompt, list) and all(isinstance(each, str) for each in prompt):
        raise _unsupported("several prompts in one request")
    if isinstance(prompt, int | list):
        raise _unsupported("prompts of token ids")
    raise fields.bad_type("prompt", "a string or an array of strings", prompt)


def echoes(body: dict[str, Any]) -> bool:
    """Whether the prompt stands before its completion in the reply."""
    return fields.boolean(body, "echo") is True


def _unsupported(what: str) -> Refusal:
    return Refusal(
        400,
        "unsupported_value",
        f"The model is asked by way of chat, which knows no {what}. Send one prompt as a string.",
        param="prompt",
    )
