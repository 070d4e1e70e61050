"""Context windows: a target whose model cannot read all of a call is passed over before anything is sent.

Keeps true: a target is passed over only where its model surely cannot read the call; a model whose window is not known
is asked. No text has more tokens than bytes, so a body that is smaller than a window costs no look at it.

How sure an estimate is (docs/estimates.md): by characters instead of bytes it is below the real count in every script
that was looked at, and equal to it in French; code and tables, whose indentation makes few tokens of many characters,
come to about five characters where four are assumed. So what it says is taken for a quarter too much. Pictures, files
and sounds are not counted: what they come to is each model's own matter.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from gatewatch.models.shelf import facts_of
from proxy import estimate
from proxy.estimate import Size
from proxy.refusal import Refusal, bad_request
from proxy.settings import Provider, Route, Target
from proxy.worker.inbound import Inbound
from proxy.worker.routing.allowed import objection
from proxy.worker.settle import Meter

SMALL = 2048
"""Bytes: no model that answers has a smaller window."""
ROOM = 16
"""Tokens of output, at least: what OpenAI takes for the shortest limit."""
UNSURE_PERCENT = 25
REASON = "context_window"
"""Why a target was passed over."""
TOO_LONG = "context_length_exceeded"
_ANSWERING = frozenset({"chat", "completions", "responses", "messages"})
_SHORTENED_THERE = frozenset({"transforms", "plugins", "context_management"})
"""Parameters by which a provider cuts what is too long."""
_LONGER_WINDOW = b"context-1m"
"""Of `anthropic-beta`: a window beyond what is known of the model."""


def fitting(inbound: Inbound, route: Route, providers: Mapping[str, Provider], meter: Meter) -> Route:
    """The route with the targets that can read the call, behind them those of `context_window` where some cannot.

    Notes in the call's row which were passed over. Raises Refusal (400) where none is left.
    """
    if inbound.body_bytes < SMALL or inbound.call.endpoint not in _ANSWERING:
        return route
    windows = [_window(target, providers) for target in route.targets]
    if all(window is None or inbound.body_bytes + ROOM <= window for window in windows):
        return route
    if _is_cut_there(inbound):
        return route
    reading = _Reading(inbound.body, meter, providers)
    short = [target for target in route.targets if not reading.fits(target)]
    if not short:
        return route
    passed = [[target.name, REASON] for target in short]
    left = [target for target in route.targets if target not in short]
    for target in route.context_window:
        if target in left or target in short:
            continue
        fits = reading.fits(target)
        why = objection(inbound.call, providers[target.provider], target) if fits else REASON
        if why is None:
            left.append(target)
        else:
            passed.append([target.name, why])
    inbound.call.passed_over = [*(inbound.call.passed_over or ()), *passed]
    if not left:
        raise _too_long([*short, *route.context_window], reading, providers)
    return msgspec.structs.replace(route, targets=tuple(left))


def for_longer_calls(
    inbound: Inbound, route: Route, providers: Mapping[str, Provider], failure: Exception
) -> tuple[Target, ...]:
    """The targets to be asked next where a provider has said that the call is too long for its model; each once."""
    if not route.context_window or not isinstance(failure, Refusal) or failure.code != TOO_LONG or failure.said is None:
        return ()
    asked = {f"{each.provider}/{each.model}" for each in inbound.attempts}
    passed = {name for name, _ in inbound.call.passed_over or ()}
    return tuple(
        target
        for target in route.context_window
        if target.name not in asked
        and target.name not in passed
        and objection(inbound.call, providers[target.provider], target) is None
    )


class _Reading:
    """How long one request is to each model."""

    def __init__(self, body: dict[str, Any], meter: Meter, providers: Mapping[str, Provider]) -> None:
        size = estimate.size(body)
        beyond = _beyond_characters(body)
        self._size = Size(max(0, size.text - beyond), size.messages, 0)
        self._meter, self._providers = meter, providers

    def tokens(self, target: Target) -> int:
        """As an estimate by characters has it."""
        return self._meter.tokens_of(self._providers[target.provider], target.model, self._size)

    def fits(self, target: Target) -> bool:
        window = _window(target, self._providers)
        return window is None or self.tokens(target) * 100 // (100 + UNSURE_PERCENT) + ROOM <= window


def _window(target: Target, providers: Mapping[str, Provider]) -> int | None:
    return facts_of(providers[target.provider].price_provider, target.model).context_window


def _is_cut_there(inbound: Inbound) -> bool:
    """Whether how much the model reads is not for us to tell."""
    body = inbound.body
    if body.get("truncation") == "auto" or any(body.get(name) for name in _SHORTENED_THERE):
        return True
    prompt = body.get("prompt")
    if inbound.call.endpoint == "completions" and isinstance(prompt, list) and not _are_ids(prompt):
        return True  # several prompts, each with a window of its own
    return _LONGER_WINDOW in inbound.headers.get(b"anthropic-beta", b"")


def _are_ids(prompt: list[Any]) -> bool:
    return bool(prompt) and isinstance(prompt[0], int)


def _beyond_characters(value: object) -> int:
    """Bytes of all texts beyond their characters."""
    if isinstance(value, str):
        return 0 if value.isascii() else estimate.weight(value) - len(value)
    if isinstance(value, dict):
        return sum(map(_beyond_characters, value.values()))
    return sum(map(_beyond_characters, value)) if isinstance(value, list) else 0


def _too_long(targets: Iterable[Target], reading: _Reading, providers: Mapping[str, Provider]) -> Refusal:
    """Told of the target with the largest window."""
    known = ((_window(target, providers) or 0, target) for target in targets)
    window, widest = max(known, key=lambda each: each[0])
    tokens = reading.tokens(widest)
    message = (
        f"This model's maximum context length is {window} tokens. The request has about {tokens} tokens of text;"
        " it was not sent. Please reduce its length."
    )
    return bad_request(TOO_LONG, message, param=None)
