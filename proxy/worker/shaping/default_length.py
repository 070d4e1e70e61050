"""A route's longest answer, for calls that set no limit of their own.

Keeps true: a caller's own limit, whatever it is called, is never changed; and what the caller did not ask for never
makes its call fail: no target gets a limit beyond what its model may say, or a parameter that it refuses.
"""

from collections.abc import Mapping

from gatewatch.models.shelf import facts_of
from proxy.estimate import LENGTHS
from proxy.settings import Provider, Route
from proxy.worker.inbound import Inbound

_NAMES = {
    "chat": ("max_completion_tokens", "max_tokens"),
    "completions": ("max_tokens",),
    "responses": ("max_output_tokens",),
}
"""What endpoints call it that do not demand one, the best name first: providers that know the other alone are told it
by their quirks."""
LENGTH_BY = "length_by"
"""Parameter of a row: who has set the limit that stands beside it, where that was not the caller."""


def limit_length(inbound: Inbound, route: Route, providers: Mapping[str, Provider]) -> None:
    """Put the route's `max_tokens` into the request, and into what its row says of it, where it has no limit."""
    if route.max_tokens is None:
        return
    names, body = _NAMES.get(inbound.call.endpoint), inbound.body
    if names is None or any(body[name] is not None for name in LENGTHS.intersection(body)):
        return
    refused = {name for target in route.targets for name in providers[target.provider].quirks.refuses}
    name = next((name for name in names if name not in refused), None)
    if name is None:
        return
    most = _most(route.max_tokens, route, providers)
    body[name] = most
    inbound.call.params = {**inbound.call.params, name: most, LENGTH_BY: "route"}


def _most(wanted: int, route: Route, providers: Mapping[str, Provider]) -> int:
    """No more than any of its targets may say."""
    for target in route.targets:
        known = facts_of(providers[target.provider].price_provider, target.model).max_output
        if known is not None and known < wanted:
            wanted = known
    return wanted
