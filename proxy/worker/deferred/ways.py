"""Which way a deferred call goes: by a batch API, in cheaper hours, or as any other call.

The route's first target decides: what an operator has put first stays first. A batch API is taken where the provider
has one for the dialect that the call is sent in, there is time for it, the prompt may lie there (`zero_retention`), and
a price for it is known, or none for anything; for what costs nobody knows cannot be held to a budget.
"""

from typing import NamedTuple

from gatewatch.call import Call, Tokens
from gatewatch.deferred.deadline import late_from
from gatewatch.deferred.entry import Way
from proxy.settings import Deferring, Provider, Route, Target
from proxy.worker.deferred.off_peak import cheapest_from
from proxy.worker.settle import Meter

BATCH_FORMS = {
    "openai-chat": frozenset({"chat", "completions", "embeddings", "messages", "responses"}),
    "openai-responses": frozenset({"chat", "completions", "messages", "responses"}),
    "anthropic-messages": frozenset({"chat", "completions", "messages", "responses"}),
}
"""Dialect → endpoints of ours whose calls its batch API takes, translated where they are of another dialect."""
_ONE = Tokens(input_uncached=1, output=1)


class Chosen(NamedTuple):
    """A way, and from when on it is open."""

    way: Way
    next_at: int


def way_of(
    call: Call, route: Route, provider: Provider, dialect: str, meter: Meter, deferring: Deferring, deadline: int
) -> Chosen:
    """`provider`: of the route's first target. `dialect`: in which the call would be sent there."""
    target, now = route.targets[0], call.started_at
    if (
        deadline - now >= deferring.shortest
        and not route.zero_retention
        and takes_batches(provider, dialect, call.endpoint)
        and _is_priced_alike(call, provider, target, meter)
    ):
        return Chosen("batch", now + deferring.gather)
    late = late_from(now, deadline)
    cheapest = cheapest_from(meter.book, provider.price_provider, target.model, now, late)
    return Chosen("standard", now) if cheapest is None else Chosen("off_peak", cheapest)


def takes_batches(provider: Provider, dialect: str, endpoint: str) -> bool:
    """Whether the provider has a batch API for calls like that."""
    has_one = dialect in provider.quirks.batches and provider.auth == "key"
    return has_one and endpoint in BATCH_FORMS.get(dialect, ())


def _is_priced_alike(call: Call, provider: Provider, target: Target, meter: Meter) -> bool:
    """Whether the price of a batch is known where any price is."""
    batch = meter.cost_of(call, provider, target.model, _ONE, "batch")
    return batch is not None or meter.cost_of(call, provider, target.model, _ONE, None) is None
