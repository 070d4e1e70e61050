"""What one call may cost at most, and whether its reply has passed that.

Keeps true: a reply is looked at with one comparison of integers per read; what is known of its cost is reckoned anew
only when the provider tells of its usage. A stream that has said its end is left alone: nothing is saved by a cut.
"""

import sys
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gatewatch.call import Call, Tokens
from gatewatch.money import usd_text
from proxy import estimate
from proxy.canonical.seen import Seen
from proxy.estimate import Size
from proxy.refusal import Refusal, bad_request, no_price
from proxy.settings import Provider
from proxy.worker.settle import Meter

if TYPE_CHECKING:
    from proxy.worker.inbound import Inbound

CODE = "cost_ceiling"
NOT_SENT = "The call was not sent: its input alone costs more than"


class Rates(NamedTuple):
    """Of one call at one target, in picodollars."""

    so_far: int
    """What these tokens cost."""
    one_more: int
    """What one more token of output costs."""

    def tokens_within(self, picos: int) -> int:
        """Tokens of output that may still come; below 0: it is passed."""
        left = picos - self.so_far
        if left < 0:
            return -1
        return left // self.one_more if self.one_more else sys.maxsize


class Ceiling:
    """Of one call."""

    def __init__(self, picos: int, meter: Meter) -> None:
        self.picos = picos
        self._meter = meter

    def rates(self, call: Call, provider: Provider, model: str, tokens: Tokens, tier: object) -> Rates | None:
        """None: the model has no price."""
        so_far = self._meter.cost_of(call, provider, model, tokens, tier)
        if so_far is None or call.endpoint == "embeddings":
            return None if so_far is None else Rates(so_far, 0)
        longer = msgspec.structs.replace(tokens, output=tokens.output + 1)
        one_more = self._meter.cost_of(call, provider, model, longer, tier)
        return None if one_more is None else Rates(so_far, one_more - so_far)

    def before(self, call: Call, provider: Provider, model: str, size: Size, tier: object) -> Rates | None:
        """Of a request of that size, before it is sent. None: the model has no price."""
        tokens = Tokens(input_uncached=self._meter.tokens_of(provider, model, size))
        return self.rates(call, provider, model, tokens, tier)

    def too_dear(self, inbound: "Inbound", provider: Provider, model: str) -> Refusal | None:
        """Why the call must not be sent there now, after what lost tries may have cost."""
        body = inbound.body
        rates = self.before(inbound.call, provider, model, estimate.size(body), body.get("service_tier"))
        if rates is None:
            return no_price(inbound.call.requested_model or "", capped="This call")
        if rates.tokens_within(self.picos - inbound.lost_picos) > 0:
            return None
        return self.refusal(NOT_SENT)

    def watch(self, inbound: "Inbound") -> "Watch":
        """Over the reply that begins."""
        return Watch(self, inbound)

    def refusal(self, what: str) -> Refusal:
        return bad_request(CODE, f"{what} its ceiling of {usd_text(self.picos)} USD.")


class Watch:
    """Over one reply on its way."""

    def __init__(self, ceiling: Ceiling, inbound: "Inbound") -> None:
        assert inbound.channel
        self._ceiling = ceiling
        self._call = inbound.call
        self._provider = inbound.channel.provider
        self._tier = inbound.body.get("service_tier")
        self._left = ceiling.picos - inbound.lost_picos
        self._several = inbound.body.get("n", 1) != 1
        self._usage: object = None
        model = inbound.call.model or ""
        size = estimate.size(inbound.body)
        self._most = self._characters(model, ceiling.before(self._call, self._provider, model, size, self._tier))

    def objection(self, seen: Seen) -> Refusal | None:
        """Where what was seen of the reply has cost more."""
        if seen.usage is not self._usage and seen.finish_reason is None:
            self._reckon(seen)
        if seen.produced_characters > self._most and (seen.finish_reason is None or self._several):
            return self._ceiling.refusal("The reply was ended because the call has cost more than")
        return None

    def _reckon(self, seen: Seen) -> None:
        """The provider has told of its usage: from here on only what comes beyond it is estimated."""
        self._usage = seen.usage
        tokens = seen.tokens()
        if tokens is None:
            return
        model = self._call.model or ""
        said = estimate.tokens_of_text(model, seen.produced_characters)
        tokens = msgspec.structs.replace(tokens, output=max(tokens.output, said))
        rates = self._ceiling.rates(self._call, self._provider, model, tokens, seen.service_tier or self._tier)
        more = self._characters(model, rates)
        self._most = min(sys.maxsize, seen.produced_characters + more)

    def _characters(self, model: str, rates: Rates | None) -> int:
        """Of output, that may still come; below 0: none."""
        if rates is None:  # it was asked where nothing has a price
            return -1
        tokens = rates.tokens_within(self._left)
        return estimate.text_of_tokens(model, tokens) if 0 <= tokens < sys.maxsize else tokens
